//! The two stories, told twice, figure by figure.

use hjm::story::{
    Figure, Teller, Telling,
    county::{DALARNA, JAMTLAND},
    dalarna, jamtland,
};
use hjm_testkit::date;

use crate::support::World;

/// `who|what|amount`, a line each, as the story tells them.
fn told(figures: &[Figure]) -> Vec<String> {
    let line = |figure: &Figure| format!("{}|{}|{}", figure.who, figure.what, figure.amount);
    figures.iter().map(line).collect()
}

const DALARNA_FIRST: [&str; 7] = [
    "45 years|2024-01-10|250.00",
    "45 years|2024-02-10|250.00",
    "45 years|2024-03-10|250.00",
    "45 years|2024-04-10|250.00",
    "45 years|2024-05-10|250.00",
    "45 years|2024-06-10|150.00",
    "45 years|2024-07-10|0.00",
];

const DALARNA_SECOND: [&str; 8] = [
    "45 years|2024-01-10|250.00",
    "45 years|2024-02-10|250.00",
    "45 years|2024-03-10|250.00",
    "45 years|2024-04-10|250.00",
    "45 years|2024-05-10|250.00",
    "45 years|2024-06-10|150.00",
    "45 years|2024-06-11 credit of February|-250.00",
    "45 years|2024-07-10|150.00",
];

/// Fees as decided, and the rents of March.
const JAMTLAND_MARCH: [&str; 13] = [
    "A|own fee (FEE)|300.00",
    "A|own fee (FEE)|300.00",
    "B|own fee (FEE)|500.00",
    "C|own fee (UNDER_AGE)|0.00",
    "D|own fee (COST_CAP)|500.00",
    "G|own fee (PALLIATIVE)|0.00",
    "G|own fee (REPLACEMENT)|0.00",
    "A|2025-03 on 2380|79.20",
    "B|2025-03 on 1201|771.90",
    "C|2025-03 on 2309|21.60",
    "D|2025-03 on 2380|320.00",
    "E|2025-03 on 2309|140.25",
    "E|2025-03 on 2380|149.60",
];

fn jamtland_told(telling: Telling) -> Vec<String> {
    let april = match telling {
        Telling::First => "F|2025-04 on 1201|18.70",
        Telling::Second => "F|2025-04 on 1201|-102.85",
    };
    let march = "F|2025-03 on 1201|289.85";
    JAMTLAND_MARCH
        .iter()
        .chain([&march, &march, &april])
        .map(|line| (*line).to_owned())
        .collect()
}

/// Plays Dalarna's story and checks every figure of it.
pub(crate) async fn dalarna_is_told(teller: &Teller, telling: Telling) {
    let outcome = dalarna::play(teller, telling).await.unwrap();
    let (figures, from) = match telling {
        Telling::First => (DALARNA_FIRST.to_vec(), date("2024-06-10")),
        Telling::Second => (DALARNA_SECOND.to_vec(), date("2024-07-10")),
    };
    assert_eq!(told(&outcome.figures), figures);
    assert_eq!(outcome.status.card_from, from);
    assert_eq!(outcome.status.card_to, date("2025-01-09"));
    assert!(
        outcome.repeats_alike,
        "the same request ids must change nothing"
    );
    let little = dalarna::undercharged(&outcome.fees).unwrap().to_string();
    assert_eq!(
        little,
        if telling == Telling::First {
            "0.00"
        } else {
            "100.00"
        }
    );
}

/// Plays Jämtland Härjedalen's story and checks every figure of it.
pub(crate) async fn jamtland_is_told(teller: &Teller, telling: Telling) {
    let figures = jamtland::play(teller, telling).await.unwrap();
    assert_eq!(told(&figures), jamtland_told(telling));
}

#[tokio::test(flavor = "multi_thread")]
async fn dalarna_2024_pays_up_to_the_ceiling_and_gets_the_card() {
    let world = World::open().await;
    dalarna_is_told(&world.teller(&DALARNA, "story-dalarna"), Telling::First).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dalarna_2024_loses_a_preliminary_card_when_february_is_credited() {
    let world = World::open().await;
    dalarna_is_told(&world.teller(&DALARNA, "story-dalarna"), Telling::Second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jamtland_2025_bills_every_day_once_to_the_right_customer_number() {
    let world = World::open().await;
    jamtland_is_told(&world.teller(&JAMTLAND, "story-jamtland"), Telling::First).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jamtland_2025_credits_a_return_that_was_registered_too_late() {
    let world = World::open().await;
    jamtland_is_told(&world.teller(&JAMTLAND, "story-jamtland"), Telling::Second).await;
}

/// The harness itself: a figure that is one öre off must be caught.
#[test]
#[should_panic(expected = "assertion")]
fn a_figure_that_is_an_ore_off_is_caught() {
    let wrong = Figure {
        who: "A",
        what: "own fee (FEE)".to_owned(),
        amount: "300.01".parse().unwrap(),
        why: String::new(),
    };
    assert_eq!(told(&[wrong]), JAMTLAND_MARCH[..1]);
}

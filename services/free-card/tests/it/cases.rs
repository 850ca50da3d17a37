//! The engine's stateful cases (W01 to W12 and their kin), played through the service's own RPCs:
//! each row is a person of its own.

use std::collections::BTreeMap;

use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, kronor, money};
use serde::Deserialize;

use crate::support::{POLICY, World, cancelling, person};

/// The shipped scheme has had all its members since 2023.
const OTHER_MEMBERS: &str = "Q24 before joining";

#[derive(Debug, Deserialize)]
struct Row {
    case: String,
    on_cancel_final: String,
    steps: String,
    asked_on: String,
    entitled: String,
    refunds: String,
    undercharges: String,
    accumulated: String,
    status: String,
    card: String,
    flagged: String,
    says: String,
}

fn rows(on_cancel_final: &str) -> Vec<Row> {
    let text = include_str!("../../../../libs/domain/free-card/tests/stateful.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(Result::<Row, _>::unwrap);
    rows.filter(|row| row.on_cancel_final == on_cancel_final && row.case != OTHER_MEMBERS)
        .collect()
}

impl Row {
    /// The later of the last step's day and the day asked about.
    fn told_on(&self) -> &str {
        let days = self
            .steps
            .split_whitespace()
            .filter(|word| word.len() == 10);
        days.chain([self.asked_on.as_str()]).max().unwrap()
    }
}

/// A person with the fees it has, by the names of the case.
struct Player<'a> {
    world: &'a World,
    recipient: String,
    fees: BTreeMap<String, String>,
}

impl Player<'_> {
    async fn add(
        &mut self,
        name: &str,
        on: &str,
        sek: &str,
        change: impl FnOnce(&mut pb::FeeDraft),
    ) {
        let mut request = self.world.fee(&self.recipient, on, sek);
        change(request.fee.as_mut().unwrap());
        let registered = self.world.register(&request).await.unwrap().into_inner();
        self.fees.insert(name.to_owned(), registered.fee_id);
    }

    async fn take(&mut self, step: &str) {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words[..] {
            ["fee", name, on, sek] => {
                self.world.set_today(on);
                self.add(name, on, sek, |_| ()).await;
            }
            ["fee", name, on, sek, "by", who] => {
                self.world.set_today(on);
                let by = |fee: &mut pb::FeeDraft| who.clone_into(&mut fee.principal_id);
                self.add(name, on, sek, by).await;
            }
            ["late", name, on, sek, "at", at] => {
                self.world.set_today(at);
                self.add(name, on, sek, |_| ()).await;
            }
            ["late", name, on, sek, "at", at, "charged", charged] => {
                self.world.set_today(at);
                let offline = |fee: &mut pb::FeeDraft| {
                    fee.charged = money(charged);
                    "a desk that was offline".clone_into(&mut fee.device_id);
                };
                self.add(name, on, sek, offline).await;
            }
            ["cancel", name, "at", at] => {
                self.world.set_today(at);
                let cancel = cancelling(&self.fees[name]);
                self.world.cancel(&cancel).await.unwrap();
            }
            _ => panic!("no such step: {step}"),
        }
    }

    /// What of each fee is not zero, or all where `all` is asked for, by its name.
    async fn of_fees(
        &self,
        amount: fn(&pb::Fee) -> Option<&hjm_proto::common::v1::Money>,
        all: bool,
    ) -> BTreeMap<String, Money> {
        let fees = self.world.list(&self.recipient).await;
        let named = fees.iter().map(|fee| {
            let mut names = self.fees.iter();
            let name = names.find(|(_, id)| **id == fee.fee_id).unwrap().0.clone();
            (name, kronor(amount(fee)).parse::<Money>().unwrap())
        });
        named
            .filter(|(_, amount)| all || !amount.is_zero())
            .collect()
    }
}

fn amounts(text: &str) -> BTreeMap<String, Money> {
    let parts = text.split(';').filter(|part| !part.is_empty());
    let named = parts.map(|part| part.trim().split_once(' ').unwrap());
    named
        .map(|(name, sek)| (name.to_owned(), sek.parse().unwrap()))
        .collect()
}

fn state(text: &str) -> pb::CardState {
    match text {
        "PRELIMINARY" => pb::CardState::Preliminary,
        "FINAL" => pb::CardState::Final,
        "RETAINED" => pb::CardState::Retained,
        "BELOW_LIMIT" => pb::CardState::BelowLimit,
        "NONE" => pb::CardState::None,
        "EXPIRED" => pb::CardState::Expired,
        _ => panic!("no such state: {text}"),
    }
}

async fn play(world: &World, row: &Row) {
    let mut player = Player {
        world,
        recipient: person(),
        fees: BTreeMap::new(),
    };
    for step in row.steps.split(';') {
        player.take(step).await;
    }
    let told = format!("{}: {}", row.case, row.says);
    world.set_today(row.told_on());
    let entitled = player.of_fees(|fee| fee.entitled.as_ref(), true).await;
    assert_eq!(entitled, amounts(&row.entitled), "{told}");
    let fees = world.list(&player.recipient).await;
    let cancelled = fees.iter().filter(|fee| fee.cancelled);
    let cancelled: Vec<&String> = cancelled.map(|fee| &fee.fee_id).collect();
    let mut refunds = player.of_fees(|fee| fee.overcharge.as_ref(), false).await;
    refunds.retain(|name, _| !cancelled.contains(&&player.fees[name]));
    assert_eq!(refunds, amounts(&row.refunds), "{told}");
    let under = player.of_fees(|fee| fee.undercharge.as_ref(), false).await;
    assert_eq!(under, amounts(&row.undercharges), "{told}");
    let status = world.status(&player.recipient, &row.asked_on).await;
    assert_eq!(status.card(), state(&row.status), "{told}");
    assert_eq!(status.flagged, row.flagged == "yes", "{told}");
    let accumulated: Money = kronor(status.accumulated.as_ref()).parse().unwrap();
    assert_eq!(accumulated, row.accumulated.parse().unwrap(), "{told}");
    let card = row.card.split_once(" to ");
    let expected = card.map_or((None, None), |(from, to)| (date(from), date(to)));
    assert_eq!((status.card_from, status.card_to), expected, "{told}");
    let exempt = world.is_exempt(&player.recipient, &row.asked_on).await;
    assert_eq!(exempt.unwrap(), card.is_some(), "{told}");
}

#[tokio::test]
async fn fc_w01_to_w12_where_a_final_card_is_retained() {
    let world = World::open("2023-01-05").await;
    let rows = rows("RETAIN");
    assert!(rows.len() > 20, "the cases are found");
    for row in &rows {
        play(&world, row).await;
    }
    world.books_hold().await;
}

#[tokio::test]
async fn fc_w08_where_a_final_card_is_taken_back() {
    let mut world = World::without_policies("2023-01-05").await;
    let policy = POLICY.replace("action = \"RETAIN\"", "action = \"RECALCULATE\"");
    assert_ne!(policy, POLICY);
    world.put_in_force(&policy, 1, "2023-01-01").await;
    let rows = rows("RECALCULATE");
    assert!(rows.len() > 2, "the cases are found");
    for row in &rows {
        play(&world, row).await;
    }
    world.books_hold().await;
}

#[tokio::test]
#[should_panic(expected = "W01")]
async fn a_case_that_does_not_hold_is_found() {
    let world = World::open("2023-01-05").await;
    let mut rows = rows("RETAIN");
    rows[0].entitled = rows[0].entitled.replace("450", "449");
    play(&world, &rows[0]).await;
}

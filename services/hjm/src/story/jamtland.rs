//! Jämtland Härjedalen, spring 2025: seven people, three customer numbers, daily rent.

use hjm_ids::Month;
use hjm_proto::{billing::v1 as b, common::v1::Occasion, prescription::v1 as p};
use jiff::civil::{Date, date};

use super::{
    Figure, StoryError, Teller, Telling,
    books::{amount, total},
    county::{County, JAMTLAND},
};

/// The Tax Agency's test persons who play A to G.
const PERSONS: [(&str, Option<&str>); 7] = [
    ("194201077098", Some("2380")),
    ("198305012398", None),
    ("200705012391", Some("2309")),
    ("195705082633", Some("2380")),
    ("194905133460", Some("2309")),
    ("193605047947", None),
    ("194405013493", Some("2380")),
];

const UNITS: [(&str, &[&str]); 4] = [
    ("12001", &["JH-1001", "JH-1002", "JH-1003", "JH-1004"]),
    ("12002", &["JH-1101"]),
    ("12301", &["JH-2001"]),
    ("18101", &["JH-3001", "JH-3002"]),
];

/// The loans whose rent the story follows.
#[derive(Debug, Default)]
struct Loans {
    a: Vec<p::LoanTimeline>,
    b: Vec<p::LoanTimeline>,
    c: Vec<p::LoanTimeline>,
    d: Vec<p::LoanTimeline>,
    e: Vec<p::LoanTimeline>,
    f: Vec<p::LoanTimeline>,
}

/// Plays the story from January to the close of April 2025; answers its figures.
///
/// # Errors
/// A service's refusal.
pub async fn play(teller: &Teller, telling: Telling) -> Result<Vec<Figure>, StoryError> {
    teller.day(date(2025, 1, 2))?;
    JAMTLAND.set_up(teller).await?;
    for (article, units) in UNITS {
        let units: Vec<String> = units.iter().map(|unit| (*unit).to_owned()).collect();
        County::stock(teller, article, &units).await?;
    }
    let mut people = Vec::new();
    for (number, home_care) in PERSONS {
        people.push(teller.person(number, home_care, JAMTLAND.from).await?);
    }
    let mut loans = Loans::default();
    winter(teller, &people, &mut loans).await?;
    march(teller, &people, &mut loans).await?;
    teller.day(date(2025, 4, 1))?;
    teller.close(month(3)).await?;
    let mut figures = fees(teller, &people).await?;
    figures.extend(rents(teller, &loans, 3).await?);

    teller.day(date(2025, 4, 2))?;
    let returned = teller.take_back("JH-3002", date(2025, 4, 2)).await?;
    if telling == Telling::Second {
        teller.day(date(2025, 4, 10))?;
        let reason = "came back on 20 March, registered on 2 April";
        teller
            .correct_return(&returned, date(2025, 3, 20), reason)
            .await?;
    }
    teller.day(date(2025, 5, 1))?;
    teller.close(month(4)).await?;
    figures.extend(rent(teller, "F", &loans.f, 3).await?);
    figures.extend(rent(teller, "F", &loans.f, 4).await?);
    Ok(figures)
}

fn month(month: i8) -> Month {
    Month::of(date(2025, month, 1))
}

/// February: two beds go out; the month is closed.
async fn winter(teller: &Teller, people: &[String], loans: &mut Loans) -> Result<(), StoryError> {
    let bed = [("18101", Occasion::First)];
    loans.e = out(
        teller,
        &people[4],
        "2309",
        date(2025, 2, 1),
        &bed,
        &["JH-3001"],
    )
    .await?;
    loans.f = out(
        teller,
        &people[5],
        "1201",
        date(2025, 2, 3),
        &bed,
        &["JH-3002"],
    )
    .await?;
    teller.day(date(2025, 3, 1))?;
    teller.close(month(2)).await?;
    Ok(())
}

async fn march(teller: &Teller, people: &[String], loans: &mut Loans) -> Result<(), StoryError> {
    let chair = [("12301", Occasion::First)];
    loans.b = out(
        teller,
        &people[1],
        "1201",
        date(2025, 3, 1),
        &chair,
        &["JH-2001"],
    )
    .await?;
    let rollators = [("12001", Occasion::First), ("12002", Occasion::First)];
    let units = ["JH-1001", "JH-1101"];
    loans.a = out(
        teller,
        &people[0],
        "2380",
        date(2025, 3, 10),
        &rollators,
        &units,
    )
    .await?;
    teller.day(date(2025, 3, 12))?;
    teller.death(&people[5], date(2025, 3, 10)).await?;
    let board = [("09331", Occasion::First)];
    loans.d = out(teller, &people[3], "2380", date(2025, 3, 12), &board, &[""]).await?;
    let rollator = [("12001", Occasion::First)];
    let request = teller.prescription(&people[6], "2380", date(2025, 3, 12), &rollator, true);
    teller
        .hand_out(request, &["JH-1002"], date(2025, 3, 12))
        .await?;
    let worn = [("12001", Occasion::Replacement)];
    out(
        teller,
        &people[6],
        "2380",
        date(2025, 3, 13),
        &worn,
        &["JH-1003"],
    )
    .await?;
    teller.day(date(2025, 3, 16))?;
    teller
        .move_to(&people[4], "2380", date(2025, 3, 16))
        .await?;
    let bed: Vec<String> = loans.e.iter().map(|loan| loan.loan_id.clone()).collect();
    teller.transfer(&bed, "2380", date(2025, 3, 16)).await?;
    loans.c = out(
        teller,
        &people[2],
        "2309",
        date(2025, 3, 20),
        &rollator,
        &["JH-1004"],
    )
    .await?;
    Ok(())
}

async fn out(
    teller: &Teller,
    person: &str,
    customer: &str,
    on: Date,
    lines: &[(&str, Occasion)],
    units: &[&str],
) -> Result<Vec<p::LoanTimeline>, StoryError> {
    teller.day(on)?;
    let request = teller.prescription(person, customer, on, lines, false);
    teller.hand_out(request, units, on).await
}

async fn fees(teller: &Teller, people: &[String]) -> Result<Vec<Figure>, StoryError> {
    let mut figures = Vec::new();
    for (who, person) in ["A", "B", "C", "D", "E", "F", "G"].into_iter().zip(people) {
        for charge in teller.own_fees(person).await? {
            let request = b::ExplainChargeRequest {
                charge_id: charge.charge_id.clone(),
            };
            let explained = teller.desk.explain_charge(request).await;
            let explained = explained.map_err(StoryError::call("explain a charge"))?;
            let decision = explained
                .decision
                .ok_or(StoryError::Missing("a decision"))?;
            figures.push(Figure {
                who,
                what: format!("own fee ({})", charge.reason),
                amount: amount(charge.amount.as_ref())?,
                why: format!("{} [{}]", decision.text, decision.source),
            });
        }
    }
    Ok(figures)
}

async fn rents(teller: &Teller, loans: &Loans, month: i8) -> Result<Vec<Figure>, StoryError> {
    let mut figures = Vec::new();
    let followed = [
        ("A", &loans.a),
        ("B", &loans.b),
        ("C", &loans.c),
        ("D", &loans.d),
        ("E", &loans.e),
        ("F", &loans.f),
    ];
    for (who, loans) in followed {
        figures.extend(rent(teller, who, loans, month).await?);
    }
    Ok(figures)
}

/// What a person's loans cost each customer number in a month, deceased days and credits apart.
async fn rent(
    teller: &Teller,
    who: &'static str,
    loans: &[p::LoanTimeline],
    number: i8,
) -> Result<Vec<Figure>, StoryError> {
    let month = month(number);
    let mut lines = Vec::new();
    for loan in loans {
        lines.extend(teller.lines(&loan.loan_id, month).await?);
    }
    lines.sort_by_key(|line| {
        (
            line.customer_number.clone(),
            line.from.map(|d| (d.month, d.day)),
        )
    });
    let mut figures = Vec::new();
    let mut customers: Vec<&str> = lines.iter().map(|line| &*line.customer_number).collect();
    customers.dedup();
    for customer in customers {
        let of = |line: &&b::Charge| line.customer_number == customer;
        figures.push(Figure {
            who,
            what: format!("{month} on {customer}"),
            amount: total(lines.iter().filter(of))?,
            why: lines
                .iter()
                .filter(of)
                .map(describe)
                .collect::<Vec<_>>()
                .join("; "),
        });
    }
    if lines.is_empty() {
        let (what, amount) = (format!("{month}"), hjm_money::Money::ZERO);
        figures.push(Figure {
            who,
            what,
            amount,
            why: "no rent".to_owned(),
        });
    }
    Ok(figures)
}

fn describe(line: &b::Charge) -> String {
    let day = |date: Option<hjm_proto::common::v1::Date>| {
        date.map_or(String::new(), |date| format!("{}/{}", date.day, date.month))
    };
    if line.kind() == b::ChargeKind::Sale {
        return "the part of the price above the cost cap".to_owned();
    }
    let price = line.unit_price.as_ref().map_or("", |price| &*price.value);
    let sign = if line.credits_charge_id.is_empty() {
        ""
    } else {
        "credit of "
    };
    let deceased = if line.deceased { ", deceased" } else { "" };
    let (from, to) = (day(line.from), day(line.to));
    format!("{sign}{from}–{to} {} × {price}{deceased}", line.quantity)
}

//! The cases of `loss/`, one file a region, on its shipped document (L1 to L12).

use hjm_billing::{
    Acquisition, Chargeable, LossDecision, LossError, LossFacts, LossKind, LossLineKind, LossPayer,
    LossPolicy,
};
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use serde::Deserialize;

use crate::regions;
use crate::support::date;

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    what: String,
    of: String,
    facts: String,
    on: Date,
    charged: String,
}

/// The facts of a case: `iso 122203; price 14000; acquired 2021-01-01; residual 8000; reported DAY;
/// found DAY; administrative fee 250`.
struct Known<'row>(&'row str);

impl Known<'_> {
    fn told(&self, what: &str) -> Option<&str> {
        let mut told = self.0.split("; ");
        told.find_map(|told| told.strip_prefix(what)?.strip_prefix(' '))
    }

    fn money(&self, what: &str) -> Option<Money> {
        self.told(what).map(|amount| amount.parse().unwrap())
    }

    fn day(&self, what: &str) -> Option<Date> {
        self.told(what).map(date)
    }
}

pub(crate) fn read(text: &str) -> Result<LossPolicy, Vec<Fault>> {
    let document = PolicyDocument::parse(text)?;
    Ok(LossPolicy::parse(&document)?.unwrap())
}

fn shipped(region: &str) -> LossPolicy {
    read(&regions::text(region, "loss")).unwrap()
}

/// The shipped document with an administrative fee besides, where the case has one.
fn with_fee(region: &str, fee: Option<&str>) -> LossPolicy {
    let fee = fee.map(|fee| {
        format!(
            "[[loss.administrative_fee]]\namount = \"{fee}\"\nvalid_from = 2015-01-01\n\
             source = \"handbook §7.6\"\n"
        )
    });
    read(&(regions::text(region, "loss") + &fee.unwrap_or_default())).unwrap()
}

fn kind(of: &str) -> LossKind {
    let all = [
        LossKind::Device,
        LossKind::Component,
        LossKind::SpecialAdaptation,
        LossKind::HearingAid,
        LossKind::ScrappingRule,
        LossKind::Misuse,
    ];
    all.into_iter().find(|kind| kind.name() == of).unwrap()
}

fn shown(decided: Result<LossDecision, LossError>) -> String {
    let line = |line: &hjm_billing::LossLine| {
        let kind = match line.kind {
            LossLineKind::Loss => "LOSS",
            LossLineKind::AdministrativeFee => "FEE",
        };
        let pays = match line.pays {
            LossPayer::Payer => "PAYER",
            LossPayer::PrescribingUnit => "PRESCRIBING_UNIT",
            LossPayer::Person => "PERSON",
        };
        format!("{kind} {} {pays}", line.amount)
    };
    match decided {
        Ok(decision) => {
            let lines: Vec<_> = decision.lines.iter().map(line).collect();
            lines.join("; ")
        }
        Err(LossError::NoRule { rule, .. }) => format!("LOSS_RULE_MISSING {rule}"),
        Err(LossError::MissingFact { fact }) => format!("LOSS_FACT_MISSING {fact}"),
        Err(error @ LossError::Amount(_)) => error.reason().to_owned(),
    }
}

fn charged(policy: &LossPolicy, row: &Row) -> String {
    let known = Known(&row.facts);
    match row.of.as_str() {
        "GRACE" => {
            let (reported, found) = (known.day("reported").unwrap(), known.day("found"));
            match policy.chargeable(reported, found, row.on).0 {
                Chargeable::Waits(until) => format!("waits until {until}"),
                Chargeable::Since(from) => format!("charged from {from}"),
                Chargeable::Found => "found".to_owned(),
            }
        }
        "MOVE" => match policy.goes_over(known.money("residual").unwrap(), row.on) {
            Ok((goes, told)) => {
                assert_eq!(told.rule, "loss.move");
                if goes { "goes over" } else { "stays" }.to_owned()
            }
            Err(refused) => shown(Err(refused)),
        },
        of => shown(policy.decide(&LossFacts {
            kind: kind(of),
            iso: known.told("iso").map(|iso| iso.parse().unwrap()),
            price: known.money("price"),
            acquired_on: known.day("acquired"),
            residual: known.money("residual"),
            on: row.on,
        })),
    }
}

fn fault(region: &str, row: &Row) -> Option<String> {
    let told = charged(
        &with_fee(region, Known(&row.facts).told("administrative fee")),
        row,
    );
    (told != row.charged).then(|| {
        let Row {
            case,
            what,
            charged,
            ..
        } = row;
        format!("{region}, {case}, {what}: {told} is not {charged}")
    })
}

#[test]
fn losses_of_every_region_cost_what_its_file_says() {
    let mut faults = Vec::new();
    for (region, text) in regions::files("loss") {
        let rows: Vec<Row> = regions::rows(&text);
        faults.extend(rows.iter().filter_map(|row| fault(&region, row)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_loss_is_caught() {
    let files = regions::files("loss");
    for (region, from, to) in [
        ("medelpunkten", "LOSS 8000.00", "LOSS 8001.00"),
        (
            "medelpunkten",
            "charged from 2025-03-15",
            "charged from 2025-03-16",
        ),
        ("vasterbotten", ",stays\n", ",goes over\n"),
    ] {
        let broken = files[region].replacen(from, to, 1);
        let rows: Vec<Row> = regions::rows(&broken);
        let caught: Vec<String> = rows.iter().filter_map(|row| fault(region, row)).collect();
        assert_eq!(caught.len(), 1, "{region}: {caught:?}");
    }
}

fn names(facts: &[(String, String)]) -> String {
    let facts: Vec<_> = facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    facts.join(" ")
}

#[test]
fn grace_and_a_move_explain_themselves_by_the_days_and_amounts_that_decide() {
    let policy = shipped("vasterbotten");
    let (goes, told) = policy
        .goes_over("2500".parse().unwrap(), date("2025-03-01"))
        .unwrap();
    assert!(goes);
    assert_eq!(
        names(&told.facts),
        "on=2025-03-01 residual=2500.00 residual_above=2000.00"
    );
    let (reported, found) = (date("2025-01-15"), Some(date("2025-02-01")));
    let policy = shipped("medelpunkten");
    let (found, told) = policy.chargeable(reported, found, date("2025-02-02"));
    assert_eq!(
        (found, told.rule.as_str()),
        (Chargeable::Found, "loss.grace")
    );
    assert!(!told.source.is_empty());
    assert_eq!(
        names(&told.facts),
        "on=2025-02-02 reported_on=2025-01-15 found_on=2025-02-01 months=2"
    );
}

#[test]
fn a_loss_explains_itself_by_its_rules_sources_and_facts() {
    let policy = shipped("medelpunkten");
    let facts = LossFacts {
        kind: LossKind::Device,
        iso: Some("122203".parse().unwrap()),
        price: Some("14000".parse().unwrap()),
        acquired_on: Some(date("2021-01-01")),
        residual: None,
        on: date("2024-01-01"),
    };
    let told = policy.decide(&facts).unwrap().explanation;
    assert_eq!(
        (told.rule.as_str(), told.policy_id.as_str()),
        ("loss.DEVICE", "medelpunkten-loss")
    );
    assert_eq!(told.policy_hash, policy.policy().hash);
    assert!(told.source.contains("20 procent") && told.source.contains("rullstolar"));
    assert_eq!(
        names(&told.facts),
        "kind=DEVICE on=2024-01-01 iso=122203 price=14000.00 acquired_on=2021-01-01 \
         group=wheelchairs years=7 residual=8000.00"
    );
}

/// Straight line by day, from the price on the first day to nothing after `years` × 365 days.
#[test]
fn residual_ends_to_the_day() {
    let device = |acquired_on, years| Acquisition {
        price: "3650".parse().unwrap(),
        acquired_on: date(acquired_on),
        years,
    };
    for (acquired_on, years, on, residual) in [
        ("2024-02-29", 1, "2024-02-29", "3650.00"),
        ("2024-02-29", 1, "2024-03-01", "3640.00"),
        ("2024-02-29", 1, "2025-02-27", "10.00"),
        ("2024-02-29", 1, "2025-02-28", "0.00"),
        ("2024-01-01", 1, "2024-12-30", "10.00"),
        ("2024-01-01", 1, "2024-12-31", "0.00"),
        ("2023-01-01", 1, "2023-12-31", "10.00"),
        ("2023-01-01", 1, "2024-01-01", "0.00"),
        ("2020-02-29", 4, "2024-02-27", "2.50"),
        ("2020-02-29", 4, "2024-02-28", "0.00"),
        ("2020-02-29", 4, "2024-02-29", "0.00"),
        ("2023-01-01", 1, "2022-12-31", "3650.00"),
    ] {
        let worth = device(acquired_on, years).residual(date(on)).unwrap();
        assert_eq!(worth.to_string(), residual, "{acquired_on} {on}");
    }
}

proptest! {
    #[test]
    fn residual_never_rises_and_is_never_negative(
        ore in 0..500_000_000_i64, years in 1..30_u16, day in 0..20_000_i32, later in 0..4_000_i32,
    ) {
        let acquired_on = date("2000-01-01");
        let device = Acquisition { price: Money::from_ore(ore), acquired_on, years };
        let residual = |days: i32| device.residual(acquired_on.saturating_add(days.days())).unwrap();
        let (now, then) = (residual(day), residual(day + later));
        prop_assert!(then <= now, "{} after {}", then, now);
        prop_assert!(now <= device.price && !then.is_negative());
        prop_assert!(residual(i32::from(years) * 365).is_zero());
    }

    #[test]
    fn a_loss_never_costs_more_later(
        ore in 0..10_000_000_i64, day in 0..5_000_i32, later in 0..2_000_i32,
    ) {
        let policy = shipped("medelpunkten");
        let acquired_on = date("2020-01-01");
        let charged = |days: i32| {
            let decision = policy.decide(&LossFacts {
                kind: LossKind::Device,
                iso: Some("181210".parse().unwrap()),
                price: Some(Money::from_ore(ore)),
                acquired_on: Some(acquired_on),
                residual: None,
                on: acquired_on.saturating_add(days.days()),
            });
            Money::sum(decision.unwrap().lines.iter().map(|line| line.amount)).unwrap()
        };
        let (now, then) = (charged(day), charged(day + later));
        prop_assert!(then <= now);
        prop_assert!(then >= "300".parse().unwrap());
    }

    #[test]
    fn the_order_of_rows_and_the_question_before_do_not_matter(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        first in 0..2_usize, days in 0..4_000_i32,
    ) {
        let text = regions::text("medelpunkten", "loss");
        let (head, rows) = text.split_once("\n[[").unwrap();
        let rows: Vec<&str> = rows.split("\n[[").collect();
        prop_assert_eq!(rows.len(), order.len());
        let shuffled = order.iter().map(|row| format!("\n[[{}\n", rows[*row]));
        let policies = [
            shipped("medelpunkten"),
            read(&shuffled.fold(head.to_owned(), |text, row| text + &row)).unwrap(),
        ];
        let asked = |policy: &LossPolicy, iso: &str| {
            let acquired_on = date("2020-01-01");
            let facts = LossFacts {
                kind: LossKind::Device,
                iso: Some(iso.parse().unwrap()),
                price: Some("14000".parse().unwrap()),
                acquired_on: Some(acquired_on),
                residual: None,
                on: acquired_on.saturating_add(days.days()),
            };
            let decision = policy.decide(&facts).unwrap();
            let told = decision.explanation;
            (decision.lines, told.rule, told.source, told.facts, told.text)
        };
        let codes = ["122203", "150303"];
        let answers = policies.each_ref().map(|policy| asked(policy, codes[first]));
        let others = policies.each_ref().map(|policy| asked(policy, codes[1 - first]));
        prop_assert_eq!(&answers[0], &answers[1]);
        prop_assert_eq!(&others[0], &others[1]);
        prop_assert_eq!(&answers[0], &asked(&policies[1], codes[first]));
    }
}

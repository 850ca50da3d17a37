//! The replay vectors: the crate's own copy of the essential ones, with cases D1 to D7, and all
//! of the published ones where they are at hand.

use std::collections::BTreeMap;
use std::path::Path;

use hjm_free_card::{LogEntry, StatusKind, replay, status_on};
use hjm_money::Money;
use jiff::civil::Date;
use serde::Deserialize;

use crate::support::{Options, event, money, morning, principal, scheme};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    vector: String,
    step: u64,
    scheme: String,
    window_mode: String,
    end_rule: String,
    event_date: Date,
    nominal_sek: String,
    counts: bool,
    expected_charge_sek: String,
    accumulated_sek: String,
    card_status: String,
    card_valid_from: Option<Date>,
    card_valid_to: Option<Date>,
    period_start: Option<Date>,
}

#[derive(Deserialize)]
struct CeilingRow {
    code: String,
    ceiling_from: Date,
    ceiling_sek: String,
}

type Ceilings = BTreeMap<String, Vec<(Date, String)>>;

fn ceilings(text: &str) -> Ceilings {
    let mut ceilings = Ceilings::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: CeilingRow = row.unwrap();
        let of_scheme = ceilings.entry(row.code).or_default();
        of_scheme.push((row.ceiling_from, row.ceiling_sek));
    }
    ceilings
}

fn vectors(text: &str) -> BTreeMap<String, Vec<Row>> {
    let mut vectors: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: Row = row.unwrap();
        vectors.entry(row.vector.clone()).or_default().push(row);
    }
    vectors
}

/// What a row promises, as one comparable value.
type Promise = (
    Money,
    Money,
    &'static str,
    Option<(Date, Date)>,
    Option<Date>,
);

fn promised(row: &Row) -> Promise {
    let reached = row.card_status == "REACHED";
    (
        money(&row.expected_charge_sek),
        money(&row.accumulated_sek),
        if reached { "REACHED" } else { "BELOW_LIMIT" },
        row.card_valid_from.zip(row.card_valid_to),
        row.period_start,
    )
}

/// Plays the fees of one vector one by one; what differs from the rows.
fn faults(rows: &[Row], ceilings: &Ceilings) -> Vec<String> {
    let scheme = scheme(&Options {
        mode: rows[0].window_mode.clone(),
        end_rule: rows[0].end_rule.clone(),
        ceilings: ceilings[&rows[0].scheme].clone(),
        ..Options::default()
    });
    let mut log = Vec::new();
    let mut faults = Vec::new();
    for row in rows {
        let mut fee = event(row.step, row.event_date, money(&row.nominal_sek));
        if !row.counts {
            fee.principal = principal("99");
        }
        let (id, now) = (fee.fee, morning(fee.on));
        log.push(LogEntry::Fee(fee));
        let state = replay(&scheme, &log).unwrap();
        let status = status_on(&scheme, &state, row.event_date, now).unwrap();
        let got: Promise = (
            state.fee(id).unwrap().entitled,
            status.accumulated,
            match status.kind {
                StatusKind::Preliminary | StatusKind::Final => "REACHED",
                StatusKind::BelowLimit => "BELOW_LIMIT",
                StatusKind::None
                | StatusKind::Retained
                | StatusKind::Imported
                | StatusKind::Registered
                | StatusKind::Expired => "OTHER",
            },
            status.card.as_ref().map(|card| (card.from, card.to)),
            status.card.as_ref().and_then(|card| card.period_start),
        );
        if got != promised(row) {
            let (vector, step) = (&row.vector, row.step);
            faults.push(format!(
                "FC-{vector} step {step}: {got:?} is not {:?}",
                promised(row)
            ));
        }
    }
    faults
}

fn all_faults(vectors_csv: &str, schemes_csv: &str) -> (usize, Vec<String>) {
    let ceilings = ceilings(schemes_csv);
    let vectors = vectors(vectors_csv);
    let faults = vectors.values().flat_map(|rows| faults(rows, &ceilings));
    (vectors.len(), faults.collect())
}

const OWN: &str = include_str!("../replay.csv");
const OWN_SCHEMES: &str = include_str!("../schemes.csv");

#[test]
fn fc_v_and_d_vectors_of_this_crate_hold() {
    let (count, faults) = all_faults(OWN, OWN_SCHEMES);
    assert!(count >= 26, "only {count} vectors");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "says that the published vectors were not at hand"
)]
fn fc_v_published_vectors_hold_where_they_are_at_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/vectors");
    let read = |name: &str| std::fs::read_to_string(folder.join(name));
    let (Ok(vectors), Ok(schemes)) = (read("free_card_replay.csv"), read("schemes.csv")) else {
        eprintln!("skipped: the published vectors are not beside the repository");
        return;
    };
    let (count, faults) = all_faults(&vectors, &schemes);
    assert!(count >= 30, "only {count} vectors");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_vector_is_caught() {
    let ceilings = ceilings(OWN_SCHEMES);
    let mut rows = vectors(OWN)["V07"].clone();
    assert!(faults(&rows, &ceilings).is_empty());
    rows[5].expected_charge_sek = "151".to_owned();
    assert_eq!(faults(&rows, &ceilings).len(), 1);
}

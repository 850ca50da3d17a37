//! The replay vectors, with cases D1 to D7: by the whole log, and by a snapshot fee by fee.

use std::collections::BTreeMap;

use hjm_free_card::{Appended, LogEntry, Snapshot, Status, StatusKind, replay, status_on};
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
    let (mut log, mut snapshot) = (Vec::new(), Snapshot::new(&scheme));
    let mut faults = Vec::new();
    for row in rows {
        let mut fee = event(row.step, row.event_date, money(&row.nominal_sek));
        if !row.counts {
            fee.principal = principal("99");
        }
        let (id, now) = (fee.fee, morning(fee.on));
        let entry = LogEntry::Fee(fee);
        let Appended::Fee(fast) = snapshot.append(&scheme, &entry).unwrap() else {
            panic!("the fees of a vector come in event order");
        };
        log.push(entry);
        let state = replay(&scheme, &log).unwrap();
        let status = status_on(&scheme, &state, row.event_date, now).unwrap();
        let by_snapshot = snapshot.status_on(&scheme, row.event_date, now).unwrap();
        let got = [
            told(state.fee(id).unwrap().entitled, &status),
            told(fast.entitled, &by_snapshot.unwrap()),
        ];
        let (vector, step, promise) = (&row.vector, row.step, promised(row));
        for got in got.iter().filter(|got| **got != promise) {
            faults.push(format!(
                "FC-{vector} step {step}: {got:?} is not {promise:?}"
            ));
        }
    }
    faults
}

fn told(entitled: Money, status: &Status) -> Promise {
    (
        entitled,
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
    )
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
    assert!(count >= 38, "only {count} vectors");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_vector_is_caught() {
    let ceilings = ceilings(OWN_SCHEMES);
    let mut rows = vectors(OWN)["V07"].clone();
    assert!(faults(&rows, &ceilings).is_empty());
    rows[5].expected_charge_sek = "151".to_owned();
    assert_eq!(
        faults(&rows, &ceilings).len(),
        2,
        "by the log and by the snapshot"
    );
}

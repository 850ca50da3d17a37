//! The engine's vectors through the service's own RPCs: each vector is a person of its own, each
//! scheme with its window and end rule a policy in force.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use hjm_money::Money;
use hjm_proto::free_card::v1 as pb;
use hjm_testkit::kronor;
use serde::Deserialize;

use crate::support::{DALARNA, World, card_days, day, person};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    vector: String,
    step: u64,
    scheme: String,
    window_mode: String,
    end_rule: String,
    event_date: String,
    nominal_sek: String,
    counts: bool,
    expected_charge_sek: String,
    accumulated_sek: String,
    card_status: String,
    card_valid_from: String,
    card_valid_to: String,
    period_start: String,
}

#[derive(Deserialize)]
struct CeilingRow {
    code: String,
    ceiling_from: String,
    ceiling_sek: String,
}

fn rows() -> BTreeMap<String, Vec<Row>> {
    let text = include_str!("../../../../libs/domain/free-card/tests/replay.csv");
    let mut vectors: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let row: Row = row.unwrap();
        vectors.entry(row.vector.clone()).or_default().push(row);
    }
    vectors
}

fn ceilings(code: &str) -> Vec<(String, String)> {
    let text = include_str!("../../../../libs/domain/free-card/tests/schemes.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(Result::<CeilingRow, _>::unwrap);
    rows.filter(|row| row.code == code)
        .map(|row| (row.ceiling_from, row.ceiling_sek))
        .collect()
}

impl Row {
    /// A scheme of its own for each code, window and end rule.
    fn scheme_id(&self) -> String {
        let id = format!("{} {} {}", self.scheme, self.window_mode, self.end_rule);
        id.to_lowercase().replace([' ', '_'], "-")
    }

    fn policy(&self) -> String {
        let id = self.scheme_id();
        let (mode, end_rule) = (&self.window_mode, &self.end_rule);
        let mut text = format!(
            "id = \"{id}\"\nversion = 1\ntenant = \"{DALARNA}\"\ntitle = \"Vectors\"\n\
             valid_from = 2010-01-01\n[sources]\nvectors = \"The vectors\"\n\
             [free_card]\nid = \"{id}\"\nsource = \"vectors\"\n"
        );
        for section in [
            format!("window]]\nmonths = 12\nmode = \"{mode}\"\nend_rule = \"{end_rule}\""),
            "event_date]]\nbasis = \"PRESCRIBED_ON\"".to_owned(),
            "preliminary]]\nhours = 48".to_owned(),
            "on_cancel_final]]\naction = \"RETAIN\"".to_owned(),
            "member]]\nprincipal = \"20\"".to_owned(),
        ] {
            let days = "valid_from = 2010-01-01\nsource = \"vectors\"";
            writeln!(text, "[[free_card.{section}\n{days}").unwrap();
        }
        let ceilings = ceilings(&self.scheme);
        for (index, (from, sek)) in ceilings.iter().enumerate() {
            let next = ceilings.get(index + 1);
            let to = next.map_or(String::new(), |(to, _)| format!("valid_to = {to}\n"));
            writeln!(
                text,
                "[[free_card.ceiling]]\namount = \"{sek}\"\nvalid_from = {from}\n{to}\
                 source = \"vectors\""
            )
            .unwrap();
        }
        text
    }
}

async fn world(vectors: &BTreeMap<String, Vec<Row>>) -> World {
    let mut world = World::without_policies("2026-01-05").await;
    let mut known = BTreeSet::new();
    for row in vectors.values().map(|rows| &rows[0]) {
        if known.insert(row.scheme_id()) {
            let text = row.policy();
            world
                .put_policy(&text, &row.scheme_id(), 1, "2010-01-01")
                .await;
        }
    }
    world
}

fn sek(money: Option<&hjm_proto::common::v1::Money>) -> Money {
    kronor(money).parse().unwrap()
}

/// What differs from the rows of a vector.
async fn faults(world: &World, rows: &[Row]) -> Vec<String> {
    let (recipient, mut faults) = (person(), Vec::new());
    for row in rows {
        world.set_today(&row.event_date);
        let principal = if row.counts { "20" } else { "99" };
        let scheme = (row.scheme_id(), principal);
        let (scheme, nominal) = ((scheme.0.as_str(), scheme.1), &row.nominal_sek);
        let request = world.fee_in(scheme, &recipient, &row.event_date, nominal);
        let answer = world.register(&request).await.unwrap().into_inner().answer;
        let answer = answer.unwrap();
        let status = world.status_in(scheme.0, &recipient, &row.event_date).await;
        let told = [answer.status.clone().unwrap(), status.clone()];
        let reached = row.card_status == "REACHED";
        let days = format!("{} to {}", row.card_valid_from, row.card_valid_to);
        let right = |status: &pb::AccountStatus| {
            let card = matches!(
                status.card(),
                pb::CardState::Preliminary | pb::CardState::Final
            );
            let start = status.period_start.as_ref().map(day);
            sek(status.accumulated.as_ref()) == row.accumulated_sek.parse().unwrap()
                && card == reached
                && card_days(status) == reached.then(|| days.clone())
                && (!reached || start.as_ref() == Some(&row.period_start))
        };
        let charged = sek(answer.to_charge.as_ref());
        let exempt = world.is_exempt_in(scheme.0, &recipient, &row.event_date);
        let exempt = exempt.await.unwrap();
        if charged != row.expected_charge_sek.parse().unwrap()
            || !told.iter().all(right)
            || exempt != reached
        {
            let (vector, step) = (&row.vector, row.step);
            faults.push(format!("FC-{vector} step {step}: {charged}, {status:?}"));
        }
    }
    faults
}

#[tokio::test]
async fn fc_v01_to_v36_and_d1_to_d7_every_vector_holds_over_the_wire() {
    let vectors = rows();
    assert!(vectors.len() >= 38, "the vectors are found");
    let world = world(&vectors).await;
    for rows in vectors.values() {
        assert_eq!(faults(&world, rows).await, [""; 0]);
    }
    world.books_hold().await;
}

#[tokio::test]
async fn a_vector_that_does_not_hold_is_found() {
    let mut vectors = rows();
    vectors.retain(|vector, _| vector == "V07");
    let world = world(&vectors).await;
    let mut rows = vectors["V07"].clone();
    rows[5].expected_charge_sek = "151".to_owned();
    assert_eq!(faults(&world, &rows).await.len(), 1);
}

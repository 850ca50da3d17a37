//! The cases of `timeline.csv`, which a care administrator can read.

use hjm_prescription::{Delivery, Refusal, Timeline, Transition};
use jiff::civil::Date;

use crate::{customer, date, principal};

#[derive(Clone, serde::Deserialize)]
struct Row {
    case: String,
    today: Date,
    prescribed_on: Date,
    delivered_on: Date,
    steps: String,
    answer: String,
    version: Option<u32>,
    returned_on: Option<Date>,
    payers: String,
    says: String,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../timeline.csv");
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn codes(refusals: &[Refusal]) -> String {
    let codes: Vec<_> = refusals.iter().map(Refusal::reason).collect();
    codes.join(" ")
}

fn step(timeline: &Timeline, words: &str, row: &Row) -> Result<Transition, String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let one = |result: Result<Transition, Refusal>| result.map_err(|r| r.reason().to_owned());
    match words[..] {
        ["return", on] => one(timeline.register_return(date(on), row.today)),
        ["correct_return", on] => one(timeline.correct_return(date(on), row.today)),
        ["death", on] => Ok(timeline.record_death(date(on))),
        ["transfer", to, on] => {
            one(timeline.transfer(&customer(to), &principal(to), date(on), row.today))
        }
        ["correct_delivery", on] => timeline
            .correct_delivery(date(on), row.prescribed_on, row.today)
            .map_err(|refusals| codes(&refusals)),
        _ => panic!("no such step: {words:?}"),
    }
}

/// The answer to the last step, and the timeline after it.
fn play(row: &Row) -> (String, Option<Timeline>) {
    let delivery = Delivery {
        prescribed_on: row.prescribed_on,
        delivered_on: row.delivered_on,
        customer_number: customer("2380"),
        principal: principal("2380"),
        died_on: None,
    };
    let mut timeline = match Timeline::deliver(&delivery, row.today) {
        Ok(timeline) => timeline,
        Err(refusals) => return (codes(&refusals), None),
    };
    let mut answer = "OK";
    for words in row.steps.split(';').filter(|words| !words.is_empty()) {
        match step(&timeline, words, row) {
            Ok(Transition::Next(next)) => {
                assert_eq!(next.version(), timeline.version() + 1, "{}", row.case);
                timeline = next;
                answer = "OK";
            }
            Ok(Transition::Unchanged) => answer = "UNCHANGED",
            Err(reason) => return (reason, None),
        }
    }
    (answer.to_owned(), Some(timeline))
}

fn payers(timeline: &Timeline) -> String {
    let payers = timeline.segments().iter();
    let payers: Vec<_> = payers
        .map(|segment| format!("{} from {}", segment.customer_number, segment.from))
        .collect();
    payers.join("; ")
}

fn fault(row: &Row) -> Option<String> {
    let (answer, timeline) = play(row);
    let got = (
        answer.as_str(),
        timeline.as_ref().map(Timeline::version),
        timeline.as_ref().and_then(Timeline::returned_on),
        timeline.as_ref().map(payers).unwrap_or_default(),
    );
    let want = (
        row.answer.as_str(),
        row.version,
        row.returned_on,
        row.payers.clone(),
    );
    (got != want).then(|| format!("{} ({}): {got:?} is not {want:?}", row.case, row.says))
}

#[test]
fn every_case_of_the_table_holds() {
    let faults: Vec<_> = rows().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_row_is_caught() {
    let mut row = rows().remove(0);
    row.version = Some(2);
    assert!(fault(&row).is_some());
}

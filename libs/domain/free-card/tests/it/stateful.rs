//! The cases of `stateful.csv`: corrections and what they do to cards (W01 to W12, D8, D9, Q24).

use std::collections::BTreeMap;

use hjm_free_card::{
    AccountState, FeeEvent, LogEntry, ProposedFee, Scheme, cancel, register, replay, status_on,
};
use hjm_ids::FeeId;
use hjm_money::Money;
use jiff::civil::Date;
use serde::Deserialize;

use crate::support::{Options, date, fee_called, money, morning, principal, proposed, scheme};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    on_cancel_final: String,
    steps: String,
    asked_on: Date,
    entitled: String,
    refunds: String,
    undercharges: String,
    accumulated: String,
    status: String,
    card: String,
    flagged: String,
    says: String,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../stateful.csv");
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn add(
    scheme: &Scheme,
    log: &mut Vec<LogEntry>,
    fee: &ProposedFee,
    at: Date,
    charged: Option<Money>,
) {
    let entries = register(scheme, log, fee, morning(at)).unwrap().entries;
    log.extend(entries);
    if let (Some(charged), Some(LogEntry::Fee(event))) = (charged, log.last_mut()) {
        *event = FeeEvent {
            charged,
            ..event.clone()
        };
    }
}

fn take(scheme: &Scheme, log: &mut Vec<LogEntry>, step: &str) {
    let words: Vec<&str> = step.split_whitespace().collect();
    let fee = |name: &str, on: &str, sek: &str| proposed(fee_called(name), date(on), money(sek));
    match words[..] {
        ["fee", name, on, sek] => add(scheme, log, &fee(name, on, sek), date(on), None),
        ["fee", name, on, sek, "by", who] => {
            let fee = ProposedFee {
                principal: principal(who),
                ..fee(name, on, sek)
            };
            add(scheme, log, &fee, date(on), None);
        }
        ["late", name, on, sek, "at", at] => {
            add(scheme, log, &fee(name, on, sek), date(at), None);
        }
        ["late", name, on, sek, "at", at, "charged", charged] => {
            let charged = Some(money(charged));
            add(scheme, log, &fee(name, on, sek), date(at), charged);
        }
        ["cancel", name, "at", at] => {
            let done = cancel(scheme, log, fee_called(name), morning(date(at))).unwrap();
            log.extend(done.entries);
        }
        _ => panic!("no such step: {step}"),
    }
}

/// `A 250; B 0` as what each fee has, those of zero left out where `some` is asked for.
fn amounts(text: &str, some: bool) -> BTreeMap<FeeId, Money> {
    text.split(';')
        .filter(|part| !part.is_empty())
        .map(|part| part.trim().split_once(' ').unwrap())
        .map(|(name, sek)| (fee_called(name), money(sek)))
        .filter(|(_, amount)| !some || !amount.is_zero())
        .collect()
}

fn of_fees(
    state: &AccountState,
    amount: fn(&hjm_free_card::AssessedFee) -> Money,
    some: bool,
) -> BTreeMap<FeeId, Money> {
    let fees = state.fees.iter().map(|fee| (fee.fee, amount(fee)));
    fees.filter(|(_, amount)| !some || !amount.is_zero())
        .collect()
}

fn fault(row: &Row) -> Option<String> {
    let scheme = scheme(&Options {
        on_cancel_final: row.on_cancel_final.clone(),
        ..Options::default()
    });
    let mut log = Vec::new();
    for step in row.steps.split(';') {
        take(&scheme, &mut log, step);
    }
    let state = replay(&scheme, &log).unwrap();
    let status = status_on(&scheme, &state, row.asked_on, morning(row.asked_on)).unwrap();
    let card = status.card.as_ref();
    let got = (
        of_fees(&state, |fee| fee.entitled, false),
        of_fees(&state, |fee| fee.overcharge, true),
        of_fees(&state, |fee| fee.undercharge, true),
        status.accumulated,
        status.kind.code(),
        card.map(|card| format!("{} to {}", card.from, card.to))
            .unwrap_or_default(),
        card.map(|card| if card.flagged { "yes" } else { "no" })
            .unwrap_or_default(),
    );
    let want = (
        amounts(&row.entitled, false),
        amounts(&row.refunds, true),
        amounts(&row.undercharges, true),
        money(&row.accumulated),
        row.status.as_str(),
        row.card.clone(),
        row.flagged.as_str(),
    );
    (got != want).then(|| format!("FC-{} ({}):\n{got:?} is not\n{want:?}", row.case, row.says))
}

#[test]
fn fc_w_every_case_of_the_table_holds() {
    let faults: Vec<_> = rows().iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_row_is_caught() {
    let mut row = rows().remove(0);
    row.refunds = "B 251".to_owned();
    assert!(fault(&row).is_some());
}

//! The vectors of counts, of windows in days and of tiers, under the shipped documents.

use hjm_free_card::{
    EndRule, LogEntry, Scheme, Settlement, WindowLength, WindowMode, register, replay, status_on,
};
use hjm_money::Money;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use crate::support::{
    date, fee_id, money, morning, principal, proposed, shipped, shipped_document,
};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    vector: String,
    step: u64,
    scheme: String,
    event_date: Date,
    nominal_sek: String,
    entitled_sek: String,
    counted_after: String,
}

fn rows(vector: &str) -> Vec<Row> {
    let text = include_str!("../count_and_days.csv");
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    let rows = rows.map(Result::<Row, _>::unwrap);
    rows.filter(|row| row.vector == vector).collect()
}

fn scheme_of(row: &Row) -> Scheme {
    let file = match row.scheme.as_str() {
        "ambulance Jämtland 2022" => "free-card-ambulance",
        "in-patient Jämtland 2022" => "free-card-in-patient",
        other => panic!("no such scheme: {other}"),
    };
    shipped("jamtland-harjedalen", file)
}

/// One more fee of principal 23; what it should cost and what counts after it.
fn pay(
    scheme: &Scheme,
    log: &mut Vec<LogEntry>,
    on: Date,
    nominal: Money,
) -> (Money, Money, usize) {
    let mut fee = proposed(fee_id(log.len() as u64 + 1), on, nominal);
    fee.principal = principal("23");
    let done = register(scheme, log, &fee, morning(on)).unwrap();
    log.extend(done.entries);
    let state = replay(scheme, log).unwrap();
    let status = status_on(scheme, &state, on, morning(on)).unwrap();
    let entitled = state.fee(fee.fee).unwrap().entitled;
    (entitled, status.accumulated, status.fees.len())
}

/// Plays a vector; the months between two rows of a count are paid as the first of them.
fn faults(rows: &[Row]) -> Vec<String> {
    let scheme = scheme_of(&rows[0]);
    let (mut log, mut step, mut faults) = (Vec::new(), 0, Vec::new());
    for row in rows {
        while step + 1 < row.step {
            let between = rows[0].event_date + i64::try_from(step).unwrap().months();
            pay(&scheme, &mut log, between, money(&row.nominal_sek));
            step += 1;
        }
        step = row.step;
        let nominal = money(&row.nominal_sek);
        let (entitled, sum, count) = pay(&scheme, &mut log, row.event_date, nominal);
        let counted = match row.scheme.split_once(' ').unwrap().0 {
            "ambulance" => count.to_string() == row.counted_after,
            _ => sum == money(&row.counted_after),
        };
        if entitled != money(&row.entitled_sek) || !counted {
            let (vector, step) = (&row.vector, row.step);
            faults.push(format!(
                "FC-{vector} step {step}: {entitled}, {sum}, {count}"
            ));
        }
    }
    faults
}

#[test]
fn fc_c01_c02_c03_counts_and_days_hold() {
    for vector in ["C01", "C02", "C03"] {
        let rows = rows(vector);
        assert!(!rows.is_empty(), "{vector}");
        assert_eq!(faults(&rows), [""; 0]);
    }
}

#[test]
fn a_wrong_count_is_caught() {
    let mut rows = rows("C01");
    rows[2].entitled_sek = "300".to_owned();
    assert_eq!(faults(&rows).len(), 1);
}

#[test]
fn fc_c02_an_in_patient_is_charged_in_full_and_applies_for_the_excess() {
    let scheme = shipped("jamtland-harjedalen", "free-card-in-patient");
    assert_eq!(scheme.settlement(), Settlement::RefundOnApplication);
    let mut log = Vec::new();
    for on in ["2022-03-01", "2022-03-30"] {
        pay(&scheme, &mut log, date(on), money("1300"));
    }
    let state = replay(&scheme, &log).unwrap();
    assert_eq!(state.fees[1].charged, money("1300"));
    assert_eq!(state.fees[1].overcharge, money("200"));
}

#[test]
fn children_pay_nothing_in_jamtland_and_nothing_counts() {
    for file in ["care", "in-patient", "ambulance", "travel"] {
        let scheme = shipped("jamtland-harjedalen", &format!("free-card-{file}"));
        for (age, pays) in [(17, "0"), (18, "300")] {
            let mut fee = proposed(fee_id(1), date("2022-03-01"), money("300"));
            fee.principal = principal("23");
            fee.age = Some(age);
            let done = register(&scheme, &[], &fee, morning(fee.on)).unwrap();
            let status = status_on(&scheme, &done.state, fee.on, morning(fee.on)).unwrap();
            assert_eq!(done.state.fees[0].charged, money(pays), "{file}, {age}");
            assert_eq!(status.fees.is_empty(), age < 18, "{file}, {age}");
        }
    }
}

#[test]
fn dental_care_costs_the_shares_of_its_price() {
    let scheme = shipped("jamtland-harjedalen", "free-card-dental");
    let mut log = Vec::new();
    let mut paid = Vec::new();
    for (month, price) in [(1, "2000"), (2, "5000"), (3, "20000")] {
        let mut fee = proposed(
            fee_id(month),
            date(&format!("2022-0{month}-10")),
            money(price),
        );
        fee.principal = principal("dental-care");
        let done = register(&scheme, &log, &fee, morning(fee.on)).unwrap();
        paid.push(done.state.fee(fee.fee).unwrap().entitled);
        log.extend(done.entries);
        assert!(done.state.cards.is_empty(), "shares, and no card");
    }
    assert_eq!(paid, [money("2000"), money("3000"), money("5800")]);
}

#[test]
fn medicines_load_and_are_never_put_in_force() {
    let document = shipped_document("jamtland-harjedalen", "free-card-medicines");
    assert!(document.not_printed().unwrap().contains("1 200 kr"));
    let scheme = Scheme::parse(&document).unwrap().unwrap();
    assert_eq!(scheme.mode(), WindowMode::Tumbling);
    let mut fee = proposed(fee_id(1), date("2022-03-01"), money("1200"));
    fee.principal = principal("pharmacies");
    let done = register(&scheme, &[], &fee, morning(fee.on)).unwrap();
    assert_eq!(done.state.fees[0].entitled, money("1200"), "full price");
    fee.nominal = money("1200.01");
    let error = register(&scheme, &[], &fee, morning(fee.on)).unwrap_err();
    assert_eq!(error.reason(), "SHARE_MISSING", "never a guess");
}

#[test]
fn source_000_adds_the_four_up_to_8950() {
    let scheme = |file: &str| shipped("jamtland-harjedalen", &format!("free-card-{file}"));
    let on = date("2022-06-01");
    let sums = ["care", "in-patient", "travel"].map(|file| scheme(file).ceiling(on).unwrap());
    let ambulance = Money::from_ore(10 * money("300").ore());
    let all = Money::sum(sums.into_iter().chain([ambulance])).unwrap();
    assert_eq!(all, money("8950"));
}

#[test]
fn a_window_of_days_is_so_many_days_whatever_the_end_rule() {
    for rule in [EndRule::DayBefore, EndRule::AnniversaryInclusive] {
        let last = |days: u16| WindowLength::Days(days).last_day(date("2024-02-28"), rule);
        assert_eq!(last(1), date("2024-02-28"), "{rule:?}");
        assert_eq!(last(30), date("2024-03-28"), "{rule:?}");
    }
}

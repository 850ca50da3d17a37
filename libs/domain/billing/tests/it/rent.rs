//! The cases of `rent/`, one file a region, on its shipped document: first and last days (R1 to
//! R13), months, transfers, prices and deaths (R4, R16), and the price a day by a formula (R3).

use hjm_billing::{
    Acquisition, BillingError, Handout, Holding, RentPolicy, rent_lines, rent_window,
};
use hjm_money::Money;
use serde::Deserialize;

use crate::regions;
use crate::support::{date, holding, policy, prices, shown, shown_window};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    case: String,
    what: String,
    loan: String,
    price: String,
    month: String,
    rent: String,
    total: String,
}

/// `delivered 2025-03-10; returned 2025-05-06; on 2380; on 2309 from 2025-04-01`, or what is told of
/// its handing out: `taken DAY; registered DAY after N minutes` from a store, `handed out DAY`.
fn loan(text: &str) -> Holding {
    let told = || text.split("; ");
    let day = |what: &str| {
        let mut days = told().filter_map(|told| told.strip_prefix(what)?.strip_prefix(' '));
        days.next()
    };
    let delivered = day("delivered");
    let from = delivered.or(day("taken")).or(day("handed out")).unwrap();
    let payers = told().filter_map(|told| told.strip_prefix("on "));
    let payers = payers.map(|payer| since(payer, from));
    let payers: Vec<String> = payers.collect();
    let days = [day("returned"), day("died")].map(|day| day.map(date));
    let mut loan = holding(date(from), days[0], days[1], &payers.join("; "));
    loan.pickup_ordered_on = day("pickup").map(date);
    loan.arrived_on = day("arrived").map(date);
    loan.handout = delivered.map(|_| Handout::Delivered);
    if let Some(registered) = day("registered") {
        let (on, minutes) = registered.split_once(" after ").unwrap();
        loan.handout = Some(Handout::FromStore {
            registered_on: date(on),
            minutes: minutes.trim_end_matches(" minutes").parse().unwrap(),
        });
    }
    loan
}

/// `X from DAY`, from a day of its own or from this one.
fn since(text: &str, from: &str) -> String {
    if text.contains(" from ") {
        text.to_owned()
    } else {
        format!("{text} from {from}")
    }
}

/// `bought 2012-06-01 for 5000 over 5 years`.
fn bought(text: &str) -> Option<Acquisition> {
    let (on, rest) = text.strip_prefix("bought ")?.split_once(" for ")?;
    let (price, years) = rest.trim_end_matches(" years").split_once(" over ")?;
    Some(Acquisition {
        price: price.parse().unwrap(),
        acquired_on: date(on),
        years: years.parse().unwrap(),
    })
}

/// The rent and the total as the row's question has them: of a month, the window without one, or
/// the price of a day by the formula.
fn answer(policy: &RentPolicy, row: &Row) -> Result<(String, String), BillingError> {
    if let Some(device) = bought(&row.loan) {
        let price = policy.formula_price(&device, date(&row.month))?;
        return Ok((price.to_string(), String::new()));
    }
    let loan = loan(&row.loan);
    if row.month.is_empty() {
        let window = rent_window(&loan, policy)?;
        return Ok((shown_window(window), String::new()));
    }
    let steps = since(&row.price, "2000-01-01");
    let month = row.month.parse().unwrap();
    let lines = rent_lines(&loan, &prices(&steps), policy, month)?;
    let total = Money::sum(lines.iter().map(|line| line.amount)).unwrap();
    Ok((shown(&lines), total.to_string()))
}

fn fault(region: &str, row: &Row) -> Option<String> {
    let document = regions::document(region, "rent");
    let policy = RentPolicy::parse(&document).unwrap().unwrap();
    let found =
        answer(&policy, row).unwrap_or_else(|refused| (refused.reason().to_owned(), String::new()));
    let Row { case, what, .. } = row;
    (found != (row.rent.clone(), row.total.clone())).then(|| {
        format!(
            "{region}, {case}, {what}: {found:?} is not {} = {}",
            row.rent, row.total
        )
    })
}

#[test]
fn rent_of_every_region_is_as_its_file_says() {
    let mut faults = Vec::new();
    for (region, text) in regions::files("rent") {
        if !region.ends_with("any-region") {
            let rows: Vec<Row> = regions::rows(&text);
            faults.extend(rows.iter().filter_map(|row| fault(&region, row)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_wrong_row_is_caught() {
    let files = regions::files("rent");
    for (region, from, to) in [
        ("norrbotten", "58 days", "57 days"),
        ("jamtland-harjedalen", "deceased,18.70", "deceased,18.71"),
        ("norrbotten", ",4.24658,\n", ",4.24657,\n"),
    ] {
        let broken = files[region].replacen(from, to, 1);
        let rows: Vec<Row> = regions::rows(&broken);
        let caught: Vec<String> = rows.iter().filter_map(|row| fault(region, row)).collect();
        assert_eq!(caught.len(), 1, "{region}: {caught:?}");
    }
}

#[test]
fn rent_q4_a_day_without_a_price_is_named_with_its_article() {
    let holding = holding(date("2025-03-01"), None, None, "2309 from 2025-03-01");
    let month = "2025-03".parse().unwrap();
    let error = rent_lines(&holding, &prices("9.35 from 2025-03-11"), &policy(), month);
    let told = error.unwrap_err().to_string();
    assert_eq!(told, "the article 10001 has no price on 2025-03-01");
}

#[test]
fn a_line_explains_itself_by_its_policy_and_sources() {
    let holding = holding(date("2025-03-10"), None, None, "2380 from 2025-03-10");
    let (policy, month) = (policy(), "2025-03".parse().unwrap());
    let lines = rent_lines(&holding, &prices("1.80 from 2025-01-01"), &policy, month).unwrap();
    let told = policy.explain(&holding, &lines[0]);
    assert_eq!(told.policy_id, "test-rent");
    assert_eq!(told.policy_hash, policy.policy().hash);
    assert_eq!(told.source, "Decision of the tests Q1; Handbook §7.2");
    assert_eq!(
        told.text,
        "22 days from 2025-03-10 through 2025-03-31, both counted, at 1.80 a day: 39.60"
    );
    assert!(told.facts.contains(&("days".to_owned(), "22".to_owned())));
}

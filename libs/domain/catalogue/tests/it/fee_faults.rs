//! Fee tables that are refused, with the place named.

use hjm_catalogue::{FeeReason, ProductGroup};
use jiff::civil::date;

use crate::fee_table::rollator;
use crate::shipped::{fees, text};

fn refused(table: &str) -> String {
    fees(table).err().unwrap_or_default()
}

fn with(extra: &str) -> String {
    text("jamtland-harjedalen/fees.toml") + extra
}

fn row(kind: &str, fields: &str) -> String {
    with(&format!(
        "\n[[fees.{kind}]]\n{fields}\nvalid_from = 2020-01-01\nsource = \"handbook\"\n"
    ))
}

#[test]
fn two_fees_equally_specific_on_one_day_are_refused() {
    let fields = "id = \"x\"\niso = [\"1201\", \"120606\"]\nkind = \"ONE_OFF\"\namount = \"1\"";
    let faults = refused(&row("fee", fields));
    assert!(
        faults.contains("fees.fee[7].valid_from: decides the same as fees.fee[1]"),
        "{faults}"
    );
    assert!(faults.contains("both hold on 2020-01-01"), "{faults}");
    let exemption = "id = \"x\"\nwhen = \"UNDER_AGE\"\nage_below = 20";
    assert!(refused(&row("exemption", exemption)).contains("fees.exemption[4]"));
    assert!(refused(&row("cost_cap", "id = \"x\"\namount = \"1\"")).contains("fees.cost_cap[3]"));
    let group = "id = \"x\"\ngroup = 4\nhandling = \"FEE\"";
    assert!(refused(&row("group", group)).contains("fees.group[5]"));
}

#[test]
fn more_specific_fee_wins_over_a_wider_one() {
    let fields = "id = \"x\"\niso = [\"12060602\"]\nkind = \"ONE_OFF\"\namount = \"100.00\"";
    let table = fees(&row("fee", fields)).unwrap();
    let mut facts = rollator(date(2025, 3, 10));
    assert_eq!(table.decide(&facts).unwrap().explanation.rule, "rollator");
    facts.iso = "12060602".parse().unwrap();
    assert_eq!(table.decide(&facts).unwrap().explanation.rule, "x");
    facts.on = date(2019, 12, 31);
    assert_eq!(table.decide(&facts).unwrap().explanation.rule, "rollator");
}

#[test]
fn exemption_of_a_narrower_area_wins_over_a_wider_one() {
    let fields = "id = \"x\"\nwhen = \"UNDER_AGE\"\nage_below = 0\niso = [\"12060602\"]";
    let table = fees(&row("exemption", fields)).unwrap();
    let mut facts = rollator(date(2025, 3, 10));
    facts.born_on = Some(date(2010, 1, 1));
    assert_eq!(table.decide(&facts).unwrap().reason, FeeReason::UnderAge);
    facts.iso = "12060602".parse().unwrap();
    assert_eq!(table.decide(&facts).unwrap().reason, FeeReason::Fee);
}

#[test]
fn value_without_source_unknown_field_and_ill_written_amount_are_told_at_once() {
    let text = text("jamtland-harjedalen/fees.toml")
        .replacen("source = \"handbook §6.2 not 9\"\n", "", 1)
        .replacen("amount = \"100.00\"", "amount = \"100.005\"\ncolour = 1", 1)
        .replacen(
            "source = \"inquiry §4.1.1 grupp 3\"",
            "source = \"enquiry §4.1.1\"",
            1,
        );
    let faults = refused(&text);
    for place in [
        "fees.cost_cap[1].source: missing",
        "fees.fee[4].amount: \"100.005\": an amount has at most two decimals",
        "fees.fee[4].colour: unknown field",
        "fees.exemption[1].source: \"enquiry\" is no key of [sources]",
    ] {
        assert!(faults.contains(place), "{place} in\n{faults}");
    }
    assert_eq!(faults.lines().count(), 4, "{faults}");
    assert!(
        faults.lines().all(|fault| fault.starts_with("line ")),
        "{faults}"
    );
}

/// The kind of a row, its fields, and what is said of it.
const SENSELESS: &[(&str, &str, &str)] = &[
    (
        "service",
        "id = \"x\"\nper = \"visit\"",
        "].amount: missing: a service that is printed needs it",
    ),
    (
        "service",
        "id = \"x\"\nper = \"visit\"\namount = \"1\"\nnot_printed = \"a fee\"",
        "].not_printed: belongs to a row without an amount only",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"MONTHLY\"\namount = \"1\"",
        "].kind: unknown",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"\namount = \"-1\"",
        "not negative",
    ),
    (
        "fee",
        "id = \"x\"\niso = []\nkind = \"ONE_OFF\"\namount = \"1\"",
        "].iso: the list is",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"1\"]\nkind = \"ONE_OFF\"\namount = \"1\"",
        "].iso: \"1\"",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"",
        "].amount: missing",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"SHARE_OF_VALUE\"\namount = \"1\"",
        "].share_percent: missing: SHARE_OF_VALUE needs it",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"\namount = \"1\"\nmonths_max = 6",
        "].months_max: belongs to a monthly kind only",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"MONTHLY_SUBSCRIPTION\"\namount = \"1\"",
        "].covers: missing",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"PURCHASE_AFTER_TRIAL\"\namount = \"1\"",
        "].trial_months: missing",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"\namount = \"1\"\nwithin_months = 12",
        "].within_months: belongs to a condition on number only",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"\namount = \"1\"\nage_from = 20\nage_below = 18",
        "].age_below: no value is both",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"NOT_PRINTED\"",
        "].not_printed: missing",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"\namount = \"1\"\nnot_printed = \"it\"",
        "].amount: belongs to a fee that is no share, and printed only",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"NOT_SUBSIDISED\"\nnot_printed = \"it\"",
        "].not_printed: belongs to a row without an amount only",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"SHARE_OF_VALUE\"\nshare_percent = 200",
        "].share_percent: a share is 1 to 100 per cent",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"SHARE_OF_VALUE\"\nshare_percent = 20\nfloor = \"500\"\nceiling = \"100\"",
        "].ceiling: is below the floor",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"PER_STARTED_MONTH\"\namount = \"1\"\nmonths_max = 0",
        "].months_max: is one month or more",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"PURCHASE_AFTER_TRIAL\"\namount = \"1\"\ntrial_months = 0",
        "].trial_months: is one month or more",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"ONE_OFF\"\namount = \"1\"\nnumber_from = 2\nwithin_months = 0",
        "].within_months: is one month or more",
    ),
    (
        "fee",
        "id = \"x\"\niso = [\"01\"]\nkind = \"NOT_PRINTED\"\nnot_printed = \" \"",
        "].not_printed: is empty",
    ),
    (
        "service",
        "id = \"x\"\nper = \"visit\"\namount = \"1\"\nage_from = 10\nage_below = 5",
        "].age_below: no value is both",
    ),
    (
        "service",
        "id = \"x\"\nper = \"\"\namount = \"1\"",
        "].per: is empty",
    ),
    (
        "allowance",
        "id = \"x\"\namount = \"1\"\nage_from = 10\nage_below = 5",
        "].age_below: no value is both",
    ),
    (
        "allowance",
        "id = \"x\"\namount = \"1\"\nordained_by = [\"\"]",
        "].ordained_by: is empty",
    ),
    (
        "allowance",
        "id = \"x\"\namount = \"1\"\ninterval_months = 0",
        "].interval_months: is one month or more",
    ),
    ("municipality", "code = \"Ö\"", "].code: "),
    (
        "exemption",
        "id = \"x\"\nwhen = \"UNDER_AGE\"\niso = [\"01\"]",
        "age_below: missing",
    ),
    (
        "exemption",
        "id = \"x\"\nwhen = \"RICH\"",
        "].when: unknown variant",
    ),
    (
        "exemption",
        "id = \"x\"\nwhen = \"PALLIATIVE\"\nage_below = 3\niso = [\"01\"]",
        "age_below: belongs to UNDER_AGE only",
    ),
    (
        "group",
        "id = \"x\"\ngroup = 5\nhandling = \"FREE\"",
        "].group: a product group is",
    ),
    (
        "surprise",
        "id = \"x\"",
        "fees.surprise: this section has no such key",
    ),
];

#[test]
fn rows_that_make_no_sense_are_refused() {
    for (kind, fields, expected) in SENSELESS {
        let faults = refused(&row(kind, fields));
        assert!(faults.contains(*expected), "{expected} in\n{faults}");
    }
}

#[test]
fn cost_cap_group_without_a_cap_is_refused() {
    let text = text("dalarna/fees.toml");
    let capped = text.replacen("handling = \"FREE\"", "handling = \"COST_CAP\"", 1);
    assert!(refused(&capped).contains("fees.group[3].handling: needs a row [[fees.cost_cap]]"));
    assert_eq!(ProductGroup::from_number(0), None);
}

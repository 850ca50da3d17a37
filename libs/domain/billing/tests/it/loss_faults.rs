//! Loss policies that are refused, with the place named.

use crate::loss::read;

#[test]
fn a_hole_between_two_rows_of_the_same_loss_is_refused_with_its_place() {
    for (table, fields) in [
        (
            "rule",
            "of = \"DEVICE\"\nbase = \"RESIDUAL\"\npays = \"PAYER\"",
        ),
        ("grace", "months = 2"),
        ("move", "residual_above = \"2000.00\""),
        ("administrative_fee", "amount = \"250.00\""),
        (
            "depreciation",
            "group = \"beds\"\niso = [\"1812\"]\nyears = 9",
        ),
        ("share", "of = \"DEVICE\"\nfrom_months = 0\npercent = 80"),
    ] {
        let row = |days: &str| format!("[[loss.{table}]]\n{fields}\n{days}source = \"book\"\n");
        let faults = |later: &str| {
            let first = row("valid_from = 2020-01-01\nvalid_to = 2021-01-01\n");
            let faults = read(&(HEAD.to_owned() + &first + &row(later))).err();
            let faults = faults.unwrap_or_default();
            faults.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let told = faults("valid_from = 2021-02-01\n");
        let expected = format!(
            "loss.{table}[2].valid_from: decides the same as loss.{table}[1] (line 8), and neither \
             holds from 2021-01-01 until this one"
        );
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with(&expected), "{told:?}");
        let none: [String; 0] = [];
        assert_eq!(faults("valid_from = 2021-01-01\n"), none, "{table}");
    }
}

const HEAD: &str = "id = \"x-loss\"\nversion = 1\ntenant = \"x-county\"\ntitle = \"Loss\"\n\
                    valid_from = 2020-01-01\n[sources]\nbook = \"Book\"\n";

fn refused(rows: &[(&str, &str)]) -> String {
    let row = |(table, fields): &(&str, &str)| {
        format!("[[loss.{table}]]\n{fields}\nvalid_from = 2020-01-01\nsource = \"book\"\n")
    };
    let text = HEAD.to_owned() + &rows.iter().map(row).collect::<String>();
    let faults = read(&text).err().unwrap_or_default();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

#[test]
fn loss_rules_that_make_no_sense_are_refused_with_the_place() {
    let rule = |fields: &'static str| ("rule", fields);
    for (row, expected) in [
        (
            rule("of = \"DEVICE\"\nbase = \"FLAT\"\npays = \"PAYER\""),
            "loss.rule[1].at_least: missing",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\npercent = 5\npays = \"PAYER\""),
            "loss.rule[1].percent: belongs to the base PERCENT_WITH_RESIDUAL",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"PERCENT_WITH_RESIDUAL\"\npays = \"PAYER\""),
            "loss.rule[1].percent: belongs to",
        ),
        (
            rule(
                "of = \"DEVICE\"\nbase = \"FLAT\"\nat_least = \"1\"\npercent_at_least = 5\npays = \"PAYER\"",
            ),
            "loss.rule[1].percent_at_least: belongs to the base RESIDUAL",
        ),
        (
            rule("of = \"HEARING_AID\"\nbase = \"SHARE_BY_AGE\"\npays = \"PERSON\""),
            "loss.rule[1].base: needs a row [[loss.share]]",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\npercent_at_least = 101\npays = \"PAYER\""),
            "loss.rule[1].percent_at_least: is above 100",
        ),
        (
            rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\nat_least = \"-1\"\npays = \"PAYER\""),
            "loss.rule[1].at_least: is below zero",
        ),
        (
            rule("of = \"BICYCLE\"\nbase = \"RESIDUAL\"\npays = \"PAYER\""),
            "loss.rule[1].of: unknown variant",
        ),
        (
            ("depreciation", "group = \"beds\"\nyears = 0"),
            "loss.depreciation[1].years: a device",
        ),
        (
            ("share", "of = \"DEVICE\"\nfrom_months = 0\npercent = 101"),
            "share[1].percent: is above",
        ),
        (
            ("move", "residual_above = \"-1\""),
            "loss.move[1].residual_above: is below",
        ),
        (
            ("administrative_fee", "amount = \"-1\""),
            "administrative_fee[1].amount: is below",
        ),
        (
            ("grace", "months = -1"),
            "loss.grace[1].months: invalid value",
        ),
        (
            ("graces", "months = 1"),
            "loss.graces: this section has no such key",
        ),
    ] {
        let told = refused(&[row]);
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

#[test]
fn loss_rules_whose_tables_begin_later_or_rise_with_age_are_refused() {
    let share = |months, percent, from| {
        let fields = format!("of = \"DEVICE\"\nfrom_months = {months}\npercent = {percent}");
        format!("[[loss.share]]\n{fields}\nvalid_from = {from}\nsource = \"book\"\n")
    };
    let rule = |base: &str| {
        let fields = format!("of = \"DEVICE\"\nbase = \"{base}\"\npays = \"PAYER\"");
        format!("[[loss.rule]]\nvalid_from = 2020-01-01\nsource = \"book\"\n{fields}\n")
    };
    let fee =
        "[[loss.administrative_fee]]\namount = \"1\"\nvalid_from = 2020-02-01\nsource = \"book\"\n";
    let (by_age, residual) = (rule("SHARE_BY_AGE"), rule("RESIDUAL"));
    let with_fee = residual + "administrative_fee = true\n";
    for (text, expected) in [
        (
            by_age.clone() + &share(0, 90, "2020-02-01"),
            "loss.rule[1].base: needs a row [[loss.share]] from_months = 0 on 2020-01-01",
        ),
        (
            share(0, 10, "2020-01-01") + &share(12, 90, "2020-01-01"),
            "loss.share[2].percent: is above the share of fewer months",
        ),
        (
            with_fee.clone(),
            "loss.rule[1].administrative_fee: needs a row [[loss.administrative_fee]] on 2020-01-01",
        ),
        (
            with_fee + fee,
            "loss.rule[1].administrative_fee: needs a row [[loss.administrative_fee]] on 2020-01-01",
        ),
        (
            by_age + &share(0, 90, "2020-01-01") + &share(12, 90, "2020-01-01"),
            "",
        ),
    ] {
        let faults = read(&(HEAD.to_owned() + &text)).err().unwrap_or_default();
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(told.is_empty(), expected.is_empty(), "{told:?}");
        assert!(told.join("\n").contains(expected), "{expected} in {told:?}");
    }
}

#[test]
fn two_loss_rules_of_one_thing_on_one_day_are_refused() {
    let rule = |fields: &'static str| ("rule", fields);
    for twice in [
        rule("of = \"DEVICE\"\nbase = \"RESIDUAL\"\npays = \"PAYER\""),
        ("grace", "months = 2"),
        ("move", "residual_above = \"1\""),
        ("administrative_fee", "amount = \"1\""),
        (
            "depreciation",
            "group = \"beds\"\niso = [\"1812\"]\nyears = 9",
        ),
        ("depreciation", "group = \"other\"\nyears = 5"),
        ("share", "of = \"DEVICE\"\nfrom_months = 0\npercent = 1"),
    ] {
        let told = refused(&[twice, twice]);
        assert!(told.contains("decides the same as"), "{told}");
    }
}

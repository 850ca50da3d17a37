use hjm_billing::RentPolicy;
use hjm_policy::PolicyDocument;

use crate::support::POLICY;

/// The faults of the tests' policy after a replacement, as text.
fn faults(from: &str, to: &str) -> String {
    assert!(POLICY.contains(from), "{from} is in the policy");
    let document = PolicyDocument::parse(&POLICY.replacen(from, to, 1)).unwrap();
    let faults = RentPolicy::parse(&document).unwrap_err();
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

#[test]
fn a_document_without_the_section_has_no_rent_policy() {
    let document = PolicyDocument::parse(&POLICY.replace("[[rent.", "[[fees.")).unwrap();
    assert!(RentPolicy::parse(&document).unwrap().is_none());
}

#[test]
fn an_unknown_unit_is_refused_with_the_place() {
    let told = faults("\"DAY\"", "\"FORTNIGHT\"");
    assert!(told.contains("rent.unit[1].value"), "{told}");
}

#[test]
fn two_ends_of_one_day_are_refused_with_the_place() {
    let second = "[[rent.end]]\nvalue = \"RETURN_REGISTERED\"\nvalid_from = 2020-01-01\n\
                  source = \"decision\"\n\n[[rent.start]]";
    let told = faults("[[rent.start]]", second);
    assert!(told.contains("rent.end[2].valid_from"), "{told}");
}

#[test]
fn a_rule_without_source_is_refused_with_the_place() {
    let told = faults("source = \"handbook §7.2\"", "");
    assert!(told.contains("rent.end[1].source"), "{told}");
}

#[test]
fn an_unknown_field_is_refused_with_the_place() {
    let told = faults("value = \"DAY\"", "value = \"DAY\"\nshare = 1");
    assert!(told.contains("rent.unit[1].share"), "{told}");
    let told = faults("[[rent.end]]", "[[rent.finish]]");
    assert!(
        told.contains("finish") && told.contains("[[rent.end]]"),
        "{told}"
    );
}

#[test]
fn values_without_their_number_and_numbers_without_their_value_are_refused() {
    for (from, to, expected) in [
        (
            "\"RETURN_REGISTERED\"",
            "\"ARRIVAL_MINUS_DAYS\"",
            "rent.end[1].days: belongs to",
        ),
        (
            "\"RETURN_REGISTERED\"",
            "\"RETURN_REGISTERED\"\ndays = 3",
            "rent.end[1].days: belongs to",
        ),
        (
            "\"RETURN_REGISTERED\"",
            "\"PICKUP_PLUS_DAYS\"\ndays = -3",
            "rent.end[1].days: invalid value",
        ),
        (
            "\"RETURN_REGISTERED\"",
            "\"PICKUP_PLUS_DAYS\"\ndays = 65535",
            "rent.end[1].days: is at most 366",
        ),
        (
            "[[rent.end]]",
            "[[rent.formula]]\noverhead_percent = 55\ndecimals = 255\nvalid_from = 2017-01-01\n\
             source = \"decision\"\n\n[[rent.end]]",
            "rent.formula[1].decimals: a price has at most 6",
        ),
        (
            "\"DELIVERY\"",
            "\"STORE_REGISTRATION\"",
            "rent.start[1].late_after_hours: belongs to",
        ),
        (
            "\"DELIVERY\"",
            "\"DELIVERY\"\nlate_after_hours = 24",
            "rent.start[1].late_after_hours: belongs to",
        ),
        (
            "\"DAY\"\nvalid_from = 2017-01-01",
            "\"CALENDAR_MONTH\"\nvalid_from = 2017-01-02",
            "rent.unit[1].valid_from: calendar months",
        ),
        (
            "\"DAY\"\nvalid_from = 2017-01-01",
            "\"CALENDAR_MONTH\"\nvalid_from = 2017-01-01\nvalid_to = 2017-02-02",
            "rent.unit[1].valid_to: calendar months",
        ),
        (
            "[[rent.end]]",
            "[[rent.formula]]\noverhead_percent = 55\nvalid_from = 2017-01-01\n\
             source = \"decision\"\n\n[[rent.end]]",
            "rent.formula[1]: missing field `decimals`",
        ),
    ] {
        let told = faults(from, to);
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

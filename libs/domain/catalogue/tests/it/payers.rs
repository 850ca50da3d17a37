//! Who pays under the shipped rules, case by case, and why.

use hjm_catalogue::{
    HomeCare, Housing, NoMedicalDevice, Payer, PayerDecision, PayerError, PayerFacts, PayerRules,
    PlaceOfCare, Prescribes, ProductCategory, Purpose,
};
use hjm_ids::PrincipalId;
use proptest::prelude::*;

use crate::regions;
use crate::shipped::{payers, reversed, text};

/// The documents with the region's code and their cases: one file a region.
fn cases() -> Vec<(String, &'static str, String)> {
    let files = regions::files("payers").into_iter();
    let files = files.map(|(name, cases)| {
        let (region, version) = name.split_once('.').unwrap_or((&name, ""));
        let dot = if version.is_empty() { "" } else { "." };
        let known = regions::CODES.iter().find(|(known, _)| *known == region);
        let (_, code) = known.expect("the region has a code");
        (format!("{region}/payers{dot}{version}"), *code, cases)
    });
    files.collect()
}

pub(crate) fn principal(id: &str) -> PrincipalId {
    id.parse().expect("the test writes a principal id")
}

fn rules(document: &str) -> PayerRules {
    payers(&text(&format!("{document}.toml"))).expect("the shipped rules are read")
}

/// The facts of a case: `born 1984-05-05; home care 2380; special housing`.
fn facts(row: &csv::StringRecord, region: &str) -> PayerFacts {
    let day = |text: &str| text.parse().expect("the table writes days");
    let mut facts = PayerFacts::new(
        row[2].parse().expect("the table writes ISO codes"),
        day(&row[3]),
        principal(region),
    );
    for told in row[4].split("; ").filter(|told| !told.is_empty()) {
        let (what, value) = told.rsplit_once(' ').unwrap_or((told, ""));
        match (what, value) {
            ("born", on) => facts.born_on = Some(day(on)),
            ("registered", id) => facts.registered_in = Some(principal(id)),
            ("customer", id) => facts.customer_principal = Some(principal(id)),
            ("home care", "none") => facts.home_care = Some(HomeCare::NotEnrolled),
            ("home care", id) => facts.home_care = Some(HomeCare::Of(principal(id))),
            ("asylum", yes) => facts.asylum_seeker = Some(yes == "yes"),
            ("lss", yes) => facts.lss_rehabilitation = Some(yes == "yes"),
            ("habilitation", yes) => facts.in_habilitation = Some(yes == "yes"),
            ("speech therapist", yes) => facts.speech_therapist = Some(yes == "yes"),
            ("ordinary", "housing") => facts.housing = Some(Housing::Ordinary),
            ("special", "housing") => facts.housing = Some(Housing::Special),
            ("category", "aid") => facts.category = Some(ProductCategory::Aid),
            ("category", "self-care") => facts.category = Some(ProductCategory::SelfCare),
            ("home", "") => facts.place_of_care = Some(PlaceOfCare::Home),
            ("primary", "care") => facts.place_of_care = Some(PlaceOfCare::PrimaryCare),
            ("hospital", "") => facts.place_of_care = Some(PlaceOfCare::Hospital),
            other => panic!("{other:?} is no fact"),
        }
    }
    facts
}

/// The last two columns as resolved.
fn outcome(resolved: &Result<PayerDecision, PayerError>) -> [String; 2] {
    match resolved {
        Ok(decision) => {
            let payer = match &decision.payer {
                Payer::Principal(id) => id.to_string(),
                Payer::Person => "person".to_owned(),
                Payer::HomeRegion => "home region".to_owned(),
                Payer::State => "state".to_owned(),
                Payer::Outside { apply_to } => format!("outside: {apply_to}"),
            };
            let follows = match decision.prescribes {
                Prescribes::Payer => "",
                Prescribes::Region => " followed up by region",
                Prescribes::Municipality => " followed up by municipality",
            };
            [payer + follows, decision.explanation.rule.clone()]
        }
        Err(PayerError::MissingFact { facts }) => {
            [format!("needs {}", facts.join(" ")), String::new()]
        }
        Err(PayerError::NoRule { facts }) => {
            [format!("no rule {}", facts.join(" ")), String::new()]
        }
        Err(PayerError::Shared { .. }) => ["shared".to_owned(), String::new()],
    }
}

fn wrong(document: &str, region: &str, cases: &str) -> Vec<String> {
    let rules = rules(document);
    let mut wrong = Vec::new();
    for row in csv::Reader::from_reader(cases.as_bytes()).records() {
        let row = row.expect("the table has its columns");
        let found = outcome(&rules.resolve(&facts(&row, region)));
        if [&row[5], &row[6]] != found.each_ref().map(String::as_str) {
            wrong.push(format!("{document} {} {}: {found:?}", &row[0], &row[1]));
        }
    }
    wrong
}

#[test]
fn payer_cases_of_the_shipped_rules_come_out_as_written() {
    let wrong: Vec<String> = cases()
        .iter()
        .flat_map(|(document, region, cases)| wrong(document, region, cases))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn payer_case_with_a_wrong_payer_is_caught() {
    let cases = &regions::files("payers")["jamtland-harjedalen"];
    let broken = cases.replacen("2380; asylum no,2380,", "2380; asylum no,23,", 1);
    let wrong = wrong("jamtland-harjedalen/payers", "23", &broken);
    assert_eq!(wrong.len(), 1);
}

#[test]
fn payer_decision_explains_itself() {
    let mut facts = PayerFacts::new(
        "120606".parse().unwrap(),
        "2025-03-10".parse().unwrap(),
        principal("23"),
    );
    facts.home_care = Some(HomeCare::Of(principal("2380")));
    facts.asylum_seeker = Some(false);
    facts.born_on = Some("1942-06-01".parse().unwrap());
    let explanation = rules("jamtland-harjedalen/payers")
        .resolve(&facts)
        .unwrap()
        .explanation;
    assert_eq!(explanation.policy_id, "jamtland-harjedalen-payers");
    assert!(
        explanation.source.ends_with("(källa 003) §6.1"),
        "{}",
        explanation.source
    );
    assert!(explanation.text.contains("2380"), "{}", explanation.text);
    let told: Vec<String> = explanation
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        told,
        [
            "on=2025-03-10",
            "iso=120606",
            "region=23",
            "age=82",
            "home_care=2380",
            "asylum_seeker=no"
        ],
        "the age, never the day of birth"
    );
}

fn any_facts() -> impl Strategy<Value = PayerFacts> {
    let known = |value| prop::option::of(Just(value));
    let iso = prop::sample::select(vec![
        "120603", "122306", "12220301", "220615", "222109", "061206", "040312", "053303", "093012",
        "241303", "181210", "300903",
    ]);
    let home_care = prop::option::of(prop::sample::select(vec![
        HomeCare::NotEnrolled,
        HomeCare::Of(principal("2180")),
    ]));
    let flags = [(); 4].map(|()| prop::option::of(any::<bool>()));
    (
        iso,
        prop::option::of(0_i32..40_000),
        home_care,
        flags,
        known(principal("2180")),
    )
        .prop_map(
            |(iso, age, home_care, [lss, habilitation, speech, asylum], registered_in)| {
                let on = jiff::civil::date(2025, 6, 1);
                let mut facts =
                    PayerFacts::new(iso.parse().expect("an ISO code"), on, principal("21"));
                facts.born_on = age.map(|days| on.saturating_sub(jiff::Span::new().days(days)));
                facts.home_care = home_care;
                facts.lss_rehabilitation = lss;
                facts.in_habilitation = habilitation;
                facts.speech_therapist = speech;
                facts.asylum_seeker = asylum;
                facts.registered_in = registered_in;
                facts.customer_principal = Some(principal("2180"));
                facts
            },
        )
}

proptest! {
    #[test]
    fn order_of_rules_never_matters(facts in any_facts()) {
        for (document, ..) in cases() {
            let text = text(&format!("{document}.toml"));
            let plain = |text: &str| outcome(&payers(text).unwrap().resolve(&facts));
            prop_assert_eq!(plain(&text), plain(&reversed(&text)));
        }
    }

    /// Learning a fact may settle an open question, and never changes a settled one.
    #[test]
    fn what_is_decided_without_a_fact_stays_decided_with_it(facts in any_facts(), lss: bool, habilitation: bool) {
        for (document, ..) in cases() {
            let rules = rules(&document);
            let mut more = facts.clone();
            more.lss_rehabilitation = more.lss_rehabilitation.or(Some(lss));
            more.in_habilitation = more.in_habilitation.or(Some(habilitation));
            if let (Ok(before), Ok(after)) = (rules.resolve(&facts), rules.resolve(&more)) {
                prop_assert_eq!(before.payer, after.payer);
            }
        }
    }
}

#[test]
fn a_prescription_is_for_what_it_says_or_else_for_what_the_article_is() {
    use Purpose::{CareAndTreatment as Care, DailyLiving as Daily};
    for (said, default, device, purpose) in [
        (None, None, false, Ok(None)),
        (None, Some(Daily), false, Ok(Some(Daily))),
        (None, Some(Care), true, Ok(Some(Care))),
        (None, Some(Care), false, Err(NoMedicalDevice)),
        (Some(Daily), Some(Care), true, Ok(Some(Daily))),
        (Some(Daily), Some(Care), false, Ok(Some(Daily))),
        (Some(Care), Some(Daily), true, Ok(Some(Care))),
        (Some(Care), Some(Daily), false, Err(NoMedicalDevice)),
        (Some(Care), None, false, Err(NoMedicalDevice)),
    ] {
        let told = Purpose::of_prescription(said, default, device);
        assert_eq!(told, purpose, "{said:?} {default:?} {device}");
    }
}

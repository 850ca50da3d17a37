//! The page of `hjm rules`: every fact that a rule asks for can be told, and none is guessed.

use crate::rules::{hjm, says};

fn page(arguments: &str) -> String {
    let (page, content) = hjm(&format!("rules {arguments}"));
    assert!(content, "{page}");
    page
}

const THERAPIST: &str = "--county jamtland-harjedalen --iso 120606 --age 82 --on 2025-05-01 \
                         --right true --profession physiotherapist --held=";

#[test]
fn what_a_directive_asks_for_is_named_and_told_by_its_flag() {
    let asked = page(THERAPIST);
    let unknown = "turns on: trainings (local), trainings (national), in_range.";
    says(&asked, &[unknown]);
    assert!(!asked.contains("Against it"), "{asked}");
    let trained = format!("{THERAPIST} --training national:2019-01-01 --training local:2025-01-01");
    let allowed = page(&format!("{trained} --in-range true"));
    says(&allowed, &["Nothing speaks against prescribing it."]);
    let none = page(&format!("{THERAPIST} --training none --in-range true"));
    says(
        &none,
        &["Against it: The training national is completed once."],
    );

    let outside = format!("{trained} --in-range false");
    says(&page(&outside), &["special_decisions (aid_centre)"]);
    let refused = page(&format!("{outside} --special-decision none --lang sv"));
    says(
        &refused,
        &["Får inte utan särskilt beslut av hjälpmedelscentralen."],
    );
    let decided = format!("{outside} --special-decision aid_centre:2025-04-30");
    says(&page(&decided), &["Nothing speaks against"]);

    let second = trained.replace("--held=", "--held 120606 --in-range true");
    says(&page(&second), &["turns on: duplicate_justified."]);
    let justified = page(&format!("{second} --duplicate-justified true"));
    says(&justified, &["Nothing speaks against"]);
    let untrained = page(&format!("{THERAPIST} --training none --lang sv"));
    let told = "Får inte: utbildningen (nationell) är inte genomgången.";
    says(&untrained, &[told]);
    let shoes = THERAPIST.replace("120606", "063306");
    says(&page(&shoes), &["referred_by (physician)"]);
    let unreferred = page(&format!("{shoes} --referred-by none --lang sv"));
    says(&unreferred, &["Får inte: remiss krävs från läkare."]);
}

#[test]
fn what_a_payer_rule_asks_for_is_told_by_its_flag() {
    let asked =
        "--county kronoberg --iso 150903 --age 40 --on 2025-05-01 --home-care 0780 --place home";
    says(&page(asked), &["without: category."]);
    let near = page(&format!("{asked} --category medicine-near"));
    says(&near, &["The region pays (07)."]);
}

#[test]
fn nothing_that_was_not_asked_is_told_as_a_fact() {
    let asked =
        "--county jamtland-harjedalen --iso 181210 --age 82 --on 2025-05-01 --home-care 2380";
    let page_without = page(asked);
    says(&page_without, &["without: asylum_seeker."]);
    assert!(!page_without.contains("asylum_seeker=no"), "{page_without}");
    let no = page(&format!("{asked} --asylum-seeker false"));
    says(&no, &["asylum_seeker=no", "pays (2380)"]);
    let yes = page(&format!("{asked} --asylum-seeker"));
    says(&yes, &["The region pays (23)."]);
}

#[test]
fn a_birthday_that_decides_is_asked_for_by_name() {
    // Sörmland's children are those who turn 19 this year, or less.
    let county = "--county sormland --iso 122206 --on 2025-05-01";
    let asked = page(&format!("{county} --age 19 --lang sv"));
    says(&asked, &["Betalare   Kan inte avgöras utan: födelsedag."]);
    let young = page(&format!("{county} --age 18"));
    says(&young, &["rule children", "age=18"]);
    let born = page(&format!("{county} --born 2006-01-01"));
    says(&born, &["rule children", "age=19"]);
    let (told, content) = hjm(&format!("rules {county} --age 140"));
    assert!(!content);
    says(&told, &["--age"]);
}

#[test]
fn a_code_that_is_no_products_is_refused_by_its_flag() {
    for code in ["12", "1206", "999999", "12060", "rollator"] {
        let (told, content) = hjm(&format!("rules --county dalarna --iso {code}"));
        assert!(!content, "{told}");
        says(&told, &["'--iso <ISO>'"]);
    }
}

#[test]
fn services_and_allowances_of_the_county_are_listed_on_demand() {
    let asked = "--county kronoberg --iso 122206 --age 40 --on 2025-05-01";
    assert!(!page(asked).contains("missed-visit"));
    let asked = format!("{asked} --services");
    let listed = page(&asked);
    says(
        &listed,
        &[
            "Services   missed-visit-doctor-hospital: The fee is 800.00 for each missed visit. (Utredning",
            "           move-of-hearing-equipment: ",
        ],
    );
    let listed = page(&format!("{asked} --lang sv"));
    says(
        &listed,
        &["Uteblivet läkarbesök, sjukhus: 800,00 kr (Utredning"],
    );

    let child = "--county jamtland-harjedalen --iso 220306 --age 5 --on 2025-05-01 --services";
    says(
        &page(child),
        &["glasses-0-7: Not decided: the fee cannot be decided without ordained_by."],
    );
    let told = page(&format!(
        "{child} --ordained-by orthoptist --earlier= --cost 950 --lang sv"
    ));
    says(&told, &["Bidrag     Glasögon, 0–7 år: 700,00 kr ("]);
}

#[test]
fn amounts_are_told_with_their_currency_and_only_what_is_asked_stands_beside() {
    let asked = "--county jamtland-harjedalen --iso 120606 --age 82 --on 2025-05-01 --group 2";
    let capped = page(&format!("{asked} --price 16000 --lang sv"));
    says(
        &capped,
        &[
            "Region Jämtland Härjedalen · 120606 Rollatorer · 2025-05-01 · ålder 82",
            "personen betalar 500,00 kr och äger produkten, enheten betalar 15500,00 kr.",
            "pris 16000,00",
        ],
    );
    for beside in ["free-card-medicines", "harjedalen-loss"] {
        assert!(!capped.contains(beside), "{capped}");
    }
    let rent = page("--county medelpunkten --iso 120606 --on 2025-05-01");
    says(
        &rent,
        &["Medelpunkten · 120606 ", "through the day of the arrival."],
    );
}

#[test]
fn a_loss_is_answered_with_its_residual_value_and_source() {
    let asked = "--county medelpunkten --iso 122206 --lost --price 5000 --on 2025-01-01";
    says(&page(asked), &["cannot be decided without acquired_on."]);
    let told = page(&format!("{asked} --delivered 2020-01-01"));
    says(
        &told,
        &[
            "Loss       The loss is 1424.66, paid by who pays the rent.",
            "rule loss.DEVICE, medelpunkten-loss version 1",
            "residual=1424.66",
            "minst 20 procent av inköpspriset och 300 kronor",
        ],
    );
    let told = page(&format!(
        "{asked} --acquired-on 2020-01-01 --reported-on 2024-12-01 --lang sv"
    ));
    says(
        &told,
        &[
            "Förlust    Förlusten är 1424,66 kr, betalas av hyrans betalare.",
            "Får debiteras från 2025-02-01, om det inte återfinns innan.",
            "avskrivningsgrupp rullstolar",
        ],
    );
    let found = format!("{asked} --residual 900 --reported-on 2024-12-01 --found-on 2024-12-20");
    says(&page(&found), &["It was found in time: not charged."]);
    let moves = "--county vasterbotten --iso 122206 --on 2025-01-01 --moves";
    says(&page(moves), &["cannot be decided without residual."]);
    let goes = page(&format!("{moves} --residual 2000.01"));
    says(&goes, &["The device goes over", "rule loss.move"]);

    // What no source prints whole is no rule, and says what is missing.
    let beside = page("--county jamtland-harjedalen --iso 122206 --on 2025-01-01 --lost");
    says(
        &beside,
        &[
            "Loss       The county has no such rules here.",
            "(jamtland-harjedalen-loss): den administrativa avgiftens belopp",
        ],
    );
}

#[test]
fn a_visitors_device_is_asked_of_the_national_agreement() {
    let asked = "--county jamtland-harjedalen --iso 122206 --on 2025-05-01 --visitor --price 10000";
    says(&page(asked), &["Not decided without: needs_installation."]);
    let dear = page(&format!("{asked} --installed false"));
    says(
        &dear,
        &[
            "Visitor    The home region is consulted first.",
            "rule national_agreement.consultation",
        ],
    );
    let fitted = page(&format!("{asked} --needs-installation true --lang sv"));
    says(&fitted, &["Utomläns   Hemregionen förskriver och betalar."]);
    let late = page(&format!(
        "{asked} --installed false --ended-on 2024-10-31 --received-on 2025-02-01"
    ));
    says(
        &late,
        &[
            "The last day is 2025-05-01: 2025-05-01 is in time.",
            "rule national_agreement.objection",
        ],
    );
}

#[test]
fn a_rent_that_is_made_from_the_price_is_told_a_day() {
    let asked = "--county norrbotten --iso 122206 --price 9125 --acquired-on 2012-01-01 --years 5";
    let made = page(&format!("{asked} --on 2012-06-01"));
    says(&made, &["By the county's formula it is 7.75 a day."]);
    let ended = page(&format!("{asked} --on 2013-02-01"));
    says(&ended, &["The county makes no rent from price and age."]);
}

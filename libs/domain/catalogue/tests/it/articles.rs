//! Articles: identifiers and their check digits, states, trials, chains. Every row of `tests/articles`.

use std::collections::{BTreeMap, BTreeSet};

use hjm_catalogue::{
    ArticleAct, ArticleState, Equivalent, Identifier, IdentifierKind, TrialLimits,
    delivered_of_chain, may_deliver, substitution_chain,
};
use hjm_ids::ArticleNumber;
use jiff::civil::date;

fn rows(text: &str) -> csv::StringRecordsIntoIter<&[u8]> {
    csv::Reader::from_reader(text.as_bytes()).into_records()
}

const ACTS: [ArticleAct; 5] = [
    ArticleAct::Buy,
    ArticleAct::Prescribe,
    ArticleAct::Deliver,
    ArticleAct::Repair,
    ArticleAct::Return,
];

#[test]
fn identifiers_are_read_with_their_check_digits() {
    for row in rows(include_str!("../articles/identifiers.csv")) {
        let row = row.unwrap();
        let kind: IdentifierKind = row[0].parse().unwrap();
        match Identifier::parse(kind, &row[1], &row[2]) {
            Ok(read) => assert_eq!(("ok", read.key().as_str()), (&row[3], &row[4]), "{row:?}"),
            Err(fault) => assert_eq!(fault.to_string(), row[3], "{row:?}"),
        }
    }
}

#[test]
fn any_changed_digit_of_a_gtin_is_found() {
    let good = "07310865004703";
    assert!(Identifier::parse(IdentifierKind::Gtin, "", good).is_ok());
    for place in 0..good.len() {
        for digit in b'0'..=b'9' {
            let mut bytes = good.as_bytes().to_vec();
            bytes[place] = digit;
            let changed = String::from_utf8(bytes).unwrap();
            let read = Identifier::parse(IdentifierKind::Gtin, "", &changed);
            assert_eq!(read.is_ok(), changed == good, "{changed}");
        }
    }
}

#[test]
fn what_may_be_done_depends_on_the_state() {
    for row in rows(include_str!("../articles/acts.csv")) {
        let row = row.unwrap();
        let state: ArticleState = row[0].parse().unwrap();
        for (at, act) in ACTS.into_iter().enumerate() {
            assert_eq!(
                state.allows(act),
                &row[at + 1] == "yes",
                "{state:?} {act:?}"
            );
            let checked = state.check(act, date(2025, 1, 1), None, None);
            assert_eq!(checked.is_ok(), state.allows(act));
        }
    }
}

#[test]
fn states_follow_each_other() {
    for row in rows(include_str!("../articles/transitions.csv")) {
        let row = row.unwrap();
        let from: ArticleState = row[0].parse().unwrap();
        for (at, to) in ArticleState::ALL.into_iter().enumerate() {
            assert_eq!(
                from.may_become(to),
                &row[at + 1] == "yes",
                "{from:?} to {to:?}"
            );
        }
    }
}

#[test]
fn a_trial_has_an_end_and_a_number_of_units() {
    let limits = TrialLimits {
        units: 10,
        until: date(2025, 7, 1),
    };
    for row in rows(include_str!("../articles/trials.csv")) {
        let row = row.unwrap();
        let names = ["BUY", "PRESCRIBE", "DELIVER", "REPAIR", "RETURN"];
        let act = ACTS[names.iter().position(|name| *name == &row[0]).unwrap()];
        let units = row[2].parse().ok();
        let checked = ArticleState::Trial.check(act, row[1].parse().unwrap(), Some(limits), units);
        let outcome = checked.map_or_else(|no| no.to_string(), |()| "ok".to_owned());
        assert_eq!(outcome, row[3], "{row:?}");
    }
}

#[test]
fn the_oldest_equivalent_goes_first() {
    let numbers = |text: &str| -> Vec<ArticleNumber> {
        text.split_whitespace()
            .map(|it| it.parse().unwrap())
            .collect()
    };
    for row in rows(include_str!("../articles/chains.csv")) {
        let row = row.unwrap();
        let links = row[1].split_whitespace().map(|link| {
            let (old, new) = link.split_once('>').unwrap();
            (old.parse().unwrap(), new.parse().unwrap())
        });
        let links: BTreeMap<ArticleNumber, ArticleNumber> = links.collect();
        let asked: ArticleNumber = row[2].parse().unwrap();
        let chain = substitution_chain(&links, &asked);
        assert_eq!(chain, numbers(&row[5]), "{}", &row[0]);
        let deliverable: BTreeSet<ArticleNumber> = numbers(&row[3]).into_iter().collect();
        let reason = Some(&row[4]).filter(|reason| !reason.is_empty());
        let delivered = delivered_of_chain(&chain, &deliverable, &asked, reason);
        let outcome = delivered.map_or_else(|no| no.to_string(), |it| it.to_string());
        assert_eq!(outcome, row[6], "{}", &row[0]);
    }
}

/// An article as it is written in `deliveries.csv`: its number, its state, and what is known of it.
fn equivalent(text: &str) -> Equivalent {
    const WRITTEN: &str = "the table writes articles";
    let mut words = text.split_whitespace();
    let article = words.next().expect(WRITTEN);
    let state = words.next().expect(WRITTEN);
    let mut equivalent = Equivalent {
        article: article.parse().expect(WRITTEN),
        state: state.to_uppercase().parse().expect(WRITTEN),
        trial: (state == "trial").then_some(TrialLimits {
            units: 10,
            until: date(2025, 3, 11),
        }),
        units_used: None,
        in_store: None,
        charged_alike: true,
    };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("here", _) => equivalent.in_store = Some(true),
            ("gone", _) => equivalent.in_store = Some(false),
            ("other", _) => equivalent.charged_alike = false,
            ("used", units) => equivalent.units_used = Some(units.parse().expect(WRITTEN)),
            ("over", _) => equivalent.trial.as_mut().expect(WRITTEN).until = date(2025, 3, 10),
            (word, _) => panic!("{word}"),
        }
    }
    equivalent
}

#[test]
fn what_is_handed_out_is_allowed_and_goes_first() {
    for row in rows(include_str!("../articles/deliveries.csv")) {
        let row = row.unwrap();
        let chain: Vec<Equivalent> = row[1].split('|').map(equivalent).collect();
        let reason = Some(&row[3]).filter(|reason| !reason.is_empty());
        let asked = row[2].parse().unwrap();
        let delivered = may_deliver(&chain, &asked, date(2025, 3, 10), reason);
        let outcome = delivered.map_or_else(|no| no.to_string(), |()| "ok".to_owned());
        assert_eq!(outcome, row[4], "{}", &row[0]);
    }
}

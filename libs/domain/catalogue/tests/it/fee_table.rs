//! Deciding own fees: explanations, errors, and laws.

use hjm_catalogue::{FeeError, FeeFacts, FeeReason, FeeTable, Occasion, ProductGroup};
use hjm_ids::IsoCode;
use hjm_money::Money;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::shipped::{fees, reversed, text};

fn table(county: &str) -> FeeTable {
    fees(&text(&format!("{county}/fees.toml"))).expect("the shipped fees are read")
}

fn iso(code: &str) -> IsoCode {
    code.parse().expect("the test writes an ISO code")
}

pub(crate) fn rollator(on: Date) -> FeeFacts {
    FeeFacts {
        born_on: Some(date(1942, 6, 1)),
        ..FeeFacts::new(iso("120606"), ProductGroup::OwnFee, on)
    }
}

#[test]
fn fee_j1_two_rollators_first_time_cost_600() {
    let table = table("jamtland-harjedalen");
    let indoor = FeeFacts {
        iso: iso("12060602"),
        ..rollator(date(2025, 3, 10))
    };
    let outdoor = FeeFacts {
        iso: iso("12060603"),
        ..rollator(date(2025, 3, 10))
    };
    let amounts = [indoor, outdoor].map(|facts| table.decide(&facts).unwrap().amount);
    assert_eq!(Money::sum(amounts), Ok(Money::from_ore(60_000)));
}

#[test]
fn decision_explains_itself_with_rule_text_source_and_facts() {
    let decision = table("jamtland-harjedalen")
        .decide(&rollator(date(2025, 3, 10)))
        .unwrap();
    let explanation = decision.explanation;
    assert_eq!(explanation.rule, "rollator");
    assert_eq!(explanation.policy_id, "jamtland-harjedalen-fees");
    assert_eq!(
        (explanation.policy_version, explanation.policy_hash.len()),
        (1, 64)
    );
    assert!(
        explanation
            .source
            .ends_with("beloppet även i källa 003 §6.2"),
        "{}",
        explanation.source
    );
    assert_eq!(explanation.text, "The fee is 300.00 for the prescription.");
    let facts: Vec<String> = explanation
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        facts,
        [
            "on=2025-03-10",
            "iso=120606",
            "product_group=3",
            "age=82",
            "palliative=false",
            "occasion=FIRST"
        ]
    );
    assert_eq!(
        decision.scheme, None,
        "fees of Jämtland Härjedalen are in no scheme"
    );
}

#[test]
fn fee_in_dalarna_counts_in_the_common_free_card_even_when_exempt() {
    let table = table("dalarna");
    let adult = table.decide(&rollator(date(2024, 1, 10))).unwrap();
    assert_eq!(adult.scheme.as_deref(), Some("dalarna-devices"));
    let young = FeeFacts {
        born_on: Some(date(2010, 1, 1)),
        ..rollator(date(2024, 1, 10))
    };
    let young = table.decide(&young).unwrap();
    assert_eq!(young.scheme.as_deref(), Some("dalarna-devices"));
    assert!(
        young.explanation.source.contains("att bekräfta"),
        "{}",
        young.explanation.source
    );
}

#[test]
fn first_exemption_that_holds_gives_the_reason() {
    let every = FeeFacts {
        born_on: Some(date(2010, 1, 1)),
        palliative: true,
        occasion: Occasion::Replacement,
        ..rollator(date(2025, 3, 10))
    };
    let table = table("jamtland-harjedalen");
    assert_eq!(table.decide(&every).unwrap().reason, FeeReason::UnderAge);
    let adult = FeeFacts {
        born_on: Some(date(1942, 6, 1)),
        ..every
    };
    assert_eq!(table.decide(&adult).unwrap().reason, FeeReason::Palliative);
}

#[test]
fn fee_without_a_fact_it_needs_is_an_error_and_never_zero() {
    let table = table("jamtland-harjedalen");
    let unborn = FeeFacts {
        born_on: None,
        ..rollator(date(2025, 3, 10))
    };
    assert_eq!(
        table.decide(&unborn),
        Err(FeeError::MissingFact { fact: "born_on" })
    );
    let capped = |price| FeeFacts {
        product_group: ProductGroup::CostCap,
        price,
        ..rollator(date(2025, 3, 10))
    };
    assert_eq!(
        table.decide(&capped(None)),
        Err(FeeError::MissingFact { fact: "price" })
    );
    let below = Some(Money::from_ore(-1));
    assert_eq!(table.decide(&capped(below)), Err(FeeError::NegativePrice));
    let before = FeeFacts {
        on: date(2014, 12, 31),
        ..capped(Some(Money::ZERO))
    };
    assert_eq!(table.decide(&before), Err(FeeError::NoGroup { group: 2 }));
}

#[test]
fn group_1_is_not_prescribable() {
    let prescribable: Vec<u8> = (0..=5)
        .filter_map(ProductGroup::from_number)
        .filter(|group| group.prescribable())
        .map(ProductGroup::number)
        .collect();
    assert_eq!(prescribable, [2, 3, 4]);
}

fn any_facts() -> impl Strategy<Value = FeeFacts> {
    let code = prop::sample::select(vec![
        "12060602", "120606", "122306", "040906", "181210", "12",
    ]);
    let group = prop::sample::select(vec![1_u8, 2, 3, 4]);
    (
        code,
        group,
        0_i64..200_000,
        any::<bool>(),
        any::<bool>(),
        0_i32..4_000,
        0_i32..40_000,
    )
        .prop_map(|(code, group, price, palliative, first, day, age)| {
            let on = date(2015, 1, 1).saturating_add(jiff::Span::new().days(day));
            let group = ProductGroup::from_number(group).expect("1 to 4");
            FeeFacts {
                price: Some(Money::from_ore(price)),
                occasion: if first {
                    Occasion::First
                } else {
                    Occasion::Replacement
                },
                born_on: Some(on.saturating_sub(jiff::Span::new().days(age))),
                palliative,
                ..FeeFacts::new(iso(code), group, on)
            }
        })
}

proptest! {
    #[test]
    fn order_of_rows_never_matters(facts in any_facts()) {
        let text = text("jamtland-harjedalen/fees.toml");
        let (written, turned) = (fees(&text).unwrap(), fees(&reversed(&text)).unwrap());
        let plain = |table: &FeeTable| {
            table.decide(&facts).map(|decision| {
                let explanation = decision.explanation;
                (decision.kind, decision.amount, decision.unit_pays, decision.reason,
                    explanation.rule, explanation.source)
            })
        };
        prop_assert_eq!(plain(&written), plain(&turned));
        prop_assert_eq!(written.decide(&facts), written.decide(&facts));
    }

    #[test]
    fn share_of_the_value_never_exceeds_its_ceiling(
        value in 0_i64..2_000_000, more in 0_i64..2_000_000, ceiling in 20_000_i64..300_000,
    ) {
        let table = table("varmland");
        let fee = |value| {
            let facts = FeeFacts {
                price: Some(Money::from_ore(value)),
                scheme_ceiling: Some(Money::from_ore(ceiling)),
                ..rollator(date(2024, 3, 1))
            };
            table.decide(&facts).unwrap().amount
        };
        prop_assert!(fee(value) <= Money::from_ore(ceiling));
        prop_assert!(fee(value) <= fee(value + more));
        prop_assert!(fee(value) >= Money::from_ore(20_000));
    }

    #[test]
    fn cost_cap_splits_the_price_exactly(facts in any_facts()) {
        let facts = FeeFacts { product_group: ProductGroup::CostCap, ..facts };
        let decision = table("jamtland-harjedalen").decide(&facts).unwrap();
        let both = decision.amount.checked_add(decision.unit_pays).ok();
        prop_assert_eq!(both, facts.price);
        prop_assert!(decision.amount <= Money::from_ore(50_000));
    }
}

//! Why a fee costs what it costs, in facts and one sentence.

use hjm_money::Money;
use hjm_policy::{Explanation, Row};

use crate::scheme::{Limit, Scheme};
use crate::state::{AssessedFee, CountedFee, Outcome};

/// The explanation of an assessed fee: which fees count, which ceiling, which text. It holds dates
/// and amounts only, no id of a person and none of a unit (D-15).
pub fn explain(scheme: &Scheme, fee: &AssessedFee) -> Explanation {
    let counted = Money::sum(fee.basis.iter().map(|fee| fee.entitled)).unwrap_or(Money::ZERO);
    let mut facts = vec![
        fact("scheme", &scheme.id()),
        fact("event_date", &fee.on),
        fact("nominal", &fee.nominal),
        fact("entitled", &fee.entitled),
    ];
    if fee.paid_elsewhere {
        facts.push(fact("paid_elsewhere", &fee.charged));
    }
    match fee.limit {
        Some(Limit::Sum(ceiling)) => facts.push(fact("ceiling", &ceiling)),
        Some(Limit::Count(count)) => facts.push(fact("limit_count", &count)),
        Some(Limit::Open) | None => {}
    }
    if let Outcome::Covered { from, to } = fee.outcome {
        facts.push(fact("card_from", &from));
        facts.push(fact("card_to", &to));
    }
    if fee.limit.is_some() {
        facts.push(fact("counted_sum", &counted));
        facts.push(fact("counted_number", &fee.basis.len()));
        if let Some(ceiling) = fee.ceiling() {
            let left = ceiling.checked_sub(counted).unwrap_or(Money::ZERO);
            facts.push(fact("remaining", &left.max(Money::ZERO)));
        }
        facts.extend(fee.newest_counted().iter().map(counted_fact));
    }
    let rule = format!("free_card.{}", fee.outcome.code());
    let source = source(scheme, fee);
    let mut text = sentence(fee, counted);
    if fee.paid_elsewhere {
        text = format!("entered on a receipt, so nothing to pay here; charged here it were {text}");
    }
    Explanation::new(scheme.policy(), rule, source, facts, text)
}

fn fact(name: &str, value: &dyn std::fmt::Display) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn counted_fact(fee: &CountedFee) -> (String, String) {
    fact("counted_fee", &format_args!("{} {}", fee.on, fee.entitled))
}

fn source(scheme: &Scheme, fee: &AssessedFee) -> String {
    let limit = scheme.limit_on(fee.on).map(|row| row.source.clone());
    match fee.outcome {
        Outcome::Full | Outcome::Cut => limit,
        Outcome::Share => scheme.tiers_on(fee.on).next().map(text),
        Outcome::Covered { .. } => Some(text(&scheme.window)),
        Outcome::Cancelled => Some(text(&scheme.on_cancel_final)),
        Outcome::KindNotCounted => scheme.not_counted.first().map(text),
        Outcome::Exempt => scheme.exempt.first().map(text),
        Outcome::NotCounted => None,
    }
    .unwrap_or_else(|| scheme.source.clone())
}

fn text<T>(row: &Row<T>) -> String {
    row.source.clone()
}

fn sentence(fee: &AssessedFee, counted: Money) -> String {
    let AssessedFee {
        on,
        nominal,
        entitled,
        ..
    } = fee;
    let count = fee.basis.len();
    let limit = match fee.limit {
        Some(Limit::Sum(ceiling)) => format!("{counted} of {ceiling} counts from"),
        Some(Limit::Count(limit)) => format!("{count} of {limit} counted, by"),
        Some(Limit::Open) | None => format!("{counted} counts from"),
    };
    match fee.outcome {
        Outcome::Full => format!("{entitled} to pay: {limit} {count} earlier fees on {on}"),
        Outcome::Cut => format!(
            "{entitled} of {nominal} to pay: {limit} {count} earlier fees on {on}, and only what \
             remains is paid"
        ),
        Outcome::Share => format!(
            "{entitled} of {nominal} to pay: the share of the price after {count} earlier fees on \
             {on}"
        ),
        Outcome::Covered { from, to } => {
            format!("0.00 of {nominal} to pay: a free card is valid from {from} through {to}")
        }
        Outcome::NotCounted => format!(
            "{entitled} to pay: whoever charges it is no member of the scheme on {on}, so the fee \
             does not count"
        ),
        Outcome::KindNotCounted => format!(
            "{entitled} to pay: the scheme leaves out fees of this kind on {on}, so the fee does \
             not count"
        ),
        Outcome::Exempt => format!("nothing to pay: the person's age on {on} is exempt"),
        Outcome::Cancelled => format!("nothing to pay: the fee of {on} was cancelled"),
    }
}

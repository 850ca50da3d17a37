//! Wire types to prescription's own and back.

mod article;
mod delivery;
mod device;
mod fee;
mod loan;
mod need;
mod organisation;
mod prescribing;
mod prescription;
mod recipient;

use hjm_service::{Violations, convert::from_pb_text};

pub(crate) use article::{Article, from_pb_article};
pub(crate) use delivery::{Handed, from_pb_handed};
pub(crate) use device::{from_pb_unit_numbers, to_pb_device};
pub(crate) use fee::to_pb_own_fee;
pub(crate) use loan::{from_pb_answers, from_pb_loan_ids, from_pb_timeline, with_timeline};
pub(crate) use need::{
    Circumstances, Need, from_pb_circumstances, from_pb_need, tell_circumstances, to_pb_need,
};
pub(crate) use organisation::{from_pb_principal, from_pb_unit, to_pb_principal, to_pb_unit};
pub(crate) use prescribing::to_pb_check;
pub(crate) use prescription::{Draft, DraftLine, from_pb_draft, occasion};
pub(crate) use recipient::{
    Registration, from_pb_facts, from_pb_identity, from_pb_registration, to_pb_recipient,
    to_pb_residences,
};

fn from_pb_each<T>(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    length_max: usize,
) -> Option<Vec<T>>
where
    T: std::str::FromStr + Ord + Clone,
    T::Err: std::fmt::Display,
{
    if texts.is_empty() || texts.len() > length_max {
        violations.add(field, format!("must be 1 to {length_max}"));
        return None;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut read = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let place = format!("{field}[{index}]");
        let parsed: Option<T> = from_pb_text(violations, &place, text);
        if let Some(parsed) = parsed {
            if !seen.insert(parsed.clone()) {
                violations.add(place, "is given twice");
            }
            read.push(parsed);
        }
    }
    (seen.len() == texts.len()).then_some(read)
}

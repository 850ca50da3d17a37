//! The checks of a prescription that need no policy.

use hjm_ids::PrincipalId;
use jiff::civil::Date;

use crate::Refusal;

/// Whether something may be prescribed on `prescribed_on` to a person who was born on `born_on`, if
/// that is known, and died on `died_on`, if so. Both days are days of prescription. A day before
/// the birth would make a child of anybody.
///
/// # Errors
/// [`Refusal::PrescribedInFuture`], [`Refusal::PrescribedBeforeBirth`],
/// [`Refusal::RecipientDead`]: all that apply.
pub fn may_prescribe(
    prescribed_on: Date,
    today: Date,
    born_on: Option<Date>,
    died_on: Option<Date>,
) -> Result<(), Vec<Refusal>> {
    let mut refusals = Vec::new();
    if prescribed_on > today {
        refusals.push(Refusal::PrescribedInFuture {
            on: prescribed_on,
            today,
        });
    }
    if born_on.is_some_and(|born_on| prescribed_on < born_on) {
        refusals.push(Refusal::PrescribedBeforeBirth { on: prescribed_on });
    }
    if let Some(died_on) = died_on.filter(|died_on| prescribed_on > *died_on) {
        refusals.push(Refusal::RecipientDead {
            on: prescribed_on,
            died_on,
        });
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals)
    }
}

/// Whether the customer number belongs to who pays by the rules (decisions 2): an invoice follows
/// the customer number (source 003 §6.3), so a wrong one would bill the wrong principal.
///
/// # Errors
/// [`Refusal::PayerMismatch`], which names both.
pub fn payer_matches(
    resolved: &PrincipalId,
    customer_principal: &PrincipalId,
) -> Result<(), Refusal> {
    if resolved == customer_principal {
        return Ok(());
    }
    Err(Refusal::PayerMismatch {
        resolved: resolved.clone(),
        customer: customer_principal.clone(),
    })
}

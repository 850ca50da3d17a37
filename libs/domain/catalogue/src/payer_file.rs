//! The section `payers` of a policy document.
//!
//! ```toml
//! [[payers.rule]]
//! id = "home-care"
//! iso = ["12"]                    # optional, as are the other conditions
//! enrolled_in_home_care = true
//! asylum_seeker = false
//! pays = "MUNICIPALITY_OF_HOME_CARE"   # or REGION, or CUSTOMER_NUMBER: whose number is used
//! ```
//! Every row also has `valid_from`, `source` and, where it ends, `valid_to`.

use hjm_ids::IsoCode;
use hjm_policy::{Fault, PolicyDocument, Section};
use serde::Deserialize;

use crate::area::meet;
use crate::payers::PayerRules;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Pays {
    Region,
    MunicipalityOfHomeCare,
    CustomerNumber,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayerRow {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    pub(crate) iso: Vec<IsoCode>,
    pub(crate) enrolled_in_home_care: Option<bool>,
    pub(crate) asylum_seeker: Option<bool>,
    pub(crate) pays: Pays,
}

impl PayerRow {
    /// Number of conditions on facts; the ISO code counts on its own.
    pub(crate) fn conditions(&self) -> usize {
        usize::from(self.enrolled_in_home_care.is_some())
            + usize::from(self.asylum_seeker.is_some())
    }

    /// Whether both could decide some case and neither is more specific.
    fn clashes_with(&self, other: &Self) -> bool {
        let agree = |left: Option<bool>, right: Option<bool>| {
            left.is_none() || right.is_none() || left == right
        };
        meet(&self.iso, &other.iso)
            && self.conditions() == other.conditions()
            && agree(self.enrolled_in_home_care, other.enrolled_in_home_care)
            && agree(self.asylum_seeker, other.asylum_seeker)
    }
}

/// Reads the section; none when the document does not hold it.
pub(crate) fn parse(document: &PolicyDocument) -> Result<Option<PayerRules>, Vec<Fault>> {
    let Some(mut section) = document.read(Section::Payers) else {
        return Ok(None);
    };
    let rules = section.rows::<PayerRow>("rule");
    if rules.is_empty() {
        section.section_fault("has no row [[payers.rule]]");
    }
    for row in &rules {
        let by_enrolment = row.value.pays == Pays::MunicipalityOfHomeCare;
        if by_enrolment && row.value.enrolled_in_home_care != Some(true) {
            let message = "needs the condition enrolled_in_home_care = true";
            section.fault(row.fault("pays", message));
        }
    }
    section.refuse_overlaps(&rules, PayerRow::clashes_with);
    section.finish()?;
    Ok(Some(PayerRules {
        policy: document.reference().clone(),
        rules,
    }))
}

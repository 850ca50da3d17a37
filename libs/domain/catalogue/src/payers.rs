//! Who pays for a device: cost follows the responsibility for care.

use hjm_ids::{IsoCode, PrincipalId};
use hjm_policy::{Explanation, Fault, PolicyDocument, PolicyReference, Row};
use jiff::civil::Date;

use crate::area::specificity;
use crate::payer_file::{self, PayerRow, Pays};

/// The facts a payer is found on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerFacts {
    /// The article's ISO code.
    pub iso: IsoCode,
    /// The day the question is about.
    pub on: Date,
    /// The municipality whose home care the person is enrolled in, when enrolled.
    pub enrolled_in_home_care: Option<PrincipalId>,
    /// Whether the person seeks asylum (source 003 §7.1).
    pub asylum_seeker: bool,
    /// The principal that owns the customer number prescribed on.
    pub customer_principal: PrincipalId,
    /// The county's region.
    pub region: PrincipalId,
}

/// Who pays, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerDecision {
    /// The region or municipality that pays.
    pub payer: PrincipalId,
    /// By which rule, printed where, on which facts.
    pub explanation: Explanation,
}

/// Why no payer was found. It is never guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayerError {
    /// No rule covers the case.
    #[error("no rule says who pays; it would have to be known or otherwise: {}", facts.join(", "))]
    NoRule {
        /// The facts of [`PayerFacts`] that some rule depends on and that were not met; `on` when
        /// no rule holds on the day, `iso` when none covers the code.
        facts: Vec<&'static str>,
    },
}

/// The payer rules of one policy document.
#[derive(Clone, Debug)]
pub struct PayerRules {
    pub(crate) policy: PolicyReference,
    pub(crate) rules: Vec<Row<PayerRow>>,
}

impl PayerRules {
    /// Reads the section `payers` of a document; none when it does not hold it.
    ///
    /// # Errors
    /// Every fault: unknown fields, missing sources, and two equally specific rules that could both
    /// decide a case on the same day.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        payer_file::parse(document)
    }

    /// The policy text the rules were read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Finds who pays: of the rules that hold on the day and whose conditions are met, the one
    /// with the longest ISO code, then with the most conditions. The order written never matters.
    ///
    /// # Errors
    /// [`PayerError::NoRule`].
    pub fn resolve(&self, facts: &PayerFacts) -> Result<PayerDecision, PayerError> {
        let candidates = self
            .rules
            .iter()
            .filter(|row| row.validity.contains(facts.on))
            .filter(|row| unmet(&row.value, facts).is_empty());
        let decided = candidates
            .filter_map(|row| Some((specificity(&row.value.iso, &facts.iso)?, row)))
            .max_by_key(|(digits, row)| (*digits, row.value.conditions()))
            .and_then(|(_, row)| Some((row, Self::payer(&row.value, facts)?)));
        let Some((row, payer)) = decided else {
            return Err(self.no_rule(facts));
        };
        let yes_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let used = vec![
            ("on".to_owned(), facts.on.to_string()),
            ("iso".to_owned(), facts.iso.to_string()),
            (
                "enrolled_in_home_care".to_owned(),
                facts
                    .enrolled_in_home_care
                    .as_ref()
                    .map_or("no".to_owned(), ToString::to_string),
            ),
            ("asylum_seeker".to_owned(), yes_no(facts.asylum_seeker)),
            (
                "customer_principal".to_owned(),
                facts.customer_principal.to_string(),
            ),
            ("region".to_owned(), facts.region.to_string()),
        ];
        let text = match row.value.pays {
            Pays::Region => format!("The region pays ({payer})."),
            Pays::MunicipalityOfHomeCare => {
                format!(
                    "The municipality whose home care the person is enrolled in pays ({payer})."
                )
            }
            Pays::CustomerNumber => format!("The owner of the customer number pays ({payer})."),
        };
        let explanation = Explanation::new(&self.policy, &row.value.id, &row.source, used, text);
        Ok(PayerDecision { payer, explanation })
    }

    fn payer(rule: &PayerRow, facts: &PayerFacts) -> Option<PrincipalId> {
        match rule.pays {
            Pays::Region => Some(facts.region.clone()),
            Pays::MunicipalityOfHomeCare => facts.enrolled_in_home_care.clone(),
            Pays::CustomerNumber => Some(facts.customer_principal.clone()),
        }
    }

    fn no_rule(&self, facts: &PayerFacts) -> PayerError {
        let valid: Vec<&PayerRow> = self
            .rules
            .iter()
            .filter(|row| row.validity.contains(facts.on))
            .map(|row| &row.value)
            .collect();
        let mut missing: Vec<&'static str> = valid
            .iter()
            .filter(|rule| specificity(&rule.iso, &facts.iso).is_some())
            .flat_map(|rule| unmet(rule, facts))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            missing.push(if valid.is_empty() { "on" } else { "iso" });
        }
        PayerError::NoRule { facts: missing }
    }
}

/// The conditions of the rule that the facts do not meet, by field.
fn unmet(rule: &PayerRow, facts: &PayerFacts) -> Vec<&'static str> {
    let enrolled = facts.enrolled_in_home_care.is_some();
    let mut unmet = Vec::new();
    if rule
        .enrolled_in_home_care
        .is_some_and(|wanted| wanted != enrolled)
    {
        unmet.push("enrolled_in_home_care");
    }
    if rule
        .asylum_seeker
        .is_some_and(|wanted| wanted != facts.asylum_seeker)
    {
        unmet.push("asylum_seeker");
    }
    unmet
}

//! Care outside the home region (riksavtalet för utomlänsvård): whether a device may be prescribed to
//! a visitor, and until when it is claimed and objected to.

use hjm_ids::plus_months;
use hjm_money::{Money, MoneyError};
use hjm_policy::{
    Explanation, Fault, PolicyDocument, PolicyReference, Row, Section, SectionSchema,
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::rent_rule::{rows, valid_on};

/// A device for a person of another region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideCare {
    /// The costs of the device and each of its accessories, without VAT.
    pub costs: Vec<Money>,
    /// Whether it is installed, needs service of its own kind, or is fitted to the home.
    pub needs_installation: bool,
    /// The day of the prescription.
    pub on: Date,
}

/// Whether a care region may prescribe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consultation {
    /// On its own.
    Free,
    /// After consulting the home region, or it is not paid.
    Required,
    /// Not at all: it is the home region's to prescribe and pay.
    HomeRegionOnly,
}

/// An answer and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementAnswer<T> {
    /// The answer.
    pub value: T,
    /// By which rule, printed where, on which facts.
    pub explanation: Explanation,
}

/// What an invoice may be claimed or objected to by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The last day.
    pub last: Date,
    /// Whether the day asked about is one of them.
    pub in_time: bool,
}

/// Why nothing is decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// The document has no such rule on the day.
    #[error("the policy {policy} has no rule {rule} on {on}")]
    NoRule {
        /// The document's id.
        policy: String,
        /// The table.
        rule: &'static str,
        /// The day.
        on: Date,
    },
    /// No cost at all is told.
    #[error("what the device costs is not told")]
    NoCost,
    /// A cost is negative, or the sum does not fit.
    #[error("a cost is wrong: {0}")]
    Cost(#[from] MoneyError),
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConsultationRow {
    #[serde(deserialize_with = "hjm_policy::from_text")]
    #[schemars(with = "String")]
    from: Money,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InstallationRow {
    home_region_only: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MonthsRow {
    months: u16,
}

/// The section `national_agreement` of a policy document.
#[derive(Debug)]
pub struct NationalAgreement {
    policy: PolicyReference,
    consultations: Vec<Row<ConsultationRow>>,
    installations: Vec<Row<InstallationRow>>,
    claims: Vec<Row<MonthsRow>>,
    objections: Vec<Row<MonthsRow>>,
}

const SECTION: &str = "national_agreement";

impl NationalAgreement {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        SectionSchema::new()
            .rows::<ConsultationRow>("consultation")
            .rows::<InstallationRow>("installation")
            .rows::<MonthsRow>("claim")
            .rows::<MonthsRow>("objection")
    }

    /// Reads the section `national_agreement`; none when the document has none.
    ///
    /// ```toml
    /// [[national_agreement.consultation]]
    /// from = "10000.00"               # at this cost and above the home region is consulted
    ///
    /// [[national_agreement.installation]]
    /// home_region_only = true
    ///
    /// [[national_agreement.claim]]
    /// months = 6                      # after the service ended
    ///
    /// [[national_agreement.objection]]
    /// months = 3                      # after the invoice was received
    /// ```
    /// Every row also has `valid_from`, `source` and, where it ends, `valid_to`; each table has one
    /// on every day of the document.
    ///
    /// # Errors
    /// Every fault, each with its place.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        let Some(mut reader) = document.read(Section::NationalAgreement) else {
            return Ok(None);
        };
        let agreement = Self {
            policy: document.reference().clone(),
            consultations: rows(&mut reader, SECTION, "consultation"),
            installations: rows(&mut reader, SECTION, "installation"),
            claims: rows(&mut reader, SECTION, "claim"),
            objections: rows(&mut reader, SECTION, "objection"),
        };
        let negative = |row: &&Row<ConsultationRow>| row.value.from.is_negative();
        for row in agreement.consultations.iter().filter(negative) {
            reader.fault(row.fault("from", "is below zero"));
        }
        reader.finish().map(|()| Some(agreement))
    }

    /// The policy text it was read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Whether the home region is consulted before a device is prescribed to its person: by the
    /// cost of the device and its accessories together (N1 to N4, Q9), and never the care region's
    /// to prescribe when it is installed (source 003 §7.23).
    ///
    /// # Errors
    /// [`AgreementError`].
    pub fn consultation(
        &self,
        care: &OutsideCare,
    ) -> Result<AgreementAnswer<Consultation>, AgreementError> {
        if care.costs.is_empty() {
            return Err(AgreementError::NoCost);
        }
        if care.costs.iter().any(|cost| cost.is_negative()) {
            return Err(MoneyError::NegativePrice.into());
        }
        let total = Money::sum(care.costs.iter().copied())?;
        let limit = self.row(&self.consultations, "consultation", care.on)?;
        let installation = self.row(&self.installations, "installation", care.on)?;
        let from = limit.value.from;
        let (value, rule, source, text) =
            if care.needs_installation && installation.value.home_region_only {
                let text = "It is installed: the home region prescribes and pays it.".to_owned();
                (
                    Consultation::HomeRegionOnly,
                    "installation",
                    &installation.source,
                    text,
                )
            } else if total >= from {
                let text = format!("{total} is not below {from}: the home region is consulted.");
                (Consultation::Required, "consultation", &limit.source, text)
            } else {
                let text = format!("{total} is below {from}: the home region is not consulted.");
                (Consultation::Free, "consultation", &limit.source, text)
            };
        let facts = vec![
            ("on".to_owned(), care.on.to_string()),
            ("cost".to_owned(), total.to_string()),
            (
                "needs_installation".to_owned(),
                care.needs_installation.to_string(),
            ),
        ];
        let rule = format!("{SECTION}.{rule}");
        let explanation = Explanation::new(&self.policy, rule, source, facts, text);
        Ok(AgreementAnswer { value, explanation })
    }

    /// Until when a service that ended on a day is claimed, and whether it was invoiced in time
    /// (N5): through the same day so many months later.
    ///
    /// # Errors
    /// [`AgreementError::NoRule`].
    pub fn claim(
        &self,
        ended_on: Date,
        invoiced_on: Date,
    ) -> Result<AgreementAnswer<Limits>, AgreementError> {
        let row = self.row(&self.claims, "claim", ended_on)?;
        let names = ["ended_on", "invoiced_on"];
        Ok(self.limits(row, "claim", names, ended_on, invoiced_on))
    }

    /// Until when an invoice received on a day is objected to, and whether it was in time (N6).
    ///
    /// # Errors
    /// [`AgreementError::NoRule`].
    pub fn objection(
        &self,
        received_on: Date,
        objected_on: Date,
    ) -> Result<AgreementAnswer<Limits>, AgreementError> {
        let row = self.row(&self.objections, "objection", received_on)?;
        let names = ["received_on", "objected_on"];
        Ok(self.limits(row, "objection", names, received_on, objected_on))
    }

    fn limits(
        &self,
        row: &Row<MonthsRow>,
        rule: &str,
        names: [&str; 2],
        since: Date,
        asked: Date,
    ) -> AgreementAnswer<Limits> {
        let last = plus_months(since, row.value.months);
        let in_time = asked <= last;
        let facts = names.into_iter().zip([since, asked]);
        let facts = facts
            .map(|(name, on)| (name.to_owned(), on.to_string()))
            .collect();
        let verdict = if in_time { "in time" } else { "too late" };
        let text = format!("The last day is {last}: {asked} is {verdict}.");
        let rule = format!("{SECTION}.{rule}");
        AgreementAnswer {
            value: Limits { last, in_time },
            explanation: Explanation::new(&self.policy, rule, &row.source, facts, text),
        }
    }

    fn row<'a, T>(
        &self,
        rows: &'a [Row<T>],
        rule: &'static str,
        on: Date,
    ) -> Result<&'a Row<T>, AgreementError> {
        valid_on(rows, on).ok_or_else(|| AgreementError::NoRule {
            policy: self.policy.id.clone(),
            rule,
            on,
        })
    }
}

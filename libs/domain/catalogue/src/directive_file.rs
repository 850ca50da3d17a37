//! The section `directives` of a policy document: who may prescribe what, and when.
//!
//! ```toml
//! [[directives.right]]             # the unit's manager grants the right to prescribe
//! id = "right-from-manager"
//!
//! [[directives.profession]]        # which professions may, or may not
//! id = "consultants-never"
//! barred = ["aid_consultant"]      # or allowed = [...]
//!
//! [[directives.unit]]              # which kinds of unit may
//! id = "vision-centre"
//! iso = ["2203"]                   # optional, as everywhere: without it, every code
//! allowed = ["vision_centre"]
//!
//! [[directives.referral]]          # a referral comes first
//! id = "referral-by-physician"
//! from = ["physician"]             # optional: from whom
//!
//! [[directives.training]]          # a course
//! id = "local-training"
//! training = "local"
//! every_months = 24                # optional: without it, once
//! required = false                 # optional: not for these codes
//!
//! [[directives.criterion]]         # what has to be so
//! id = "can-drive-safely"
//! text = "Drives it safely, tried out."
//!
//! [[directives.contraindication]]  # what must not be so
//! id = "unstable-epilepsy"
//! text = "Epilepsy with seizures."
//!
//! [[directives.duplicates]]        # whether one more of the same may be prescribed
//! id = "duplicates"
//! duplicates = "JUSTIFIED"         # with a reason; or ALLOWED, NOT_ALLOWED
//!
//! [[directives.special_decision]]  # what somebody else decides
//! id = "above-15000"
//! above = "15000.00"               # a price above this; or outside_range = true
//! by = "head_of_orthopaedic_clinic"
//! ```
//! Every row also has `valid_from`, `source` and, where it ends, `valid_to`. Of the rows of a kind
//! (of trainings: of one training; of criteria and contraindications: of one id; of special
//! decisions: of price, and of range), the one with the longest code decides.

use hjm_ids::IsoCode;
use hjm_money::Money;
use hjm_policy::{Fault, PolicyDocument, Row, Section, SectionReader, SectionSchema};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::area::{Area, meet};
use crate::directives::Directives;

/// A row that hangs on a part of the classification.
pub(crate) trait Directive {
    /// Its id in the document.
    fn id(&self) -> &str;

    /// The codes it covers.
    fn area(&self) -> &Area;

    /// What it answers: of the rows with the same question, the most specific decides.
    fn question(&self) -> &str;
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$attribute:meta])* $field:ident: $type:ty,)*
    } asks $question:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            id: String,
            #[serde(default, deserialize_with = "hjm_policy::from_texts")]
            #[schemars(with = "Vec<String>")]
            iso: Vec<IsoCode>,
            $($(#[$attribute])* pub(crate) $field: $type,)*
        }

        impl Directive for $name {
            fn id(&self) -> &str {
                &self.id
            }

            fn area(&self) -> &Area {
                &self.iso
            }

            fn question(&self) -> &str {
                let question: fn(&Self) -> &str = $question;
                question(self)
            }
        }
    )*};
}

rows! {
    /// The unit's manager grants the right.
    RightRow {} asks |_| "";
    /// Professions: those that may, or those that may not.
    ProfessionRow {
        allowed: Option<Vec<String>>,
        barred: Option<Vec<String>>,
    } asks |_| "";
    /// Kinds of unit that may.
    UnitRow {
        allowed: Vec<String>,
    } asks |_| "";
    /// A referral, from anybody or from certain professions.
    ReferralRow {
        from: Option<Vec<String>>,
    } asks |_| "";
    /// A course, once or every so many months.
    TrainingRow {
        training: String,
        every_months: Option<u16>,
        #[serde(default = "yes")]
        required: bool,
    } asks |row| &row.training;
    /// What has to be so, or must not be.
    AnswerRow {
        text: String,
    } asks |row| &row.id;
    /// Whether one more of the same may be prescribed.
    DuplicatesRow {
        duplicates: Duplicates,
    } asks |_| "";
    /// What somebody else decides.
    SpecialRow {
        #[serde(default, deserialize_with = "hjm_policy::from_text_optional")]
        #[schemars(with = "Option<String>")]
        above: Option<Money>,
        #[serde(default)]
        outside_range: bool,
        by: String,
    } asks |row| if row.outside_range { "range" } else { "price" };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Duplicates {
    Allowed,
    Justified,
    NotAllowed,
}

fn yes() -> bool {
    true
}

/// The section's keys, for editors.
pub(crate) fn schema() -> SectionSchema {
    SectionSchema::new()
        .rows::<RightRow>("right")
        .rows::<ProfessionRow>("profession")
        .rows::<UnitRow>("unit")
        .rows::<ReferralRow>("referral")
        .rows::<TrainingRow>("training")
        .rows::<AnswerRow>("criterion")
        .rows::<AnswerRow>("contraindication")
        .rows::<DuplicatesRow>("duplicates")
        .rows::<SpecialRow>("special_decision")
}

/// Reads the section; none when the document does not hold it.
pub(crate) fn parse(document: &PolicyDocument) -> Result<Option<Directives>, Vec<Fault>> {
    let Some(mut section) = document.read(Section::Directives) else {
        return Ok(None);
    };
    let directives = Directives {
        policy: document.reference().clone(),
        rights: rows(&mut section, "right", |_| None),
        professions: rows(&mut section, "profession", profession_fault),
        units: rows(&mut section, "unit", |row: &UnitRow| {
            empty("allowed", &row.allowed)
        }),
        referrals: rows(&mut section, "referral", |row: &ReferralRow| {
            row.from.as_ref().and_then(|from| empty("from", from))
        }),
        trainings: rows(&mut section, "training", training_fault),
        criteria: rows(&mut section, "criterion", answer_fault),
        contraindications: rows(&mut section, "contraindication", answer_fault),
        duplicates: rows(&mut section, "duplicates", |_| None),
        special_decisions: rows(&mut section, "special_decision", special_fault),
    };
    let criteria = directives.criteria.iter().map(|row| row.value.id());
    let criteria: Vec<&str> = criteria.collect();
    for row in &directives.contraindications {
        if criteria.contains(&row.value.id()) {
            section.fault(row.fault("id", "a criterion has this id: an answer names one of them"));
        }
    }
    section.finish()?;
    Ok(Some(directives))
}

/// A field and what is wrong with it.
type RowFault = Option<(&'static str, &'static str)>;

fn rows<T: Directive + DeserializeOwned>(
    section: &mut SectionReader<'_>,
    key: &str,
    fault: impl Fn(&T) -> RowFault,
) -> Vec<Row<T>> {
    let rows = section.rows::<T>(key);
    for row in &rows {
        if let Some((field, text)) = fault(&row.value) {
            section.fault(row.fault(field, text));
        }
    }
    section.one_a_day(&rows, |left, right| {
        left.question() == right.question() && meet(left.area(), right.area())
    });
    rows
}

fn empty(field: &'static str, names: &[String]) -> RowFault {
    let blank = names.is_empty() || names.iter().any(|name| name.trim().is_empty());
    blank.then_some((field, "names at least one, and none of them is empty"))
}

fn profession_fault(row: &ProfessionRow) -> RowFault {
    match (&row.allowed, &row.barred) {
        (Some(allowed), None) => empty("allowed", allowed),
        (None, Some(barred)) => empty("barred", barred),
        (None, None) | (Some(_), Some(_)) => Some((
            "allowed",
            "says either who may, in allowed, or who may not, in barred",
        )),
    }
}

fn training_fault(row: &TrainingRow) -> RowFault {
    if row.training.trim().is_empty() {
        return Some(("training", "is empty"));
    }
    match (row.required, row.every_months) {
        (_, Some(0)) => Some(("every_months", "is at least 1")),
        (false, Some(_)) => Some(("every_months", "belongs to a training that is required")),
        (true, Some(_)) | (true | false, None) => None,
    }
}

fn answer_fault(row: &AnswerRow) -> RowFault {
    row.text.trim().is_empty().then_some(("text", "is empty"))
}

fn special_fault(row: &SpecialRow) -> RowFault {
    match (row.above, row.outside_range) {
        (Some(_), true) | (None, false) => Some((
            "above",
            "says either above which price, or outside_range = true",
        )),
        (Some(above), false) if above.is_negative() => Some(("above", "is not negative")),
        (Some(_), false) | (None, true) => row.by.trim().is_empty().then_some(("by", "is empty")),
    }
}

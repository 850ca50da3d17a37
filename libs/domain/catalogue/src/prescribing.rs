//! The facts of a prescription, and what the directives say of them.

use std::collections::BTreeMap;

use hjm_ids::IsoCode;
use hjm_money::Money;
use hjm_policy::Explanation;
use jiff::civil::Date;

/// The facts of a prescription. What is not known is `None`: a directive that needs it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrescribingFacts {
    /// The product's ISO code.
    pub iso: IsoCode,
    /// The day it is prescribed.
    pub on: Date,
    /// Who prescribes.
    pub profession: Option<String>,
    /// The kind of unit.
    pub unit_kind: Option<String>,
    /// Whether the unit's manager has granted the right.
    pub right_granted: Option<bool>,
    /// Trainings that were completed: the kind and the day.
    pub trainings: Vec<(String, Date)>,
    /// The profession that referred the person; none without a referral.
    pub referred_by: Option<String>,
    /// The product's price or value.
    pub price: Option<Money>,
    /// Whether the product is in the county's range.
    pub in_range: Option<bool>,
    /// Special decisions that were made: by whom, and the day.
    pub special_decisions: Vec<(String, Date)>,
    /// What the person keeps beside it.
    pub held: Option<Vec<IsoCode>>,
    /// Whether the need of one more of the same is recorded with its reason.
    pub duplicate_justified: bool,
    /// Answers to criteria and contraindications, by the rule's id.
    pub answers: BTreeMap<String, bool>,
}

impl PrescribingFacts {
    /// The facts that every question has; the rest unknown.
    pub fn new(iso: IsoCode, on: Date) -> Self {
        Self {
            iso,
            on,
            profession: None,
            unit_kind: None,
            right_granted: None,
            trainings: Vec::new(),
            referred_by: None,
            price: None,
            in_range: None,
            special_decisions: Vec::new(),
            held: None,
            duplicate_justified: false,
            answers: BTreeMap::new(),
        }
    }
}

/// Why a product may not be prescribed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrescribingReason {
    /// The unit's manager has not granted the right.
    RightNotGranted,
    /// The profession may not.
    ProfessionNotAllowed,
    /// The kind of unit may not.
    UnitNotAllowed,
    /// There is no referral, or not from who has to refer.
    ReferralRequired,
    /// A training was never completed.
    TrainingMissing,
    /// A training was completed too long ago.
    TrainingExpired,
    /// A criterion is not met.
    CriterionNotMet,
    /// A contraindication is there.
    Contraindicated,
    /// The person keeps one of the same division, and may not have two.
    DuplicateNotAllowed,
    /// The person keeps one of the same division, and no reason for one more is recorded.
    DuplicateNotJustified,
    /// Somebody else has to decide it, and has not.
    SpecialDecisionRequired,
    /// A directive turns on a fact that is not known.
    FactMissing,
}

impl PrescribingReason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RightNotGranted => "RIGHT_NOT_GRANTED",
            Self::ProfessionNotAllowed => "PROFESSION_NOT_ALLOWED",
            Self::UnitNotAllowed => "UNIT_NOT_ALLOWED",
            Self::ReferralRequired => "REFERRAL_REQUIRED",
            Self::TrainingMissing => "TRAINING_MISSING",
            Self::TrainingExpired => "TRAINING_EXPIRED",
            Self::CriterionNotMet => "CRITERION_NOT_MET",
            Self::Contraindicated => "CONTRAINDICATED",
            Self::DuplicateNotAllowed => "DUPLICATE_NOT_ALLOWED",
            Self::DuplicateNotJustified => "DUPLICATE_NOT_JUSTIFIED",
            Self::SpecialDecisionRequired => "SPECIAL_DECISION_REQUIRED",
            Self::FactMissing => "FACT_MISSING",
        }
    }
}

/// One reason why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrescribingObjection {
    /// The reason.
    pub reason: PrescribingReason,
    /// The field of [`PrescribingFacts`] it concerns; of a missing fact, that fact.
    pub fact: &'static str,
    /// What the directive asks for by name: professions, kinds of unit, a training, an office; of a
    /// criterion its text.
    pub names: Vec<String>,
    /// By which directive, printed where, on which facts.
    pub explanation: Explanation,
}

/// Whether a product may be prescribed, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrescribingDecision {
    /// Every reason why not; none when it may be prescribed.
    pub objections: Vec<PrescribingObjection>,
    /// The directives that were asked and have nothing against it.
    pub met: Vec<Explanation>,
}

impl PrescribingDecision {
    /// Whether nothing speaks against it.
    pub fn allowed(&self) -> bool {
        self.objections.is_empty()
    }
}

/// Digits of a division: two products of one division are of the same kind.
const DIVISION_DIGITS: usize = 6;

/// Whether two products are of one division.
pub(crate) fn same_division(one: &IsoCode, other: &IsoCode) -> bool {
    let division = |code: &IsoCode| {
        let digits = code.digits().min(DIVISION_DIGITS);
        code.as_str().get(..digits).map(str::to_owned)
    };
    division(one) == division(other)
}

/// What a person keeps beside a product: what it held before, and what is prescribed with it. A
/// replacement takes the place of one of the same division.
pub fn kept_beside(held: &[IsoCode], iso: &IsoCode, replaces: bool) -> Vec<IsoCode> {
    let mut kept = held.to_vec();
    let same = kept.iter().position(|code| same_division(code, iso));
    if let Some(same) = same.filter(|_| replaces) {
        kept.remove(same);
    }
    kept
}

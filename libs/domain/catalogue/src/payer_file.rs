//! The section `payers` of a policy document.
//!
//! ```toml
//! [[payers.rule]]
//! id = "home-care"
//! pays = "MUNICIPALITY_OF_HOME_CARE"   # REGION, MUNICIPALITY (of registration), CUSTOMER_NUMBER
//!                                      # (whose number is used), SHARED, PERSON, HOME_REGION,
//!                                      # STATE, or OUTSIDE with apply_to
//! follows_up = "MUNICIPALITY"          # optional: who prescribes and follows up, if not the payer
//! iso = ["12"]                         # optional, as are all conditions below
//! age_from = 18                        # reached on the birthday
//! age_below = 20                       # not yet reached
//! turns_from = 20                      # the age reached in the day's calendar year
//! turns_below = 20
//! housing = "SPECIAL"                  # or ORDINARY
//! enrolled_in_home_care = true
//! in_habilitation = false
//! lss_rehabilitation = false
//! place_of_care = "HOSPITAL"           # or HOME, PRIMARY_CARE
//! purpose = "DAILY_LIVING"             # or CARE_AND_TREATMENT
//! duration = "LASTING"                 # or TEMPORARY
//! category = "AID"                     # or MEDICINE_NEAR, BENEFIT_CONSUMABLE, SELF_CARE, CONSUMABLE
//! speech_therapist = true
//! asylum_seeker = false
//! ```
//! Every row also has `valid_from`, `source` and, where it ends, `valid_to`.

use hjm_ids::{IsoCode, age_on};
use hjm_policy::{Fault, PolicyDocument, Section, SectionReader, SectionSchema};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::area::meet;
use crate::conditions::{Answer, Range};
use crate::payer_facts::{
    Duration, HomeCare, Housing, PayerFacts, PlaceOfCare, ProductCategory, Purpose,
};
use crate::payers::PayerRules;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Pays {
    Region,
    Municipality,
    MunicipalityOfHomeCare,
    CustomerNumber,
    Shared,
    Person,
    HomeRegion,
    State,
    Outside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FollowsUp {
    Region,
    Municipality,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayerRow {
    pub(crate) id: String,
    pub(crate) pays: Pays,
    pub(crate) apply_to: Option<String>,
    pub(crate) follows_up: Option<FollowsUp>,
    #[serde(default, deserialize_with = "hjm_policy::from_texts")]
    #[schemars(with = "Vec<String>")]
    pub(crate) iso: Vec<IsoCode>,
    age_from: Option<u16>,
    age_below: Option<u16>,
    turns_from: Option<u16>,
    turns_below: Option<u16>,
    housing: Option<Housing>,
    enrolled_in_home_care: Option<bool>,
    in_habilitation: Option<bool>,
    lss_rehabilitation: Option<bool>,
    place_of_care: Option<PlaceOfCare>,
    purpose: Option<Purpose>,
    duration: Option<Duration>,
    category: Option<ProductCategory>,
    speech_therapist: Option<bool>,
    asylum_seeker: Option<bool>,
}

impl PayerRow {
    /// Number of conditions on facts; the ISO code counts on its own.
    pub(crate) fn conditions(&self) -> usize {
        [
            self.age().is_some(),
            self.turns().is_some(),
            self.housing.is_some(),
            self.enrolled_in_home_care.is_some(),
            self.in_habilitation.is_some(),
            self.lss_rehabilitation.is_some(),
            self.place_of_care.is_some(),
            self.purpose.is_some(),
            self.duration.is_some(),
            self.category.is_some(),
            self.speech_therapist.is_some(),
            self.asylum_seeker.is_some(),
        ]
        .into_iter()
        .filter(|condition| *condition)
        .count()
    }

    /// Whether the other rule, deciding instead, would answer the same.
    pub(crate) fn answers_as(&self, other: &Self) -> bool {
        self.pays == other.pays
            && self.apply_to == other.apply_to
            && self.follows_up == other.follows_up
    }

    fn age(&self) -> Option<Range<u16>> {
        Range::of(self.age_from, self.age_below)
    }

    fn turns(&self) -> Option<Range<u16>> {
        Range::of(self.turns_from, self.turns_below)
    }

    /// Whether the conditions are met by the facts.
    pub(crate) fn answer(&self, facts: &PayerFacts) -> Answer {
        let age = facts.born_on.map(|born| age_on(born, facts.on));
        let turns = facts.born_on.map(|born| {
            let years = i32::from(facts.on.year()) - i32::from(born.year());
            u16::try_from(years).unwrap_or(0)
        });
        let enrolled = facts.home_care.as_ref().map(|care| match care {
            HomeCare::NotEnrolled => false,
            HomeCare::Of(_) => true,
        });
        let mut answer = Answer::default();
        answer.range("born_on", self.age(), age);
        answer.range("born_on", self.turns(), turns);
        answer.equal("housing", self.housing, facts.housing);
        answer.equal("home_care", self.enrolled_in_home_care, enrolled);
        answer.equal(
            "in_habilitation",
            self.in_habilitation,
            facts.in_habilitation,
        );
        answer.equal(
            "lss_rehabilitation",
            self.lss_rehabilitation,
            facts.lss_rehabilitation,
        );
        answer.equal("place_of_care", self.place_of_care, facts.place_of_care);
        answer.equal("purpose", self.purpose, facts.purpose);
        answer.equal("duration", self.duration, facts.duration);
        answer.equal("category", self.category, facts.category);
        answer.equal(
            "speech_therapist",
            self.speech_therapist,
            facts.speech_therapist,
        );
        answer.equal("asylum_seeker", self.asylum_seeker, facts.asylum_seeker);
        answer
    }

    /// Whether both could decide some case and neither is more specific.
    fn clashes_with(&self, other: &Self) -> bool {
        fn agree<T: PartialEq + Copy>(left: Option<T>, right: Option<T>) -> bool {
            left.is_none() || right.is_none() || left == right
        }
        meet(&self.iso, &other.iso)
            && self.conditions() == other.conditions()
            && Range::meet(self.age(), other.age())
            && Range::meet(self.turns(), other.turns())
            && agree(self.housing, other.housing)
            && agree(self.enrolled_in_home_care, other.enrolled_in_home_care)
            && agree(self.in_habilitation, other.in_habilitation)
            && agree(self.lss_rehabilitation, other.lss_rehabilitation)
            && agree(self.place_of_care, other.place_of_care)
            && agree(self.purpose, other.purpose)
            && agree(self.duration, other.duration)
            && agree(self.category, other.category)
            && agree(self.speech_therapist, other.speech_therapist)
            && agree(self.asylum_seeker, other.asylum_seeker)
    }
}

/// The section's keys, for editors.
pub(crate) fn schema() -> SectionSchema {
    SectionSchema::new().rows::<PayerRow>("rule")
}

/// Reads the section; none when the document does not hold it.
pub(crate) fn parse(document: &PolicyDocument) -> Result<Option<PayerRules>, Vec<Fault>> {
    let Some(mut section) = document.read(Section::Payers) else {
        return Ok(None);
    };
    let rules = rules(&mut section);
    section.finish()?;
    Ok(Some(PayerRules {
        policy: document.reference().clone(),
        rules,
    }))
}

fn rules(section: &mut SectionReader<'_>) -> Vec<hjm_policy::Row<PayerRow>> {
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
        let outside = row.value.pays == Pays::Outside;
        if outside && row.value.apply_to.is_none() {
            section.fault(row.fault("apply_to", "missing: OUTSIDE says where to apply"));
        }
        if !outside && row.value.apply_to.is_some() {
            section.fault(row.fault("apply_to", "belongs to OUTSIDE only"));
        }
        for (field, range) in [
            ("age_below", row.value.age()),
            ("turns_below", row.value.turns()),
        ] {
            if range.is_some_and(Range::is_empty) {
                section.fault(row.fault(field, "no age is both from and below these"));
            }
        }
    }
    section.one_a_day(&rules, PayerRow::clashes_with);
    rules
}

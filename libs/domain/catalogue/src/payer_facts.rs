//! The facts a payer is found on.

use std::fmt;

use hjm_ids::{IsoCode, PrincipalId};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the person lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Housing {
    /// A home of one's own.
    Ordinary,
    /// Special housing (särskilt boende).
    Special,
}

/// Whether a municipality's home care (hemsjukvård) answers for the person's care at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeCare {
    /// Nobody's.
    NotEnrolled,
    /// This municipality's.
    Of(PrincipalId),
}

/// Where the device is needed or prescribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PlaceOfCare {
    /// At home.
    Home,
    /// At a health centre.
    PrimaryCare,
    /// During a stay in hospital.
    Hospital,
}

/// What the prescription is for; a property of the prescription, not of the article (decisions 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// To manage the activities of daily living.
    DailyLiving,
    /// Part of care and treatment.
    CareAndTreatment,
}

/// Care and treatment takes a medical device (decisions 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an article that is no medical device is not prescribed for care and treatment")]
pub struct NoMedicalDevice;

impl Purpose {
    /// What a prescription is for: what it says, else the article's default, if there is one.
    ///
    /// # Errors
    /// [`NoMedicalDevice`].
    pub fn of_prescription(
        said: Option<Self>,
        default: Option<Self>,
        medical_device: bool,
    ) -> Result<Option<Self>, NoMedicalDevice> {
        match said.or(default) {
            Some(Self::CareAndTreatment) if !medical_device => Err(NoMedicalDevice),
            purpose => Ok(purpose),
        }
    }
}

/// How long the need is expected to last (decisions 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Duration {
    /// For a time.
    Temporary,
    /// For good, as far as is known.
    Lasting,
}

/// What kind of product it is (decisions 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductCategory {
    /// An assistive device.
    Aid,
    /// A product that goes with a medicine.
    MedicineNear,
    /// A consumable within the pharmaceutical benefits.
    BenefitConsumable,
    /// A product of self-care.
    SelfCare,
    /// Another consumable.
    Consumable,
}

/// The facts a payer is found on. What is not known is `None`: a rule that would need it to decide
/// says so, and is never taken for met or unmet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerFacts {
    /// The article's ISO code.
    pub iso: IsoCode,
    /// The day the question is about.
    pub on: Date,
    /// The county's region.
    pub region: PrincipalId,
    /// The principal that owns the customer number prescribed on.
    pub customer_principal: Option<PrincipalId>,
    /// Day of birth.
    pub born_on: Option<Date>,
    /// The municipality the person is registered in.
    pub registered_in: Option<PrincipalId>,
    /// Home care.
    pub home_care: Option<HomeCare>,
    /// Housing.
    pub housing: Option<Housing>,
    /// Whether the person is enrolled in habilitation.
    pub in_habilitation: Option<bool>,
    /// Whether it is rehabilitation under the act on support for certain disabled persons (LSS).
    pub lss_rehabilitation: Option<bool>,
    /// Place of care.
    pub place_of_care: Option<PlaceOfCare>,
    /// Purpose of the prescription.
    pub purpose: Option<Purpose>,
    /// Expected duration of the need.
    pub duration: Option<Duration>,
    /// Kind of product.
    pub category: Option<ProductCategory>,
    /// Whether the device needs a speech therapist's competence to prescribe.
    pub speech_therapist: Option<bool>,
    /// Whether the person seeks asylum (source 003 §7.1).
    pub asylum_seeker: Option<bool>,
}

impl PayerFacts {
    /// The facts that every question has; the rest unknown.
    pub fn new(iso: IsoCode, on: Date, region: PrincipalId) -> Self {
        Self {
            iso,
            on,
            region,
            customer_principal: None,
            born_on: None,
            registered_in: None,
            home_care: None,
            housing: None,
            in_habilitation: None,
            lss_rehabilitation: None,
            place_of_care: None,
            purpose: None,
            duration: None,
            category: None,
            speech_therapist: None,
            asylum_seeker: None,
        }
    }

    /// What is known, by name, in the order of the fields.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let mut told = vec![
            ("on".to_owned(), self.on.to_string()),
            ("iso".to_owned(), self.iso.to_string()),
        ];
        let mut tell = |name: &str, value: Option<String>| {
            told.extend(value.map(|value| (name.to_owned(), value)));
        };
        let yes_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
        tell("region", Some(self.region.to_string()));
        tell(
            "customer_principal",
            self.customer_principal.as_ref().map(ToString::to_string),
        );
        // The age, not the day of birth: an explanation tells no more than the rule asked.
        tell(
            "age",
            self.born_on
                .map(|born| hjm_ids::age_on(born, self.on).to_string()),
        );
        tell(
            "registered_in",
            self.registered_in.as_ref().map(ToString::to_string),
        );
        tell(
            "home_care",
            self.home_care.as_ref().map(ToString::to_string),
        );
        tell("housing", self.housing.map(|value| format!("{value:?}")));
        tell("in_habilitation", self.in_habilitation.map(yes_no));
        tell("lss_rehabilitation", self.lss_rehabilitation.map(yes_no));
        tell(
            "place_of_care",
            self.place_of_care.map(|value| format!("{value:?}")),
        );
        tell("purpose", self.purpose.map(|value| format!("{value:?}")));
        tell("duration", self.duration.map(|value| format!("{value:?}")));
        tell("category", self.category.map(|value| format!("{value:?}")));
        tell("speech_therapist", self.speech_therapist.map(yes_no));
        tell("asylum_seeker", self.asylum_seeker.map(yes_no));
        told
    }
}

impl fmt::Display for HomeCare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEnrolled => f.pad("no"),
            Self::Of(municipality) => municipality.fmt(f),
        }
    }
}

//! What a prescription is for, for how long, and what else of it says who pays.

use hjm_catalogue::{Duration, Housing, PlaceOfCare, ProductCategory, Purpose};
use hjm_proto::{catalogue::v1 as pb, prescription::v1::LineDecision};
use hjm_service::Violations;

/// What something is needed for and how long, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Need {
    pub(crate) purpose: Option<Purpose>,
    pub(crate) duration: Option<Duration>,
}

/// A need of which each part may be unknown.
pub(crate) fn from_pb_need(
    violations: &mut Violations,
    (purpose_field, purpose): (&str, i32),
    (duration_field, duration): (&str, i32),
) -> Option<Need> {
    let purpose = violations.need(purpose_field, pb::Purpose::try_from(purpose).ok());
    let duration = violations.need(duration_field, pb::Duration::try_from(duration).ok());
    let purpose = match purpose? {
        pb::Purpose::Unspecified => None,
        pb::Purpose::DailyLiving => Some(Purpose::DailyLiving),
        pb::Purpose::CareAndTreatment => Some(Purpose::CareAndTreatment),
    };
    let duration = match duration? {
        pb::Duration::Unspecified => None,
        pb::Duration::Temporary => Some(Duration::Temporary),
        pb::Duration::Lasting => Some(Duration::Lasting),
    };
    Some(Need { purpose, duration })
}

pub(crate) fn to_pb_need(need: Need) -> (pb::Purpose, pb::Duration) {
    let purpose = match need.purpose {
        None => pb::Purpose::Unspecified,
        Some(Purpose::DailyLiving) => pb::Purpose::DailyLiving,
        Some(Purpose::CareAndTreatment) => pb::Purpose::CareAndTreatment,
    };
    let duration = match need.duration {
        None => pb::Duration::Unspecified,
        Some(Duration::Temporary) => pb::Duration::Temporary,
        Some(Duration::Lasting) => pb::Duration::Lasting,
    };
    (purpose, duration)
}

/// What else of a prescription says who pays, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Circumstances {
    pub(crate) place_of_care: Option<PlaceOfCare>,
    pub(crate) category: Option<ProductCategory>,
    pub(crate) speech_therapist: Option<bool>,
}

/// Circumstances of which each part may be unknown.
pub(crate) fn from_pb_circumstances(
    violations: &mut Violations,
    (place_field, place): (&str, i32),
    (category_field, category): (&str, i32),
    speech_therapist: Option<bool>,
) -> Option<Circumstances> {
    let place = violations.need(place_field, pb::PlaceOfCare::try_from(place).ok());
    let category = violations.need(category_field, pb::ProductCategory::try_from(category).ok());
    let place_of_care = match place? {
        pb::PlaceOfCare::Unspecified => None,
        pb::PlaceOfCare::Home => Some(PlaceOfCare::Home),
        pb::PlaceOfCare::PrimaryCare => Some(PlaceOfCare::PrimaryCare),
        pb::PlaceOfCare::Hospital => Some(PlaceOfCare::Hospital),
    };
    let category = match category? {
        pb::ProductCategory::Unspecified => None,
        pb::ProductCategory::Aid => Some(ProductCategory::Aid),
        pb::ProductCategory::MedicineNear => Some(ProductCategory::MedicineNear),
        pb::ProductCategory::BenefitConsumable => Some(ProductCategory::BenefitConsumable),
        pb::ProductCategory::SelfCare => Some(ProductCategory::SelfCare),
        pb::ProductCategory::Consumable => Some(ProductCategory::Consumable),
    };
    Some(Circumstances {
        place_of_care,
        category,
        speech_therapist,
    })
}

/// Tells them with what was decided on them.
pub(crate) fn tell_circumstances(decision: &mut LineDecision, told: Circumstances) {
    decision.set_place_of_care(match told.place_of_care {
        None => pb::PlaceOfCare::Unspecified,
        Some(PlaceOfCare::Home) => pb::PlaceOfCare::Home,
        Some(PlaceOfCare::PrimaryCare) => pb::PlaceOfCare::PrimaryCare,
        Some(PlaceOfCare::Hospital) => pb::PlaceOfCare::Hospital,
    });
    decision.set_category(match told.category {
        None => pb::ProductCategory::Unspecified,
        Some(ProductCategory::Aid) => pb::ProductCategory::Aid,
        Some(ProductCategory::MedicineNear) => pb::ProductCategory::MedicineNear,
        Some(ProductCategory::BenefitConsumable) => pb::ProductCategory::BenefitConsumable,
        Some(ProductCategory::SelfCare) => pb::ProductCategory::SelfCare,
        Some(ProductCategory::Consumable) => pb::ProductCategory::Consumable,
    });
    decision.speech_therapist = told.speech_therapist;
}

/// How a person lives; none when it is not known.
pub(crate) fn from_pb_housing(
    violations: &mut Violations,
    field: &str,
    housing: i32,
) -> Option<Housing> {
    let housing = violations.need(field, pb::Housing::try_from(housing).ok());
    match housing? {
        pb::Housing::Unspecified => None,
        pb::Housing::Ordinary => Some(Housing::Ordinary),
        pb::Housing::Special => Some(Housing::Special),
    }
}

pub(crate) fn to_pb_housing(housing: Option<Housing>) -> pb::Housing {
    match housing {
        None => pb::Housing::Unspecified,
        Some(Housing::Ordinary) => pb::Housing::Ordinary,
        Some(Housing::Special) => pb::Housing::Special,
    }
}

//! Who pays.

use hjm_catalogue::{
    Duration, HomeCare, Housing, Payer, PayerDecision, PayerFacts, PlaceOfCare, Prescribes,
    ProductCategory, Purpose,
};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{
    Violations,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_text, from_pb_text_optional, to_pb_explanation,
    },
};

use crate::{app::decision::Question, convert::from_pb_product_code};

const UNKNOWN_VALUE: &str = "is not a value of its kind";

pub(crate) fn from_pb_payer_question(
    violations: &mut Violations,
    question: &pb::PayerQuestion,
) -> Option<Question> {
    let iso = from_pb_product_code(violations, "question.iso_code", &question.iso_code);
    let on = from_pb_date(violations, "question.on", question.on.as_ref());
    let field = "question.region_principal_id";
    let region = from_pb_text(violations, field, &question.region_principal_id);
    let field = "question.customer_principal_id";
    let customer = from_pb_text_optional(violations, field, &question.customer_principal_id);
    let born_on = question.born_on.as_ref();
    let born_on = from_pb_date_optional(violations, "question.born_on", born_on);
    let registered_in = &question.registered_in;
    let registered_in = from_pb_text_optional(violations, "question.registered_in", registered_in);
    let home_care = home_care(violations, question.home_care.as_ref());
    let coded = coded(violations, question);
    let (housing, place_of_care, purpose, duration, category) = coded?;
    Some(Question::Payer(Box::new(PayerFacts {
        customer_principal: customer?,
        born_on: born_on?,
        registered_in: registered_in?,
        home_care,
        housing,
        in_habilitation: question.in_habilitation,
        lss_rehabilitation: question.lss_rehabilitation,
        place_of_care,
        purpose,
        duration,
        category,
        speech_therapist: question.speech_therapist,
        asylum_seeker: question.asylum_seeker,
        ..PayerFacts::new(iso?, on?, region?)
    })))
}

fn home_care(
    violations: &mut Violations,
    told: Option<&pb::payer_question::HomeCare>,
) -> Option<HomeCare> {
    match told? {
        pb::payer_question::HomeCare::HomeCareOf(principal) => {
            from_pb_text(violations, "question.home_care_of", principal).map(HomeCare::Of)
        }
        pb::payer_question::HomeCare::NoHomeCare(true) => Some(HomeCare::NotEnrolled),
        pb::payer_question::HomeCare::NoHomeCare(false) => {
            violations.add(
                "question.no_home_care",
                "name the municipality in home_care_of",
            );
            None
        }
    }
}

type Coded = (
    Option<Housing>,
    Option<PlaceOfCare>,
    Option<Purpose>,
    Option<Duration>,
    Option<ProductCategory>,
);

fn coded(violations: &mut Violations, question: &pb::PayerQuestion) -> Option<Coded> {
    let housing = pb::Housing::try_from(question.housing).map_err(|_| UNKNOWN_VALUE);
    let housing = violations.take("question.housing", housing);
    let place = pb::PlaceOfCare::try_from(question.place_of_care).map_err(|_| UNKNOWN_VALUE);
    let place = violations.take("question.place_of_care", place);
    let purpose = pb::Purpose::try_from(question.purpose).map_err(|_| UNKNOWN_VALUE);
    let purpose = violations.take("question.purpose", purpose);
    let duration = pb::Duration::try_from(question.duration).map_err(|_| UNKNOWN_VALUE);
    let duration = violations.take("question.duration", duration);
    let category = pb::ProductCategory::try_from(question.category).map_err(|_| UNKNOWN_VALUE);
    let category = violations.take("question.category", category);
    Some((
        from_pb_housing(housing?),
        from_pb_place(place?),
        from_pb_purpose(purpose?),
        from_pb_duration(duration?),
        from_pb_category(category?),
    ))
}

fn from_pb_housing(housing: pb::Housing) -> Option<Housing> {
    match housing {
        pb::Housing::Unspecified => None,
        pb::Housing::Ordinary => Some(Housing::Ordinary),
        pb::Housing::Special => Some(Housing::Special),
    }
}

fn from_pb_place(place: pb::PlaceOfCare) -> Option<PlaceOfCare> {
    match place {
        pb::PlaceOfCare::Unspecified => None,
        pb::PlaceOfCare::Home => Some(PlaceOfCare::Home),
        pb::PlaceOfCare::PrimaryCare => Some(PlaceOfCare::PrimaryCare),
        pb::PlaceOfCare::Hospital => Some(PlaceOfCare::Hospital),
    }
}

fn from_pb_purpose(purpose: pb::Purpose) -> Option<Purpose> {
    match purpose {
        pb::Purpose::Unspecified => None,
        pb::Purpose::DailyLiving => Some(Purpose::DailyLiving),
        pb::Purpose::CareAndTreatment => Some(Purpose::CareAndTreatment),
    }
}

fn from_pb_duration(duration: pb::Duration) -> Option<Duration> {
    match duration {
        pb::Duration::Unspecified => None,
        pb::Duration::Temporary => Some(Duration::Temporary),
        pb::Duration::Lasting => Some(Duration::Lasting),
    }
}

fn from_pb_category(category: pb::ProductCategory) -> Option<ProductCategory> {
    match category {
        pb::ProductCategory::Unspecified => None,
        pb::ProductCategory::Aid => Some(ProductCategory::Aid),
        pb::ProductCategory::MedicineNear => Some(ProductCategory::MedicineNear),
        pb::ProductCategory::BenefitConsumable => Some(ProductCategory::BenefitConsumable),
        pb::ProductCategory::SelfCare => Some(ProductCategory::SelfCare),
        pb::ProductCategory::Consumable => Some(ProductCategory::Consumable),
    }
}

pub(crate) fn to_pb_payer(decision: &PayerDecision) -> pb::PayerAnswer {
    let (kind, principal_id, apply_to) = match &decision.payer {
        Payer::Principal(principal) => (
            pb::PayerKind::Principal,
            principal.to_string(),
            String::new(),
        ),
        Payer::Person => (pb::PayerKind::Person, String::new(), String::new()),
        Payer::HomeRegion => (pb::PayerKind::HomeRegion, String::new(), String::new()),
        Payer::State => (pb::PayerKind::State, String::new(), String::new()),
        Payer::Outside { apply_to } => (pb::PayerKind::Outside, String::new(), apply_to.clone()),
    };
    let prescribed_by = match decision.prescribes {
        Prescribes::Payer => pb::PrescribedBy::Payer,
        Prescribes::Region => pb::PrescribedBy::Region,
        Prescribes::Municipality => pb::PrescribedBy::Municipality,
    };
    pb::PayerAnswer {
        kind: kind.into(),
        principal_id,
        apply_to,
        prescribed_by: prescribed_by.into(),
        explanation: Some(to_pb_explanation(&decision.explanation)),
    }
}

//! Persons: their numbers, read and never told, and their facts.

use hjm_ids::{IdentityKind, PersonIdentity};
use hjm_prescription::Residence;
use hjm_proto::prescription::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_date, from_pb_date_optional, from_pb_text_optional, to_pb_date},
};
use jiff::civil::Date;

use super::need::{from_pb_housing, to_pb_housing};
use crate::store::recipient::{FactsRow, RecipientRow};

/// The first year that a date on the wire can tell.
const YEAR_MIN: i16 = 1900;

/// A person to register. It holds a number, so it cannot be printed.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) identity: PersonIdentity,
    pub(crate) born_on: Date,
    pub(crate) facts: Option<FactsRow>,
}

pub(crate) fn from_pb_identity(
    violations: &mut Violations,
    identity: Option<&pb::Identity>,
) -> Option<PersonIdentity> {
    let identity = violations.need("identity", identity)?;
    let kind = match pb::IdentityKind::try_from(identity.kind) {
        Ok(pb::IdentityKind::Personal) => Some(IdentityKind::Personal),
        Ok(pb::IdentityKind::Coordination) => Some(IdentityKind::Coordination),
        Ok(pb::IdentityKind::ReserveNational) => Some(IdentityKind::ReserveNational),
        Ok(pb::IdentityKind::ReserveStockholm) => Some(IdentityKind::ReserveStockholm),
        Ok(pb::IdentityKind::ReserveVgr) => Some(IdentityKind::ReserveVgr),
        Ok(pb::IdentityKind::ReserveVarmland) => Some(IdentityKind::ReserveVarmland),
        Ok(pb::IdentityKind::ReserveClnk) => Some(IdentityKind::ReserveClnk),
        Ok(pb::IdentityKind::Unspecified) | Err(_) => None,
    };
    let kind = violations.need("identity.kind", kind)?;
    violations.take(
        "identity.value",
        PersonIdentity::parse(kind, &identity.value),
    )
}

/// A person to register. The date of birth is the number's; a number without one needs it said.
pub(crate) fn from_pb_registration(
    violations: &mut Violations,
    request: &pb::RegisterRecipientRequest,
    today: Date,
) -> Option<Registration> {
    let identity = from_pb_identity(violations, request.identity.as_ref());
    let said = from_pb_date_optional(violations, "born_on", request.born_on.as_ref());
    let facts = match &request.facts {
        None => Some(None),
        Some(facts) => from_pb_facts(violations, Some(facts)).map(Some),
    };
    let identity = identity?;
    let said = said?;
    let born_on = match (identity.born_on(), said) {
        (Some(told), Some(said)) if told != said => {
            violations.add("born_on", "must be as in the identity number");
            return None;
        }
        (Some(told), _) => Some(("identity.value", told)),
        (None, Some(said)) => Some(("born_on", said)),
        (None, None) => None,
    };
    let (field, born_on) = violations.need("born_on", born_on)?;
    if born_on > today || born_on.year() < YEAR_MIN {
        violations.add(field, "must tell a birth from the year 1900 until today");
        return None;
    }
    Some(Registration {
        identity,
        born_on,
        facts: facts?,
    })
}

pub(crate) fn from_pb_facts(
    violations: &mut Violations,
    facts: Option<&pb::RecipientFacts>,
) -> Option<FactsRow> {
    let facts = violations.need("facts", facts)?;
    let from = from_pb_date(violations, "facts.valid_from", facts.valid_from.as_ref());
    let home_care = from_pb_text_optional(
        violations,
        "facts.home_care_principal_id",
        &facts.home_care_principal_id,
    );
    let registered_in = from_pb_text_optional(
        violations,
        "facts.registered_in_principal_id",
        &facts.registered_in_principal_id,
    );
    let housing = from_pb_housing(violations, "facts.housing", facts.housing);
    Some(FactsRow {
        valid_from: from?,
        home_care: home_care?,
        asylum_seeker: facts.asylum_seeker,
        registered_in: registered_in?,
        housing,
        in_habilitation: facts.in_habilitation,
        lss_rehabilitation: facts.lss_rehabilitation,
    })
}

pub(crate) fn to_pb_recipient(row: &RecipientRow, facts: Option<&FactsRow>) -> pb::Recipient {
    pb::Recipient {
        recipient_id: row.recipient.to_string(),
        born_on: Some(to_pb_date(row.born_on)),
        died_on: row.died_on.map(to_pb_date),
        facts: facts.map(|facts| pb::RecipientFacts {
            valid_from: Some(to_pb_date(facts.valid_from)),
            home_care_principal_id: facts
                .home_care
                .as_ref()
                .map_or(String::new(), ToString::to_string),
            asylum_seeker: facts.asylum_seeker,
            registered_in_principal_id: facts
                .registered_in
                .as_ref()
                .map_or(String::new(), ToString::to_string),
            housing: to_pb_housing(facts.housing).into(),
            in_habilitation: facts.in_habilitation,
            lss_rehabilitation: facts.lss_rehabilitation,
        }),
    }
}

pub(crate) fn to_pb_residences(residences: &[Residence]) -> Vec<pb::Residence> {
    let residence = |residence: &Residence| pb::Residence {
        registered_in_principal_id: residence
            .municipality
            .as_ref()
            .map_or(String::new(), ToString::to_string),
        from: Some(to_pb_date(residence.from)),
    };
    residences.iter().map(residence).collect()
}

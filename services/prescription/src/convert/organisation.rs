//! Principals and their customer units.

use hjm_proto::prescription::v1 as pb;
use hjm_service::{
    Violations,
    convert::{from_pb_text, from_pb_words},
};

use crate::store::organisation::{PrincipalRow, UnitRow};

const NAME_LENGTH_MAX: usize = 200;

pub(crate) fn from_pb_principal(
    violations: &mut Violations,
    principal: Option<&pb::Principal>,
) -> Option<PrincipalRow> {
    let principal = violations.need("principal", principal)?;
    let id = from_pb_text(
        violations,
        "principal.principal_id",
        &principal.principal_id,
    );
    let kind = pb::PrincipalKind::try_from(principal.kind)
        .ok()
        .filter(|kind| *kind != pb::PrincipalKind::Unspecified);
    let kind = violations.need("principal.kind", kind);
    let name = from_pb_words(
        violations,
        "principal.name",
        &principal.name,
        NAME_LENGTH_MAX,
    );
    Some(PrincipalRow {
        principal: id?,
        kind: kind?,
        name: name?,
    })
}

pub(crate) fn to_pb_principal(row: &PrincipalRow) -> pb::Principal {
    pb::Principal {
        principal_id: row.principal.to_string(),
        kind: row.kind.into(),
        name: row.name.clone(),
    }
}

pub(crate) fn from_pb_unit(
    violations: &mut Violations,
    unit: Option<&pb::CustomerUnit>,
) -> Option<UnitRow> {
    let unit = violations.need("unit", unit)?;
    let number = from_pb_text(violations, "unit.customer_number", &unit.customer_number);
    let principal = from_pb_text(violations, "unit.principal_id", &unit.principal_id);
    let name = from_pb_words(violations, "unit.name", &unit.name, NAME_LENGTH_MAX);
    Some(UnitRow {
        customer_number: number?,
        principal: principal?,
        name: name?,
    })
}

pub(crate) fn to_pb_unit(row: &UnitRow) -> pb::CustomerUnit {
    pb::CustomerUnit {
        customer_number: row.customer_number.to_string(),
        principal_id: row.principal.to_string(),
        name: row.name.clone(),
    }
}

//! Principals and customer units.

use hjm_ids::{CustomerNumber, PrincipalId, TenantId};
use hjm_proto::prescription::v1::PrincipalKind;
use hjm_service::Failure;
use sqlx::PgConnection;

use super::{broken, stored};
use crate::error::Error;

const KIND_PREFIX: &str = "PRINCIPAL_KIND_";

/// A region or a municipality.
#[derive(Debug, Clone)]
pub(crate) struct PrincipalRow {
    pub(crate) principal: PrincipalId,
    pub(crate) kind: PrincipalKind,
    pub(crate) name: String,
}

/// A unit with the customer number its charges go to.
#[derive(Debug, Clone)]
pub(crate) struct UnitRow {
    pub(crate) customer_number: CustomerNumber,
    pub(crate) principal: PrincipalId,
    pub(crate) name: String,
}

struct StoredPrincipal {
    principal_id: String,
    kind: String,
    name: String,
}

impl TryFrom<StoredPrincipal> for PrincipalRow {
    type Error = Failure;

    fn try_from(row: StoredPrincipal) -> Result<Self, Failure> {
        let kind = PrincipalKind::from_str_name(&format!("{KIND_PREFIX}{}", row.kind));
        Ok(Self {
            principal: stored(&row.principal_id)?,
            kind: kind.ok_or_else(|| Failure::internal("a stored principal cannot be read"))?,
            name: row.name,
        })
    }
}

struct StoredUnit {
    customer_number: String,
    principal_id: String,
    name: String,
}

impl TryFrom<StoredUnit> for UnitRow {
    type Error = Failure;

    fn try_from(row: StoredUnit) -> Result<Self, Failure> {
        Ok(Self {
            customer_number: stored(&row.customer_number)?,
            principal: stored(&row.principal_id)?,
            name: row.name,
        })
    }
}

/// Adds a principal; refused when its id is taken or there is a region already.
pub(crate) async fn principal_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &PrincipalRow,
) -> Result<(), Error> {
    let inserted = sqlx::query!(
        "INSERT INTO prescription.principal (tenant_id, principal_id, kind, name)
         VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, principal_id) DO NOTHING",
        tenant.as_str(),
        row.principal.as_str(),
        row.kind.as_str_name().trim_start_matches(KIND_PREFIX),
        row.name
    )
    .execute(connection)
    .await
    .map_err(|error| match broken(&error) {
        Some("principal_one_region") => Error::RegionExists,
        Some(_) | None => error.into(),
    })?;
    if inserted.rows_affected() == 0 {
        Err(Error::PrincipalExists)
    } else {
        Ok(())
    }
}

/// One principal, if it is known.
pub(crate) async fn principal_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    principal: &PrincipalId,
) -> Result<Option<PrincipalRow>, Failure> {
    sqlx::query_as!(
        StoredPrincipal,
        "SELECT principal_id, kind, name FROM prescription.principal
          WHERE tenant_id = $1 AND principal_id = $2",
        tenant.as_str(),
        principal.as_str()
    )
    .fetch_optional(connection)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// Principals after an id, in order of id.
pub(crate) async fn principal_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: &str,
    rows_max: i64,
) -> Result<Vec<PrincipalRow>, Failure> {
    sqlx::query_as!(
        StoredPrincipal,
        "SELECT principal_id, kind, name FROM prescription.principal
          WHERE tenant_id = $1 AND principal_id > $2 ORDER BY principal_id LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

/// The county's region, if it is known.
pub(crate) async fn region_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
) -> Result<Option<PrincipalId>, Failure> {
    let region = sqlx::query_scalar!(
        "SELECT principal_id FROM prescription.principal WHERE tenant_id = $1 AND kind = 'REGION'",
        tenant.as_str()
    )
    .fetch_optional(connection)
    .await?;
    region.map(|region| stored(&region)).transpose()
}

/// Adds a unit; refused when its number is taken or its principal unknown.
pub(crate) async fn unit_insert(
    connection: &mut PgConnection,
    tenant: &TenantId,
    row: &UnitRow,
) -> Result<(), Error> {
    let inserted = sqlx::query!(
        "INSERT INTO prescription.customer_unit (tenant_id, customer_number, principal_id, name)
         VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, customer_number) DO NOTHING",
        tenant.as_str(),
        row.customer_number.as_str(),
        row.principal.as_str(),
        row.name
    )
    .execute(connection)
    .await
    .map_err(|error| match broken(&error) {
        Some("customer_unit_tenant_id_principal_id_fkey") => Error::PrincipalUnknown {
            field: "unit.principal_id",
        },
        Some(_) | None => error.into(),
    })?;
    if inserted.rows_affected() == 0 {
        Err(Error::CustomerNumberExists)
    } else {
        Ok(())
    }
}

/// One unit, if its number is known.
pub(crate) async fn unit_find(
    connection: &mut PgConnection,
    tenant: &TenantId,
    number: &CustomerNumber,
) -> Result<Option<UnitRow>, Failure> {
    sqlx::query_as!(
        StoredUnit,
        "SELECT customer_number, principal_id, name FROM prescription.customer_unit
          WHERE tenant_id = $1 AND customer_number = $2",
        tenant.as_str(),
        number.as_str()
    )
    .fetch_optional(connection)
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// Units after a customer number, in order of number.
pub(crate) async fn unit_list(
    connection: &mut PgConnection,
    tenant: &TenantId,
    after: &str,
    rows_max: i64,
) -> Result<Vec<UnitRow>, Failure> {
    sqlx::query_as!(
        StoredUnit,
        "SELECT customer_number, principal_id, name FROM prescription.customer_unit
          WHERE tenant_id = $1 AND customer_number > $2 ORDER BY customer_number LIMIT $3",
        tenant.as_str(),
        after,
        rows_max
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}

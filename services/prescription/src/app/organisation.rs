//! Principals and their customer units.

use hjm_ids::CustomerNumber;
use hjm_proto::prescription::v1 as pb;
use hjm_service::{Caller, Failure, WriteKey};

use super::Written;
use crate::{
    Deps,
    convert::{to_pb_principal, to_pb_unit},
    events,
    store::organisation::{self as store, PrincipalRow, UnitRow},
};

/// Adds a principal.
pub(crate) async fn create_principal(
    deps: &Deps,
    key: WriteKey,
    row: PrincipalRow,
) -> Written<pb::CreatePrincipalResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::principal_insert(tx, &tenant, &row).await?;
            let principal = to_pb_principal(&row);
            let events = vec![events::principal_changed(principal.clone())];
            let answer = pb::CreatePrincipalResponse {
                principal: Some(principal),
                ..Default::default()
            };
            Ok((answer, events))
        })
    });
    written.await
}

/// Principals by id, a page.
pub(crate) async fn list_principals(
    deps: &Deps,
    caller: &Caller,
    after: String,
    rows_max: i64,
) -> Result<Vec<PrincipalRow>, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move { store::principal_list(tx, &tenant, &after, rows_max).await })
    });
    read.await
}

/// Adds a unit.
pub(crate) async fn create_unit(
    deps: &Deps,
    key: WriteKey,
    row: UnitRow,
) -> Written<pb::CreateCustomerUnitResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::unit_insert(tx, &tenant, &row).await?;
            let unit = to_pb_unit(&row);
            let events = vec![events::customer_unit_changed(unit.clone())];
            let answer = pb::CreateCustomerUnitResponse {
                unit: Some(unit),
                ..Default::default()
            };
            Ok((answer, events))
        })
    });
    written.await
}

/// One unit.
pub(crate) async fn get_unit(
    deps: &Deps,
    caller: &Caller,
    number: CustomerNumber,
) -> Result<UnitRow, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            let unit = store::unit_find(tx, &tenant, &number).await?;
            unit.ok_or(Failure::NotFound("customer unit"))
        })
    });
    read.await
}

/// Units by customer number, a page.
pub(crate) async fn list_units(
    deps: &Deps,
    caller: &Caller,
    after: String,
    rows_max: i64,
) -> Result<Vec<UnitRow>, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move { store::unit_list(tx, &tenant, &after, rows_max).await })
    });
    read.await
}

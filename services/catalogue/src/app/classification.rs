//! The classification: codes of each edition, mappings between them, and lists of both.

use hjm_catalogue::{EditionCode, IsoEdition, IsoLine, IsoLineOutcome, MappedCode, map_code};
use hjm_ids::{IsoCode, TenantId};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, Violations, WriteKey};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::Written;
use crate::{
    Deps,
    convert::{to_pb_broken, to_pb_iso_code, to_pb_line_status, to_pb_mapping_kind},
    error::Error,
    store::{self, IsoCodeFilter, IsoCodeRow},
};

const CODE: &str = "ISO code";

/// A line of a list: its number, and what was read of it.
pub(crate) type ListLine = (u32, Result<IsoLine, Violations>);

/// A code on a day with what it lies under, itself last.
pub(crate) async fn get_iso_code(
    deps: &Deps,
    caller: &Caller,
    key: EditionCode,
    on: Date,
) -> Result<Vec<IsoCodeRow>, Error> {
    let tenant = caller.tenant.clone();
    let path: Vec<IsoCode> =
        std::iter::successors(Some(key.code.clone()), IsoCode::parent).collect();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            let found = store::iso_code_find(tx, &tenant, key.edition, &path, on).await?;
            let found = Some(found)
                .filter(|found| found.last().is_some_and(|row| row.key.code == key.code));
            found.ok_or(Failure::NotFound(CODE))
        })
    });
    Ok(read.await?)
}

/// Codes of an edition, a page.
pub(crate) async fn list_iso_codes(
    deps: &Deps,
    caller: &Caller,
    filter: IsoCodeFilter,
    rows_max: i64,
) -> Result<Vec<IsoCodeRow>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { store::iso_code_list(tx, &tenant, &filter, rows_max).await })
    });
    Ok(read.await?)
}

/// The codes of another edition that a code answers to on a day.
pub(crate) async fn map_iso_code(
    deps: &Deps,
    caller: &Caller,
    key: EditionCode,
    to: IsoEdition,
    on: Date,
) -> Result<pb::MapIsoCodeResponse, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            let asked = [key.code.clone()];
            let known = store::iso_code_find(tx, &tenant, key.edition, &asked, on).await?;
            if known.is_empty() {
                return Err(Failure::NotFound(CODE));
            }
            let mappings = store::iso_mapping_around(tx, &tenant, &key, on).await?;
            let mapped = map_code(&mappings, &key, to);
            let found = store::iso_code_find(tx, &tenant, to, &mapped.codes, on).await?;
            Ok(told(&mapped, &found))
        })
    });
    Ok(read.await?)
}

fn told(mapped: &MappedCode, found: &[IsoCodeRow]) -> pb::MapIsoCodeResponse {
    pb::MapIsoCodeResponse {
        kind: to_pb_mapping_kind(mapped.kind).into(),
        codes: found.iter().map(to_pb_iso_code).collect(),
        shared_with: mapped.shared_with.iter().map(ToString::to_string).collect(),
    }
}

/// What importing a list would do; stores nothing.
pub(crate) async fn preview_iso_codes(
    deps: &Deps,
    caller: &Caller,
    lines: Vec<ListLine>,
) -> Result<pb::ImportIsoCodesResponse, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { Ok::<_, Failure>(take_in(tx, &tenant, &lines).await?.0) })
    });
    Ok(pb::ImportIsoCodesResponse {
        lines: read.await?,
        ..Default::default()
    })
}

/// Takes a list in: good lines are stored, broken ones named.
pub(crate) async fn import_iso_codes(
    deps: &Deps,
    key: WriteKey,
    lines: Vec<ListLine>,
) -> Written<pb::ImportIsoCodesResponse> {
    let tenant = key.caller.tenant.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            store::classification_lock(tx, &tenant).await?;
            let (statuses, changes) = take_in(tx, &tenant, &lines).await?;
            store::classification_put(tx, &tenant, &changes).await?;
            let response = pb::ImportIsoCodesResponse {
                lines: statuses,
                ..Default::default()
            };
            Ok((response, Vec::new()))
        })
    });
    written.await
}

/// The status of each line, and those that are to be stored.
async fn take_in(
    tx: &mut PgConnection,
    tenant: &TenantId,
    lines: &[ListLine],
) -> Result<(Vec<pb::IsoLineStatus>, Vec<IsoLine>), Failure> {
    let mut classification = store::classification_read(tx, tenant).await?;
    let good = lines.iter().filter_map(|(_, line)| line.as_ref().ok());
    let good: Vec<IsoLine> = good.cloned().collect();
    let outcomes = classification.take(&good);
    let changes = good.into_iter().zip(&outcomes);
    let changes = changes.filter(|(_, outcome)| match outcome {
        IsoLineOutcome::Added | IsoLineOutcome::Changed => true,
        IsoLineOutcome::Unchanged | IsoLineOutcome::Refused(..) => false,
    });
    let changes = changes.map(|(line, _)| line).collect();
    let mut outcomes = outcomes.iter();
    let statuses = lines.iter().filter_map(|(number, line)| match line {
        Ok(_) => outcomes
            .next()
            .map(|outcome| to_pb_line_status(*number, outcome)),
        Err(violations) => Some(to_pb_broken(*number, violations)),
    });
    Ok((statuses.collect(), changes))
}

//! Who has looked at whom: the extract that a person gets, and the sample that a reviewer takes.

use std::collections::BTreeSet;

use hjm_ids::{RecipientId, TenantId};
use hjm_proto::free_card::v1 as pb;
use hjm_service::{
    Failure,
    access::{self, AccessKey, AccessOf, AccessRow},
    convert::to_pb_timestamp,
};
use sqlx::PgConnection;

use super::{Looking, circle::identities};
use crate::{Deps, error::Error};

/// Accesses in a page at the most: each may be to another person, whose look is logged with it.
pub(crate) const ACCESSES_MAX: i64 = 256;

/// A page of accesses before one, newest first, with its last access; of a person under all of its
/// identities (D-19). A principal reviews its own: who else looked, or charged, is between the
/// person and the aid centre (D-15, D-22). Looking is an access too, to everybody who is shown.
pub(crate) async fn list_access(
    deps: &Deps,
    looking: Looking,
    of: AccessOf,
    before: Option<AccessKey>,
    rows_max: i64,
) -> Result<(Vec<pb::Access>, Option<AccessKey>), Error> {
    let by = looking.clone();
    let found = deps.core.look(&looking, |tx| {
        Box::pin(async move {
            let tenant = &by.caller.tenant;
            let own = by.caller.scope().principal;
            let (of, asked) = match of {
                AccessOf::Person(ids) => (all_of(tx, tenant, &ids).await?, ids),
                AccessOf::User(user) => (AccessOf::User(user), Vec::new()),
            };
            let rows = access::access_list(tx, tenant, &of, own.as_ref(), before, rows_max).await?;
            let mut subjects: BTreeSet<RecipientId> = asked.into_iter().collect();
            if matches!(of, AccessOf::User(_)) {
                let shown = rows.iter().map(|row| row.entry.subject);
                subjects.extend(shown.map(RecipientId::new));
            }
            let notes = subjects.into_iter().map(|one| by.note(one, "accesses"));
            Ok((rows, notes.collect()))
        })
    });
    let rows = found.await?;
    let last = rows.last().map(|row| row.key);
    Ok((rows.into_iter().map(to_pb_access).collect(), last))
}

/// A person under all of its identities.
async fn all_of(
    tx: &mut PgConnection,
    tenant: &TenantId,
    asked: &[RecipientId],
) -> Result<AccessOf, Failure> {
    let mut all = BTreeSet::new();
    for one in asked {
        all.extend(identities(tx, tenant, *one).await?);
    }
    Ok(AccessOf::Person(all.into_iter().collect()))
}

fn to_pb_access(row: AccessRow) -> pb::Access {
    pb::Access {
        at: Some(to_pb_timestamp(row.key.0)),
        action: row.entry.action,
        recipient_id: RecipientId::new(row.entry.subject).to_string(),
        principal_id: row.entry.principal_id,
        client: row.entry.client,
        user: row.entry.user,
        purpose: row.entry.purpose,
        scheme_id: row.entry.object,
        account_version: row.entry.version.unsigned_abs(),
    }
}

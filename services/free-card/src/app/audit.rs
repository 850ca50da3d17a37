//! Who has looked at whom: the extract that a person gets, and the sample that a reviewer takes.

use hjm_proto::free_card::v1 as pb;
use hjm_service::{
    access::{self, AccessKey, AccessOf, AccessRow},
    convert::to_pb_timestamp,
};

use super::Looking;
use crate::{Deps, error::Error};

/// A page of accesses before one, newest first, with its last access. Looking is an access too.
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
            let rows = access::access_list(tx, tenant, &of, before, rows_max).await?;
            let notes = match of {
                AccessOf::Subject(subject) => vec![by.note(subject, "accesses")],
                AccessOf::User(_) => Vec::new(),
            };
            Ok((rows, notes))
        })
    });
    let rows = found.await?;
    let last = rows.last().map(|row| row.key);
    Ok((rows.into_iter().map(to_pb_access).collect(), last))
}

fn to_pb_access(row: AccessRow) -> pb::Access {
    pb::Access {
        at: Some(to_pb_timestamp(row.key.0)),
        action: row.entry.action,
        recipient_id: hjm_ids::RecipientId::new(row.entry.subject).to_string(),
        principal_id: row.entry.principal_id,
        client: row.entry.client,
        user: row.entry.user,
        purpose: row.entry.purpose,
        scheme_id: row.entry.object,
        account_version: row.entry.version.unsigned_abs(),
    }
}

//! People: registered once by identity number, with dated facts, until their death.

use hjm_feed::NewEvent;
use hjm_ids::{LoanId, PersonIdentity, RecipientId, TenantId};
use hjm_prescription::Transition;
use hjm_proto::prescription::v1::{self as pb, PrincipalKind};
use hjm_service::{Caller, Failure, WriteKey, clock::civil_date};
use jiff::civil::Date;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Done, Written,
    loan::{basis_of, next_version},
    visible,
};
use crate::{
    Deps,
    convert::{Registration, to_pb_recipient},
    error::Error,
    events,
    store::{self, loan, organisation, recipient::FactsRow},
};

/// Registers a person. The same number again, also at the same moment, answers the person there
/// is and changes nothing.
pub(crate) async fn register(
    deps: &Deps,
    key: WriteKey,
    registration: Registration,
) -> Written<pb::RegisterRecipientResponse> {
    let (tenant, registering) = (key.caller.tenant.clone(), deps.clone());
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { register_in(tx, &registering, &tenant, &registration).await })
    });
    written.await
}

async fn register_in(
    tx: &mut PgConnection,
    deps: &Deps,
    tenant: &TenantId,
    registration: &Registration,
) -> Done<pb::RegisterRecipientResponse> {
    let digests = deps.keys.digests(tenant, &registration.identity);
    store::recipient::identity_lock(tx, tenant, &digests).await?;
    if let Some(known) = store::recipient::identity_find(tx, tenant, &digests).await? {
        return Ok((registered(known, true), Vec::new()));
    }
    let recipient = RecipientId::new(Uuid::now_v7());
    let sealed = deps.keys.seal(tenant, recipient, &registration.identity)?;
    let written_with = &digests[..1];
    store::recipient::recipient_insert(tx, tenant, recipient, registration.born_on).await?;
    store::recipient::identity_seal(tx, tenant, recipient, &sealed).await?;
    for digest in written_with {
        store::recipient::identity_insert(tx, tenant, recipient, digest).await?;
    }
    let mut told = vec![events::recipient_registered(recipient, written_with)];
    if let Some(facts) = &registration.facts {
        told.push(set_facts(tx, tenant, recipient, facts).await?);
    }
    Ok((registered(recipient, false), told))
}

fn registered(recipient: RecipientId, already_registered: bool) -> pb::RegisterRecipientResponse {
    pb::RegisterRecipientResponse {
        recipient_id: recipient.to_string(),
        already_registered,
        ..Default::default()
    }
}

async fn set_facts(
    tx: &mut PgConnection,
    tenant: &TenantId,
    recipient: RecipientId,
    facts: &FactsRow,
) -> Result<NewEvent, Error> {
    for (field, principal) in [
        ("facts.home_care_principal_id", &facts.home_care),
        ("facts.registered_in_principal_id", &facts.registered_in),
    ] {
        let Some(principal) = principal else { continue };
        let found = organisation::principal_find(tx, tenant, principal).await?;
        let found = found.ok_or(Error::PrincipalUnknown { field })?;
        if found.kind != PrincipalKind::Municipality {
            return Err(Error::NotAMunicipality { field });
        }
    }
    store::recipient::facts_set(tx, tenant, recipient, facts).await?;
    Ok(events::recipient_facts_changed(recipient, facts.valid_from))
}

/// The person that a number is.
pub(crate) async fn find(
    deps: &Deps,
    caller: &Caller,
    identity: &PersonIdentity,
) -> Result<RecipientId, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let digests = deps.keys.digests(&tenant, identity);
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            let found = store::recipient::identity_find(tx, &tenant, &digests).await?;
            found.ok_or(Failure::NotFound("recipient"))
        })
    });
    read.await
}

/// One person with the facts of a day.
pub(crate) async fn get(
    deps: &Deps,
    caller: &Caller,
    recipient: RecipientId,
    on: Date,
) -> Result<pb::Recipient, Failure> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, move |tx| {
        Box::pin(async move {
            let row = store::recipient::recipient_find(tx, &tenant, recipient).await?;
            let facts = store::recipient::facts_find(tx, &tenant, recipient, on).await?;
            Ok(to_pb_recipient(&row, facts.as_ref()))
        })
    });
    read.await
}

/// Sets the facts of a person from a day on, which is after every day that facts began on. What the
/// person borrows tells of a new municipality: recurring fees turn on it.
pub(crate) async fn change_facts(
    deps: &Deps,
    key: WriteKey,
    recipient: RecipientId,
    facts: FactsRow,
) -> Written<pb::ChangeFactsResponse> {
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let tenant = &noted.caller.tenant;
            let row = store::recipient::recipient_lock(tx, tenant, recipient).await?;
            let mut told = vec![set_facts(tx, tenant, recipient, &facts).await?];
            told.extend(retell(tx, &noted, recipient, facts.valid_from).await?);
            let recipient = Some(to_pb_recipient(&row, Some(&facts)));
            Ok((
                pb::ChangeFactsResponse {
                    recipient,
                    ..Default::default()
                },
                told,
            ))
        })
    });
    written.await
}

/// A next version of each loan that is out on a day, or came back after it, and says of the
/// person's residence what is not so any more: whoever pays for it.
async fn retell(
    tx: &mut PgConnection,
    key: &WriteKey,
    recipient: RecipientId,
    since: Date,
) -> Result<Vec<NewEvent>, Error> {
    let tenant = &key.caller.tenant;
    store::scope_widen(tx).await?;
    let mut told = Vec::new();
    for id in loan::loan_ids_since(tx, tenant, recipient, since).await? {
        loan::loan_lock(tx, tenant, id).await?;
        let row = loan::loan_find(tx, tenant, id).await?;
        let basis = basis_of(tx, tenant, &row.told).await?;
        if basis != row.told.fee_basis {
            let timeline = row.timeline.retold();
            told.push(next_version(tx, key, row, timeline, "").await?.1);
        }
    }
    Ok(told)
}

/// Records a death, and marks each rented loan that is out, or came back after it. It ends none:
/// rent runs until the return is registered (source 003 §7.2).
pub(crate) async fn record_death(
    deps: &Deps,
    key: WriteKey,
    recipient: RecipientId,
    died_on: Date,
) -> Written<pb::RecordDeathResponse> {
    let noted = key.clone();
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move { record_death_in(tx, &noted, recipient, died_on).await })
    });
    written.await
}

async fn record_death_in(
    tx: &mut PgConnection,
    key: &WriteKey,
    recipient: RecipientId,
    died_on: Date,
) -> Done<pb::RecordDeathResponse> {
    let tenant = &key.caller.tenant;
    let row = store::recipient::recipient_lock(tx, tenant, recipient).await?;
    let today = civil_date(key.now);
    let mut told = Vec::new();
    match row.died_on {
        Some(known) if known != died_on => return Err(Error::DeathRecorded(known)),
        None if died_on > today => return Err(Error::DeathInFuture(today)),
        None if died_on < row.born_on => return Err(Error::DeathBeforeBirth),
        Some(_) => {}
        None => {
            store::recipient::recipient_died(tx, tenant, recipient, died_on).await?;
            told.push(events::recipient_died(recipient, died_on));
        }
    }
    // The person's loans are marked whoever pays for them; the caller is told of its own.
    store::scope_widen(tx).await?;
    let mut open: Vec<LoanId> = Vec::new();
    for id in loan::loan_ids_since(tx, tenant, recipient, died_on).await? {
        loan::loan_lock(tx, tenant, id).await?;
        let row = loan::loan_find(tx, tenant, id).await?;
        if row.timeline.returned_on().is_none() && visible(&key.caller.scope(), &row.parties) {
            open.push(id);
        }
        if let Transition::Next(timeline) = row.timeline.record_death(died_on) {
            told.push(next_version(tx, key, row, timeline, "").await?.1);
        }
    }
    let open_loan_ids = open.iter().map(ToString::to_string).collect();
    Ok((
        pb::RecordDeathResponse {
            open_loan_ids,
            ..Default::default()
        },
        told,
    ))
}

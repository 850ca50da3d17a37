//! Policies: checked by the libs that own their sections, stored, put in force by a second person.

use hjm_billing::{LossPolicy, NationalAgreement, RentPolicy};
use hjm_catalogue::{Directives, FeeTable, PayerRules};
use hjm_feed::NewEvent;
use hjm_free_card::Scheme;
use hjm_ids::TenantId;
use hjm_policy::{Fault, PolicyDocument, PolicySet, Section, document_schema};
use hjm_proto::catalogue::v1 as pb;
use hjm_service::{Caller, Failure, Violations, WriteKey};
use jiff::{SignedDuration, Timestamp, civil::Date};
use sqlx::PgConnection;

use super::Written;
use crate::{
    Deps,
    convert::to_pb_policy,
    error::Error,
    events,
    store::{self, PolicyRow},
};

/// Every fault that the domain libs find in the sections they own.
pub(crate) fn section_faults(document: &PolicyDocument) -> Vec<Fault> {
    let mut faults = Vec::new();
    for section in document.sections() {
        let checked = match section {
            Section::Fees => FeeTable::parse(document).map(drop),
            Section::Payers => PayerRules::parse(document).map(drop),
            Section::Directives => Directives::parse(document).map(drop),
            Section::Rent => RentPolicy::parse(document).map(drop),
            Section::Loss => LossPolicy::parse(document).map(drop),
            Section::NationalAgreement => NationalAgreement::parse(document).map(drop),
            Section::FreeCard => Scheme::parse(document).map(drop),
        };
        faults.extend(checked.err().into_iter().flatten());
    }
    faults
}

/// The shape of a document, for editors: every section as the domain lib that owns it reads it.
pub(crate) fn schema() -> serde_json::Value {
    document_schema(Section::ALL.into_iter().map(|section| {
        let shape = match section {
            Section::Fees => FeeTable::schema(),
            Section::Payers => PayerRules::schema(),
            Section::Directives => Directives::schema(),
            Section::Rent => RentPolicy::schema(),
            Section::Loss => LossPolicy::schema(),
            Section::NationalAgreement => NationalAgreement::schema(),
            Section::FreeCard => Scheme::schema(),
        };
        (section, shape)
    }))
}

/// Reads a policy text with every domain lib that owns a section of it.
///
/// # Errors
/// [`Failure::Invalid`] with every fault and its place, under the field `text`.
pub(crate) fn check_policy(caller: &Caller, text: &str) -> Result<PolicyRow, Failure> {
    let document = PolicyDocument::parse(text).map_err(|faults| invalid(&faults))?;
    let mut faults = section_faults(&document);
    if document.tenant() != &caller.tenant {
        faults.push(Fault {
            place: "tenant".to_owned(),
            message: "is not the caller's".to_owned(),
        });
    }
    if !faults.is_empty() {
        return Err(invalid(&faults));
    }
    Ok(PolicyRow {
        policy_id: document.id().to_owned(),
        version: document.version(),
        title: document.title().to_owned(),
        hash: document.hash().to_owned(),
        sections: document
            .sections()
            .iter()
            .map(|section| section.name().to_owned())
            .collect(),
        text: document.text().to_owned(),
        imported_by: caller.user.clone(),
        active_from: None,
        activated_by: None,
    })
}

fn invalid(faults: &[Fault]) -> Failure {
    let mut violations = Violations::default();
    for fault in faults {
        violations.add("text", fault);
    }
    Failure::Invalid(violations)
}

/// What storing a checked version would answer; stores nothing.
pub(crate) async fn preview_policy(
    deps: &Deps,
    caller: &Caller,
    policy: PolicyRow,
) -> Result<pb::ImportPolicyResponse, Error> {
    let (tenant, scope) = (caller.tenant.clone(), caller.scope());
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move {
            match store::policy_find(tx, &tenant, &policy.policy_id, policy.version).await {
                Ok(stored) => same_text(stored, &policy),
                Err(Failure::NotFound(_)) => Ok(policy),
                Err(failure) => Err(failure.into()),
            }
        })
    });
    Ok(pb::ImportPolicyResponse {
        policy: Some(to_pb_policy(&read.await?)),
        ..Default::default()
    })
}

/// Stores a checked version. The same text again answers the version there is and tells nothing.
pub(crate) async fn import_policy(
    deps: &Deps,
    key: WriteKey,
    policy: PolicyRow,
) -> Written<pb::ImportPolicyResponse> {
    let (tenant, now) = (key.caller.tenant.clone(), key.now);
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let new = store::policy_insert(tx, &tenant, &policy, now).await?;
            let stored = store::policy_find(tx, &tenant, &policy.policy_id, policy.version).await?;
            let policy = to_pb_policy(&same_text(stored, &policy)?);
            let events = new.then(|| events::policy_imported(policy.clone()));
            let response = pb::ImportPolicyResponse {
                policy: Some(policy),
                ..Default::default()
            };
            Ok((response, events.into_iter().collect()))
        })
    });
    written.await
}

fn same_text(stored: PolicyRow, policy: &PolicyRow) -> Result<PolicyRow, Error> {
    if stored.hash == policy.hash {
        Ok(stored)
    } else {
        Err(Error::PolicyVersionExists)
    }
}

/// Puts a version in force from a day.
pub(crate) async fn activate_policy(
    deps: &Deps,
    key: WriteKey,
    policy_id: String,
    version: u32,
    active_from: Date,
) -> Written<pb::ActivatePolicyResponse> {
    let (caller, now) = (key.caller.clone(), key.now);
    let written = deps.producer.write(key, move |tx| {
        Box::pin(async move {
            let tenant = &caller.tenant;
            store::activation_lock(tx, tenant).await?;
            let mut policy = store::policy_find(tx, tenant, &policy_id, version).await?;
            let document = read_stored(&policy.text)?;
            refuse_activation(&policy, &document, &caller, active_from)?;
            let highest = store::activation_highest(tx, tenant, &policy_id).await?;
            if let Some(highest) = highest.filter(|highest| *highest > version) {
                return Err(Error::PolicyOrder(highest));
            }
            refuse_beside(tx, tenant, &document, active_from).await?;
            let last = store::activation_last(tx, tenant).await?;
            let now = activated_at(now, last);
            store::activation_insert(tx, tenant, &policy, active_from, &caller.user, now).await?;
            policy.active_from = Some(active_from);
            policy.activated_by = Some(caller.user);
            Ok(activated(&policy, now))
        })
    });
    written.await
}

fn read_stored(text: &str) -> Result<PolicyDocument, Failure> {
    PolicyDocument::parse(text).map_err(|faults| invalid(&faults))
}

/// Refuses a version that would decide a section beside another document.
async fn refuse_beside(
    tx: &mut PgConnection,
    tenant: &TenantId,
    document: &PolicyDocument,
    active_from: Date,
) -> Result<(), Error> {
    let mut set = PolicySet::new();
    for (text, active_from) in store::activated_texts(tx, tenant).await? {
        set.activate(read_stored(&text)?, active_from);
    }
    match set.holder_beside(document, active_from) {
        Some((section, policy_id)) => Err(Error::SectionTaken {
            section: section.name().to_owned(),
            policy_id,
        }),
        None => Ok(()),
    }
}

/// When a version counts as put in force: never before one that was put in force already, whoever
/// asked first, so that what was known at an instant stays as it was.
fn activated_at(now: Timestamp, last: Option<Timestamp>) -> Timestamp {
    match last {
        Some(last) if now < last => last
            .checked_add(SignedDuration::from_micros(1))
            .unwrap_or(last),
        Some(_) | None => now,
    }
}

fn refuse_activation(
    policy: &PolicyRow,
    document: &PolicyDocument,
    caller: &Caller,
    from: Date,
) -> Result<(), Error> {
    if let Some(active_from) = policy.active_from {
        return Err(Error::AlreadyActive(active_from));
    }
    if policy.imported_by == caller.user {
        return Err(Error::SecondPersonRequired);
    }
    if let Some(what) = document.not_printed() {
        return Err(Error::NotPrinted(what.to_owned()));
    }
    if from < document.valid_from() {
        return Err(Error::BeforeValidity(document.valid_from()));
    }
    Ok(())
}

fn activated(policy: &PolicyRow, now: Timestamp) -> (pb::ActivatePolicyResponse, Vec<NewEvent>) {
    let told = pb::Policy {
        text: policy.text.clone(),
        ..to_pb_policy(policy)
    };
    let answer = pb::ActivatePolicyResponse {
        policy: Some(to_pb_policy(policy)),
        ..Default::default()
    };
    (answer, vec![events::policy_activated(told, now)])
}

/// Stored versions, a page.
pub(crate) async fn list_policies(
    deps: &Deps,
    caller: &Caller,
    after: (String, u32),
    rows_max: i64,
) -> Result<Vec<PolicyRow>, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(
            async move { store::policy_list(tx, &tenant, (&after.0, after.1), rows_max).await },
        )
    });
    Ok(read.await?)
}

/// One version with its text.
pub(crate) async fn get_policy(
    deps: &Deps,
    caller: &Caller,
    policy_id: String,
    version: u32,
) -> Result<pb::GetPolicyResponse, Error> {
    let tenant = caller.tenant.clone();
    let scope = caller.scope();
    let read = deps.producer.database().read(&scope, |tx| {
        Box::pin(async move { store::policy_find(tx, &tenant, &policy_id, version).await })
    });
    let policy = read.await?;
    let told = pb::Policy {
        text: policy.text.clone(),
        ..to_pb_policy(&policy)
    };
    Ok(pb::GetPolicyResponse { policy: Some(told) })
}

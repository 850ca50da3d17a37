//! Who a person is, with whom it shares, and what it decides.

use std::collections::BTreeSet;

use hjm_free_card::{Identity, SubjectEvent};
use hjm_ids::{PersonIdentity, RecipientId};
use hjm_proto::{
    free_card::v1::{self as pb, subject_service_server::SubjectService},
    write::WriteRequest,
};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_text, from_pb_timestamp_optional,
        from_pb_words,
    },
};
use jiff::civil::Date;
use tonic::{Request, Response, Status, async_trait};

use super::{SCHEME_ID_LENGTH_MAX, looking};
use crate::{
    Deps,
    app::{self, Entrant, Linking, Pooling, Repooling, Unlinking},
    convert::from_pb_identity_kind,
    error::Error,
};

const EVIDENCE_LENGTH_MAX: usize = 200;
const TEXT_LENGTH_MAX: usize = 500;
/// Children in a pool, and guardians of one, at the most.
const POOL_MAX: usize = 20;
const GUARDIANS_MAX: usize = 8;

impl Deps {
    async fn change_subject<R: WriteRequest>(
        &self,
        request: Request<R>,
        recipient_id: &str,
        event: SubjectEvent,
        action: &'static str,
    ) -> Result<Response<R::Response>, Status> {
        let caller = caller(&request)?;
        let key = WriteKey::new(caller, request.get_ref(), self.clock.now()?)?;
        let mut violations = Violations::default();
        let subject = from_pb_text(&mut violations, "recipient_id", recipient_id);
        let subject = violations.finish(subject)?;
        let changed = app::change_subject(self, key, subject, event, action).await?;
        Ok(changed.into_response())
    }
}

/// Nobody is born after today.
fn born_by(violations: &mut Violations, field: &str, born_on: Date, today: Date) -> Option<Date> {
    let born = (born_on <= today).then_some(born_on);
    violations.take(field, born.ok_or("must not be after today"))
}

fn from_pb_linked(
    violations: &mut Violations,
    field: &str,
    linked: Option<&pb::LinkedIdentity>,
    today: Date,
) -> Option<(RecipientId, Identity)> {
    let linked = violations.need(field, linked)?;
    let id = format!("{field}.recipient_id");
    let person = from_pb_text(violations, &id, &linked.recipient_id);
    let kind = from_pb_identity_kind(violations, &format!("{field}.kind"), linked.kind);
    let field = format!("{field}.born_on");
    let born_on = from_pb_date_optional(violations, &field, linked.born_on.as_ref());
    let born_on = match born_on {
        Some(Some(born_on)) => born_by(violations, &field, born_on, today).map(Some),
        Some(None) | None => born_on,
    };
    let identity = Identity {
        kind: kind?,
        born_on: born_on?,
    };
    Some((person?, identity))
}

fn from_pb_entrants(
    violations: &mut Violations,
    field: &str,
    entrants: &[pb::PoolEntrant],
    today: Date,
) -> Option<Vec<Entrant>> {
    let ids = entrants.iter().map(|entrant| entrant.recipient_id.clone());
    from_pb_persons(violations, field, &ids.collect::<Vec<_>>())?;
    let read = entrants
        .iter()
        .take(POOL_MAX)
        .enumerate()
        .map(|(at, entrant)| {
            let id = format!("{field}[{at}].recipient_id");
            let person = from_pb_text(violations, &id, &entrant.recipient_id);
            let born = format!("{field}[{at}].born_on");
            let born_on = from_pb_date(violations, &born, entrant.born_on.as_ref());
            let born_on = born_on.and_then(|born_on| born_by(violations, &born, born_on, today));
            let evidence = format!("{field}[{at}].evidence");
            let evidence = from_pb_words(
                violations,
                &evidence,
                &entrant.evidence,
                EVIDENCE_LENGTH_MAX,
            );
            Some(Entrant {
                person: person?,
                born_on: born_on?,
                evidence: evidence?,
            })
        });
    read.collect()
}

/// Persons, each named once.
fn from_pb_persons(
    violations: &mut Violations,
    field: &str,
    ids: &[String],
) -> Option<Vec<RecipientId>> {
    if ids.len() > POOL_MAX {
        violations.add(field, format!("must be at most {POOL_MAX}"));
        return None;
    }
    let read = ids.iter().enumerate();
    let read = read.map(|(at, id)| from_pb_text(violations, &format!("{field}[{at}]"), id));
    let persons: Vec<RecipientId> = read.collect::<Option<_>>()?;
    let distinct: BTreeSet<_> = persons.iter().collect();
    if distinct.len() < persons.len() {
        violations.add(field, "must name each person once");
        return None;
    }
    Some(persons)
}

#[async_trait]
impl SubjectService for Deps {
    async fn opt_out(
        &self,
        request: Request<pb::OptOutRequest>,
    ) -> Result<Response<pb::OptOutResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        self.change_subject(request, &recipient, SubjectEvent::OptedOut, "OptOut")
            .await
    }

    async fn opt_in(
        &self,
        request: Request<pb::OptInRequest>,
    ) -> Result<Response<pb::OptInResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        self.change_subject(request, &recipient, SubjectEvent::OptedIn, "OptIn")
            .await
    }

    async fn set_read_consent(
        &self,
        request: Request<pb::SetReadConsentRequest>,
    ) -> Result<Response<pb::SetReadConsentResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        let event = if request.get_ref().consent {
            SubjectEvent::ConsentGiven
        } else {
            SubjectEvent::ConsentWithdrawn
        };
        self.change_subject(request, &recipient, event, "SetReadConsent")
            .await
    }

    async fn find_subject(
        &self,
        request: Request<pb::FindSubjectRequest>,
    ) -> Result<Response<pb::FindSubjectResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let keys = self.identity_keys.as_ref().ok_or(Error::NoIdentityKeys)?;
        let mut violations = Violations::default();
        let kind = from_pb_identity_kind(&mut violations, "kind", asked.kind);
        let identity = kind
            .and_then(|kind| violations.take("number", PersonIdentity::parse(kind, &asked.number)));
        if let Some(born_on) = identity.as_ref().and_then(PersonIdentity::born_on) {
            born_by(&mut violations, "number", born_on, self.clock.today()?);
        }
        let purpose = super::from_pb_purpose(&mut violations, &asked.purpose);
        let (identity, purpose) = violations.finish(identity.zip(purpose))?;
        let digests = keys.digests(&caller.tenant, &identity);
        // A plain hash of so few possible numbers could be tried until the person is found.
        let number = digests.first().map(|digest| format!("{:?}", digest.digest));
        let hashed = pb::FindSubjectRequest {
            number: number.unwrap_or_default(),
            ..asked
        };
        let key = WriteKey::new(caller, &hashed, self.clock.now()?)?;
        let found = app::find_subject(self, key, digests, purpose).await?;
        Ok(found.into_response())
    }

    async fn link_subjects(
        &self,
        request: Request<pb::LinkSubjectsRequest>,
    ) -> Result<Response<pb::LinkSubjectsResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let today = self.clock.today()?;
        let one = from_pb_linked(&mut violations, "one", asked.one.as_ref(), today);
        let other = from_pb_linked(&mut violations, "other", asked.other.as_ref(), today);
        let same = one.zip(other).is_some_and(|(one, other)| one.0 == other.0);
        if same {
            violations.add("other.recipient_id", "must be another person");
        }
        let (field, text) = ("evidence", &asked.evidence);
        let evidence = from_pb_words(&mut violations, field, text, EVIDENCE_LENGTH_MAX);
        let ((one, other), evidence) = violations.finish(one.zip(other).zip(evidence))?;
        self.followers
            .wait(&caller.tenant, &asked.not_before)
            .await?;
        let linking = Linking {
            one,
            other,
            evidence,
        };
        let linked = app::link_subjects(self, key, linking).await?;
        Ok(linked.into_response())
    }

    async fn unlink_subjects(
        &self,
        request: Request<pb::UnlinkSubjectsRequest>,
    ) -> Result<Response<pb::UnlinkSubjectsResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let one = from_pb_text(&mut violations, "recipient_id", &asked.recipient_id);
        let (field, id) = ("other_recipient_id", &asked.other_recipient_id);
        let other = from_pb_text(&mut violations, field, id);
        let text = from_pb_words(&mut violations, "text", &asked.text, TEXT_LENGTH_MAX);
        let ((one, other), text) = violations.finish(one.zip(other).zip(text))?;
        self.followers
            .wait(&caller.tenant, &asked.not_before)
            .await?;
        let unlinking = Unlinking { one, other, text };
        let unlinked = app::unlink_subjects(self, key, unlinking).await?;
        Ok(unlinked.into_response())
    }

    async fn create_pool(
        &self,
        request: Request<pb::CreatePoolRequest>,
    ) -> Result<Response<pb::CreatePoolResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let (field, id) = ("scheme_id", &asked.scheme_id);
        let scheme_id = from_pb_words(&mut violations, field, id, SCHEME_ID_LENGTH_MAX);
        if !(2..=POOL_MAX).contains(&asked.members.len()) {
            violations.add("members", format!("must be 2 to {POOL_MAX}"));
        }
        let today = self.clock.today()?;
        let members = from_pb_entrants(&mut violations, "members", &asked.members, today);
        if !(1..=GUARDIANS_MAX).contains(&asked.guardian_ids.len()) {
            violations.add("guardian_ids", format!("must be 1 to {GUARDIANS_MAX}"));
        }
        let guardians = from_pb_persons(&mut violations, "guardian_ids", &asked.guardian_ids);
        let parsed = scheme_id.zip(members).zip(guardians);
        let ((scheme_id, members), guardians) = violations.finish(parsed)?;
        self.followers
            .wait(&caller.tenant, &asked.not_before)
            .await?;
        let pooling = Pooling {
            scheme_id,
            members,
            guardians,
        };
        let created = app::create_pool(self, key, pooling).await?;
        Ok(created.into_response())
    }

    async fn change_pool(
        &self,
        request: Request<pb::ChangePoolRequest>,
    ) -> Result<Response<pb::ChangePoolResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let pool = from_pb_text(&mut violations, "pool_id", &asked.pool_id);
        let today = self.clock.today()?;
        let joining = from_pb_entrants(&mut violations, "joining", &asked.joining, today);
        let leaving = from_pb_persons(&mut violations, "leaving", &asked.leaving);
        if asked.joining.is_empty() && asked.leaving.is_empty() {
            violations.add("joining", "must be given, or leaving");
        }
        let text = from_pb_words(&mut violations, "text", &asked.text, TEXT_LENGTH_MAX);
        let parsed = pool.zip(joining).zip(leaving.zip(text));
        let ((pool, joining), (leaving, text)) = violations.finish(parsed)?;
        self.followers
            .wait(&caller.tenant, &asked.not_before)
            .await?;
        let repooling = Repooling {
            pool,
            expected_version: asked.expected_version,
            joining,
            leaving,
            text,
        };
        let changed = app::change_pool(self, key, repooling).await?;
        Ok(changed.into_response())
    }

    async fn get_pool(
        &self,
        request: Request<pb::GetPoolRequest>,
    ) -> Result<Response<pb::GetPoolResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let pool = from_pb_text(&mut violations, "pool_id", &asked.pool_id);
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let (field, at) = ("as_known_at", asked.as_known_at.as_ref());
        let known_at = from_pb_timestamp_optional(&mut violations, field, at);
        let ((pool, as_of), known_at) = violations.finish(pool.zip(as_of).zip(known_at))?;
        self.followers
            .wait(&caller.tenant, &asked.not_before)
            .await?;
        let looking = looking(caller, "GetPool", "", known_at, self.clock.now()?);
        let pool = app::get_pool(self, looking, pool, as_of).await?;
        Ok(Response::new(pb::GetPoolResponse { pool: Some(pool) }))
    }

    async fn set_protection(
        &self,
        request: Request<pb::SetProtectionRequest>,
    ) -> Result<Response<pb::SetProtectionResponse>, Status> {
        let recipient = request.get_ref().recipient_id.clone();
        let event = if request.get_ref().is_protected {
            SubjectEvent::Protected
        } else {
            SubjectEvent::Unprotected
        };
        self.change_subject(request, &recipient, event, "SetProtection")
            .await
    }
}

//! Cards without fees, and proofs of cards.

use hjm_free_card::CardReason;
use hjm_proto::{
    common::v1 as common,
    free_card::v1::{self as pb, card_service_server::CardService},
};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_date, from_pb_date_optional, from_pb_words},
};
use jiff::civil::Date;
use tonic::{Request, Response, Status, async_trait};

use super::{from_pb_holder, looking};
use crate::{
    Deps,
    app::{self, Carding},
};

const CARD_NUMBER_LENGTH_MAX: usize = 20;
const EVIDENCE_LENGTH_MAX: usize = 200;
const TOKEN_LENGTH_MAX: usize = 2_000;

/// First and last day of a card.
fn from_pb_days(
    violations: &mut Violations,
    from: Option<&common::Date>,
    to: Option<&common::Date>,
) -> Option<(Date, Date)> {
    let from = from_pb_date(violations, "valid_from", from);
    let to = from_pb_date(violations, "valid_to", to);
    let days = from.zip(to)?;
    let ordered = (days.0 <= days.1).then_some(days);
    violations.take("valid_to", ordered.ok_or("must not be before valid_from"))
}

#[async_trait]
impl CardService for Deps {
    async fn import_card(
        &self,
        request: Request<pb::ImportCardRequest>,
    ) -> Result<Response<pb::ImportCardResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let (from, to) = (asked.valid_from.as_ref(), asked.valid_to.as_ref());
        let days = from_pb_days(&mut violations, from, to);
        let (field, number) = ("card_number", &asked.card_number);
        let number = from_pb_words(&mut violations, field, number, CARD_NUMBER_LENGTH_MAX);
        let evidence = from_pb_words(
            &mut violations,
            "evidence",
            &asked.evidence,
            EVIDENCE_LENGTH_MAX,
        );
        let parsed = holder.zip(days).zip(number.zip(evidence));
        let ((holder, (from, to)), (number, evidence)) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let carding = Carding {
            holder,
            from,
            to,
            reason: CardReason::ValidCard,
            evidence,
            card_number: Some(number),
            extend_existing: asked.extend_existing,
        };
        let answer = |status| pb::ImportCardResponse {
            status: Some(status),
            ..Default::default()
        };
        let imported = app::add_card(self, key, carding, "ImportCard", answer).await?;
        Ok(imported.into_response())
    }

    async fn register_card(
        &self,
        request: Request<pb::RegisterCardRequest>,
    ) -> Result<Response<pb::RegisterCardResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let (from, to) = (asked.valid_from.as_ref(), asked.valid_to.as_ref());
        let days = from_pb_days(&mut violations, from, to);
        let (field, by) = ("decided_by", &asked.decided_by);
        let evidence = from_pb_words(&mut violations, field, by, EVIDENCE_LENGTH_MAX);
        let parsed = holder.zip(days).zip(evidence);
        let ((holder, (from, to)), evidence) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let carding = Carding {
            holder,
            from,
            to,
            reason: CardReason::Medical,
            evidence,
            card_number: None,
            extend_existing: asked.extend_existing,
        };
        let answer = |status| pb::RegisterCardResponse {
            status: Some(status),
            ..Default::default()
        };
        let registered = app::add_card(self, key, carding, "RegisterCard", answer).await?;
        Ok(registered.into_response())
    }

    async fn issue_proof(
        &self,
        request: Request<pb::IssueProofRequest>,
    ) -> Result<Response<pb::IssueProofResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let (holder, as_of) = violations.finish(holder.zip(as_of))?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let looking = looking(caller, "IssueProof", "", None, self.clock.now()?);
        let proof = app::issue_proof(self, looking, holder, as_of).await?;
        Ok(Response::new(proof))
    }

    async fn verify_proof(
        &self,
        request: Request<pb::VerifyProofRequest>,
    ) -> Result<Response<pb::VerifyProofResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let token = from_pb_words(&mut violations, "token", &asked.token, TOKEN_LENGTH_MAX);
        let on = from_pb_date_optional(&mut violations, "on", asked.on.as_ref());
        let (token, on) = violations.finish(token.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        let verified = app::verify_proof(self, &caller.tenant, &token, on)?;
        Ok(Response::new(verified))
    }

    async fn get_proof_keys(
        &self,
        request: Request<pb::GetProofKeysRequest>,
    ) -> Result<Response<pb::GetProofKeysResponse>, Status> {
        caller(&request)?;
        let keys = self.proof_keys.iter().flat_map(|keys| keys.all());
        let keys = keys.map(|key| pb::ProofKey {
            key_id: key.id().to_owned(),
            jwk: key.jwk(),
        });
        Ok(Response::new(pb::GetProofKeysResponse {
            keys: keys.collect(),
        }))
    }
}

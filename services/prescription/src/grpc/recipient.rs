//! `RecipientService`.

use hjm_ids::RecipientId;
use hjm_proto::prescription::v1::{self as pb, recipient_service_server::RecipientService};
use hjm_service::{
    Caller, Failure, Violations, WriteKey, caller,
    clock::civil_date,
    convert::{from_pb_date, from_pb_date_optional, from_pb_text},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{
    Deps,
    app::recipient as app,
    convert::{Registration, from_pb_facts, from_pb_identity, from_pb_registration},
};

impl Deps {
    /// The key of a registration. The number in the request is replaced by its keyed digest: a
    /// plain hash of so few possible numbers could be tried until the person is found. So a
    /// repeat of before a change of the writing key is refused as another body.
    fn registration_key(
        &self,
        caller: Caller,
        request: pb::RegisterRecipientRequest,
        registration: &Registration,
        now: jiff::Timestamp,
    ) -> Result<WriteKey, Failure> {
        let digests = self.keys.digests(&caller.tenant, &registration.identity);
        let value = digests
            .first()
            .map_or(String::new(), |digest| format!("{:?}", digest.digest));
        let kind = request
            .identity
            .as_ref()
            .map_or(0, |identity| identity.kind);
        let identity = Some(pb::Identity { kind, value });
        WriteKey::new(
            caller,
            &pb::RegisterRecipientRequest {
                identity,
                ..request
            },
            now,
        )
    }
}

#[async_trait]
impl RecipientService for Deps {
    async fn register_recipient(
        &self,
        request: Request<pb::RegisterRecipientRequest>,
    ) -> Result<Response<pb::RegisterRecipientResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let now = self.clock.now()?;
        let mut violations = Violations::default();
        let read = from_pb_registration(&mut violations, &request, civil_date(now));
        let registration = violations.finish(read)?;
        let key = self.registration_key(caller, request, &registration, now)?;
        Ok(app::register(self, key, registration)
            .await?
            .into_response())
    }

    async fn find_recipient(
        &self,
        request: Request<pb::FindRecipientRequest>,
    ) -> Result<Response<pb::FindRecipientResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let identity = from_pb_identity(&mut violations, request.identity.as_ref());
        let identity = violations.finish(identity)?;
        let recipient_id = app::find(self, &caller, &identity).await?.to_string();
        Ok(Response::new(pb::FindRecipientResponse { recipient_id }))
    }

    async fn get_recipient(
        &self,
        request: Request<pb::GetRecipientRequest>,
    ) -> Result<Response<pb::GetRecipientResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let recipient: Option<RecipientId> =
            from_pb_text(&mut violations, "recipient_id", &request.recipient_id);
        let on = from_pb_date_optional(&mut violations, "as_of", request.as_of.as_ref());
        let (recipient, on) = violations.finish(recipient.zip(on))?;
        let on = on.map_or_else(|| self.clock.today(), Ok)?;
        let recipient = Some(app::get(self, &caller, recipient, on).await?);
        Ok(Response::new(pb::GetRecipientResponse { recipient }))
    }

    async fn change_facts(
        &self,
        request: Request<pb::ChangeFactsRequest>,
    ) -> Result<Response<pb::ChangeFactsResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let recipient: Option<RecipientId> =
            from_pb_text(&mut violations, "recipient_id", &request.recipient_id);
        let facts = from_pb_facts(&mut violations, request.facts.as_ref());
        let (recipient, facts) = violations.finish(recipient.zip(facts))?;
        Ok(app::change_facts(self, key, recipient, facts)
            .await?
            .into_response())
    }

    async fn record_death(
        &self,
        request: Request<pb::RecordDeathRequest>,
    ) -> Result<Response<pb::RecordDeathResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let recipient: Option<RecipientId> =
            from_pb_text(&mut violations, "recipient_id", &request.recipient_id);
        let died_on = from_pb_date(&mut violations, "died_on", request.died_on.as_ref());
        let (recipient, died_on) = violations.finish(recipient.zip(died_on))?;
        Ok(app::record_death(self, key, recipient, died_on)
            .await?
            .into_response())
    }
}

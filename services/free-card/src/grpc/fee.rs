//! Fees and where a person stands.

use std::collections::VecDeque;

use hjm_proto::free_card::v1::{self as pb, free_card_service_server as free_card};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_money, from_pb_page_size, from_pb_text,
        from_pb_timestamp_optional, from_pb_words, to_pb_next_page,
    },
};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status, Streaming, async_trait};

use super::{from_pb_holder, looking, status_parts};
use crate::{
    Deps,
    app::{self, Changing, Queued, Registering},
    convert::{from_pb_cancel_reason, from_pb_fee_draft, from_pb_fee_token},
};

/// Fees that are quoted in one call at the most.
const QUOTED_FEES_MAX: usize = 50;
/// Fees in one stream at the most.
const STREAMED_FEES_MAX: usize = 10_000;
/// Fees of one stream that wait for a writer at the most: as many as are written at once.
const FLYING_MAX: usize = 256;
const EXTERNAL_REFERENCE_LENGTH_MAX: usize = 100;
const TEXT_LENGTH_MAX: usize = 500;
const KNOWN_AT: &str = "as_known_at";

impl Deps {
    /// One registration, alone or of a stream, on its way.
    async fn register(
        &self,
        caller: hjm_service::Caller,
        asked: &pb::RegisterFeeRequest,
    ) -> Result<Queued, Status> {
        let key = WriteKey::new(caller.clone(), asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let draft = from_pb_fee_draft(&mut violations, "fee", asked.fee.as_ref());
        let external_reference = from_pb_words(
            &mut violations,
            "external_reference",
            &asked.external_reference,
            EXTERNAL_REFERENCE_LENGTH_MAX,
        );
        let parsed = holder.zip(draft).zip(external_reference);
        let ((holder, draft), external_reference) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let registering = Registering {
            holder,
            draft,
            external_reference,
            expected_version: asked.expected_version,
        };
        Ok(app::register_fee(self, key, registering)?)
    }
}

/// Fees of a stream that are on their way, in the order sent.
type Flying = VecDeque<(String, Result<Queued, Status>)>;

/// Waits for the first of them, and says what became of it.
async fn land(flying: &mut Flying, items: &mut Vec<pb::RegisteredItem>) {
    let Some((request_id, queued)) = flying.pop_front() else {
        return;
    };
    let mut told = pb::RegisteredItem {
        request_id,
        ..Default::default()
    };
    let answered = match queued {
        Ok(queued) => queued.answer().await.map_err(Status::from),
        Err(status) => Err(status),
    };
    match answered {
        Ok(registered) => told.registered = Some(registered.message),
        Err(status) => (told.code, told.reason, told.text) = status_parts(&status),
    }
    items.push(told);
}

fn is_full(queued: &Result<Queued, Status>) -> bool {
    matches!(queued, Err(status) if status.code() == Code::Unavailable)
}

#[async_trait]
impl free_card::FreeCardService for Deps {
    async fn quote_fees(
        &self,
        request: Request<pb::QuoteFeesRequest>,
    ) -> Result<Response<pb::QuoteFeesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        if !(1..=QUOTED_FEES_MAX).contains(&asked.fees.len()) {
            violations.add("fees", format!("must be 1 to {QUOTED_FEES_MAX}"));
        }
        let drafts = asked.fees.iter().take(QUOTED_FEES_MAX).enumerate();
        let fees = drafts
            .map(|(at, fee)| from_pb_fee_draft(&mut violations, &format!("fees[{at}]"), Some(fee)))
            .collect::<Option<Vec<_>>>();
        let (holder, fees) = violations.finish(holder.zip(fees))?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let looking = looking(caller, "QuoteFees", "", None, self.clock.now()?);
        let quoted = app::quote_fees(self, looking, holder, fees).await?;
        Ok(Response::new(quoted))
    }

    async fn register_fee(
        &self,
        request: Request<pb::RegisterFeeRequest>,
    ) -> Result<Response<pb::RegisterFeeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let queued = self.register(caller, &asked).await?;
        Ok(queued.answer().await?.into_response())
    }

    async fn register_fees(
        &self,
        request: Request<Streaming<pb::RegisterFeesRequest>>,
    ) -> Result<Response<pb::RegisterFeesResponse>, Status> {
        let caller = caller(&request)?;
        let mut stream = request.into_inner();
        let (mut items, mut flying) = (Vec::new(), VecDeque::new());
        while let Some(item) = stream.next().await {
            if items.len() + flying.len() == STREAMED_FEES_MAX {
                let text = format!("must be at most {STREAMED_FEES_MAX} in a stream");
                return Err(Violations::one("fee", text).into());
            }
            let asked = item?.fee.unwrap_or_default();
            if flying.len() == FLYING_MAX {
                land(&mut flying, &mut items).await;
            }
            let mut queued = self.register(caller.clone(), &asked).await;
            // A full queue empties while what was sent before is waited for.
            while !flying.is_empty() && is_full(&queued) {
                land(&mut flying, &mut items).await;
                queued = self.register(caller.clone(), &asked).await;
            }
            flying.push_back((asked.request_id, queued));
        }
        while !flying.is_empty() {
            land(&mut flying, &mut items).await;
        }
        Ok(Response::new(pb::RegisterFeesResponse { items }))
    }

    async fn correct_fee(
        &self,
        request: Request<pb::CorrectFeeRequest>,
    ) -> Result<Response<pb::CorrectFeeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller, &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let fee = from_pb_text(&mut violations, "fee_id", &asked.fee_id);
        let on = from_pb_date(&mut violations, "event_on", asked.event_on.as_ref());
        let nominal = from_pb_money(&mut violations, "nominal", asked.nominal.as_ref());
        let reason = from_pb_cancel_reason(&mut violations, "reason", asked.reason);
        let text = from_pb_words(&mut violations, "text", &asked.text, TEXT_LENGTH_MAX);
        let parsed = fee.zip(on.zip(nominal)).zip(reason.zip(text));
        let ((fee, to), (reason, text)) = violations.finish(parsed)?;
        let changing = Changing {
            fee,
            to: Some(to),
            reason,
            text,
        };
        let corrected = app::correct_fee(self, key, changing).await?;
        Ok(corrected.into_response())
    }

    async fn cancel_fee(
        &self,
        request: Request<pb::CancelFeeRequest>,
    ) -> Result<Response<pb::CancelFeeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller, &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let fee = from_pb_text(&mut violations, "fee_id", &asked.fee_id);
        let reason = from_pb_cancel_reason(&mut violations, "reason", asked.reason);
        let text = from_pb_words(&mut violations, "text", &asked.text, TEXT_LENGTH_MAX);
        let ((fee, reason), text) = violations.finish(fee.zip(reason).zip(text))?;
        let changing = Changing {
            fee,
            to: None,
            reason,
            text,
        };
        let cancelled = app::cancel_fee(self, key, changing).await?;
        Ok(cancelled.into_response())
    }

    async fn get_status(
        &self,
        request: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let known_at =
            from_pb_timestamp_optional(&mut violations, KNOWN_AT, asked.as_known_at.as_ref());
        let purpose = super::from_pb_purpose(&mut violations, &asked.purpose);
        let parsed = holder.zip(as_of).zip(known_at.zip(purpose));
        let ((holder, as_of), (known_at, purpose)) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let looking = looking(caller, "GetStatus", &purpose, known_at, self.clock.now()?);
        let status = app::get_status(self, looking, holder, as_of).await?;
        Ok(Response::new(status))
    }

    async fn get_statuses(
        &self,
        request: Request<pb::GetStatusesRequest>,
    ) -> Result<Response<pb::GetStatusesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let recipient = from_pb_text(&mut violations, "recipient_id", &asked.recipient_id);
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let known_at =
            from_pb_timestamp_optional(&mut violations, KNOWN_AT, asked.as_known_at.as_ref());
        let purpose = super::from_pb_purpose(&mut violations, &asked.purpose);
        let parsed = recipient.zip(as_of).zip(known_at.zip(purpose));
        let ((recipient, as_of), (known_at, purpose)) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let looking = looking(caller, "GetStatuses", &purpose, known_at, self.clock.now()?);
        let statuses = app::get_statuses(self, looking, recipient, as_of).await?;
        Ok(Response::new(statuses))
    }

    async fn is_exempt(
        &self,
        request: Request<pb::IsExemptRequest>,
    ) -> Result<Response<pb::IsExemptResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let on = from_pb_date_optional(&mut violations, "on", asked.on.as_ref());
        let (holder, on) = violations.finish(holder.zip(on))?;
        let now = self.clock.now()?;
        let exempt = self.exemptions.ask(caller, holder, on, now).await?;
        Ok(Response::new(pb::IsExemptResponse { exempt }))
    }

    async fn explain_card(
        &self,
        request: Request<pb::ExplainCardRequest>,
    ) -> Result<Response<pb::ExplainCardResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let as_of = from_pb_date_optional(&mut violations, "as_of", asked.as_of.as_ref());
        let known_at =
            from_pb_timestamp_optional(&mut violations, KNOWN_AT, asked.as_known_at.as_ref());
        let parsed = holder.zip(as_of).zip(known_at);
        let ((holder, as_of), known_at) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let looking = looking(caller, "ExplainCard", "", known_at, self.clock.now()?);
        let explained = app::explain_card(self, looking, holder, as_of).await?;
        Ok(Response::new(explained))
    }

    async fn list_fees(
        &self,
        request: Request<pb::ListFeesRequest>,
    ) -> Result<Response<pb::ListFeesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let rows_max = from_pb_page_size(&mut violations, asked.page_size);
        let after = violations.take("page_token", from_pb_fee_token(&asked.page_token));
        let known_at =
            from_pb_timestamp_optional(&mut violations, KNOWN_AT, asked.as_known_at.as_ref());
        let parsed = holder.zip(rows_max).zip(after.zip(known_at));
        let ((holder, rows_max), (after, known_at)) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let looking = looking(caller, "ListFees", "", known_at, self.clock.now()?);
        let listed = app::list_fees(self, looking, holder, after, rows_max);
        let (fees, last) = listed.await?;
        Ok(Response::new(pb::ListFeesResponse {
            next_page_token: to_pb_next_page(fees.len(), rows_max, last),
            fees,
        }))
    }
}

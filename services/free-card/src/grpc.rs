//! Free-card's RPCs: parse, do, answer.

use hjm_feed::read::{self, Item, Reading};
use hjm_proto::free_card::v1::{
    self as pb, event_feed_service_server as feed, event_follower_service_server as follower,
    free_card_service_server as free_card,
};
use hjm_service::{
    Failure, Violations, WriteKey, caller,
    convert::{
        from_pb_date_optional, from_pb_page_size, from_pb_text, from_pb_words, to_pb_next_page,
    },
};
use prost::Message as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait, service::RoutesBuilder};

use crate::{
    Deps,
    app::{self, Cancelling, Holder, Registering},
    convert::{
        from_pb_cancel_reason, from_pb_fee_draft, from_pb_fee_token, to_pb_fee, to_pb_fee_token,
    },
};

/// Fees that are quoted in one call at the most.
const QUOTED_FEES_MAX: usize = 50;
const SCHEME_ID_LENGTH_MAX: usize = 100;
const EXTERNAL_REFERENCE_LENGTH_MAX: usize = 100;
const CANCEL_TEXT_LENGTH_MAX: usize = 500;

/// Adds every service of the context.
pub(crate) fn mount(routes: &mut RoutesBuilder, deps: &Deps) {
    routes
        .add_service(free_card::FreeCardServiceServer::new(deps.clone()))
        .add_service(feed::EventFeedServiceServer::new(deps.clone()))
        .add_service(follower::EventFollowerServiceServer::new(deps.clone()));
}

fn from_pb_holder(
    violations: &mut Violations,
    recipient_id: &str,
    scheme_id: &str,
) -> Option<Holder> {
    let recipient = from_pb_text(violations, "recipient_id", recipient_id);
    let scheme_id = from_pb_words(violations, "scheme_id", scheme_id, SCHEME_ID_LENGTH_MAX);
    Some(Holder {
        recipient: recipient?,
        scheme_id: scheme_id?,
    })
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
        let now = self.clock.now()?;
        let quoted = app::quote_fees(self, &caller, holder, fees, now).await?;
        Ok(Response::new(quoted))
    }

    async fn register_fee(
        &self,
        request: Request<pb::RegisterFeeRequest>,
    ) -> Result<Response<pb::RegisterFeeResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let holder = from_pb_holder(&mut violations, &asked.recipient_id, &asked.scheme_id);
        let fee = from_pb_fee_draft(&mut violations, "fee", asked.fee.as_ref());
        let external_reference = from_pb_words(
            &mut violations,
            "external_reference",
            &asked.external_reference,
            EXTERNAL_REFERENCE_LENGTH_MAX,
        );
        let parsed = holder.zip(fee).zip(external_reference);
        let ((holder, fee), external_reference) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let registering = Registering {
            holder,
            fee,
            external_reference,
        };
        let registered = app::register_fee(self, key, registering).await?;
        Ok(registered.into_response())
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
        let text = from_pb_words(&mut violations, "text", &asked.text, CANCEL_TEXT_LENGTH_MAX);
        let ((fee, reason), text) = violations.finish(fee.zip(reason).zip(text))?;
        let cancelled = app::cancel_fee(self, key, Cancelling { fee, reason, text });
        Ok(cancelled.await?.into_response())
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
        let (holder, as_of) = violations.finish(holder.zip(as_of))?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let now = self.clock.now()?;
        let status = app::get_status(self, &caller, holder, as_of, now).await?;
        Ok(Response::new(status))
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
        let after = from_pb_fee_token(&asked.page_token).ok_or("is not a token of this list");
        let after = violations.take("page_token", after);
        let parsed = holder.zip(rows_max).zip(after);
        let ((holder, rows_max), after) = violations.finish(parsed)?;
        let wait = self.followers.wait(&caller.tenant, &asked.not_before);
        wait.await?;
        let now = self.clock.now()?;
        let found = app::list_fees(self, &caller, holder, after, rows_max, now);
        let (fees, log) = found.await?;
        Ok(Response::new(pb::ListFeesResponse {
            next_page_token: to_pb_next_page(
                fees.len(),
                rows_max,
                fees.last().map(to_pb_fee_token),
            ),
            fees: fees.iter().map(|fee| to_pb_fee(&log, fee)).collect(),
        }))
    }
}

#[async_trait]
impl feed::EventFeedService for Deps {
    type ReadStream = ReceiverStream<Result<pb::ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<pb::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let tenant = caller(&request)?.tenant;
        let asked = request.into_inner();
        let reading = Reading::new(
            crate::FEED,
            &asked.after,
            asked.limit,
            asked.kinds,
            asked.follow,
        )?;
        let (producer, drain) = (self.producer.clone(), self.drain.clone());
        let events = read::stream(producer, tenant, reading, drain, answer);
        Ok(Response::new(events))
    }

    async fn get_head(
        &self,
        request: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::GetHeadResponse>, Status> {
        let tenant = caller(&request)?.tenant;
        let position = self.producer.head(&tenant).await?.to_wire();
        Ok(Response::new(pb::GetHeadResponse { position }))
    }
}

fn answer(item: Item) -> Result<pb::ReadResponse, Status> {
    match item {
        Item::Heartbeat => Ok(pb::ReadResponse::default()),
        Item::Event(envelope, payload) => {
            let event = pb::FreeCardEvent::decode(payload.as_slice())
                .map_err(|error| Failure::Internal(error.into()))?;
            Ok(pb::ReadResponse {
                envelope: Some(*envelope),
                event: Some(event),
            })
        }
    }
}

#[async_trait]
impl follower::EventFollowerService for Deps {
    async fn list_followers(
        &self,
        request: Request<pb::ListFollowersRequest>,
    ) -> Result<Response<pb::ListFollowersResponse>, Status> {
        let tenant = caller(&request)?.tenant;
        let catalogue = self.followers.describe(&tenant, &self.catalogue).await?;
        Ok(Response::new(pb::ListFollowersResponse {
            followers: vec![catalogue],
        }))
    }
}

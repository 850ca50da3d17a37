//! Billing's own feed, and how far it has followed others.

use hjm_feed::{
    Skipped, Skipping,
    read::{self, Item, Reading},
};
use hjm_proto::billing::v1::{
    self as pb, event_feed_service_server::EventFeedService,
    event_follower_service_server::EventFollowerService,
};
use hjm_service::{Failure, WriteKey, caller};
use prost::Message as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use crate::Deps;

#[async_trait]
impl EventFeedService for Deps {
    type ReadStream = ReceiverStream<Result<pb::ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<pb::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let tenant = caller(&request)?.tenant;
        let asked = request.into_inner();
        let reading = Reading::new(
            crate::SCHEMA,
            &asked.after,
            asked.limit,
            asked.kinds,
            asked.follow,
        )?;
        let (producer, drain) = (self.producer.clone(), self.drain.clone());
        Ok(Response::new(read::stream(
            producer, tenant, reading, drain, answer,
        )))
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
            let event = pb::BillingEvent::decode(payload.as_slice())
                .map_err(|error| Failure::Internal(error.into()))?;
            Ok(pb::ReadResponse {
                envelope: Some(*envelope),
                event: Some(event),
            })
        }
    }
}

#[async_trait]
impl EventFollowerService for Deps {
    async fn list_followers(
        &self,
        request: Request<pb::ListFollowersRequest>,
    ) -> Result<Response<pb::ListFollowersResponse>, Status> {
        let caller = caller(&request)?;
        let catalogue = self.followers.describe(&caller, &self.catalogue).await?;
        let prescription = self.followers.describe(&caller, &self.prescription).await?;
        let followers = vec![catalogue, prescription];
        Ok(Response::new(pb::ListFollowersResponse { followers }))
    }

    async fn skip(
        &self,
        request: Request<pb::SkipRequest>,
    ) -> Result<Response<pb::SkipResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller.clone(), &asked, self.clock.now()?)?;
        let (feed, position, reason) = (&asked.feed, &asked.position, &asked.reason);
        let skipping = Skipping::new(&self.followers, &caller, feed, position, reason)?;
        let answer = |skipped: Skipped| pb::SkipResponse {
            skipped: skipped.skipped,
            proposed_by: skipped.proposed_by,
            ..Default::default()
        };
        let skip = self.followers.skip(&self.producer, key, skipping, answer);
        Ok(skip.await?.into_response())
    }
}

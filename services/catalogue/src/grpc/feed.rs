//! `EventFeedService`.

use hjm_feed::read::{self, Item, Reading};
use hjm_proto::catalogue::v1::{self as pb, event_feed_service_server::EventFeedService};
use hjm_service::{Failure, caller};
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
            let event = pb::CatalogueEvent::decode(payload.as_slice())
                .map_err(|error| Failure::Internal(error.into()))?;
            Ok(pb::ReadResponse {
                envelope: Some(*envelope),
                event: Some(event),
            })
        }
    }
}

//! The feeds that services follow, as clients of their producers.

use std::future::Future;

use futures::{Stream, StreamExt as _};
use hjm_proto::{
    catalogue::v1 as catalogue, event::v1::Envelope, prescription::v1 as prescription,
};
use hjm_service::{Caller, client};
use tonic::{Status, transport::Channel};

/// What a feed's stream yields: an event with its envelope, or `None` for a heartbeat.
pub(crate) type Item<E> = Result<Option<(Envelope, E)>, Status>;

/// A feed of another service.
pub trait Source: Clone + Send + Sync + 'static {
    /// Its event message.
    type Event: Send + 'static;

    /// Its name.
    const FEED: &'static str;

    /// Follows the feed after a position.
    fn follow(
        &self,
        caller: &Caller,
        after: String,
    ) -> impl Future<Output = Result<impl Stream<Item = Item<Self::Event>> + Send + Unpin, Status>> + Send;

    /// The position of its newest event.
    fn head(&self, caller: &Caller) -> impl Future<Output = Result<String, Status>> + Send;
}

macro_rules! source {
    ($(#[$doc:meta])* $name:ident, $context:ident, $event:ident, $feed:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Channel);

        impl Source for $name {
            type Event = $context::$event;
            const FEED: &'static str = $feed;

            async fn follow(
                &self,
                caller: &Caller,
                after: String,
            ) -> Result<impl Stream<Item = Item<Self::Event>> + Send + Unpin, Status> {
                let mut client =
                    $context::event_feed_service_client::EventFeedServiceClient::new(
                        self.0.clone(),
                    );
                let request = $context::ReadRequest { after, limit: 0, kinds: vec![], follow: true };
                let stream =
                    client.read(client::streaming_request(caller, request)).await?.into_inner();
                Ok(stream.map(|item| item.map(|read| read.envelope.zip(read.event))))
            }

            async fn head(&self, caller: &Caller) -> Result<String, Status> {
                let mut client =
                    $context::event_feed_service_client::EventFeedServiceClient::new(
                        self.0.clone(),
                    );
                let request = client::request(caller, $context::GetHeadRequest {});
                Ok(client.get_head(request).await?.into_inner().position)
            }
        }
    };
}

source! {
    /// Catalogue's feed: articles, prices, policies.
    CatalogueFeed, catalogue, CatalogueEvent, "catalogue"
}
source! {
    /// Prescription's feed: organisations, recipients, loans.
    PrescriptionFeed, prescription, PrescriptionEvent, "prescription"
}

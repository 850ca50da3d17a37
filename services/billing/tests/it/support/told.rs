//! A feed told by hand, over the public contract.

use std::sync::{Arc, Mutex};

use hjm_feed::Position;
use hjm_proto::{
    catalogue::v1::{self as catalogue, CatalogueEvent},
    event::v1::Envelope,
    prescription::v1::{self as prescription, PrescriptionEvent},
};
use hjm_service::caller;
use hjm_testkit::TENANT;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

/// The feed of the test's tenant; every other tenant's is empty.
#[derive(Debug, Clone)]
pub(crate) struct Told<E> {
    feed: &'static str,
    events: Arc<Mutex<Vec<(Envelope, E)>>>,
    news: Arc<watch::Sender<()>>,
}

impl<E: Clone + Send + 'static> Told<E> {
    pub(crate) fn new(feed: &'static str) -> Self {
        Self {
            feed,
            events: Arc::default(),
            news: Arc::new(watch::Sender::new(())),
        }
    }

    /// Tells an event and answers its position.
    pub(crate) fn tell(&self, event: E) -> String {
        let mut events = self.events.lock().expect("no panic");
        let sequence = i64::try_from(events.len()).expect("few") + 1;
        let position = Position::new(self.feed, sequence).to_wire();
        let envelope = Envelope {
            position: position.clone(),
            event_id: Uuid::now_v7().to_string(),
            ..Default::default()
        };
        events.push((envelope, event));
        self.news.send_replace(());
        position
    }

    /// The position of the newest event.
    pub(crate) fn head_position(&self) -> String {
        self.head(TENANT)
    }

    fn head(&self, tenant: &str) -> String {
        let told = self.events.lock().expect("no panic").len();
        let told = if tenant == TENANT {
            i64::try_from(told).expect("few")
        } else {
            0
        };
        Position::new(self.feed, told).to_wire()
    }

    fn stream<R: Send + 'static>(
        &self,
        tenant: &str,
        after: &str,
        answer: fn(Envelope, E) -> R,
    ) -> ReceiverStream<Result<R, Status>> {
        let (sender, receiver) = mpsc::channel(16);
        let (feed, own) = (self.clone(), tenant == TENANT);
        let mut next = after.parse::<Position>().map_or(0, |position| {
            usize::try_from(position.sequence).expect("few")
        });
        tokio::spawn(async move {
            let mut told = feed.news.subscribe();
            loop {
                told.borrow_and_update();
                let new = if own {
                    feed.events.lock().expect("no panic")[next..].to_vec()
                } else {
                    vec![]
                };
                next += new.len();
                for (envelope, event) in new {
                    if sender.send(Ok(answer(envelope, event))).await.is_err() {
                        return;
                    }
                }
                tokio::select! {
                    () = sender.closed() => return,
                    _ = told.changed() => {}
                }
            }
        });
        ReceiverStream::new(receiver)
    }
}

macro_rules! feed {
    ($context:ident, $event:ident) => {
        #[async_trait]
        impl $context::event_feed_service_server::EventFeedService for Told<$event> {
            type ReadStream = ReceiverStream<Result<$context::ReadResponse, Status>>;

            async fn read(
                &self,
                request: Request<$context::ReadRequest>,
            ) -> Result<Response<Self::ReadStream>, Status> {
                let tenant = tenant(&request);
                let after = request.into_inner().after;
                Ok(Response::new(self.stream(
                    &tenant,
                    &after,
                    |envelope, event| $context::ReadResponse {
                        envelope: Some(envelope),
                        event: Some(event),
                    },
                )))
            }

            async fn get_head(
                &self,
                request: Request<$context::GetHeadRequest>,
            ) -> Result<Response<$context::GetHeadResponse>, Status> {
                let position = self.head(&tenant(&request));
                Ok(Response::new($context::GetHeadResponse { position }))
            }
        }
    };
}

feed!(catalogue, CatalogueEvent);
feed!(prescription, PrescriptionEvent);

fn tenant<T>(request: &Request<T>) -> String {
    let header = request
        .metadata()
        .get(caller::CALLER_HEADER)
        .expect("a caller");
    let caller = hjm_service::Caller::parse(header.to_str().expect("ASCII")).expect("a caller");
    caller.tenant.to_string()
}

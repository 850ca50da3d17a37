//! One gRPC server: layers, health, reflection, and a drain that lets calls finish.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hjm_ids::TenantId;
use tokio::{net::TcpListener, sync::watch};
use tonic::{
    Status,
    body::Body,
    codegen::http,
    service::{Routes, RoutesBuilder},
    transport::{Server, server::TcpIncoming},
};
use tower::{Layer, Service};

use crate::{Caller, Failure, caller::CALLER_HEADER, deadline::DeadlineLayer};

/// Metadata longer than this is refused.
const METADATA_BYTES_MAX: u32 = 8 * 1024;
/// Calls of one connection that are given up before they are begun: with more the connection is
/// closed as a flood, and every other call on it is lost. A gateway has many desks on one.
const HUNG_UP_MAX: usize = 256;

/// Tells everything in a process to finish.
#[derive(Debug, Clone)]
pub struct Drain(Arc<watch::Sender<bool>>);

impl Default for Drain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Drain {
    /// Begins the drain.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Returns once the drain has begun.
    pub async fn begun(&self) {
        let mut changes = self.0.subscribe();
        // The sender lives as long as self, so waiting cannot fail.
        let _ = changes.wait_for(|begun| *begun).await;
    }

    /// Begins the drain at SIGTERM or SIGINT.
    ///
    /// # Errors
    /// When the signals cannot be listened for.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let drain = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            tracing::info!("draining");
            drain.begin();
        });
        Ok(())
    }
}

/// Who is let in.
#[derive(Debug, Clone)]
pub struct Admission {
    /// Believe the metadata entry `hjm-caller`.
    pub insecure_callers: bool,
    /// The tenants whose books are kept here.
    pub tenants: Arc<[TenantId]>,
}

impl Admission {
    fn admit(&self, headers: &http::HeaderMap) -> Result<Option<Caller>, Status> {
        let mut values = headers.get_all(CALLER_HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Status::invalid_argument("hjm-caller is given twice"));
        }
        if !self.insecure_callers {
            return Err(Status::unauthenticated("hjm-caller is not believed here"));
        }
        let text = value.to_str().unwrap_or_default();
        let caller = Caller::parse(text).map_err(|part| {
            Status::unauthenticated(format!(
                "hjm-caller: {part} is missing, unknown or malformed"
            ))
        })?;
        if !self.tenants.contains(&caller.tenant) {
            return Err(Failure::NotFound("tenant").into());
        }
        Ok(Some(caller))
    }
}

/// Puts the [`Caller`] of each call into its extensions.
#[derive(Debug, Clone)]
struct CallerLayer(Admission);

impl<S> Layer<S> for CallerLayer {
    type Service = CallerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallerService {
            inner,
            admission: self.0.clone(),
        }
    }
}

#[derive(Debug, Clone)]
struct CallerService<S> {
    inner: S,
    admission: Admission,
}

impl<S> Service<http::Request<Body>> for CallerService<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        match self.admission.admit(request.headers()) {
            Ok(Some(caller)) => {
                request.extensions_mut().insert(caller);
            }
            Ok(None) => {}
            Err(status) => return Box::pin(async move { Ok(status.into_http()) }),
        }
        Box::pin(self.inner.call(request))
    }
}

/// Serves until the drain has begun and calls are done.
///
/// `name` is the full name that the health service answers for, beside the server as a whole.
///
/// # Errors
/// When the transport or the reflection service fails.
pub async fn serve(
    listener: TcpListener,
    admission: Admission,
    mut routes: RoutesBuilder,
    drain: Drain,
) -> Result<(), Failure> {
    let internal = |error: Box<dyn std::error::Error + Send + Sync>| Failure::Internal(error);
    let (health, health_service) = tonic_health::server::health_reporter();
    health
        .set_service_status("", tonic_health::ServingStatus::Serving)
        .await;
    routes.add_service(health_service);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(hjm_proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    routes.add_service(
        reflection()
            .build_v1()
            .map_err(|error| internal(error.into()))?,
    );
    routes.add_service(
        reflection()
            .build_v1alpha()
            .map_err(|error| internal(error.into()))?,
    );
    let routes: Routes = routes.routes();
    let drained = async move {
        drain.begun().await;
        health
            .set_service_status("", tonic_health::ServingStatus::NotServing)
            .await;
    };
    // Without it an answer waits for the client's delayed acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .http2_max_header_list_size(Some(METADATA_BYTES_MAX))
        .http2_max_pending_accept_reset_streams(Some(HUNG_UP_MAX))
        .layer(DeadlineLayer)
        .layer(CallerLayer(admission))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, drained)
        .await
        .map_err(|error| internal(error.into()))
}

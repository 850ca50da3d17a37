//! Calling another service: a lazy channel and the caller's introduction on every request.

use std::time::Duration;

use tonic::{
    Request,
    metadata::MetadataValue,
    transport::{Channel, Endpoint, Error},
};

use crate::{Caller, Failure, caller::CALLER_HEADER, deadline};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A channel to a service; connects when it is first used and again after it was lost.
///
/// # Errors
/// When the address is no URL.
pub fn channel(url: &str) -> Result<Channel, Error> {
    Ok(Endpoint::from_shared(url.to_owned())?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .connect_lazy())
}

/// A unary request in a caller's name, with a deadline: no later than that of the call it is made
/// for.
///
/// # Panics
/// Never: a caller's parts are ASCII.
pub fn request<T>(caller: &Caller, message: T) -> Request<T> {
    let mut request = streaming_request(caller, message);
    request.set_timeout(deadline::left().map_or(CALL_TIMEOUT, |left| left.min(CALL_TIMEOUT)));
    request
}

/// A request for a stream, which has no deadline.
///
/// # Panics
/// Never: a caller's parts are ASCII.
pub fn streaming_request<T>(caller: &Caller, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = MetadataValue::try_from(caller.to_header()).expect("parts are ASCII");
    request.metadata_mut().insert(CALLER_HEADER, value);
    request
}

/// Whether a failed call may succeed when it is made again. A status with a source was made on
/// this side, of a lost connection; one that a service sent has none.
pub fn may_pass(status: &tonic::Status) -> bool {
    let passing = matches!(
        status.code(),
        tonic::Code::Unavailable | tonic::Code::DeadlineExceeded | tonic::Code::Cancelled
    );
    passing || std::error::Error::source(status).is_some()
}

/// A failed call of another service as this service's failure.
pub fn failure(service: &str, status: &tonic::Status) -> Failure {
    if may_pass(status) {
        Failure::Unavailable(format!("{service} does not answer"))
    } else {
        Failure::internal(format!("{service} answered {status}"))
    }
}

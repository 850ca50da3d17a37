//! Events between services, by pull.
//!
//! A producer appends to its feed in the transaction of the change ([`Producer`]); `Read` streams
//! the feed in commit order ([`read`]); a consumer moves its cursor in the transaction of the
//! effect ([`Follower`]), so an event takes effect exactly once however often either is killed.

mod answered;
mod follow;
pub mod policies;
mod position;
mod producer;
pub mod read;
mod skip;
mod source;
mod store;

pub use answered::BatchAnswer;
pub use follow::{Followed, Follower, Followers};
pub use policies::{PolicyShelf, Rules};
pub use position::Position;
pub use producer::{NewEvent, Producer};
pub use skip::{Skipped, Skipping};
pub use source::{CatalogueFeed, PrescriptionFeed, Source};

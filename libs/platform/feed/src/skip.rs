//! Passing over an event that cannot take effect: one person proposes, another releases.

use hjm_proto::{event::v1 as pb, write::WriteResponse};
use hjm_service::{
    Answered, Caller, Failure, Refusal, Violations, WriteKey,
    convert::{from_pb_words, to_pb_timestamp},
};
use sqlx::PgConnection;
use tonic::Status;

use crate::{Position, Producer, follow::Followers, store, store::SkipRow};

const REASON_LENGTH_MAX: usize = 200;
/// Skips that a follower shows.
pub(crate) const SHOWN_MAX: i64 = 50;

/// The event that is to be passed over, and why.
#[derive(Debug)]
pub struct Skipping {
    feed: &'static str,
    position: Position,
    reason: String,
}

/// What became of it.
#[derive(Debug)]
pub struct Skipped {
    /// It is passed over; else another person must say so too.
    pub skipped: bool,
    /// Who said so first.
    pub proposed_by: String,
}

impl Skipping {
    /// Reads a request's parts.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming `feed`, `position` or `reason`; `PERMISSION_DENIED` to who does not
    /// work for the whole tenant.
    pub fn new(
        followers: &Followers,
        caller: &Caller,
        feed: &str,
        position: &str,
        reason: &str,
    ) -> Result<Self, Status> {
        if caller.scope().principal.is_some() {
            return Err(Status::permission_denied(
                "an event is passed over by the aid centre",
            ));
        }
        let mut violations = Violations::default();
        let known = followers.find(&caller.tenant, feed).map(|(feed, _)| feed);
        if known.is_none() {
            violations.add("feed", "must be a feed followed here");
        }
        let parsed = violations.take("position", position.parse::<Position>());
        let parsed = parsed.filter(|parsed| {
            let is_of_feed = parsed.feed == feed;
            if !is_of_feed {
                violations.add("position", "must be a position of this feed");
            }
            is_of_feed
        });
        let reason = from_pb_words(&mut violations, "reason", reason, REASON_LENGTH_MAX);
        let ((feed, position), reason) = violations.finish(known.zip(parsed).zip(reason))?;
        Ok(Self {
            feed,
            position,
            reason,
        })
    }
}

impl Followers {
    /// Proposes to pass over the event that a feed stands still at, or, said by a second person,
    /// passes over it: the cursor moves past it without its effect. Both stay on record.
    ///
    /// # Errors
    /// [`Failure::Refused`]: `NOT_HALTED`, `NOT_NEXT` naming `position`, `SECOND_PERSON_REQUIRED`;
    /// those of [`Producer::write`].
    pub async fn skip<R: WriteResponse>(
        &self,
        producer: &Producer,
        key: WriteKey,
        skipping: Skipping,
        answer: fn(Skipped) -> R,
    ) -> Result<Answered<R>, Failure> {
        let feed = skipping.feed;
        let tenant = key.caller.tenant.clone();
        let by = key.clone();
        let written = producer.write(key, move |tx| {
            Box::pin(async move {
                let skipped = skip_within(tx, &by, skipping).await?;
                Ok::<_, Failure>((answer(skipped), Vec::new()))
            })
        });
        let answered = written.await?;
        self.look_again(&tenant, feed).await?;
        Ok(answered)
    }
}

async fn skip_within(
    tx: &mut PgConnection,
    by: &WriteKey,
    skipping: Skipping,
) -> Result<Skipped, Failure> {
    let (tenant, feed) = (&by.caller.tenant, skipping.feed);
    let sequence = skipping.position.sequence;
    store::cursor_ensure(tx, tenant, feed).await?;
    let (cursor, error) = store::cursor_lock(tx, tenant, feed).await?;
    let next = cursor.saturating_add(1);
    if error.is_empty() {
        let text = format!("{feed} does not stand still");
        return Err(Refusal::new("NOT_HALTED", "feed", text).into());
    }
    if sequence != next {
        let text = format!("it stands still at {}", Position::new(feed, next));
        return Err(Refusal::new("NOT_NEXT", "position", text).into());
    }
    let said = store::skip_list(tx, tenant, feed, 1).await?;
    let first = said.into_iter().find(|skip| skip.sequence == sequence);
    let user = by.caller.user.clone();
    if first.as_ref().is_some_and(|first| first.user == user) {
        let text = "another person than the one who proposed it must pass over it";
        return Err(Refusal::new("SECOND_PERSON_REQUIRED", "", text).into());
    }
    let skip = SkipRow {
        sequence,
        error,
        client: by.caller.client.clone(),
        user,
        reason: skipping.reason,
        recorded_at: by.now,
    };
    store::skip_insert(tx, tenant, feed, &skip).await?;
    let skipped = first.is_some();
    tracing::warn!(
        feed,
        sequence,
        skipped,
        user = skip.user,
        reason = skip.reason,
        error = skip.error,
        "an event is to be passed over"
    );
    if skipped {
        store::cursor_move(tx, tenant, feed, sequence).await?;
    }
    Ok(Skipped {
        skipped,
        proposed_by: first.map_or(skip.user, |first| first.user),
    })
}

pub(crate) fn to_pb_skip(feed: &str, skip: SkipRow) -> pb::Skip {
    pb::Skip {
        position: Position::new(feed, skip.sequence).to_wire(),
        error: skip.error,
        client: skip.client,
        user: skip.user,
        reason: skip.reason,
        recorded_at: Some(to_pb_timestamp(skip.recorded_at)),
    }
}

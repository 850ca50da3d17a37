//! Who has looked at whom.

use hjm_proto::free_card::v1::{self as pb, audit_service_server::AuditService};
use hjm_service::{
    Violations,
    access::{AccessKey, AccessOf},
    caller,
    convert::{from_pb_page_size, from_pb_text, from_pb_words, to_pb_next_page},
};
use tonic::{Request, Response, Status, async_trait};

use super::looking;
use crate::{Deps, app};

const USER_LENGTH_MAX: usize = 200;

fn from_pb_access_token(token: &str) -> Option<AccessKey> {
    let mut parts = token.split(' ');
    let mut part = || parts.next();
    Some((
        part()?.parse().ok()?,
        part()?.parse().ok()?,
        part()?.parse().ok()?,
        part()?.parse().ok()?,
    ))
}

fn to_pb_access_token((at, chain, number, place): AccessKey) -> String {
    format!("{at} {chain} {number} {place}")
}

fn from_pb_access_of(
    violations: &mut Violations,
    asked: &pb::ListAccessRequest,
) -> Option<AccessOf> {
    match (asked.recipient_id.is_empty(), asked.user.is_empty()) {
        (false, true) => {
            let person = from_pb_text(violations, "recipient_id", &asked.recipient_id);
            person.map(|person| AccessOf::Person(vec![person]))
        }
        (true, false) => {
            from_pb_words(violations, "user", &asked.user, USER_LENGTH_MAX).map(AccessOf::User)
        }
        (true, true) | (false, false) => {
            violations.add("recipient_id", "one of recipient_id and user must be given");
            None
        }
    }
}

#[async_trait]
impl AuditService for Deps {
    async fn list_access(
        &self,
        request: Request<pb::ListAccessRequest>,
    ) -> Result<Response<pb::ListAccessResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let of = from_pb_access_of(&mut violations, &asked);
        let rows_max = from_pb_page_size(&mut violations, asked.page_size);
        let token = Some(asked.page_token.as_str()).filter(|token| !token.is_empty());
        let before = token.map(from_pb_access_token);
        if before == Some(None) {
            violations.add("page_token", "is not a token of this list");
        }
        let before = before.flatten();
        let (of, rows_max) = violations.finish(of.zip(rows_max))?;
        let rows_max = rows_max.min(app::ACCESSES_MAX);
        let looking = looking(caller, "ListAccess", "", None, self.clock.now()?);
        let listed = app::list_access(self, looking, of, before, rows_max).await?;
        let (accesses, last) = listed;
        let last = last.map(to_pb_access_token);
        Ok(Response::new(pb::ListAccessResponse {
            next_page_token: to_pb_next_page(accesses.len(), rows_max, last),
            accesses,
        }))
    }
}

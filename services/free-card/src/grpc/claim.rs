//! What principals owe persons who paid too much.

use hjm_free_card::ClaimDecision;
use hjm_ids::PrincipalId;
use hjm_proto::free_card::v1::{self as pb, claim_service_server::ClaimService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_page_size, from_pb_text, from_pb_text_optional, from_pb_words},
};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use super::looking;
use crate::{
    Deps,
    app::{self, Deciding, Listing},
    convert::{from_pb_claim_decision, from_pb_claim_state},
    store::{ClaimFilter, ClaimKey},
};

const TEXT_LENGTH_MAX: usize = 500;
const PAID_BY: &str = "paid_by_principal_id";

fn from_pb_claim_token(token: &str) -> Option<ClaimKey> {
    if token.is_empty() {
        return Some((Uuid::nil(), 0));
    }
    let (fee, number) = token.split_once(' ')?;
    Some((fee.parse().ok()?, number.parse().ok()?))
}

#[async_trait]
impl ClaimService for Deps {
    async fn list_claims(
        &self,
        request: Request<pb::ListClaimsRequest>,
    ) -> Result<Response<pb::ListClaimsResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut violations = Violations::default();
        let subject = from_pb_text_optional(&mut violations, "recipient_id", &asked.recipient_id);
        let principal: Option<Option<PrincipalId>> =
            from_pb_text_optional(&mut violations, "principal_id", &asked.principal_id);
        let state = violations.take("state", from_pb_claim_state(asked.state));
        let rows_max = from_pb_page_size(&mut violations, asked.page_size);
        let after = from_pb_claim_token(&asked.page_token).ok_or("is not a token of this list");
        let after = violations.take("page_token", after);
        if asked.undercharges && state.as_ref().is_some_and(Option::is_some) {
            violations.add("state", "is not told with undercharges");
        }
        let listing = if asked.undercharges {
            Listing::Undercharges
        } else {
            Listing::Claims
        };
        let parsed = subject.zip(principal).zip(state.zip(rows_max)).zip(after);
        let (((subject, principal), (state, rows_max)), after) = violations.finish(parsed)?;
        // A principal sees what it owes itself.
        let own = caller.scope().principal;
        if let (Some(own), Some(asked)) = (&own, &principal)
            && own != asked
        {
            return Ok(Response::new(pb::ListClaimsResponse::default()));
        }
        let filter = ClaimFilter {
            subjects: None,
            principal_id: own.or(principal).map(|principal| principal.to_string()),
            state,
            ..ClaimFilter::default()
        };
        let looking = looking(caller, "ListClaims", "", None, self.clock.now()?);
        let listing = (listing, subject);
        let listed = app::list_claims(self, looking, listing, filter, after, rows_max).await?;
        let next = listed.last;
        let next = next.map(|(fee, number)| format!("{fee} {number}"));
        Ok(Response::new(pb::ListClaimsResponse {
            next_page_token: next.unwrap_or_default(),
            claims: listed.claims,
            undercharges: listed.undercharges,
        }))
    }

    async fn decide_claim(
        &self,
        request: Request<pb::DecideClaimRequest>,
    ) -> Result<Response<pb::DecideClaimResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let key = WriteKey::new(caller, &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let fee = from_pb_text(&mut violations, "fee_id", &asked.fee_id);
        let decision = from_pb_claim_decision(&mut violations, "state", asked.state);
        let text = from_pb_words(&mut violations, "text", &asked.text, TEXT_LENGTH_MAX);
        let paid_by: Option<Option<PrincipalId>> =
            from_pb_text_optional(&mut violations, PAID_BY, &asked.paid_by_principal_id);
        if decision != Some(ClaimDecision::Pay) && paid_by.as_ref().is_some_and(Option::is_some) {
            violations.add(PAID_BY, "is told with PAID");
        }
        let parsed = fee.zip(decision).zip(text.zip(paid_by));
        let ((fee, decision), (text, paid_by)) = violations.finish(parsed)?;
        let deciding = Deciding {
            fee,
            decision,
            text,
            paid_by,
        };
        let decided = app::decide_claim(self, key, deciding).await?;
        Ok(decided.into_response())
    }

    async fn settle_claims(
        &self,
        request: Request<pb::SettleClaimsRequest>,
    ) -> Result<Response<pb::SettleClaimsResponse>, Status> {
        let caller = caller(&request)?;
        let own = caller.scope().principal;
        let asked = request.into_inner();
        let key = WriteKey::new(caller, &asked, self.clock.now()?)?;
        let mut violations = Violations::default();
        let principal = from_pb_text(&mut violations, "principal_id", &asked.principal_id);
        let paid_by: Option<Option<PrincipalId>> =
            from_pb_text_optional(&mut violations, PAID_BY, &asked.paid_by_principal_id);
        let (principal, paid_by) = violations.finish(principal.zip(paid_by))?;
        let principal: PrincipalId = principal;
        if own.is_some_and(|own| own != principal) {
            return Err(hjm_service::Failure::NotFound("principal").into());
        }
        let settled = app::settle_claims(self, key, principal, paid_by).await?;
        Ok(settled.into_response())
    }
}

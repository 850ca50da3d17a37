//! `PolicyService`.

use hjm_proto::catalogue::v1::{self as pb, policy_service_server::PolicyService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{from_pb_date, from_pb_page_size, to_pb_next_page},
};
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, app::policy, convert::to_pb_policy};

#[async_trait]
impl PolicyService for Deps {
    async fn import_policy(
        &self,
        request: Request<pb::ImportPolicyRequest>,
    ) -> Result<Response<pb::ImportPolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let policy = policy::check_policy(&caller, &request.text)?;
        if request.dry_run {
            let preview = policy::preview_policy(self, &caller, policy);
            return Ok(Response::new(preview.await?));
        }
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        Ok(policy::import_policy(self, key, policy)
            .await?
            .into_response())
    }

    async fn activate_policy(
        &self,
        request: Request<pb::ActivatePolicyRequest>,
    ) -> Result<Response<pb::ActivatePolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let from = from_pb_date(&mut violations, "active_from", request.active_from.as_ref());
        let from = violations.finish(from)?;
        let done = policy::activate_policy(self, key, request.policy_id, request.version, from);
        Ok(done.await?.into_response())
    }

    async fn list_policies(
        &self,
        request: Request<pb::ListPoliciesRequest>,
    ) -> Result<Response<pb::ListPoliciesResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let rows_max = from_pb_page_size(&mut violations, request.page_size);
        let token = policy_token(&request.page_token).ok_or("is not a token of this list");
        let after = violations.take("page_token", token);
        let (rows_max, after) = violations.finish(rows_max.zip(after))?;
        let found = policy::list_policies(self, &caller, after, rows_max).await?;
        let last = found
            .last()
            .map(|policy| format!("{} {}", policy.policy_id, policy.version));
        Ok(Response::new(pb::ListPoliciesResponse {
            next_page_token: to_pb_next_page(found.len(), rows_max, last),
            policies: found.iter().map(to_pb_policy).collect(),
        }))
    }

    async fn get_policy(
        &self,
        request: Request<pb::GetPolicyRequest>,
    ) -> Result<Response<pb::GetPolicyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let found = policy::get_policy(self, &caller, request.policy_id, request.version).await?;
        Ok(Response::new(found))
    }
}

fn policy_token(token: &str) -> Option<(String, u32)> {
    if token.is_empty() {
        return Some((String::new(), 0));
    }
    let (policy_id, version) = token.split_once(' ')?;
    Some((policy_id.to_owned(), version.parse().ok()?))
}

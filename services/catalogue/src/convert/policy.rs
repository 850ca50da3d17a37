//! A version of a policy.

use hjm_proto::catalogue::v1 as pb;
use hjm_service::convert::to_pb_date;

use crate::store::PolicyRow;

/// Without its text: only `GetPolicy` and events carry that.
pub(crate) fn to_pb_policy(policy: &PolicyRow) -> pb::Policy {
    pb::Policy {
        policy_id: policy.policy_id.clone(),
        version: policy.version,
        title: policy.title.clone(),
        hash: policy.hash.clone(),
        sections: policy.sections.clone(),
        text: String::new(),
        imported_by: policy.imported_by.clone(),
        active_from: policy.active_from.map(to_pb_date),
        activated_by: policy.activated_by.clone().unwrap_or_default(),
    }
}

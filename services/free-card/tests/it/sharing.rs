//! Links and pools as a test makes them.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, kronor, request_id};
use tonic::Status;

use crate::support::{SCHEME, World, ask, card_days, person};

impl World {
    pub(crate) async fn link(
        &self,
        one: (&str, pb::IdentityKind),
        other: (&str, pb::IdentityKind),
    ) -> Result<Vec<pb::AccountStatus>, Status> {
        let identity = |(id, kind): (&str, pb::IdentityKind)| pb::LinkedIdentity {
            recipient_id: id.to_owned(),
            kind: kind.into(),
            born_on: date("1980-01-01"),
        };
        let request = pb::LinkSubjectsRequest {
            request_id: request_id(),
            one: Some(identity(one)),
            other: Some(identity(other)),
            evidence: "the population register".to_owned(),
            not_before: self.policy_position.clone(),
        };
        let linked = self.subjects.clone().link_subjects(ask(request)).await;
        Ok(linked?.into_inner().statuses)
    }

    /// A reserve number and the personal number that took its place.
    pub(crate) async fn link_reserve(&self, reserve: &str, of: &str) -> Vec<pb::AccountStatus> {
        let reserve = (reserve, pb::IdentityKind::ReserveNational);
        let linked = self.link(reserve, (of, pb::IdentityKind::Personal)).await;
        linked.unwrap()
    }

    pub(crate) async fn unlink(
        &self,
        one: &str,
        other: &str,
    ) -> Result<Vec<pb::AccountStatus>, Status> {
        let request = pb::UnlinkSubjectsRequest {
            request_id: request_id(),
            recipient_id: one.to_owned(),
            other_recipient_id: other.to_owned(),
            text: "linked by mistake".to_owned(),
            not_before: String::new(),
        };
        let unlinked = self.subjects.clone().unlink_subjects(ask(request)).await;
        Ok(unlinked?.into_inner().statuses)
    }

    pub(crate) async fn pool(&self, members: &[(&str, &str)]) -> Result<pb::Pool, Status> {
        let request = pb::CreatePoolRequest {
            request_id: request_id(),
            scheme_id: SCHEME.to_owned(),
            members: members.iter().map(|member| entrant(*member)).collect(),
            guardian_ids: vec![person()],
            not_before: self.policy_position.clone(),
        };
        let created = self.subjects.clone().create_pool(ask(request)).await;
        Ok(created?.into_inner().pool.unwrap())
    }

    pub(crate) async fn change_pool(
        &self,
        pool: &pb::Pool,
        joining: &[(&str, &str)],
        leaving: &[&str],
    ) -> Result<pb::Pool, Status> {
        let request = pb::ChangePoolRequest {
            request_id: request_id(),
            pool_id: pool.pool_id.clone(),
            expected_version: pool.version,
            joining: joining.iter().map(|member| entrant(*member)).collect(),
            leaving: leaving.iter().map(|id| (*id).to_owned()).collect(),
            text: "the household changed".to_owned(),
            not_before: String::new(),
        };
        let changed = self.subjects.clone().change_pool(ask(request)).await;
        Ok(changed?.into_inner().pool.unwrap())
    }

    pub(crate) async fn get_pool(&self, pool_id: &str, on: &str) -> pb::Pool {
        let request = pb::GetPoolRequest {
            pool_id: pool_id.to_owned(),
            as_of: date(on),
            ..Default::default()
        };
        let got = self.subjects.clone().get_pool(ask(request)).await;
        got.unwrap().into_inner().pool.unwrap()
    }

    /// Accumulated, and the card's days where there is one.
    pub(crate) async fn stands(&self, recipient: &str, on: &str) -> (String, Option<String>) {
        let status = self.status(recipient, on).await;
        (kronor(status.accumulated.as_ref()), card_days(&status))
    }

    /// What is owed for each fee, where something is.
    pub(crate) async fn owed(&self, recipient: &str) -> Vec<(String, String)> {
        let claims = self.claims_of(recipient).await;
        let owed = claims.iter().map(|claim| {
            let amount = kronor(claim.amount.as_ref());
            (claim.fee_id.clone(), amount)
        });
        owed.collect()
    }
}

pub(crate) fn entrant((id, born_on): (&str, &str)) -> pb::PoolEntrant {
    pb::PoolEntrant {
        recipient_id: id.to_owned(),
        born_on: date(born_on),
        evidence: "the population register".to_owned(),
    }
}

//! What is asked of a world beside fees: claims, choices, and looks at a person.

use hjm_proto::free_card::v1 as pb;
use hjm_service::{Caller, client};
use hjm_testkit::{date, request_id};
use tonic::Status;

use crate::support::{SCHEME, World, ask, desk};

impl World {
    pub(crate) async fn decide(
        &self,
        fee_id: &str,
        state: pb::ClaimState,
    ) -> Result<pb::Claim, Status> {
        self.decide_paid_by(fee_id, state, "").await
    }

    pub(crate) async fn decide_paid_by(
        &self,
        fee_id: &str,
        state: pb::ClaimState,
        paid_by: &str,
    ) -> Result<pb::Claim, Status> {
        let request = pb::DecideClaimRequest {
            request_id: request_id(),
            fee_id: fee_id.to_owned(),
            state: state.into(),
            text: "as the unit says".to_owned(),
            paid_by_principal_id: paid_by.to_owned(),
        };
        let mut client = self.claims.clone();
        let decided = client.decide_claim(client::request(&desk(), request));
        Ok(decided.await?.into_inner().claim.unwrap())
    }

    pub(crate) async fn claims_of(&self, recipient: &str) -> Vec<pb::Claim> {
        let request = pb::ListClaimsRequest {
            recipient_id: recipient.to_owned(),
            ..Default::default()
        };
        let mut client = self.claims.clone();
        let listed = client.list_claims(client::request(&desk(), request));
        listed.await.unwrap().into_inner().claims
    }

    /// What was charged too little, as a caller sees it.
    pub(crate) async fn undercharges(
        &self,
        by: &Caller,
        request: pb::ListClaimsRequest,
    ) -> Vec<pb::Undercharge> {
        let request = pb::ListClaimsRequest {
            undercharges: true,
            ..request
        };
        let mut client = self.claims.clone();
        let listed = client.list_claims(client::request(by, request)).await;
        let listed = listed.unwrap().into_inner();
        assert_eq!(listed.claims, []);
        listed.undercharges
    }

    pub(crate) async fn opt_out(&self, recipient: &str) {
        let request = pb::OptOutRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
        };
        let mut client = self.subjects.clone();
        let done = client.opt_out(client::request(&desk(), request));
        done.await.unwrap();
    }

    pub(crate) async fn consent(&self, recipient: &str) {
        let request = pb::SetReadConsentRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
            consent: true,
        };
        let mut client = self.subjects.clone();
        client.set_read_consent(ask(request)).await.unwrap();
    }

    pub(crate) async fn protect(&self, recipient: &str) {
        let request = pb::SetProtectionRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
            is_protected: true,
        };
        let mut client = self.subjects.clone();
        let done = client.set_protection(client::request(&desk(), request));
        done.await.unwrap();
    }

    pub(crate) async fn opt_in(&self, recipient: &str) {
        let request = pb::OptInRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
        };
        let mut client = self.subjects.clone();
        let done = client.opt_in(client::request(&desk(), request));
        done.await.unwrap();
    }

    pub(crate) async fn is_exempt(&self, recipient: &str, on: &str) -> Result<bool, Status> {
        self.is_exempt_in(SCHEME, recipient, on).await
    }

    pub(crate) async fn is_exempt_in(
        &self,
        scheme: &str,
        recipient: &str,
        on: &str,
    ) -> Result<bool, Status> {
        let request = pb::IsExemptRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: scheme.to_owned(),
            on: date(on),
        };
        let mut client = self.free_card.clone();
        let asked = client.is_exempt(client::request(&desk(), request));
        Ok(asked.await?.into_inner().exempt)
    }

    pub(crate) async fn accesses(&self, recipient: &str) -> Vec<pb::Access> {
        let request = pb::ListAccessRequest {
            recipient_id: recipient.to_owned(),
            ..Default::default()
        };
        let mut client = self.audit.clone();
        let listed = client.list_access(client::request(&desk(), request));
        listed.await.unwrap().into_inner().accesses
    }

    pub(crate) async fn quote(
        &self,
        recipient: &str,
        fees: Vec<pb::FeeDraft>,
    ) -> Result<Vec<pb::FeeAnswer>, Status> {
        let request = pb::QuoteFeesRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: SCHEME.to_owned(),
            fees,
            not_before: self.policy_position.clone(),
        };
        let mut client = self.free_card.clone();
        let quoted = client.quote_fees(client::request(&desk(), request));
        Ok(quoted.await?.into_inner().answers)
    }

    pub(crate) async fn status(&self, recipient: &str, as_of: &str) -> pb::AccountStatus {
        self.status_in(SCHEME, recipient, as_of).await
    }

    pub(crate) async fn status_in(
        &self,
        scheme: &str,
        recipient: &str,
        as_of: &str,
    ) -> pb::AccountStatus {
        let request = pb::GetStatusRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: scheme.to_owned(),
            as_of: date(as_of),
            not_before: self.policy_position.clone(),
            ..Default::default()
        };
        let mut client = self.free_card.clone();
        let got = client.get_status(client::request(&desk(), request));
        got.await.unwrap().into_inner().status.unwrap()
    }

    pub(crate) async fn list(&self, recipient: &str) -> Vec<pb::Fee> {
        self.page(recipient, 0, "").await.unwrap().fees
    }

    pub(crate) async fn list_in(&self, scheme: &str, recipient: &str) -> Vec<pb::Fee> {
        let request = pb::ListFeesRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: scheme.to_owned(),
            ..Default::default()
        };
        let mut client = self.free_card.clone();
        let listed = client.list_fees(client::request(&desk(), request));
        listed.await.unwrap().into_inner().fees
    }

    pub(crate) async fn page(
        &self,
        recipient: &str,
        page_size: i32,
        page_token: &str,
    ) -> Result<pb::ListFeesResponse, Status> {
        let request = pb::ListFeesRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: SCHEME.to_owned(),
            not_before: self.policy_position.clone(),
            page_size,
            page_token: page_token.to_owned(),
            ..Default::default()
        };
        let mut client = self.free_card.clone();
        let listed = client.list_fees(client::request(&desk(), request));
        Ok(listed.await?.into_inner())
    }
}

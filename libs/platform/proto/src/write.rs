//! Which requests write, so that idempotency and positions are handled once for all of them.

use crate::{billing::v1 as b, catalogue::v1 as c, free_card::v1 as f, prescription::v1 as p};

/// A request that writes: it carries a `request_id` and has one response type.
pub trait WriteRequest: prost::Message + Clone + Default + 'static {
    /// What it answers.
    type Response: WriteResponse;

    /// The request's name, stored with its answer.
    const METHOD: &'static str;

    /// The caller's key for this write.
    fn request_id(&self) -> &str;

    /// The request with an empty `request_id`: what its hash is taken of.
    #[must_use]
    fn without_request_id(&self) -> Self;
}

/// The answer of a write: it carries the position that the write has in its service's feed.
pub trait WriteResponse: prost::Message + Default + 'static {
    /// Sets the position, known only when the event is appended.
    fn set_position(&mut self, position: String);
}

macro_rules! writes {
    ($($context:ident::$request:ident => $response:ty),* $(,)?) => {$(
        impl WriteRequest for $context::$request {
            type Response = $response;
            const METHOD: &'static str = stringify!($request);
            fn request_id(&self) -> &str {
                &self.request_id
            }
            fn without_request_id(&self) -> Self {
                Self { request_id: String::new(), ..self.clone() }
            }
        }
        impl WriteResponse for $response {
            fn set_position(&mut self, position: String) {
                self.position = position;
            }
        }
    )*};
}

writes! {
    c::CreateArticleRequest => c::CreateArticleResponse,
    c::ChangeArticleRequest => c::ChangeArticleResponse,
    c::WithdrawArticleRequest => c::WithdrawArticleResponse,
    c::RelateArticlesRequest => c::RelateArticlesResponse,
    c::EndRelationRequest => c::EndRelationResponse,
    c::SetPriceRequest => c::SetPriceResponse,
    c::ImportPolicyRequest => c::ImportPolicyResponse,
    c::ActivatePolicyRequest => c::ActivatePolicyResponse,
    c::ImportIsoCodesRequest => c::ImportIsoCodesResponse,
    p::CreatePrincipalRequest => p::CreatePrincipalResponse,
    p::CreateCustomerUnitRequest => p::CreateCustomerUnitResponse,
    p::RegisterRecipientRequest => p::RegisterRecipientResponse,
    p::ChangeFactsRequest => p::ChangeFactsResponse,
    p::RecordDeathRequest => p::RecordDeathResponse,
    p::RegisterDeviceRequest => p::RegisterDeviceResponse,
    p::ReceiveReturnRequest => p::ReceiveReturnResponse,
    p::PrescribeRequest => p::PrescribeResponse,
    p::DeliverRequest => p::DeliverResponse,
    p::CorrectLoanDateRequest => p::CorrectLoanDateResponse,
    p::OfferTransferRequest => p::OfferTransferResponse,
    p::AnswerTransferRequest => p::AnswerTransferResponse,
    p::SkipRequest => p::SkipResponse,
    b::CreditChargeRequest => b::CreditChargeResponse,
    b::StartRunRequest => b::StartRunResponse,
    b::SkipRequest => b::SkipResponse,
    f::RegisterFeeRequest => f::RegisterFeeResponse,
    f::CancelFeeRequest => f::CancelFeeResponse,
    f::CorrectFeeRequest => f::CorrectFeeResponse,
    f::ImportCardRequest => f::ImportCardResponse,
    f::RegisterCardRequest => f::RegisterCardResponse,
    f::OptOutRequest => f::OptOutResponse,
    f::OptInRequest => f::OptInResponse,
    f::SetReadConsentRequest => f::SetReadConsentResponse,
    f::FindSubjectRequest => f::FindSubjectResponse,
    f::LinkSubjectsRequest => f::LinkSubjectsResponse,
    f::UnlinkSubjectsRequest => f::UnlinkSubjectsResponse,
    f::CreatePoolRequest => f::CreatePoolResponse,
    f::ChangePoolRequest => f::ChangePoolResponse,
    f::SetProtectionRequest => f::SetProtectionResponse,
    f::DecideClaimRequest => f::DecideClaimResponse,
    f::SettleClaimsRequest => f::SettleClaimsResponse,
    f::SkipRequest => f::SkipResponse,
}

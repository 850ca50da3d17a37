//! A caller at the public gRPC of the four services. Every story and command goes through it.

use std::{future::Future, time::Duration};

use futures::stream;
use hjm_proto::{billing::v1 as b, catalogue::v1 as c, free_card::v1 as f, prescription::v1 as p};
use hjm_service::{Caller, client};
use tokio::time;
use tonic::{Request, Response, Status, Streaming, transport::Channel};

/// A write or read that fails because a service is away is repeated so long, with the same id.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_LAST: Duration = Duration::from_millis(500);
const DEADLINE: Duration = Duration::from_secs(30);

/// Where the four services listen.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The catalogue.
    pub catalogue: String,
    /// Prescription.
    pub prescription: String,
    /// Billing.
    pub billing: String,
    /// Free-card.
    pub free_card: String,
}

impl Addresses {
    /// One service's address, for a caller that calls no other.
    pub(crate) fn only(address: &str) -> Self {
        Self {
            catalogue: address.to_owned(),
            prescription: address.to_owned(),
            billing: address.to_owned(),
            free_card: address.to_owned(),
        }
    }
}

/// A caller with its four channels.
#[derive(Debug, Clone)]
pub struct Desk {
    caller: Caller,
    catalogue: Channel,
    prescription: Channel,
    billing: Channel,
    free_card: Channel,
}

impl Desk {
    /// A caller at the given addresses; connects when first used.
    ///
    /// # Errors
    /// When an address is no URL.
    pub fn new(addresses: &Addresses, caller: Caller) -> Result<Self, tonic::transport::Error> {
        Ok(Self {
            caller,
            catalogue: client::channel(&addresses.catalogue)?,
            prescription: client::channel(&addresses.prescription)?,
            billing: client::channel(&addresses.billing)?,
            free_card: client::channel(&addresses.free_card)?,
        })
    }

    /// Another caller over the same channels.
    #[must_use]
    pub fn with_caller(&self, caller: Caller) -> Self {
        Self {
            caller,
            ..self.clone()
        }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn call<Q, A, F>(&self, message: Q, send: impl Fn(Request<Q>) -> F) -> Result<A, Status>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let until = time::Instant::now() + PATIENCE;
        let mut pause = PAUSE_FIRST;
        loop {
            let mut request = client::request(&self.caller, message.clone());
            request.set_timeout(DEADLINE);
            match send(request).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) if client::may_pass(&status) && time::Instant::now() < until => {
                    time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_LAST);
                }
                Err(status) => return Err(status),
            }
        }
    }
}

macro_rules! calls {
    ($($name:ident: $channel:ident $context:ident $module:ident $client:ident
       ($request:ident) -> $response:ty;)*) => {
        impl Desk {$(
            /// The RPC of this name.
            ///
            /// # Errors
            /// The service's answer; unavailability only after a minute of repeats.
            pub async fn $name(&self, message: $context::$request) -> Result<$response, Status> {
                self.call(message, |request| {
                    let mut client = $context::$module::$client::new(self.$channel.clone());
                    async move { client.$name(request).await }
                })
                .await
            }
        )*}
    };
}

calls! {
    create_article: catalogue c article_service_client ArticleServiceClient
        (CreateArticleRequest) -> c::CreateArticleResponse;
    set_price: catalogue c price_service_client PriceServiceClient
        (SetPriceRequest) -> c::SetPriceResponse;
    import_policy: catalogue c policy_service_client PolicyServiceClient
        (ImportPolicyRequest) -> c::ImportPolicyResponse;
    activate_policy: catalogue c policy_service_client PolicyServiceClient
        (ActivatePolicyRequest) -> c::ActivatePolicyResponse;
    decide_fees: catalogue c decision_service_client DecisionServiceClient
        (DecideFeesRequest) -> c::DecideFeesResponse;
    explain: catalogue c decision_service_client DecisionServiceClient
        (ExplainRequest) -> c::ExplainResponse;
    create_principal: prescription p organisation_service_client OrganisationServiceClient
        (CreatePrincipalRequest) -> p::CreatePrincipalResponse;
    list_principals: prescription p organisation_service_client OrganisationServiceClient
        (ListPrincipalsRequest) -> p::ListPrincipalsResponse;
    create_customer_unit: prescription p organisation_service_client OrganisationServiceClient
        (CreateCustomerUnitRequest) -> p::CreateCustomerUnitResponse;
    register_recipient: prescription p recipient_service_client RecipientServiceClient
        (RegisterRecipientRequest) -> p::RegisterRecipientResponse;
    change_facts: prescription p recipient_service_client RecipientServiceClient
        (ChangeFactsRequest) -> p::ChangeFactsResponse;
    record_death: prescription p recipient_service_client RecipientServiceClient
        (RecordDeathRequest) -> p::RecordDeathResponse;
    register_device: prescription p device_service_client DeviceServiceClient
        (RegisterDeviceRequest) -> p::RegisterDeviceResponse;
    receive_return: prescription p device_service_client DeviceServiceClient
        (ReceiveReturnRequest) -> p::ReceiveReturnResponse;
    prescribe: prescription p prescription_service_client PrescriptionServiceClient
        (PrescribeRequest) -> p::PrescribeResponse;
    deliver: prescription p prescription_service_client PrescriptionServiceClient
        (DeliverRequest) -> p::DeliverResponse;
    get_loan: prescription p loan_service_client LoanServiceClient
        (GetLoanRequest) -> p::GetLoanResponse;
    correct_loan_date: prescription p loan_service_client LoanServiceClient
        (CorrectLoanDateRequest) -> p::CorrectLoanDateResponse;
    offer_transfer: prescription p loan_service_client LoanServiceClient
        (OfferTransferRequest) -> p::OfferTransferResponse;
    answer_transfer: prescription p loan_service_client LoanServiceClient
        (AnswerTransferRequest) -> p::AnswerTransferResponse;
    list_charges: billing b charge_service_client ChargeServiceClient
        (ListChargesRequest) -> b::ListChargesResponse;
    explain_charge: billing b charge_service_client ChargeServiceClient
        (ExplainChargeRequest) -> b::ExplainChargeResponse;
    credit_charge: billing b charge_service_client ChargeServiceClient
        (CreditChargeRequest) -> b::CreditChargeResponse;
    start_run: billing b run_service_client RunServiceClient
        (StartRunRequest) -> b::StartRunResponse;
    get_run: billing b run_service_client RunServiceClient
        (GetRunRequest) -> b::GetRunResponse;
    list_runs: billing b run_service_client RunServiceClient
        (ListRunsRequest) -> b::ListRunsResponse;
    get_statement: billing b statement_service_client StatementServiceClient
        (GetStatementRequest) -> b::GetStatementResponse;
    list_statements: billing b statement_service_client StatementServiceClient
        (ListStatementsRequest) -> b::ListStatementsResponse;
    get_status: free_card f free_card_service_client FreeCardServiceClient
        (GetStatusRequest) -> f::GetStatusResponse;
    list_fees: free_card f free_card_service_client FreeCardServiceClient
        (ListFeesRequest) -> f::ListFeesResponse;
    quote_fees: free_card f free_card_service_client FreeCardServiceClient
        (QuoteFeesRequest) -> f::QuoteFeesResponse;
    cancel_fee: free_card f free_card_service_client FreeCardServiceClient
        (CancelFeeRequest) -> f::CancelFeeResponse;
    register_fee: free_card f free_card_service_client FreeCardServiceClient
        (RegisterFeeRequest) -> f::RegisterFeeResponse;
}

impl Desk {
    /// Imports the parts of a list of codes, as one write.
    ///
    /// # Errors
    /// The service's answer; unavailability only after a minute of repeats.
    pub async fn import_iso_codes(
        &self,
        parts: Vec<c::ImportIsoCodesRequest>,
    ) -> Result<c::ImportIsoCodesResponse, Status> {
        self.call(parts, |request| {
            let mut client = c::classification_service_client::ClassificationServiceClient::new(
                self.catalogue.clone(),
            );
            async move { client.import_iso_codes(request.map(stream::iter)).await }
        })
        .await
    }

    /// The lines of a statement, as a stream.
    ///
    /// # Errors
    /// The service's answer.
    pub async fn stream_statement_lines(
        &self,
        message: b::StreamStatementLinesRequest,
    ) -> Result<Streaming<b::StreamStatementLinesResponse>, Status> {
        let request = client::streaming_request(&self.caller, message);
        let mut client =
            b::statement_service_client::StatementServiceClient::new(self.billing.clone());
        Ok(client.stream_statement_lines(request).await?.into_inner())
    }
}

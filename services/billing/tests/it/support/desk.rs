//! A free-card desk that answers as it is told to, and remembers what it was asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use hjm_proto::{
    common::v1::Explanation,
    free_card::v1::{self as pb, free_card_service_server::FreeCardService},
};
use hjm_service::{Failure, Refusal};
use hjm_testkit::money;
use tonic::{Request, Response, Status, Streaming, async_trait};
use uuid::Uuid;

/// How the desk takes what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Registers and cancels.
    Answers,
    /// Refuses with a reason.
    Refuses(&'static str),
    /// Does not answer.
    Away,
}

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    mood: Arc<Mutex<Mood>>,
    fees: Arc<Mutex<HashMap<String, String>>>,
    amount: Arc<Mutex<Option<&'static str>>>,
    pub(crate) registered: Arc<Mutex<Vec<pb::RegisterFeeRequest>>>,
    pub(crate) cancelled: Arc<Mutex<Vec<pb::CancelFeeRequest>>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            mood: Arc::new(Mutex::new(Mood::Answers)),
            fees: Arc::default(),
            amount: Arc::default(),
            registered: Arc::default(),
            cancelled: Arc::default(),
        }
    }
}

impl Desk {
    pub(crate) fn mood(&self, mood: Mood) {
        *self.mood.lock().expect("no panic") = mood;
    }

    /// From now on every fee costs this.
    pub(crate) fn charges(&self, amount: &'static str) {
        *self.amount.lock().expect("no panic") = Some(amount);
    }

    fn check(&self) -> Result<(), Status> {
        match *self.mood.lock().expect("no panic") {
            Mood::Answers => Ok(()),
            Mood::Refuses(reason) => {
                Err(Failure::Refused(Refusal::new(reason, "", "refused")).into())
            }
            Mood::Away => Err(Failure::Unavailable("away".to_owned()).into()),
        }
    }
}

#[async_trait]
impl FreeCardService for Desk {
    async fn quote_fees(
        &self,
        _: Request<pb::QuoteFeesRequest>,
    ) -> Result<Response<pb::QuoteFeesResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn register_fee(
        &self,
        request: Request<pb::RegisterFeeRequest>,
    ) -> Result<Response<pb::RegisterFeeResponse>, Status> {
        let request = request.into_inner();
        self.registered
            .lock()
            .expect("no panic")
            .push(request.clone());
        self.check()?;
        let mut fees = self.fees.lock().expect("no panic");
        let fee = fees
            .entry(request.external_reference)
            .or_insert_with(|| Uuid::now_v7().to_string());
        let amount = *self.amount.lock().expect("no panic");
        let nominal = request.fee.expect("a fee").nominal;
        let explanation = Explanation {
            rule_id: "ceiling".to_owned(),
            ..Default::default()
        };
        let answer = pb::FeeAnswer {
            to_charge: amount.map_or(nominal, money),
            explanation: Some(explanation),
            ..Default::default()
        };
        Ok(Response::new(pb::RegisterFeeResponse {
            fee_id: fee.clone(),
            answer: Some(answer),
            ..Default::default()
        }))
    }

    async fn cancel_fee(
        &self,
        request: Request<pb::CancelFeeRequest>,
    ) -> Result<Response<pb::CancelFeeResponse>, Status> {
        self.cancelled
            .lock()
            .expect("no panic")
            .push(request.into_inner());
        self.check()?;
        Ok(Response::new(pb::CancelFeeResponse::default()))
    }

    async fn get_status(
        &self,
        _: Request<pb::GetStatusRequest>,
    ) -> Result<Response<pb::GetStatusResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn list_fees(
        &self,
        _: Request<pb::ListFeesRequest>,
    ) -> Result<Response<pb::ListFeesResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn register_fees(
        &self,
        _: Request<Streaming<pb::RegisterFeesRequest>>,
    ) -> Result<Response<pb::RegisterFeesResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn correct_fee(
        &self,
        _: Request<pb::CorrectFeeRequest>,
    ) -> Result<Response<pb::CorrectFeeResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn get_statuses(
        &self,
        _: Request<pb::GetStatusesRequest>,
    ) -> Result<Response<pb::GetStatusesResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn is_exempt(
        &self,
        _: Request<pb::IsExemptRequest>,
    ) -> Result<Response<pb::IsExemptResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }

    async fn explain_card(
        &self,
        _: Request<pb::ExplainCardRequest>,
    ) -> Result<Response<pb::ExplainCardResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
    }
}

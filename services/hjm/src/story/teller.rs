//! Who tells a story: a desk at the aid centre, a clock, and what every story does.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use hjm_proto::{common::v1 as common, prescription::v1 as p};
use hjm_service::convert::to_pb_date;
use jiff::civil::Date;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::ClockFile;
use crate::desk::Desk;

/// Why a story cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// A call was refused; with what was being done.
    #[error("{0}: {1}")]
    Call(&'static str, String),
    /// An answer lacks what it must have.
    #[error("an answer lacks {0}")]
    Missing(&'static str),
    /// The clock file cannot be written.
    #[error("the clock file: {0}")]
    Clock(#[from] std::io::Error),
}

impl StoryError {
    pub(crate) fn call(doing: &'static str) -> impl Fn(Status) -> Self {
        move |status| {
            let details = status.get_error_details();
            let reason = details.error_info().map_or("", |info| info.reason.as_str());
            let fields = details.bad_request().map_or(String::new(), |request| {
                let named = request.field_violations.iter();
                let named = named.map(|one| format!("{}: {}", one.field, one.description));
                named.collect::<Vec<_>>().join("; ")
            });
            Self::Call(
                doing,
                format!("{:?} {reason} {} {fields}", status.code(), status.message()),
            )
        }
    }
}

/// A storyteller at the aid centre of one tenant.
#[derive(Debug)]
pub struct Teller {
    /// The desk every call goes through.
    pub desk: Desk,
    clock: ClockFile,
    name: &'static str,
    asked: AtomicU32,
    heard: Mutex<String>,
}

impl Teller {
    /// A teller whose request ids begin with the story's name, so that a repeat is a repeat.
    pub fn new(desk: Desk, clock: ClockFile, name: &'static str) -> Self {
        Self {
            desk,
            clock,
            name,
            asked: AtomicU32::new(0),
            heard: Mutex::default(),
        }
    }

    /// The next request id of the story.
    pub fn request_id(&self) -> String {
        format!(
            "{}-{:08}",
            self.name,
            self.asked.fetch_add(1, Ordering::SeqCst)
        )
    }

    /// Moves the clock.
    ///
    /// # Errors
    /// When the clock file cannot be replaced.
    pub fn day(&self, day: Date) -> Result<(), StoryError> {
        self.clock.set(day)
    }

    /// Remembers the newest position of prescription's feed that the story has caused.
    pub fn hear(&self, position: &str) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if position.len() > heard.len() || (position.len() == heard.len() && *position > **heard) {
            position.clone_into(&mut heard);
        }
    }

    /// The newest position heard of.
    pub fn heard(&self) -> String {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Registers a person, enrolled in a municipality's home care or not.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn person(
        &self,
        number: &str,
        home_care: Option<&str>,
        from: Date,
    ) -> Result<String, StoryError> {
        let identity = p::Identity {
            kind: p::IdentityKind::Personal.into(),
            value: number.to_owned(),
        };
        let request = p::RegisterRecipientRequest {
            request_id: self.request_id(),
            identity: Some(identity),
            born_on: None,
            facts: Some(facts(home_care, from)),
        };
        let answer = self.desk.register_recipient(request).await;
        let answer = answer.map_err(StoryError::call("register a recipient"))?;
        self.hear(&answer.position);
        Ok(answer.recipient_id)
    }

    /// Moves a person to a municipality's home care from a day on.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn move_to(
        &self,
        recipient: &str,
        home_care: &str,
        from: Date,
    ) -> Result<(), StoryError> {
        let request = p::ChangeFactsRequest {
            request_id: self.request_id(),
            recipient_id: recipient.to_owned(),
            facts: Some(facts(Some(home_care), from)),
        };
        let answer = self.desk.change_facts(request).await;
        self.hear(&answer.map_err(StoryError::call("change facts"))?.position);
        Ok(())
    }

    /// The request that prescribes articles for a person on a day.
    pub fn prescription(
        &self,
        recipient: &str,
        customer: &str,
        on: Date,
        lines: &[(&str, common::Occasion)],
        palliative: bool,
    ) -> p::PrescribeRequest {
        let lines = lines.iter().map(|(article, occasion)| p::LineDraft {
            article_number: (*article).to_owned(),
            occasion: (*occasion).into(),
            ..Default::default()
        });
        let draft = p::PrescriptionDraft {
            recipient_id: recipient.to_owned(),
            customer_number: customer.to_owned(),
            prescribed_on: Some(to_pb_date(on)),
            palliative,
            lines: lines.collect(),
            ..Default::default()
        };
        p::PrescribeRequest {
            request_id: self.request_id(),
            draft: Some(draft),
        }
    }

    /// Prescribes; answers the prescription.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn prescribe(
        &self,
        request: p::PrescribeRequest,
    ) -> Result<p::Prescription, StoryError> {
        let answer = self.desk.prescribe(request).await;
        let answer = answer.map_err(StoryError::call("prescribe"))?;
        self.hear(&answer.position);
        answer
            .prescription
            .ok_or(StoryError::Missing("a prescription"))
    }

    /// The request that hands out a line on a day.
    pub fn delivery(&self, line_id: &str, unit: &str, on: Date) -> p::DeliverRequest {
        p::DeliverRequest {
            request_id: self.request_id(),
            line_id: line_id.to_owned(),
            unit_number: unit.to_owned(),
            delivered_on: Some(to_pb_date(on)),
            ..Default::default()
        }
    }

    /// Delivers; answers the loan.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn deliver(&self, request: p::DeliverRequest) -> Result<p::LoanTimeline, StoryError> {
        let answer = self.desk.deliver(request).await;
        let answer = answer.map_err(StoryError::call("deliver"))?;
        self.hear(&answer.position);
        answer.loan.ok_or(StoryError::Missing("a loan"))
    }

    /// Prescribes articles and hands out their units the same day; answers the loans.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn hand_out(
        &self,
        request: p::PrescribeRequest,
        units: &[&str],
        on: Date,
    ) -> Result<Vec<p::LoanTimeline>, StoryError> {
        let prescription = self.prescribe(request).await?;
        let mut loans = Vec::new();
        for (line, unit) in prescription.lines.iter().zip(units) {
            loans.push(self.deliver(self.delivery(&line.line_id, unit, on)).await?);
        }
        Ok(loans)
    }

    /// Registers that a unit has come back.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn take_back(&self, unit: &str, on: Date) -> Result<p::LoanTimeline, StoryError> {
        let request = p::ReceiveReturnRequest {
            request_id: self.request_id(),
            unit_number: unit.to_owned(),
            returned_on: Some(to_pb_date(on)),
        };
        let answer = self.desk.receive_return(request).await;
        let answer = answer.map_err(StoryError::call("receive a return"))?;
        self.hear(&answer.position);
        answer.loan.ok_or(StoryError::Missing("a loan"))
    }

    /// Moves loans to another customer number from a day on; the new unit accepts all.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn transfer(
        &self,
        loans: &[String],
        customer: &str,
        from: Date,
    ) -> Result<(), StoryError> {
        let request = p::OfferTransferRequest {
            request_id: self.request_id(),
            loan_ids: loans.to_vec(),
            to_customer_number: customer.to_owned(),
            effective_on: Some(to_pb_date(from)),
        };
        let offered = self.desk.offer_transfer(request).await;
        let offered = offered.map_err(StoryError::call("offer a transfer"))?;
        let answers = loans.iter().map(|loan| p::TransferAnswer {
            loan_id: loan.clone(),
            accept: true,
        });
        let request = p::AnswerTransferRequest {
            request_id: self.request_id(),
            transfer_id: offered.transfer_id,
            answers: answers.collect(),
        };
        let answered = self.desk.answer_transfer(request).await;
        self.hear(
            &answered
                .map_err(StoryError::call("answer a transfer"))?
                .position,
        );
        Ok(())
    }

    /// Records a death.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn death(&self, recipient: &str, on: Date) -> Result<(), StoryError> {
        let request = p::RecordDeathRequest {
            request_id: self.request_id(),
            recipient_id: recipient.to_owned(),
            died_on: Some(to_pb_date(on)),
        };
        let answer = self.desk.record_death(request).await;
        self.hear(&answer.map_err(StoryError::call("record a death"))?.position);
        Ok(())
    }

    /// Corrects the day a loan was returned.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn correct_return(
        &self,
        loan: &p::LoanTimeline,
        on: Date,
        reason: &str,
    ) -> Result<(), StoryError> {
        let request = p::CorrectLoanDateRequest {
            request_id: self.request_id(),
            loan_id: loan.loan_id.clone(),
            which: p::LoanDate::Return.into(),
            date: Some(to_pb_date(on)),
            reason: reason.to_owned(),
            expected_version: loan.version,
        };
        let answer = self.desk.correct_loan_date(request).await;
        self.hear(
            &answer
                .map_err(StoryError::call("correct a loan's date"))?
                .position,
        );
        Ok(())
    }

    /// A loan as it now is.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn loan(&self, loan_id: &str) -> Result<p::LoanTimeline, StoryError> {
        let request = p::GetLoanRequest {
            loan_id: loan_id.to_owned(),
        };
        let answer = self.desk.get_loan(request).await;
        let answer = answer.map_err(StoryError::call("get a loan"))?;
        answer.loan.ok_or(StoryError::Missing("a loan"))
    }
}

fn facts(home_care: Option<&str>, from: Date) -> p::RecipientFacts {
    p::RecipientFacts {
        valid_from: Some(to_pb_date(from)),
        home_care_principal_id: home_care.unwrap_or_default().to_owned(),
        ..Default::default()
    }
}

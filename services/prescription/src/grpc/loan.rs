//! `LoanService`.

use hjm_ids::{LoanId, TransferId};
use hjm_proto::prescription::v1::{self as pb, loan_service_server::LoanService};
use hjm_service::{
    Violations, WriteKey, caller,
    convert::{
        from_pb_date, from_pb_date_optional, from_pb_page_size, from_pb_text,
        from_pb_text_optional, from_pb_words, to_pb_next_page,
    },
};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use crate::{
    Deps,
    app::{
        loan::{self as app, Correction},
        transfer::{self, Offer},
    },
    convert::{from_pb_answers, from_pb_loan_ids},
    store::loan::LoanFilter,
};

const REASON_LENGTH_MAX: usize = 500;

#[async_trait]
impl LoanService for Deps {
    async fn get_loan(
        &self,
        request: Request<pb::GetLoanRequest>,
    ) -> Result<Response<pb::GetLoanResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let id = from_pb_text(&mut violations, "loan_id", &request.loan_id);
        let id = violations.finish(id)?;
        let loan = Some(app::get(self, &caller, id).await?);
        Ok(Response::new(pb::GetLoanResponse { loan }))
    }

    async fn list_loans(
        &self,
        request: Request<pb::ListLoansRequest>,
    ) -> Result<Response<pb::ListLoansResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut violations = Violations::default();
        let asked = from_pb_list(&mut violations, &request);
        let (filter, after, rows_max) = violations.finish(asked)?;
        let loans = app::list(self, &caller, filter, after, rows_max).await?;
        let last = loans.last().map(|loan| loan.loan_id.clone());
        let next_page_token = to_pb_next_page(loans.len(), rows_max, last);
        Ok(Response::new(pb::ListLoansResponse {
            loans,
            next_page_token,
        }))
    }

    async fn correct_loan_date(
        &self,
        request: Request<pb::CorrectLoanDateRequest>,
    ) -> Result<Response<pb::CorrectLoanDateResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let correction = from_pb_correction(&mut violations, &request);
        let correction = violations.finish(correction)?;
        Ok(app::correct_date(self, key, correction)
            .await?
            .into_response())
    }

    async fn offer_transfer(
        &self,
        request: Request<pb::OfferTransferRequest>,
    ) -> Result<Response<pb::OfferTransferResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let loans = from_pb_loan_ids(&mut violations, &request.loan_ids);
        let to = from_pb_text(
            &mut violations,
            "to_customer_number",
            &request.to_customer_number,
        );
        let on = from_pb_date(
            &mut violations,
            "effective_on",
            request.effective_on.as_ref(),
        );
        let ((loans, to), effective_on) = violations.finish(loans.zip(to).zip(on))?;
        let offer = Offer {
            loans,
            to,
            effective_on,
        };
        Ok(transfer::offer(self, key, offer).await?.into_response())
    }

    async fn answer_transfer(
        &self,
        request: Request<pb::AnswerTransferRequest>,
    ) -> Result<Response<pb::AnswerTransferResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let key = WriteKey::new(caller, &request, self.clock.now()?)?;
        let mut violations = Violations::default();
        let id: Option<TransferId> =
            from_pb_text(&mut violations, "transfer_id", &request.transfer_id);
        let answers = from_pb_answers(&mut violations, &request.answers);
        let (id, answers) = violations.finish(id.zip(answers))?;
        Ok(transfer::answer(self, key, id, answers)
            .await?
            .into_response())
    }
}

fn from_pb_list(
    violations: &mut Violations,
    request: &pb::ListLoansRequest,
) -> Option<(LoanFilter, LoanId, i64)> {
    let recipient = from_pb_text_optional(violations, "recipient_id", &request.recipient_id);
    let number = from_pb_text_optional(violations, "customer_number", &request.customer_number);
    let as_of = from_pb_date_optional(violations, "as_of", request.as_of.as_ref());
    let rows_max = from_pb_page_size(violations, request.page_size);
    let after = from_pb_text_optional(violations, "page_token", &request.page_token);
    let filter = LoanFilter {
        recipient: recipient?,
        customer_number: number?,
        as_of: as_of?,
    };
    Some((
        filter,
        after?.unwrap_or(LoanId::new(Uuid::nil())),
        rows_max?,
    ))
}

fn from_pb_correction(
    violations: &mut Violations,
    request: &pb::CorrectLoanDateRequest,
) -> Option<Correction> {
    let loan = from_pb_text(violations, "loan_id", &request.loan_id);
    let which = pb::LoanDate::try_from(request.which)
        .ok()
        .filter(|which| *which != pb::LoanDate::Unspecified);
    let which = violations.need("which", which);
    let date = from_pb_date(violations, "date", request.date.as_ref());
    let reason = from_pb_words(violations, "reason", &request.reason, REASON_LENGTH_MAX);
    let version = Some(request.expected_version).filter(|version| *version > 0);
    let expected_version = violations.need("expected_version", version);
    Some(Correction {
        loan: loan?,
        which: which?,
        date: date?,
        reason: reason?,
        expected_version: expected_version?,
    })
}

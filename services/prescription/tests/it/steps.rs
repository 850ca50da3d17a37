//! What happens in a county, in short words.

use hjm_postgres::Context;
use hjm_proto::prescription::v1 as pb;
use hjm_service::{Caller, client, verify::Finding};
use hjm_testkit::{TENANT, date, request_id};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use tonic::{Response, Status};

use crate::world::{World, centre, draft, facts, registration};

impl World {
    pub(crate) async fn principal(
        &self,
        id: &str,
        kind: pb::PrincipalKind,
    ) -> Result<Response<pb::CreatePrincipalResponse>, Status> {
        let principal = pb::Principal {
            principal_id: id.to_owned(),
            kind: kind.into(),
            name: format!("Principal {id}"),
        };
        let request = pb::CreatePrincipalRequest {
            request_id: request_id(),
            principal: Some(principal),
        };
        self.organisation()
            .create_principal(self.ask(request))
            .await
    }

    pub(crate) async fn unit(
        &self,
        number: &str,
        principal: &str,
    ) -> Result<Response<pb::CreateCustomerUnitResponse>, Status> {
        let unit = pb::CustomerUnit {
            customer_number: number.to_owned(),
            principal_id: principal.to_owned(),
            name: format!("Unit {number}"),
        };
        let request = pb::CreateCustomerUnitRequest {
            request_id: request_id(),
            unit: Some(unit),
        };
        self.organisation()
            .create_customer_unit(self.ask(request))
            .await
    }

    /// Registers a person, enrolled in a municipality's home care or none.
    pub(crate) async fn person(&self, number: &str, home_care: &str) -> String {
        let request = registration(number, home_care);
        let answer = self
            .recipients()
            .register_recipient(self.ask(request))
            .await;
        answer.unwrap().into_inner().recipient_id
    }

    pub(crate) async fn change_facts(
        &self,
        recipient: &str,
        from: &str,
        home_care: &str,
    ) -> Result<Response<pb::ChangeFactsResponse>, Status> {
        let request = pb::ChangeFactsRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
            facts: facts(from, home_care),
        };
        self.recipients().change_facts(self.ask(request)).await
    }

    pub(crate) async fn die(
        &self,
        recipient: &str,
        on: &str,
    ) -> Result<Response<pb::RecordDeathResponse>, Status> {
        let request = pb::RecordDeathRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
            died_on: date(on),
        };
        self.recipients().record_death(self.ask(request)).await
    }

    pub(crate) async fn stock(
        &self,
        article: &str,
        units: &[&str],
    ) -> Result<Response<pb::RegisterDeviceResponse>, Status> {
        let request = pb::RegisterDeviceRequest {
            request_id: request_id(),
            article_number: article.to_owned(),
            unit_numbers: units.iter().map(|&unit| unit.to_owned()).collect(),
        };
        self.devices().register_device(self.ask(request)).await
    }

    pub(crate) async fn prescribe(
        &self,
        draft: pb::PrescriptionDraft,
    ) -> Result<pb::Prescription, Status> {
        let request = pb::PrescribeRequest {
            request_id: request_id(),
            draft: Some(draft),
        };
        let answer = self.prescriptions().prescribe(self.ask(request)).await?;
        Ok(answer.into_inner().prescription.unwrap())
    }

    pub(crate) async fn deliver(
        &self,
        line: &str,
        unit: &str,
        on: &str,
    ) -> Result<pb::LoanTimeline, Status> {
        let request = pb::DeliverRequest {
            request_id: request_id(),
            line_id: line.to_owned(),
            unit_number: unit.to_owned(),
            delivered_on: date(on),
            ..Default::default()
        };
        let answer = self.prescriptions().deliver(self.ask(request)).await?;
        Ok(answer.into_inner().loan.unwrap())
    }

    /// Prescribes one article and delivers it the same day, as a unit that is registered first.
    pub(crate) async fn lend(
        &self,
        recipient: &str,
        customer_number: &str,
        article: &str,
        unit: &str,
        on: &str,
    ) -> pb::LoanTimeline {
        self.stock(article, &[unit]).await.unwrap();
        let draft = draft(recipient, customer_number, on, &[article]);
        let prescription = self.prescribe(draft).await.unwrap();
        self.deliver(&prescription.lines[0].line_id, unit, on)
            .await
            .unwrap()
    }

    pub(crate) async fn take_back(&self, unit: &str, on: &str) -> Result<pb::LoanTimeline, Status> {
        let request = pb::ReceiveReturnRequest {
            request_id: request_id(),
            unit_number: unit.to_owned(),
            returned_on: date(on),
        };
        let answer = self.devices().receive_return(self.ask(request)).await?;
        Ok(answer.into_inner().loan.unwrap())
    }

    pub(crate) async fn correct(
        &self,
        loan: &pb::LoanTimeline,
        which: pb::LoanDate,
        on: &str,
    ) -> Result<pb::LoanTimeline, Status> {
        let request = pb::CorrectLoanDateRequest {
            request_id: request_id(),
            loan_id: loan.loan_id.clone(),
            which: which.into(),
            date: date(on),
            reason: "read wrong on the note".to_owned(),
            expected_version: loan.version,
        };
        let answer = self.loans().correct_loan_date(self.ask(request)).await?;
        Ok(answer.into_inner().loan.unwrap())
    }

    pub(crate) async fn offer(
        &self,
        loans: &[&pb::LoanTimeline],
        to: &str,
        on: &str,
    ) -> Result<String, Status> {
        let request = pb::OfferTransferRequest {
            request_id: request_id(),
            loan_ids: loans.iter().map(|loan| loan.loan_id.clone()).collect(),
            to_customer_number: to.to_owned(),
            effective_on: date(on),
        };
        let answer = self.loans().offer_transfer(self.ask(request)).await?;
        Ok(answer.into_inner().transfer_id)
    }

    pub(crate) async fn answer(
        &self,
        transfer: &str,
        answers: &[(&pb::LoanTimeline, bool)],
    ) -> Result<Vec<pb::LoanTimeline>, Status> {
        self.answer_as(&centre(), transfer, answers).await
    }

    pub(crate) async fn answer_as(
        &self,
        caller: &Caller,
        transfer: &str,
        answers: &[(&pb::LoanTimeline, bool)],
    ) -> Result<Vec<pb::LoanTimeline>, Status> {
        let answers = answers.iter().map(|(loan, accept)| pb::TransferAnswer {
            loan_id: loan.loan_id.clone(),
            accept: *accept,
        });
        let request = pb::AnswerTransferRequest {
            request_id: request_id(),
            transfer_id: transfer.to_owned(),
            answers: answers.collect(),
        };
        let answer = self
            .loans()
            .answer_transfer(client::request(caller, request))
            .await?;
        Ok(answer.into_inner().accepted)
    }

    pub(crate) async fn loan(&self, id: &str) -> pb::LoanTimeline {
        let request = pb::GetLoanRequest {
            loan_id: id.to_owned(),
        };
        self.loans()
            .get_loan(self.ask(request))
            .await
            .unwrap()
            .into_inner()
            .loan
            .unwrap()
    }

    /// The feed from its start to its head.
    pub(crate) async fn told(&self) -> Vec<pb::ReadResponse> {
        let request = pb::ReadRequest::default();
        let mut stream = self
            .feed()
            .read(self.ask(request))
            .await
            .unwrap()
            .into_inner();
        let mut told = Vec::new();
        while let Some(read) = stream.message().await.unwrap() {
            told.push(read);
        }
        told
    }

    /// Every invariant holds, and each was looked at.
    pub(crate) async fn holds(&self) {
        let found = self.findings().await;
        for finding in found {
            assert_eq!(
                finding.breaches,
                Vec::<String>::new(),
                "{}",
                finding.invariant
            );
        }
    }

    pub(crate) async fn findings(&self) -> Vec<Finding> {
        let url = self.database.serving_url(Context::Prescription);
        prescription_service::verify(&url, &TENANT.parse().unwrap())
            .await
            .unwrap()
    }

    /// The text of the key file.
    pub(crate) fn key_file(&self) -> String {
        std::fs::read_to_string(self.keys_path().join("keys.toml")).unwrap()
    }

    /// Rows of every table but the cursors: what a refusal leaves as it was.
    pub(crate) async fn rows(&self) -> i64 {
        let mut connection = PgConnection::connect_with(&self.database.admin())
            .await
            .unwrap();
        let row = sqlx::raw_sql(
            "SELECT sum((xpath('/row/c/text()', query_to_xml(format(
                        'SELECT count(*) AS c FROM prescription.%I', table_name),
                        false, true, '')))[1]::text::bigint)::bigint AS rows
               FROM information_schema.tables
              WHERE table_schema = 'prescription'
                AND table_name NOT IN ('follower', 'followed_policy', '_sqlx_migrations')",
        );
        connection.fetch_one(row).await.unwrap().get("rows")
    }
}

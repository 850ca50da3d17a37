//! What tests ask billing, over its sockets.

use std::time::Duration;

use hjm_postgres::Context;
use hjm_proto::billing::v1::{
    self as pb, Charge, Run, Statement, billing_event::Event,
    event_feed_service_client::EventFeedServiceClient,
    event_follower_service_client::EventFollowerServiceClient,
};
use hjm_service::{Caller, client};
use hjm_testkit::{TENANT, request_id};
use tonic::Status;

use super::{Bench, Draft, centre};

impl Bench {
    /// Claims a month as the aid centre.
    pub(crate) async fn start_run(&self, month: &str) -> Result<Run, Status> {
        let request = pb::StartRunRequest {
            request_id: request_id(),
            month: month.to_owned(),
            not_before: String::new(),
        };
        let answer = self
            .runs()
            .start_run(client::request(&centre(), request))
            .await?;
        Ok(answer.into_inner().run.expect("a run"))
    }

    /// Waits until a month is closed.
    pub(crate) async fn closed(&self, month: &str) -> Run {
        let request = pb::GetRunRequest {
            month: month.to_owned(),
            wait: true,
        };
        let mut request = client::request(&centre(), request);
        request.set_timeout(Duration::from_secs(25));
        let answer = self.runs().get_run(request).await.expect("a closed run");
        answer.into_inner().run.expect("a run")
    }

    /// Claims a month and waits until it is closed.
    pub(crate) async fn close(&self, month: &str) -> Run {
        self.start_run(month).await.expect("a claimed month");
        self.closed(month).await
    }

    /// A run as it stands.
    pub(crate) async fn run(&self, month: &str) -> Run {
        let request = pb::GetRunRequest {
            month: month.to_owned(),
            wait: false,
        };
        let answer = self
            .runs()
            .get_run(client::request(&centre(), request))
            .await;
        answer.expect("a run").into_inner().run.expect("a run")
    }

    pub(crate) async fn statement(&self, number: &str, month: &str) -> Result<Statement, Status> {
        self.statement_as(&centre(), number, month).await
    }

    pub(crate) async fn statement_as(
        &self,
        caller: &Caller,
        number: &str,
        month: &str,
    ) -> Result<Statement, Status> {
        let request = pb::GetStatementRequest {
            customer_number: number.to_owned(),
            month: month.to_owned(),
        };
        let answer = self
            .statements()
            .get_statement(client::request(caller, request))
            .await?;
        Ok(answer.into_inner().statement.expect("a statement"))
    }

    /// The lines of a statement.
    pub(crate) async fn lines(&self, number: &str, month: &str) -> Vec<Charge> {
        let request = pb::StreamStatementLinesRequest {
            customer_number: number.to_owned(),
            month: month.to_owned(),
        };
        let mut statements = self.statements();
        let stream = statements.stream_statement_lines(client::request(&centre(), request));
        let mut stream = stream.await.expect("a stream").into_inner();
        let mut lines = Vec::new();
        while let Some(line) = stream.message().await.expect("a line") {
            lines.push(line.line.expect("a charge"));
        }
        lines
    }

    /// The charges of a loan, once a position has taken effect.
    pub(crate) async fn charges_of(&self, loan_id: &str, not_before: &str) -> Vec<Charge> {
        let request = pb::ListChargesRequest {
            loan_id: loan_id.to_owned(),
            not_before: not_before.to_owned(),
            page_size: 500,
            ..Default::default()
        };
        let answer = self
            .charges()
            .list_charges(client::request(&centre(), request))
            .await;
        answer.expect("charges").into_inner().charges
    }

    /// What nobody can decide yet, as one sees it.
    pub(crate) async fn undecided(&self, caller: &Caller) -> Vec<Charge> {
        let request = pb::ListChargesRequest {
            state: pb::ChargeState::Undecided.into(),
            ..Default::default()
        };
        let answer = self
            .charges()
            .list_charges(client::request(caller, request))
            .await;
        answer.expect("charges").into_inner().charges
    }

    /// Waits until so many periods are undecided, and answers each: day and what is missing.
    pub(crate) async fn waiting(&self, periods: usize) -> Vec<String> {
        loop {
            let undecided = self.undecided(&centre()).await;
            if undecided.len() == periods {
                let told = |one: &Charge| {
                    let on = one.from.expect("a day");
                    let (year, month, day) = (on.year, on.month, on.day);
                    format!("{year}-{month:02}-{day:02} {}", one.waits_for)
                };
                return undecided.iter().map(told).collect();
            }
        }
    }

    /// Why a charge is what it is.
    pub(crate) async fn explained(&self, charge_id: &str) -> pb::ExplainChargeResponse {
        let request = pb::ExplainChargeRequest {
            charge_id: charge_id.to_owned(),
        };
        let answer = self
            .charges()
            .explain_charge(client::request(&centre(), request))
            .await;
        answer.expect("an explanation").into_inner()
    }

    /// Waits until so many charges of a loan are posted.
    pub(crate) async fn settled(&self, draft: &Draft, charges: usize) {
        let posted = |charge: &&Charge| charge.state() == pb::ChargeState::Posted;
        while self
            .charges_of(draft.id(), "")
            .await
            .iter()
            .filter(posted)
            .count()
            < charges
        {}
    }

    /// How far catalogue and prescription are followed.
    pub(crate) async fn followers(&self) -> Vec<hjm_proto::event::v1::Follower> {
        let mut client = EventFollowerServiceClient::new(self.channel());
        let request = client::request(&centre(), pb::ListFollowersRequest {});
        client
            .list_followers(request)
            .await
            .expect("followers")
            .into_inner()
            .followers
    }

    /// The charges that billing has told of in events of a kind.
    pub(crate) async fn told(&self, kind: &str) -> Vec<Charge> {
        let request = pb::ReadRequest {
            kinds: vec![kind.to_owned()],
            ..Default::default()
        };
        let mut client = EventFeedServiceClient::new(self.channel());
        let stream = client
            .read(client::streaming_request(&centre(), request))
            .await;
        let mut stream = stream.expect("a stream").into_inner();
        let mut charges = Vec::new();
        while let Some(read) = stream.message().await.expect("an event") {
            if let Some(Event::OwnFeePosted(posted)) = read.event.and_then(|event| event.event) {
                charges.push(posted.charge.expect("a charge"));
            }
        }
        charges
    }

    /// Looks through the books of the test's tenant and answers what is wrong.
    pub(crate) async fn breaches(&self) -> Vec<String> {
        let url = self.database.serving_url(Context::Billing);
        let tenant = TENANT.parse().expect("a tenant");
        let findings = billing_service::verify(&url, &tenant)
            .await
            .expect("findings");
        findings
            .into_iter()
            .flat_map(|finding| finding.breaches)
            .collect()
    }
}

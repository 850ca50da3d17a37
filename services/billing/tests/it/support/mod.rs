//! A billing service over its own database, the feeds it follows told by hand, and a free-card desk
//! that answers as it is told to.

mod calls;
mod desk;
mod loans;
mod told;

pub(crate) use desk::{Desk, Mood};
pub(crate) use loans::{Draft, fee, fee_of};
pub(crate) use told::Told;

use std::path::Path;

use billing_service::config::Serve;
use hjm_postgres::Context;
use hjm_proto::{
    billing::v1::{
        charge_service_client::ChargeServiceClient, run_service_client::RunServiceClient,
        statement_service_client::StatementServiceClient,
    },
    catalogue::v1::{self as catalogue, CatalogueEvent, catalogue_event},
    free_card::v1::free_card_service_server::FreeCardServiceServer,
    prescription::v1::{self as prescription, PrescriptionEvent, prescription_event},
};
use hjm_service::{Caller, Clock, Failure, client, server::Drain};
use hjm_testkit::{
    ClockFile, TENANT, TestDatabase, aid_centre, date, listener, serve_args, unit_price,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server, server::Router};

/// The service and everything around it.
pub(crate) struct Bench {
    pub(crate) database: TestDatabase,
    pub(crate) clock: ClockFile,
    pub(crate) catalogue: Told<CatalogueEvent>,
    pub(crate) prescription: Told<PrescriptionEvent>,
    pub(crate) desk: Desk,
    urls: [String; 3],
    billing: Option<Billing>,
}

struct Billing {
    channel: Channel,
    drain: Drain,
    task: JoinHandle<Result<(), Failure>>,
}

async fn serve(router: Router) -> String {
    let (listener, url) = listener().await;
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    url
}

impl Bench {
    /// A service whose clock shows noon on a day, in a tenant with the shipped policies of
    /// Jämtland Härjedalen, the owners 23, 2380 and 2309 with one customer number each, and the
    /// daily rents of the story.
    pub(crate) async fn new(today: &str) -> Self {
        use catalogue::event_feed_service_server::EventFeedServiceServer as CatalogueServer;
        use prescription::event_feed_service_server::EventFeedServiceServer as PrescriptionServer;

        let database = TestDatabase::create("billing", |database| async move {
            billing_service::migrate(&database.migration_url())
                .await
                .expect("a migrated schema");
        });
        let (catalogue, prescription, desk) = (
            Told::new("catalogue"),
            Told::new("prescription"),
            Desk::default(),
        );
        let urls = [
            serve(Server::builder().add_service(CatalogueServer::new(catalogue.clone()))).await,
            serve(Server::builder().add_service(PrescriptionServer::new(prescription.clone())))
                .await,
            serve(Server::builder().add_service(FreeCardServiceServer::new(desk.clone()))).await,
        ];
        let clock = ClockFile::at(today.parse().expect("a day"));
        let database = database.await;
        let mut bench = Self {
            database,
            clock,
            catalogue,
            prescription,
            desk,
            urls,
            billing: None,
        };
        bench.policy("jamtland-harjedalen/rent.toml", "2015-01-01");
        bench.policy("jamtland-harjedalen/fees.toml", "2015-01-01");
        for (article, price) in [
            ("bed", "9.35"),
            ("rollator", "1.80"),
            ("wheelchair", "24.90"),
        ] {
            bench.price(article, price, "2020-01-01");
        }
        for (number, owner) in [("1201", "23"), ("2380", "2380"), ("2309", "2309")] {
            bench.unit(number, owner);
        }
        bench.start().await;
        bench
    }

    /// Starts the service in this process.
    pub(crate) async fn start(&mut self) {
        let (listener, url) = listener().await;
        let drain = Drain::default();
        let task = tokio::spawn(billing_service::serve(
            self.config(),
            listener,
            drain.clone(),
        ));
        let channel = client::channel(&url).expect("a URL");
        self.billing = Some(Billing {
            channel,
            drain,
            task,
        });
    }

    /// Ends the service and waits until it has ended.
    pub(crate) async fn stop(&mut self) {
        let billing = self.billing.take().expect("a running service");
        drop(billing.channel);
        billing.drain.begin();
        billing.task.await.expect("no panic").expect("a clean end");
    }

    fn config(&self) -> Serve {
        let [catalogue_url, prescription_url, free_card_url] = self.urls.clone();
        Serve {
            serve: serve_args(&self.database, Context::Billing, &self.clock),
            catalogue_url,
            prescription_url,
            free_card_url,
        }
    }

    /// Runs the program until it ends itself at a point, and answers its exit code.
    pub(crate) async fn crash(&self, at: &str) -> Option<i32> {
        let Clock::File(clock) = self.clock.clock() else {
            panic!("a clock file")
        };
        let [catalogue, prescription, free_card] = &self.urls;
        let status = tokio::process::Command::new(env!("CARGO_BIN_EXE_billing"))
            .args(["serve", "--listen", "127.0.0.1:0", "--insecure-callers"])
            .args(["--tenants", TENANT, "--crash-at", at])
            .arg("--clock")
            .arg(format!("file:{}", clock.display()))
            .args([
                "--database-url",
                &self.database.serving_url(Context::Billing),
            ])
            .args([
                "--catalogue-url",
                catalogue,
                "--prescription-url",
                prescription,
            ])
            .args(["--free-card-url", free_card])
            .kill_on_drop(true)
            .status()
            .await;
        status.expect("a program").code()
    }

    pub(crate) fn channel(&self) -> Channel {
        self.billing
            .as_ref()
            .expect("a running service")
            .channel
            .clone()
    }

    pub(crate) fn charges(&self) -> ChargeServiceClient<Channel> {
        ChargeServiceClient::new(self.channel())
    }

    pub(crate) fn runs(&self) -> RunServiceClient<Channel> {
        RunServiceClient::new(self.channel())
    }

    pub(crate) fn statements(&self) -> StatementServiceClient<Channel> {
        StatementServiceClient::new(self.channel())
    }

    /// Tells a policy of the repository as in force from a day.
    pub(crate) fn policy(&self, path: &str, active_from: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let text = std::fs::read_to_string(folder.join(path)).expect("a policy");
        self.policy_text(&text, active_from);
    }

    /// Tells a policy as in force from a day.
    pub(crate) fn policy_text(&self, text: &str, active_from: &str) {
        let document = hjm_policy::PolicyDocument::parse(text).expect("a policy");
        let policy = catalogue::Policy {
            policy_id: document.id().to_owned(),
            version: document.version(),
            hash: document.hash().to_owned(),
            text: document.text().to_owned(),
            active_from: date(active_from),
            ..Default::default()
        };
        let activated = catalogue::PolicyActivated {
            policy: Some(policy),
            activated_at: None,
        };
        self.catalogue.tell(CatalogueEvent {
            event: Some(catalogue_event::Event::PolicyActivated(activated)),
        });
    }

    /// Tells a price for members from a day on.
    pub(crate) fn price(&self, article: &str, price: &str, from: &str) -> String {
        self.price_on(catalogue::CustomerClass::Member, article, price, from)
    }

    /// Tells a price on a list from a day on.
    pub(crate) fn price_on(
        &self,
        class: catalogue::CustomerClass,
        article: &str,
        price: &str,
        from: &str,
    ) -> String {
        let price = catalogue::Price {
            article_number: article.to_owned(),
            price: unit_price(price),
            valid_from: date(from),
            valid_to: None,
            customer_class: class.into(),
        };
        let changed = catalogue::PriceChanged { price: Some(price) };
        self.catalogue.tell(CatalogueEvent {
            event: Some(catalogue_event::Event::PriceChanged(changed)),
        })
    }

    /// Tells a customer number and its owner.
    pub(crate) fn unit(&self, number: &str, owner: &str) -> String {
        let unit = prescription::CustomerUnit {
            customer_number: number.to_owned(),
            principal_id: owner.to_owned(),
            name: String::new(),
        };
        let changed = prescription::CustomerUnitChanged { unit: Some(unit) };
        self.prescription.tell(PrescriptionEvent {
            event: Some(prescription_event::Event::CustomerUnitChanged(changed)),
        })
    }

    /// Tells a version of a loan and answers its position.
    pub(crate) fn loan(&self, loan: &prescription::LoanTimeline) -> String {
        let changed = prescription::LoanChanged {
            loan: Some(loan.clone()),
        };
        self.prescription.tell(PrescriptionEvent {
            event: Some(prescription_event::Event::LoanChanged(changed)),
        })
    }

    /// Does something in the database as superuser, whom no policy binds.
    pub(crate) async fn sql(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let mut admin = PgConnection::connect_with(&self.database.admin()).await?;
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(sqlx::raw_sql(sql)
            .execute(&mut admin)
            .await?
            .rows_affected())
    }

    /// Does something in the database in the serving role, under a tenant and a principal.
    pub(crate) async fn sql_serving(&self, scope: &str, sql: &str) -> Result<u64, sqlx::Error> {
        let url = self.database.serving_url(Context::Billing);
        let mut serving = PgConnection::connect(&url).await?;
        let sql = AssertSqlSafe(format!("BEGIN; {scope} {sql}"));
        Ok(sqlx::raw_sql(sql)
            .execute(&mut serving)
            .await?
            .rows_affected())
    }
}

/// The aid centre.
pub(crate) fn centre() -> Caller {
    aid_centre(TENANT, "an accountant")
}

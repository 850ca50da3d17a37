//! Both services on ports of their own, over one database, with Dalarna's scheme in force.

use free_card_service::config;
use hjm_ids::RecipientId;
use hjm_postgres::Context;
use hjm_proto::{
    catalogue::v1::{
        ActivatePolicyRequest, ImportPolicyRequest, policy_service_client::PolicyServiceClient,
    },
    free_card::v1::{
        self as pb, audit_service_client::AuditServiceClient,
        card_service_client::CardServiceClient, claim_service_client::ClaimServiceClient,
        event_feed_service_client::EventFeedServiceClient,
        event_follower_service_client::EventFollowerServiceClient,
        free_card_service_client::FreeCardServiceClient,
        scheme_service_client::SchemeServiceClient, subject_service_client::SubjectServiceClient,
    },
    prescription::v1::recipient_service_client::RecipientServiceClient,
};
use hjm_service::{Caller, client, server::Drain};
use hjm_testkit::{
    ClockFile, OTHER_TENANT, TestDatabase, aid_centre, date, listener, money, request_id,
    serve_args,
};
use tonic::{Request, Response, Status, transport::Channel};
use uuid::Uuid;

/// The tenant of these tests.
pub(crate) const DALARNA: &str = OTHER_TENANT;
pub(crate) const SCHEME: &str = "dalarna-devices";
pub(crate) const POLICY: &str = include_str!("../../../../policies/dalarna/free-card.toml");

/// Two keys of identity numbers, as prescription has them: the second looks up what it once wrote.
const IDENTITY_KEYS: &str = r#"
[[key]]
id = "k2"
hmac = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
encryption = "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ="

[[key]]
id = "k1"
hmac = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
encryption = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
"#;

/// Services, their clock, and the clients that call them.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: ClockFile,
    pub(crate) free_card: FreeCardServiceClient<Channel>,
    pub(crate) feed: EventFeedServiceClient<Channel>,
    pub(crate) followers: EventFollowerServiceClient<Channel>,
    pub(crate) cards: CardServiceClient<Channel>,
    pub(crate) claims: ClaimServiceClient<Channel>,
    pub(crate) subjects: SubjectServiceClient<Channel>,
    pub(crate) schemes: SchemeServiceClient<Channel>,
    pub(crate) audit: AuditServiceClient<Channel>,
    /// Prescription's, where it is there.
    pub(crate) recipients: Option<RecipientServiceClient<Channel>>,
    _proof_key: tempfile::TempDir,
    policies: PolicyServiceClient<Channel>,
    /// Catalogue's position after the last policy.
    pub(crate) policy_position: String,
}

pub(crate) fn desk() -> Caller {
    aid_centre(DALARNA, "desk")
}

/// A request of the desk's.
pub(crate) fn ask<T>(message: T) -> Request<T> {
    client::request(&desk(), message)
}

pub(crate) fn person() -> String {
    RecipientId::new(Uuid::now_v7()).to_string()
}

impl World {
    /// Nothing is in force yet.
    pub(crate) async fn without_policies(today: &str) -> Self {
        let database = TestDatabase::create("free_card_and_catalogue", |database| async move {
            let url = database.migration_url();
            catalogue_service::migrate(&url).await.unwrap();
            free_card_service::migrate(&url).await.unwrap();
        })
        .await;
        Self::start(database, today, false).await
    }

    /// With Dalarna's scheme in force, and prescription beside it.
    pub(crate) async fn with_prescription(today: &str) -> Self {
        let database = TestDatabase::create("free_card_and_prescription", |database| async move {
            let url = database.migration_url();
            catalogue_service::migrate(&url).await.unwrap();
            prescription_service::migrate(&url).await.unwrap();
            free_card_service::migrate(&url).await.unwrap();
        })
        .await;
        let mut world = Self::start(database, today, true).await;
        world.put_in_force(POLICY, 1, "2023-01-01").await;
        world
    }

    async fn start(database: TestDatabase, today: &str, with_prescription: bool) -> Self {
        let clock = ClockFile::at(today.parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let proof_key = folder.path().join("proof-key");
        config::proof_key::create(&proof_key).unwrap();
        let identity_keys = folder.path().join("keys.toml");
        std::fs::write(&identity_keys, IDENTITY_KEYS).unwrap();
        let (catalogue, catalogue_url) = listener().await;
        let (free_card, free_card_url) = listener().await;
        let serve = catalogue_service::config::Serve {
            serve: serve_args(&database, Context::Catalogue, &clock),
        };
        tokio::spawn(catalogue_service::serve(serve, catalogue, Drain::default()));
        let mut prescription_url = None;
        if with_prescription {
            let (prescription, url) = listener().await;
            let serve = prescription_service::config::Serve {
                serve: serve_args(&database, Context::Prescription, &clock),
                catalogue_url: catalogue_url.clone(),
                keys: identity_keys.clone(),
            };
            let serving = prescription_service::serve(serve, prescription, Drain::default());
            tokio::spawn(serving);
            prescription_url = Some(url);
        }
        let recipients = prescription_url
            .as_ref()
            .map(|url| RecipientServiceClient::new(client::channel(url).unwrap()));
        let serve = config::Serve {
            serve: serve_args(&database, Context::FreeCard, &clock),
            catalogue_url: catalogue_url.clone(),
            prescription_url,
            proof_key: Some(proof_key),
            identity_keys: Some(identity_keys),
        };
        tokio::spawn(free_card_service::serve(serve, free_card, Drain::default()));
        let channel = client::channel(&free_card_url).unwrap();
        Self {
            database,
            clock,
            free_card: FreeCardServiceClient::new(channel.clone()),
            feed: EventFeedServiceClient::new(channel.clone()),
            followers: EventFollowerServiceClient::new(channel.clone()),
            cards: CardServiceClient::new(channel.clone()),
            claims: ClaimServiceClient::new(channel.clone()),
            subjects: SubjectServiceClient::new(channel.clone()),
            schemes: SchemeServiceClient::new(channel.clone()),
            audit: AuditServiceClient::new(channel),
            recipients,
            _proof_key: folder,
            policies: PolicyServiceClient::new(client::channel(&catalogue_url).unwrap()),
            policy_position: String::new(),
        }
    }

    /// Dalarna's scheme as it is shipped is in force since 2023.
    pub(crate) async fn open(today: &str) -> Self {
        let mut world = Self::without_policies(today).await;
        world.put_in_force(POLICY, 1, "2023-01-01").await;
        world
    }

    pub(crate) async fn put_in_force(&mut self, text: &str, version: u32, from: &str) {
        self.put_policy(text, "dalarna-free-card", version, from)
            .await;
    }

    /// A county's shipped document, as this tenant's; what no source prints the county has confirmed.
    pub(crate) async fn ship(&mut self, county: &str, file: &str, from: &str) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");
        let text = std::fs::read_to_string(format!("{root}/{county}/{file}.toml")).unwrap();
        let text = text.replace(
            &format!("tenant = \"{county}\""),
            &format!("tenant = \"{DALARNA}\""),
        );
        let lines = text.lines();
        let confirmed = lines.filter(|line| !line.starts_with("not_printed"));
        let text = confirmed.collect::<Vec<_>>().join("\n");
        self.put_policy(&text, &format!("{county}-{file}"), 1, from)
            .await;
    }

    pub(crate) async fn put_policy(&mut self, text: &str, id: &str, version: u32, from: &str) {
        let import = ImportPolicyRequest {
            request_id: request_id(),
            text: text.to_owned(),
            dry_run: false,
        };
        let first = aid_centre(DALARNA, "importer");
        let imported = self.policies.import_policy(client::request(&first, import));
        imported.await.unwrap();
        let activate = ActivatePolicyRequest {
            request_id: request_id(),
            policy_id: id.to_owned(),
            version,
            active_from: date(from),
        };
        let second = aid_centre(DALARNA, "second person");
        let activated = self
            .policies
            .activate_policy(client::request(&second, activate));
        self.policy_position = activated.await.unwrap().into_inner().position;
        self.hear(&self.policy_position).await;
    }

    /// Waits until free-card has heard this: a fee may then wait for another feed's position.
    async fn hear(&self, position: &str) {
        let request = pb::ListSchemesRequest {
            as_of: None,
            not_before: position.to_owned(),
        };
        let request = client::request(&desk(), request);
        self.schemes.clone().list_schemes(request).await.unwrap();
    }

    pub(crate) fn set_today(&self, today: &str) {
        self.clock.set(today.parse().unwrap());
    }

    /// A registration of a fee of the region's, under a key of its own.
    pub(crate) fn fee(&self, recipient: &str, on: &str, nominal: &str) -> pb::RegisterFeeRequest {
        pb::RegisterFeeRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
            scheme_id: SCHEME.to_owned(),
            fee: Some(draft(on, nominal, "20")),
            external_reference: request_id(),
            not_before: self.policy_position.clone(),
            ..Default::default()
        }
    }

    pub(crate) async fn register(
        &self,
        request: &pb::RegisterFeeRequest,
    ) -> Result<Response<pb::RegisterFeeResponse>, Status> {
        self.register_as(&desk(), request).await
    }

    pub(crate) async fn register_as(
        &self,
        caller: &Caller,
        request: &pb::RegisterFeeRequest,
    ) -> Result<Response<pb::RegisterFeeResponse>, Status> {
        let request = client::request(caller, request.clone());
        self.free_card.clone().register_fee(request).await
    }

    /// Registers a fee of the region's on its own day: what is charged, and the fee.
    pub(crate) async fn charge(
        &self,
        recipient: &str,
        on: &str,
        nominal: &str,
    ) -> (String, String) {
        self.set_today(on);
        let registered = self.register(&self.fee(recipient, on, nominal)).await;
        let registered = registered.unwrap().into_inner();
        let answer = registered.answer.unwrap();
        let charged = hjm_testkit::kronor(answer.to_charge.as_ref());
        (charged, registered.fee_id)
    }

    pub(crate) async fn cancel(
        &self,
        request: &pb::CancelFeeRequest,
    ) -> Result<Response<pb::CancelFeeResponse>, Status> {
        let request = client::request(&desk(), request.clone());
        self.free_card.clone().cancel_fee(request).await
    }

    /// A fee in any scheme, of any principal.
    pub(crate) fn fee_in(
        &self,
        (scheme, principal): (&str, &str),
        recipient: &str,
        on: &str,
        nominal: &str,
    ) -> pb::RegisterFeeRequest {
        pb::RegisterFeeRequest {
            scheme_id: scheme.to_owned(),
            fee: Some(draft(on, nominal, principal)),
            ..self.fee(recipient, on, nominal)
        }
    }

    /// Registers a fee in any scheme on its own day: what is charged.
    pub(crate) async fn charge_in(
        &self,
        (scheme, principal): (&str, &str),
        recipient: &str,
        on: &str,
        nominal: &str,
    ) -> String {
        self.set_today(on);
        let request = self.fee_in((scheme, principal), recipient, on, nominal);
        let registered = self.register(&request).await.unwrap().into_inner();
        hjm_testkit::kronor(registered.answer.unwrap().to_charge.as_ref())
    }

    /// Nothing that must always hold is broken.
    pub(crate) async fn books_hold(&self) {
        let url = self.database.serving_url(Context::FreeCard);
        let findings = free_card_service::verify(&url, &DALARNA.parse().unwrap()).await;
        for finding in findings.unwrap() {
            assert_eq!(finding.breaches, [""; 0], "{}", finding.invariant);
        }
    }

    /// Everything free-card has told in Dalarna, by kind.
    pub(crate) async fn events(&self) -> Vec<(String, pb::free_card_event::Event)> {
        let request = pb::ReadRequest::default();
        let request = client::streaming_request(&desk(), request);
        let mut stream = self.feed.clone().read(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(read) = stream.message().await.unwrap() {
            let kind = read.envelope.unwrap().kind;
            events.push((kind, read.event.unwrap().event.unwrap()));
        }
        events
    }
}

/// A date as it is printed.
pub(crate) fn day(date: &hjm_proto::common::v1::Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// First and last day of the card, where there is one.
pub(crate) fn card_days(status: &pb::AccountStatus) -> Option<String> {
    let days = status.card_from.as_ref().zip(status.card_to.as_ref());
    days.map(|(from, to)| format!("{} to {}", day(from), day(to)))
}

pub(crate) fn instant(text: &str) -> prost_types::Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: 0,
    }
}

pub(crate) fn draft(on: &str, nominal: &str, principal: &str) -> pb::FeeDraft {
    pb::FeeDraft {
        event_on: date(on),
        nominal: money(nominal),
        principal_id: principal.to_owned(),
        ..Default::default()
    }
}

pub(crate) fn cancelling(fee_id: &str) -> pb::CancelFeeRequest {
    pb::CancelFeeRequest {
        request_id: request_id(),
        fee_id: fee_id.to_owned(),
        reason: pb::CancelReason::Credited.into(),
        text: "the charge was credited".to_owned(),
    }
}

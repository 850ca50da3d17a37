//! A county as a test needs it: both services, policies, principals, articles, and short words for
//! what happens in it.

use std::path::{Path, PathBuf};

use hjm_postgres::Context;
use hjm_proto::{
    catalogue::v1 as catalogue,
    common::v1::{ChargeForm, Occasion},
    prescription::v1::{
        self as pb, device_service_client::DeviceServiceClient,
        event_feed_service_client::EventFeedServiceClient,
        event_follower_service_client::EventFollowerServiceClient,
        loan_service_client::LoanServiceClient,
        organisation_service_client::OrganisationServiceClient,
        prescription_service_client::PrescriptionServiceClient,
        recipient_service_client::RecipientServiceClient,
    },
};
use hjm_service::{Caller, client, server::Drain};
use hjm_testkit::{
    ClockFile, TENANT, TestDatabase, aid_centre, date, fields, listener, reason, request_id,
    serve_args, unit_price,
};
use tempfile::TempDir;
use tonic::{Code, Request, Status, transport::Channel};

/// From the Tax Agency's series of test numbers.
pub(crate) const BORN_1943: &str = "194301027472";
pub(crate) const BORN_1983: &str = "198309012386";
pub(crate) const BORN_2007: &str = "200705012391";
pub(crate) const BORN_1957: &str = "195706012274";
pub(crate) const BORN_1950: &str = "195001182046";
pub(crate) const BORN_1938: &str = "193801029202";
pub(crate) const BORN_1960: &str = "196001062626";

pub(crate) const REGION: &str = "23";
pub(crate) const OSTERSUND: &str = "2380";
pub(crate) const KROKOM: &str = "2309";
/// A health centre of the region.
pub(crate) const HEALTH_CENTRE: &str = "1201";

pub(crate) const ROLLATOR: &str = "ROLLATOR";
pub(crate) const WHEELCHAIR: &str = "POWERED";
pub(crate) const BED: &str = "BED";
pub(crate) const CAPPED: &str = "CAPPED";
pub(crate) const SOLD: &str = "SOLD";
pub(crate) const UNPRICED: &str = "UNPRICED";
pub(crate) const SELF_CARE: &str = "SELF-CARE";
/// In the group that is sold, and yet rented.
pub(crate) const ODD: &str = "ODD";

/// Number, ISO code, form, group, price.
const ARTICLES: [(&str, &str, ChargeForm, u32, &str); 8] = [
    (ROLLATOR, "120606", ChargeForm::Rental, 3, "1.80"),
    (WHEELCHAIR, "122306", ChargeForm::Rental, 3, "24.90"),
    (BED, "181210", ChargeForm::Rental, 4, "9.35"),
    (CAPPED, "093307", ChargeForm::Sale, 2, "820.00"),
    (SOLD, "093307", ChargeForm::Sale, 4, "99.995"),
    (UNPRICED, "093307", ChargeForm::Sale, 2, ""),
    (SELF_CARE, "150309", ChargeForm::Rental, 1, "1.00"),
    (ODD, "093307", ChargeForm::Rental, 2, "1.00"),
];

/// Two services over one database, on one clock.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: ClockFile,
    pub(crate) channel: Channel,
    pub(crate) catalogue: Channel,
    catalogue_url: String,
    drain: Drain,
    keys: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.drain.begin();
    }
}

impl World {
    /// Both services, and nothing in their books.
    pub(crate) async fn empty(today: &str) -> Self {
        let database = TestDatabase::create("prescription", |database| async move {
            let url = database.migration_url();
            catalogue_service::migrate(&url).await.unwrap();
            prescription_service::migrate(&url).await.unwrap();
        })
        .await;
        let clock = ClockFile::at(today.parse().unwrap());
        let drain = Drain::default();
        let keys = tempfile::tempdir().unwrap();
        prescription_service::keys::create(&keys.path().join("keys.toml")).unwrap();

        let (listening, catalogue_url) = listener().await;
        let serve = serve_args(&database, Context::Catalogue, &clock);
        let config = catalogue_service::config::Serve { serve };
        tokio::spawn(catalogue_service::serve(config, listening, drain.clone()));

        let (listening, url) = listener().await;
        let config = prescription_service::config::Serve {
            serve: serve_args(&database, Context::Prescription, &clock),
            catalogue_url: catalogue_url.clone(),
            keys: keys.path().join("keys.toml"),
        };
        let serving = prescription_service::serve(config, listening, drain.clone());
        tokio::spawn(serving);
        Self {
            channel: client::channel(&url).unwrap(),
            catalogue: client::channel(&catalogue_url).unwrap(),
            catalogue_url,
            database,
            clock,
            drain,
            keys,
        }
    }

    /// Jämtland Härjedalen with its policies, principals and some articles with invented rents.
    pub(crate) async fn jamtland(today: &str) -> Self {
        let world = Self::empty(today).await;
        world
            .activate("jamtland-harjedalen/fees.toml", "2015-01-01")
            .await;
        world
            .activate("jamtland-harjedalen/payers.toml", "2015-01-01")
            .await;
        world.organise().await;
        for (number, iso, form, group, price) in ARTICLES {
            world.article(number, iso, form, group, price).await;
        }
        world
    }

    pub(crate) async fn organise(&self) {
        let region = pb::PrincipalKind::Region;
        let municipality = pb::PrincipalKind::Municipality;
        for (id, kind) in [
            (REGION, region),
            (OSTERSUND, municipality),
            (KROKOM, municipality),
        ] {
            self.principal(id, kind).await.unwrap();
        }
        for (number, principal) in [
            (HEALTH_CENTRE, REGION),
            (OSTERSUND, OSTERSUND),
            (KROKOM, KROKOM),
        ] {
            self.unit(number, principal).await.unwrap();
        }
    }

    pub(crate) async fn activate(&self, policy: &str, from: &str) {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies"));
        let text = std::fs::read_to_string(path.join(policy)).unwrap();
        self.activate_text(text, from).await;
    }

    pub(crate) async fn activate_text(&self, text: String, from: &str) {
        let mut client =
            catalogue::policy_service_client::PolicyServiceClient::new(self.catalogue.clone());
        let import = catalogue::ImportPolicyRequest {
            request_id: request_id(),
            text,
            dry_run: false,
        };
        let imported = client
            .import_policy(client::request(&aid_centre(TENANT, "one"), import))
            .await;
        let imported = imported.unwrap().into_inner().policy.unwrap();
        let activate = catalogue::ActivatePolicyRequest {
            request_id: request_id(),
            policy_id: imported.policy_id,
            version: imported.version,
            active_from: date(from),
        };
        let activate = client::request(&aid_centre(TENANT, "another"), activate);
        client.activate_policy(activate).await.unwrap();
    }

    pub(crate) async fn article(
        &self,
        number: &str,
        iso: &str,
        form: ChargeForm,
        group: u32,
        price: &str,
    ) {
        let article = catalogue::Article {
            article_number: number.to_owned(),
            name: number.to_lowercase(),
            iso_code: iso.to_owned(),
            kind: catalogue::ArticleKind::MainProduct.into(),
            charge_form: form.into(),
            product_group: group,
            valid_from: date("2015-01-01"),
            ..Default::default()
        };
        let article = catalogue::CreateArticleRequest {
            request_id: request_id(),
            article: Some(article),
        };
        let mut client =
            catalogue::article_service_client::ArticleServiceClient::new(self.catalogue.clone());
        client.create_article(self.ask(article)).await.unwrap();
        if !price.is_empty() {
            let price = catalogue::SetPriceRequest {
                request_id: request_id(),
                article_number: number.to_owned(),
                price: unit_price(price),
                valid_from: date("2015-01-01"),
                ..Default::default()
            };
            let mut client =
                catalogue::price_service_client::PriceServiceClient::new(self.catalogue.clone());
            client.set_price(self.ask(price)).await.unwrap();
        }
    }

    pub(crate) fn keys_path(&self) -> &Path {
        self.keys.path()
    }

    /// One more prescription service over the same books, with another key file.
    pub(crate) async fn replica(&self, keys: &str) -> Channel {
        let path = self.keys.path().join("replica.toml");
        std::fs::write(&path, keys).unwrap();
        let (listening, url) = listener().await;
        let config = prescription_service::config::Serve {
            serve: serve_args(&self.database, Context::Prescription, &self.clock),
            catalogue_url: self.catalogue_url.clone(),
            keys: path,
        };
        let serving = prescription_service::serve(config, listening, self.drain.clone());
        tokio::spawn(serving);
        client::channel(&url).unwrap()
    }

    /// A request of the aid centre.
    #[expect(clippy::unused_self, reason = "reads as a sentence")]
    pub(crate) fn ask<T>(&self, message: T) -> Request<T> {
        client::request(&centre(), message)
    }

    pub(crate) fn organisation(&self) -> OrganisationServiceClient<Channel> {
        OrganisationServiceClient::new(self.channel.clone())
    }

    pub(crate) fn recipients(&self) -> RecipientServiceClient<Channel> {
        RecipientServiceClient::new(self.channel.clone())
    }

    pub(crate) fn devices(&self) -> DeviceServiceClient<Channel> {
        DeviceServiceClient::new(self.channel.clone())
    }

    pub(crate) fn prescriptions(&self) -> PrescriptionServiceClient<Channel> {
        PrescriptionServiceClient::new(self.channel.clone())
    }

    pub(crate) fn loans(&self) -> LoanServiceClient<Channel> {
        LoanServiceClient::new(self.channel.clone())
    }

    pub(crate) fn feed(&self) -> EventFeedServiceClient<Channel> {
        EventFeedServiceClient::new(self.channel.clone())
    }

    pub(crate) fn followers(&self) -> EventFollowerServiceClient<Channel> {
        EventFollowerServiceClient::new(self.channel.clone())
    }
}

pub(crate) fn centre() -> Caller {
    aid_centre(TENANT, "a clerk")
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold optional facts")]
pub(crate) fn facts(from: &str, home_care: &str) -> Option<pb::RecipientFacts> {
    Some(pb::RecipientFacts {
        valid_from: date(from),
        home_care_principal_id: home_care.to_owned(),
        ..Default::default()
    })
}

pub(crate) fn registration(number: &str, home_care: &str) -> pb::RegisterRecipientRequest {
    pb::RegisterRecipientRequest {
        request_id: request_id(),
        identity: Some(personal(number)),
        born_on: None,
        facts: facts("2020-01-01", home_care),
    }
}

pub(crate) fn personal(number: &str) -> pb::Identity {
    pb::Identity {
        kind: pb::IdentityKind::Personal.into(),
        value: number.to_owned(),
    }
}

/// First of their kind, not palliative.
pub(crate) fn draft(
    recipient: &str,
    customer_number: &str,
    on: &str,
    articles: &[&str],
) -> pb::PrescriptionDraft {
    pb::PrescriptionDraft {
        recipient_id: recipient.to_owned(),
        customer_number: customer_number.to_owned(),
        prescribed_on: date(on),
        palliative: false,
        lines: articles
            .iter()
            .map(|&article| pb::LineDraft {
                article_number: article.to_owned(),
                occasion: Occasion::First.into(),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    }
}

/// Refused by a rule, with this reason, naming this field.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, why: &str, field: &str) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    let named: Vec<String> = Some(field.to_owned())
        .filter(|field| !field.is_empty())
        .into_iter()
        .collect();
    assert_eq!(
        (reason(&status).as_str(), fields(&status)),
        (why, named),
        "{status}"
    );
}

/// Not readable, naming exactly these fields.
#[track_caller]
pub(crate) fn malformed<T: std::fmt::Debug>(answer: Result<T, Status>, named: &[&str]) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_eq!(fields(&status), named, "{status}");
}

#[track_caller]
pub(crate) fn not_found<T: std::fmt::Debug>(answer: Result<T, Status>) {
    assert_eq!(answer.unwrap_err().code(), Code::NotFound);
}

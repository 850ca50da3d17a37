//! Decisions a second through gRPC, each kept before it is answered.

use std::time::Duration;

use hjm_ids::TenantId;
use hjm_proto::{
    catalogue::v1::{self as c, decision_service_client::DecisionServiceClient},
    common::v1::{Date, Occasion},
};
use hjm_service::{Caller, client};
use tonic::{Status, transport::Channel};
use uuid::Uuid;

use super::{
    alone::Alone,
    load::{Work, work_for},
};
use crate::{
    cli::Error,
    desk::{Addresses, Desk},
    print,
};

const POLICIES: [(&str, &str); 4] = [
    (
        "fees",
        include_str!("../../../../policies/jamtland-harjedalen/fees.toml"),
    ),
    (
        "payers",
        include_str!("../../../../policies/jamtland-harjedalen/payers.toml"),
    ),
    (
        "directives",
        include_str!("../../../../policies/jamtland-harjedalen/directives.toml"),
    ),
    (
        "rent",
        include_str!("../../../../policies/jamtland-harjedalen/rent.toml"),
    ),
];
const FROM: Date = Date {
    year: 2020,
    month: 1,
    day: 1,
};
const QUESTIONS_IN_A_CALL: usize = 100;

/// How much to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Decisions {
    /// Seconds of each reading.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Callers that each wait for an answer before they ask again.
    #[arg(long, default_value_t = 64)]
    callers: usize,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Fee,
    FeesTogether,
    Payer,
    Prescribing,
    Rent,
}

/// A caller of one kind of question; no two questions of fees are the same.
struct Asking {
    kind: Kind,
    place: i32,
    asked: i32,
    caller: Caller,
    client: DecisionServiceClient<Channel>,
}

impl Work for Asking {
    async fn once(&mut self) -> Result<(), Status> {
        self.asked = self.asked.wrapping_add(1);
        match self.kind {
            Kind::Fee => self.fees(1).await,
            Kind::FeesTogether => self.fees(QUESTIONS_IN_A_CALL).await,
            Kind::Payer => {
                let request = c::ResolvePayerRequest {
                    question: Some(c::PayerQuestion {
                        on: Some(self.day()),
                        iso_code: "120606".to_owned(),
                        region_principal_id: "23".to_owned(),
                        home_care: Some(c::payer_question::HomeCare::HomeCareOf("2380".to_owned())),
                        asylum_seeker: Some(false),
                        ..Default::default()
                    }),
                    as_known_at: None,
                };
                let request = client::request(&self.caller, request);
                self.client.resolve_payer(request).await.map(drop)
            }
            Kind::Prescribing => {
                let request = c::CheckPrescribingRequest {
                    iso_code: "120606".to_owned(),
                    on: Some(self.day()),
                    profession: "physiotherapist".to_owned(),
                    ..Default::default()
                };
                let request = client::request(&self.caller, request);
                self.client.check_prescribing(request).await.map(drop)
            }
            Kind::Rent => {
                let request = c::GetRentPolicyRequest {
                    as_of: Some(self.day()),
                    as_known_at: None,
                };
                let request = client::request(&self.caller, request);
                self.client.get_rent_policy(request).await.map(drop)
            }
        }
    }
}

impl Asking {
    /// Another day each time, from 2021 on.
    fn day(&self) -> Date {
        let days = self.asked.wrapping_mul(64).wrapping_add(self.place);
        Date {
            year: 2021 + days / 336 % 100,
            month: 1 + days / 28 % 12,
            day: 1 + days % 28,
        }
    }

    async fn fees(&mut self, count: usize) -> Result<(), Status> {
        let questions = (0..count).map(|index| {
            let price = i64::from(self.asked) * 10_000 + i64::from(self.place);
            let units = price * 100 + i64::try_from(index).unwrap_or_default();
            c::FeeQuestion {
                on: Some(FROM),
                born_on: Some(Date { year: 1942, ..FROM }),
                about: Some(c::fee_question::About::Device(c::DeviceFee {
                    iso_code: "120606".to_owned(),
                    product_group: 3,
                    price: Some(hjm_proto::common::v1::Money {
                        currency_code: "SEK".to_owned(),
                        units,
                        nanos: 0,
                    }),
                    occasion: Occasion::First.into(),
                    ..Default::default()
                })),
                municipality: String::new(),
            }
        });
        let request = c::DecideFeesRequest {
            questions: questions.collect(),
            as_known_at: None,
        };
        let request = client::request(&self.caller, request);
        let results = self.client.decide_fees(request).await?.into_inner().results;
        let kept = results.iter().all(|result| !result.decision_id.is_empty());
        if kept && results.len() == count {
            Ok(())
        } else {
            Err(Status::internal("a fee was not decided"))
        }
    }
}

pub(crate) async fn run(args: Decisions) -> Result<(), Error> {
    let alone = Alone::open().await?;
    let measured = measure(&args, &alone.url, &alone.tenant).await;
    alone.close().await?;
    measured
}

async fn measure(args: &Decisions, url: &str, tenant: &TenantId) -> Result<(), Error> {
    let caller = |user: &str| Caller::service(tenant.clone(), user);
    put_in_force(url, caller("bench"), caller("second person")).await?;
    print::line(format!(
        "{} callers, {} s a reading, one thread serves",
        args.callers, args.seconds
    ));
    for (kind, name, decisions) in [
        (Kind::Fee, "a fee a call", 1),
        (Kind::FeesTogether, "100 fees a call", QUESTIONS_IN_A_CALL),
        (Kind::Payer, "a payer", 1),
        (Kind::Prescribing, "a prescribing right", 1),
        (Kind::Rent, "terms of rent", 1),
    ] {
        let mut callers = Vec::with_capacity(args.callers);
        for place in 0..args.callers {
            callers.push(Asking {
                kind,
                place: i32::try_from(place).unwrap_or_default(),
                asked: 0,
                caller: caller("bench"),
                client: DecisionServiceClient::new(client::channel(url)?),
            });
        }
        let (_, reading) = work_for(callers, Duration::from_secs(args.seconds)).await?;
        let rate = reading.per_second.saturating_mul(decisions as u64);
        print::line(format!(
            "  {name:<22} {rate:>8} decisions a second, p50 {} µs, p99 {} µs a call",
            reading.p50_us, reading.p99_us
        ));
    }
    Ok(())
}

async fn put_in_force(url: &str, importer: Caller, second: Caller) -> Result<(), Error> {
    let desk = Desk::new(&Addresses::only(url), importer)?;
    for (section, text) in POLICIES {
        let request = c::ImportPolicyRequest {
            request_id: Uuid::now_v7().to_string(),
            text: text.to_owned(),
            dry_run: false,
        };
        let policy = desk.import_policy(request).await?.policy;
        let policy = policy.ok_or_else(|| Error::Bench(format!("no policy of {section}")))?;
        let request = c::ActivatePolicyRequest {
            request_id: Uuid::now_v7().to_string(),
            policy_id: policy.policy_id,
            version: policy.version,
            active_from: Some(FROM),
        };
        desk.with_caller(second.clone())
            .activate_policy(request)
            .await?;
    }
    Ok(())
}

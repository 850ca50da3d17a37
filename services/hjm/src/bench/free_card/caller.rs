//! Who calls free-card: desks that register fees, and units that ask whether a card is valid.

use hjm_ids::RecipientId;
use hjm_money::Money;
use hjm_proto::free_card::v1::{
    self as pb, free_card_service_client::FreeCardServiceClient as Client,
};
use hjm_service::{
    Caller,
    caller::{CALLER_HEADER, ROLE_AID_CENTRE},
    convert,
    idempotency::REPLAYED_HEADER,
};
use jiff::civil::{Date, date};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use uuid::Uuid;

use super::{super::load::Work, world::World};
use crate::cli::Error;

pub(super) const TENANT: &str = "dalarna";
const SCHEME: &str = "dalarna-devices";
/// The day of the fees; the shipped policy has a ceiling for it.
const DAY: Date = date(2026, 3, 3);
const FIRST: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;
/// Of a hundred calls one is for one of so many persons.
const HOT_PERSONS: u32 = 8;
const REPLAYS_OF_100: u32 = 5;
/// Of a hundred fees so many are told late: the log is replayed.
const LATE_OF_100: u32 = 2;

/// The aid centre, as a system.
pub(super) fn centre(user: &str) -> Result<Caller, Error> {
    let tenant = TENANT.parse();
    Ok(Caller {
        tenant: tenant.map_err(|_| Error::Bench(format!("{TENANT} is no tenant")))?,
        principal: None,
        client: "bench".to_owned(),
        user: user.to_owned(),
        roles: vec![ROLE_AID_CENTRE.to_owned()],
    })
}

fn introduction() -> MetadataValue<Ascii> {
    MetadataValue::from_static("tenant=dalarna;client=bench;user=desk;roles=aid_centre")
}

fn ask<T>(introduction: &MetadataValue<Ascii>, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert(CALLER_HEADER, introduction.clone());
    request
}

/// Persons by number.
#[derive(Debug, Clone)]
pub(super) struct People {
    first: u32,
    count: u32,
}

impl People {
    pub(super) fn new(count: u32) -> Self {
        Self {
            first: HOT_PERSONS,
            count: count.max(1),
        }
    }

    /// One alone.
    pub(super) fn hot() -> Self {
        Self { first: 0, count: 1 }
    }

    fn id(number: u32) -> String {
        RecipientId::new(Uuid::from_u128(FIRST + u128::from(number))).to_string()
    }

    fn any(&self, rng: &mut ChaCha8Rng) -> String {
        if self.count > 1 && rng.random_range(0..100) == 0 {
            return Self::id(rng.random_range(1..HOT_PERSONS));
        }
        Self::id(self.first + rng.random_range(0..self.count))
    }

    /// Desks that between them give each person its first fee.
    pub(super) fn firsts(
        &self,
        world: &World,
        callers: usize,
        streams: usize,
    ) -> Result<Vec<Registering>, Error> {
        let channels = world.channels(callers, streams)?;
        let last = self.first + self.count;
        let each = last.div_ceil(u32::try_from(callers).unwrap_or(1).max(1));
        let mut next = 0;
        let desks = channels.into_iter().map(|channel| {
            let from = next.min(last);
            next = (from + each).min(last);
            let desk = Registering::new(self.clone(), channel, u64::from(from));
            Registering {
                firsts: Some((from, next)),
                ..desk
            }
        });
        Ok(desks.collect())
    }
}

/// What desks were told, to be compared with the books.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) fees: i64,
    pub(super) charged_ore: i64,
    pub(super) replays: i64,
}

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        self.fees += other.fees;
        self.charged_ore += other.charged_ore;
        self.replays += other.replays;
    }
}

/// A desk that registers fees.
#[derive(Debug)]
pub(super) struct Registering {
    client: Client<Channel>,
    introduction: MetadataValue<Ascii>,
    people: People,
    rng: ChaCha8Rng,
    last: Option<(pb::RegisterFeeRequest, pb::RegisterFeeResponse)>,
    told: Told,
    firsts: Option<(u32, u32)>,
}

impl Registering {
    pub(super) fn new(people: People, channel: Channel, seed: u64) -> Self {
        Self {
            client: Client::new(channel),
            introduction: introduction(),
            people,
            rng: ChaCha8Rng::seed_from_u64(seed),
            last: None,
            told: Told::default(),
            firsts: None,
        }
    }

    pub(super) fn told(&self) -> Told {
        self.told
    }

    fn request(&mut self, recipient_id: String) -> pb::RegisterFeeRequest {
        let is_hot = self.people.count == 1;
        let late = self.firsts.is_none() && !is_hot && self.rng.random_range(0..100) < LATE_OF_100;
        let on = if late {
            let days = self.rng.random_range(1..60_i64);
            DAY.checked_sub(jiff::Span::new().days(days)).unwrap_or(DAY)
        } else {
            DAY
        };
        let ore = self
            .rng
            .random_range(100..if is_hot { 300 } else { 30_000_i64 });
        let key = Uuid::now_v7().to_string();
        pb::RegisterFeeRequest {
            request_id: key.clone(),
            recipient_id,
            scheme_id: SCHEME.to_owned(),
            fee: Some(pb::FeeDraft {
                event_on: Some(convert::to_pb_date(on)),
                nominal: Some(convert::to_pb_money(Money::from_ore(ore))),
                principal_id: "20".to_owned(),
                ..Default::default()
            }),
            external_reference: key,
            ..Default::default()
        }
    }

    async fn again(
        &mut self,
        request: pb::RegisterFeeRequest,
        told: pb::RegisterFeeResponse,
    ) -> Result<(), Status> {
        let asked = ask(&self.introduction, request.clone());
        let answer = self.client.register_fee(asked).await?;
        let replayed = answer.metadata().contains_key(REPLAYED_HEADER);
        if !replayed || answer.into_inner() != told {
            return Err(Status::data_loss("a replay was answered otherwise"));
        }
        self.told.replays += 1;
        self.last = Some((request, told));
        Ok(())
    }
}

impl Work for Registering {
    async fn once(&mut self) -> Result<(), Status> {
        let replay = self.rng.random_range(0..100) < REPLAYS_OF_100;
        if let Some((request, told)) = self.last.take_if(|_| replay) {
            return self.again(request, told).await;
        }
        let recipient = match &mut self.firsts {
            Some((next, _)) => {
                let number = *next;
                *next += 1;
                People::id(number)
            }
            None => self.people.any(&mut self.rng),
        };
        let request = self.request(recipient);
        let asked = ask(&self.introduction, request.clone());
        let answer = self.client.register_fee(asked).await?.into_inner();
        let charge = answer
            .answer
            .as_ref()
            .and_then(|answer| answer.to_charge.as_ref());
        let charge =
            charge.and_then(|money| Money::from_units_nanos(money.units, money.nanos).ok());
        let charge = charge.ok_or_else(|| Status::data_loss("an answer without an amount"))?;
        self.told.add(Told {
            fees: 1,
            charged_ore: charge.ore(),
            replays: 0,
        });
        self.last = Some((request, answer));
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.firsts.is_some_and(|(next, end)| next >= end)
    }
}

/// A unit that asks whether a card is valid.
#[derive(Debug)]
pub(super) struct Asking {
    client: Client<Channel>,
    introduction: MetadataValue<Ascii>,
    people: People,
    rng: ChaCha8Rng,
}

impl Asking {
    pub(super) fn new(people: &People, channel: Channel, seed: u64) -> Self {
        Self {
            client: Client::new(channel),
            introduction: introduction(),
            people: people.clone(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
}

impl Work for Asking {
    async fn once(&mut self) -> Result<(), Status> {
        let request = pb::IsExemptRequest {
            recipient_id: self.people.any(&mut self.rng),
            scheme_id: SCHEME.to_owned(),
            on: Some(convert::to_pb_date(DAY)),
        };
        let asked = ask(&self.introduction, request);
        self.client.is_exempt(asked).await.map(drop)
    }
}

/// One that asks the same server for nothing: what a call costs by itself.
#[derive(Debug)]
pub(super) struct Idle {
    client: HealthClient<Channel>,
    introduction: MetadataValue<Ascii>,
}

impl Idle {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            client: HealthClient::new(channel),
            introduction: introduction(),
        }
    }
}

impl Work for Idle {
    async fn once(&mut self) -> Result<(), Status> {
        let asked = ask(&self.introduction, HealthCheckRequest::default());
        self.client.check(asked).await.map(drop)
    }
}

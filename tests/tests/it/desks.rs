//! Many desks on few accounts, while free-card is killed again and again and callers hang up:
//! nothing is lost, nothing is there twice, and nobody pays beyond the ceiling.

use std::{collections::BTreeMap, time::Duration};

use hjm::{desk::Desk, story::county::DALARNA};
use hjm_ids::RecipientId;
use hjm_money::Money;
use hjm_proto::{catalogue::v1 as catalogue, free_card::v1 as pb};
use hjm_testkit::{aid_centre, date, kronor, money};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng};
use tokio::{task::JoinSet, time::timeout};
use tonic::Code;

use crate::faults::{Fault, Processes, seed};

const DESKS: usize = 64;
const ACCOUNTS: usize = 8;
/// Fees of each desk at least; it goes on until free-card has been killed often enough.
const ROUNDS: u32 = 4;
const ROUNDS_MAX: u32 = 400;
const KILLS: u32 = 8;
const POLICY: &str = include_str!("../../../policies/dalarna/free-card.toml");
const SCHEME: &str = "dalarna-devices";
const DAY: &str = "2024-01-02";

/// Dalarna's scheme, in force: catalogue's position.
async fn in_force(desk: &Desk) -> String {
    let import = catalogue::ImportPolicyRequest {
        request_id: "import-the-free-card".to_owned(),
        text: POLICY.to_owned(),
        dry_run: false,
    };
    desk.import_policy(import).await.unwrap();
    let second = desk.with_caller(aid_centre(DALARNA.tenant, "second person"));
    let activate = catalogue::ActivatePolicyRequest {
        request_id: "activate-the-free-card".to_owned(),
        policy_id: "dalarna-free-card".to_owned(),
        version: 1,
        active_from: date("2023-01-01"),
    };
    second.activate_policy(activate).await.unwrap().position
}

/// A desk with what its persons were told to pay, by fee.
struct Clerk {
    desk: Desk,
    name: String,
    recipient: String,
    not_before: String,
    random: ChaCha8Rng,
    told: BTreeMap<String, String>,
}

impl Clerk {
    fn draft() -> pb::FeeDraft {
        pb::FeeDraft {
            event_on: date(DAY),
            nominal: money("130"),
            principal_id: "20".to_owned(),
            ..Default::default()
        }
    }

    /// Quotes, registers as quoted where it can, and sometimes cancels.
    async fn serve(&mut self, round: u32) {
        let quote = pb::QuoteFeesRequest {
            recipient_id: self.recipient.clone(),
            scheme_id: SCHEME.to_owned(),
            fees: vec![Self::draft()],
            not_before: self.not_before.clone(),
        };
        let quoted = self.desk.quote_fees(quote).await.unwrap();
        let promised = kronor(quoted.answers[0].to_charge.as_ref());
        let name = format!("desk-{}-round-{round:04}", self.name);
        let request = pb::RegisterFeeRequest {
            request_id: format!("{name}-as-quoted"),
            recipient_id: self.recipient.clone(),
            scheme_id: SCHEME.to_owned(),
            fee: Some(Self::draft()),
            external_reference: name.clone(),
            not_before: self.not_before.clone(),
            expected_version: Some(quoted.account_version),
        };
        let registered = match self.insist(request.clone()).await {
            Ok(registered) => {
                let charged = charged(&registered);
                assert_eq!(charged, promised, "as quoted: {name}");
                registered
            }
            Err(code) => {
                assert_eq!(code, Code::Aborted, "{name}");
                let anyway = pb::RegisterFeeRequest {
                    request_id: format!("{name}-anyway"),
                    expected_version: None,
                    ..request
                };
                self.insist(anyway).await.unwrap()
            }
        };
        let charged = charged(&registered);
        self.told.insert(registered.fee_id.clone(), charged);
        if self.random.random_range(0..6) == 0 {
            let cancel = pb::CancelFeeRequest {
                request_id: format!("{name}-is-cancelled"),
                fee_id: registered.fee_id,
                reason: pb::CancelReason::Incorrect.into(),
                text: "keyed by mistake".to_owned(),
            };
            self.desk.cancel_fee(cancel).await.unwrap();
        }
    }

    /// Hangs up once or twice before the answer can have come, then waits for it.
    async fn insist(
        &mut self,
        request: pb::RegisterFeeRequest,
    ) -> Result<pb::RegisterFeeResponse, Code> {
        for _ in 0..self.random.random_range(0..3) {
            let patience = Duration::from_millis(self.random.random_range(1..20));
            let asked = self.desk.register_fee(request.clone());
            if let Ok(answer) = timeout(patience, asked).await {
                return answer.map_err(|status| status.code());
            }
        }
        let answer = self.desk.register_fee(request).await;
        answer.map_err(|status| status.code())
    }
}

fn charged(registered: &pb::RegisterFeeResponse) -> String {
    kronor(registered.answer.as_ref().unwrap().to_charge.as_ref())
}

fn sek(amount: Option<&hjm_proto::common::v1::Money>) -> Money {
    kronor(amount).parse().unwrap()
}

async fn fees(desk: &Desk, recipient: &str) -> Vec<pb::Fee> {
    let (mut fees, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListFeesRequest {
            recipient_id: recipient.to_owned(),
            scheme_id: SCHEME.to_owned(),
            page_size: 500,
            page_token,
            ..Default::default()
        };
        let page = desk.list_fees(request).await.unwrap();
        fees.extend(page.fees);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return fees;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desks_that_hang_up_while_free_card_is_killed_charge_each_fee_once_within_the_ceiling() {
    let seed = seed();
    let service = "free-card";
    let times = KILLS;
    let processes = Processes::start(Fault::KillsOf {
        service,
        seed,
        times,
    })
    .await;
    let desk = processes.teller(&DALARNA, "desks").desk;
    let not_before = in_force(&desk).await;
    let people: Vec<String> = (0..ACCOUNTS)
        .map(|_| RecipientId::new(uuid::Uuid::now_v7()).to_string())
        .collect();
    let mut clerks: Vec<Clerk> = (0..DESKS)
        .map(|place| Clerk {
            desk: desk.clone(),
            name: place.to_string(),
            recipient: people[place % ACCOUNTS].clone(),
            not_before: not_before.clone(),
            random: ChaCha8Rng::seed_from_u64(seed + place as u64),
            told: BTreeMap::new(),
        })
        .collect();
    for round in 0..ROUNDS_MAX {
        if round >= ROUNDS && processes.crashed() >= KILLS {
            break;
        }
        let mut serving = JoinSet::new();
        for mut clerk in clerks.drain(..) {
            serving.spawn(async move {
                clerk.serve(round).await;
                clerk
            });
        }
        clerks = serving.join_all().await;
    }
    assert_eq!(processes.crashed(), KILLS, "HJM_SEED={seed}");
    for recipient in &people {
        let stored = fees(&desk, recipient).await;
        let own = clerks.iter().filter(|clerk| clerk.recipient == *recipient);
        let mut told: BTreeMap<&String, &String> = own.flat_map(|clerk| &clerk.told).collect();
        for fee in &stored {
            let charged = kronor(fee.charged.as_ref());
            assert_eq!(told.remove(&fee.fee_id), Some(&charged), "HJM_SEED={seed}");
        }
        assert!(told.is_empty(), "a fee is lost: {told:?}, HJM_SEED={seed}");
        let kept = stored.iter().map(|fee| {
            let charged = sek(fee.charged.as_ref());
            charged.checked_sub(sek(fee.overcharge.as_ref())).unwrap()
        });
        let paid = Money::sum(kept).unwrap();
        let entitled = stored.iter().map(|fee| sek(fee.entitled.as_ref()));
        let ceiling: Money = "1400".parse().unwrap();
        assert!(paid <= ceiling, "{paid}, HJM_SEED={seed}");
        assert_eq!(Money::sum(entitled).unwrap(), ceiling, "HJM_SEED={seed}");
    }
    processes.verify().await;
}

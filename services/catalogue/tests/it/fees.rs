//! Own fees over the socket: allowances, and what no source prints.

use hjm_proto::catalogue::v1::{self as pb, fee_answer, fee_question::About};
use hjm_testkit::{date, kronor, money};

use crate::{
    decisions::{answer, decide, device, explain, put_in_force, undecided, with_policies},
    support::{World, importer},
};

#[tokio::test]
async fn an_allowance_is_a_voucher_and_the_rest_is_the_persons() {
    let world = with_policies().await;
    let glasses = pb::FeeQuestion {
        on: date("2025-03-10"),
        born_on: date("2020-03-11"),
        about: Some(About::Allowance(pb::Allowance {
            allowance: "glasses-0-7".to_owned(),
            ordained_by: "orthoptist".to_owned(),
            earlier: Some(pb::Days::default()),
            cost: money("950.00"),
        })),
        municipality: String::new(),
    };
    let results = decide(&world, vec![glasses], None).await.unwrap();
    let fee_answer::Answer::Allowance(allowance) = answer(&results[0]) else {
        panic!("{results:?}")
    };
    assert_eq!(allowance.reason, "GIVEN");
    assert_eq!(kronor(allowance.amount.as_ref()), "700.00");
    assert_eq!(kronor(allowance.person_pays.as_ref()), "250.00");
}

#[tokio::test]
async fn a_fee_that_no_source_prints_is_refused_by_its_name() {
    let world = with_policies().await;
    let bed = device(pb::DeviceFee {
        iso_code: "181210".to_owned(),
        product_group: 3,
        ..Default::default()
    });
    let visit = pb::FeeQuestion {
        about: Some(About::Service(pb::ServiceFee {
            service: "visit".to_owned(),
        })),
        ..bed.clone()
    };
    let results = decide(&world, vec![bed, visit], None).await.unwrap();
    for (result, what) in results.iter().zip(["sjätte produkt", "patientavgift"]) {
        let undecided = undecided(result);
        assert_eq!(undecided.reason, "NOT_PRINTED");
        assert!(undecided.text.contains(what), "{undecided:?}");
    }
}

#[tokio::test]
async fn a_share_is_limited_by_the_ceiling_in_force_and_runs_again() {
    let world = World::open().await;
    for text in [
        include_str!("../../../../policies/varmland/fees.toml"),
        include_str!("../../../../policies/varmland/free-card-devices.toml"),
    ] {
        let text = text.replace("tenant = \"varmland\"", "tenant = \"jamtland-harjedalen\"");
        let text = text.replace("id = \"varmland-f", "id = \"jamtland-harjedalen-f");
        put_in_force(&world, &text, "2019-01-01").await;
    }
    let question = device(pb::DeviceFee {
        iso_code: "120606".to_owned(),
        product_group: 3,
        price: money("9000.00"),
        ..Default::default()
    });
    let results = decide(&world, vec![question], None).await.unwrap();
    let fee_answer::Answer::Device(fee) = answer(&results[0]) else {
        panic!("{results:?}")
    };
    assert_eq!(kronor(fee.amount.as_ref()), "1450.00");
    assert_eq!(fee.reason, "SHARE_AT_CEILING");
    let explained = explain(&world, &importer(), &results[0].decision_id).await;
    let explained = explained.unwrap().into_inner();
    assert!(explained.agrees, "{explained:?}");
    let used = explained.decision.unwrap().policies.into_iter();
    let used: Vec<String> = used.map(|used| used.policy_id).collect();
    assert_eq!(
        used,
        [
            "jamtland-harjedalen-fees",
            "jamtland-harjedalen-free-card-devices"
        ]
    );
}

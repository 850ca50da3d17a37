//! Own fees over the socket: allowances, and what no source prints.

use hjm_proto::catalogue::v1::{self as pb, fee_answer, fee_question::About};
use hjm_testkit::{date, kronor, money};

use crate::decisions::{answer, decide, device, undecided, with_policies};

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

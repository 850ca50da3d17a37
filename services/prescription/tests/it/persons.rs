//! The people of Jämtland Härjedalen's story in March 2025, as far as prescription decides it.

use hjm_proto::{
    common::v1::{Occasion, OwnFeeKind},
    prescription::v1 as pb,
};
use hjm_testkit::{date, kronor};

use crate::world::{
    BED, BORN_1938, BORN_1943, BORN_1950, BORN_1957, BORN_1960, BORN_1983, BORN_2007, CAPPED,
    HEALTH_CENTRE, KROKOM, OSTERSUND, REGION, ROLLATOR, SOLD, WHEELCHAIR, World, draft, refused,
};

pub(crate) fn fee(line: &pb::PrescriptionLine) -> (OwnFeeKind, String, String) {
    let fee = line.decision.as_ref().unwrap().own_fee.as_ref().unwrap();
    (fee.kind(), kronor(fee.amount.as_ref()), fee.reason.clone())
}

pub(crate) fn expected(
    kind: OwnFeeKind,
    amount: &str,
    reason: &str,
) -> (OwnFeeKind, String, String) {
    (kind, amount.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn person_a_pays_for_each_of_two_rollators_and_the_home_care_pays_the_rent() {
    let world = World::jamtland("2025-03-10").await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    world.stock(ROLLATOR, &["R1", "R2"]).await.unwrap();
    let draft = draft(&a, OSTERSUND, "2025-03-10", &[ROLLATOR, ROLLATOR]);

    let quoted = pb::QuotePrescriptionRequest {
        draft: Some(draft.clone()),
    };
    let quoted = world
        .prescriptions()
        .quote_prescription(world.ask(quoted))
        .await
        .unwrap();
    let prescribed = world.prescribe(draft).await.unwrap();
    let decisions: Vec<_> = prescribed
        .lines
        .iter()
        .map(|line| line.decision.clone().unwrap())
        .collect();
    assert_eq!(quoted.into_inner().decisions, decisions);

    for (line, unit) in prescribed.lines.iter().zip(["R1", "R2"]) {
        assert_eq!(fee(line), expected(OwnFeeKind::OneOff, "300.00", "FEE"));
        let decision = line.decision.as_ref().unwrap();
        assert_eq!(decision.payer_principal_id, OSTERSUND);
        assert_eq!(
            decision.payer.as_ref().unwrap().rule_id,
            "municipal-home-care"
        );
        let loan = world
            .deliver(&line.line_id, unit, "2025-03-10")
            .await
            .unwrap();
        assert_eq!((loan.version, loan.unit_number.as_str()), (1, unit));
        assert_eq!(loan.segments.len(), 1);
        assert_eq!(loan.segments[0].principal_id, OSTERSUND);
        assert_eq!(loan.payer, decision.payer);
        assert_eq!(loan.own_fee, decision.own_fee);
        let basis = loan.fee_basis.unwrap();
        assert_eq!(
            (basis.iso_code.as_str(), basis.product_group),
            ("120606", 3)
        );
        assert_eq!((basis.born_on, basis.price), (date("1943-01-02"), None));
        assert_eq!(loan.sale, None);
    }
    let read = pb::GetPrescriptionRequest {
        prescription_id: prescribed.prescription_id,
    };
    let read = world
        .prescriptions()
        .get_prescription(world.ask(read))
        .await
        .unwrap();
    let lines = read.into_inner().prescription.unwrap().lines;
    assert!(lines.iter().all(|line| !line.loan_id.is_empty()));
    world.holds().await;
}

#[tokio::test]
async fn person_b_pays_every_twelve_months_for_a_powered_wheelchair_and_the_region_its_rent() {
    let world = World::jamtland("2025-03-01").await;
    let b = world.person(BORN_1983, "").await;
    let loan = world
        .lend(&b, HEALTH_CENTRE, WHEELCHAIR, "W1", "2025-03-01")
        .await;
    let fee = loan.own_fee.unwrap();
    assert_eq!(fee.kind(), OwnFeeKind::Per12Months);
    assert_eq!(kronor(fee.amount.as_ref()), "500.00");
    assert_eq!(loan.segments[0].principal_id, REGION);
}

#[tokio::test]
async fn person_c_of_17_pays_nothing_and_is_told_why() {
    let world = World::jamtland("2025-03-20").await;
    let c = world.person(BORN_2007, KROKOM).await;
    let loan = world.lend(&c, KROKOM, ROLLATOR, "R1", "2025-03-20").await;
    let fee = loan.own_fee.unwrap();
    assert_eq!(
        (kronor(fee.amount.as_ref()).as_str(), fee.reason.as_str()),
        ("0.00", "UNDER_AGE")
    );
    let explanation = fee.explanation.unwrap();
    assert_eq!(explanation.rule_id, "under-18");
    assert!(
        explanation.source.contains("källa 000"),
        "{}",
        explanation.source
    );
    assert_eq!(loan.segments[0].principal_id, KROKOM);
}

#[tokio::test]
async fn person_d_buys_up_to_the_cost_cap_and_the_home_care_pays_the_rest() {
    let world = World::jamtland("2025-03-05").await;
    let d = world.person(BORN_1957, OSTERSUND).await;
    let prescribed = world
        .prescribe(draft(&d, OSTERSUND, "2025-03-05", &[CAPPED]))
        .await
        .unwrap();
    assert_eq!(
        fee(&prescribed.lines[0]),
        expected(OwnFeeKind::CostCap, "500.00", "COST_CAP")
    );
    let loan = world
        .deliver(&prescribed.lines[0].line_id, "", "2025-03-05")
        .await
        .unwrap();
    let sale = loan.sale.clone().unwrap();
    assert_eq!(kronor(sale.price.as_ref()), "820.00");
    assert_eq!(kronor(sale.unit_pays.as_ref()), "320.00");
    assert_eq!((loan.unit_number.as_str(), loan.segments.len()), ("", 1));
    let wrong = world
        .correct(&loan, pb::LoanDate::Return, "2025-03-05")
        .await;
    refused(wrong, "NOTHING_TO_RETURN", "which");
    world.holds().await;
}

#[tokio::test]
async fn the_unit_pays_all_of_a_sale_without_cost_cap_rounded_to_ore_once() {
    let world = World::jamtland("2025-03-05").await;
    let d = world.person(BORN_1957, OSTERSUND).await;
    let prescribed = world
        .prescribe(draft(&d, OSTERSUND, "2025-03-05", &[SOLD]))
        .await
        .unwrap();
    assert_eq!(
        fee(&prescribed.lines[0]),
        expected(OwnFeeKind::None, "0.00", "NO_FEE")
    );
    let loan = world
        .deliver(&prescribed.lines[0].line_id, "", "2025-03-05")
        .await
        .unwrap();
    let sale = loan.sale.unwrap();
    assert_eq!(kronor(sale.price.as_ref()), "100.00");
    assert_eq!(kronor(sale.unit_pays.as_ref()), "100.00");
}

#[tokio::test]
async fn person_e_moves_with_the_bed_from_krokom_to_ostersund() {
    let world = World::jamtland("2025-02-01").await;
    let e = world.person(BORN_1950, KROKOM).await;
    let bed = world.lend(&e, KROKOM, BED, "B1", "2025-02-01").await;
    world.clock.set("2025-03-20".parse().unwrap());
    world
        .change_facts(&e, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let offer = world.offer(&[&bed], OSTERSUND, "2025-03-16").await.unwrap();
    let moved = world
        .answer(&offer, &[(&bed, true)])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(moved.version, 2);
    let segments: Vec<_> = moved
        .segments
        .iter()
        .map(|segment| (segment.principal_id.as_str(), segment.from))
        .collect();
    assert_eq!(
        segments,
        [
            (KROKOM, date("2025-02-01")),
            (OSTERSUND, date("2025-03-16"))
        ]
    );
    let facts = moved.payer.unwrap().facts;
    assert!(
        facts
            .iter()
            .any(|fact| fact.name == "on" && fact.value == "2025-03-16")
    );
    world.holds().await;
}

#[tokio::test]
async fn person_f_dies_and_the_bed_is_returned_later_then_the_return_is_corrected() {
    let world = World::jamtland("2025-02-03").await;
    let f = world.person(BORN_1938, "").await;
    let bed = world.lend(&f, HEALTH_CENTRE, BED, "B1", "2025-02-03").await;
    world.clock.set("2025-03-12".parse().unwrap());
    let died = world.die(&f, "2025-03-10").await.unwrap().into_inner();
    assert_eq!(died.open_loan_ids, [bed.loan_id.as_str()]);
    let marked = world.loan(&bed.loan_id).await;
    assert_eq!((marked.version, marked.died_on), (2, date("2025-03-10")));
    assert_eq!(marked.returned_on, None);

    world.clock.set("2025-04-02".parse().unwrap());
    let returned = world.take_back("B1", "2025-04-02").await.unwrap();
    assert_eq!(
        (returned.version, returned.returned_on),
        (3, date("2025-04-02"))
    );
    let corrected = world
        .correct(&returned, pb::LoanDate::Return, "2025-03-20")
        .await
        .unwrap();
    assert_eq!(
        (corrected.version, corrected.returned_on),
        (4, date("2025-03-20"))
    );
    assert_eq!(corrected.correction_reason, "read wrong on the note");
    assert_eq!(corrected.died_on, date("2025-03-10"));
    world.holds().await;
}

#[tokio::test]
async fn person_g_pays_nothing_at_the_end_of_life_nor_anybody_for_a_replacement() {
    let world = World::jamtland("2025-03-10").await;
    let g = world.person(BORN_1960, OSTERSUND).await;
    let palliative = pb::PrescriptionDraft {
        palliative: true,
        ..draft(&g, OSTERSUND, "2025-03-10", &[ROLLATOR])
    };
    let free = world.prescribe(palliative).await.unwrap();
    assert_eq!(
        fee(&free.lines[0]),
        expected(OwnFeeKind::OneOff, "0.00", "PALLIATIVE")
    );
    let mut replacement = draft(&g, OSTERSUND, "2025-03-10", &[ROLLATOR]);
    replacement.lines[0].occasion = Occasion::Replacement.into();
    let free = world.prescribe(replacement).await.unwrap();
    assert_eq!(
        fee(&free.lines[0]),
        expected(OwnFeeKind::OneOff, "0.00", "REPLACEMENT")
    );
}

#[tokio::test]
async fn the_region_pays_for_who_seeks_asylum_also_in_home_care() {
    let world = World::jamtland("2025-03-10").await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let request = pb::ChangeFactsRequest {
        request_id: hjm_testkit::request_id(),
        recipient_id: person.clone(),
        facts: Some(pb::RecipientFacts {
            valid_from: date("2025-03-01"),
            home_care_principal_id: OSTERSUND.to_owned(),
            asylum_seeker: true,
            ..Default::default()
        }),
    };
    world
        .recipients()
        .change_facts(world.ask(request))
        .await
        .unwrap();
    let on_day = |day| draft(&person, HEALTH_CENTRE, day, &[BED]);
    world.prescribe(on_day("2025-03-01")).await.unwrap();
    // The day before, the facts of that day decide.
    refused(
        world.prescribe(on_day("2025-02-28")).await,
        "PAYER_MISMATCH",
        "draft.customer_number",
    );
}

//! A write under one request id takes effect once.

use hjm_proto::prescription::v1 as pb;
use hjm_service::idempotency::REPLAYED_HEADER;
use hjm_testkit::{date, reason, request_id};
use tonic::Code;

use crate::world::{
    BED, BORN_1943, BORN_1957, HEALTH_CENTRE, KROKOM, OSTERSUND, World, draft, malformed,
    registration,
};

const TODAY: &str = "2025-03-20";

/// Writes, repeats it, tries another body under its request id, and answers what was answered.
macro_rules! once {
    ($world:ident.$client:ident.$rpc:ident, $request:expr, $other:expr) => {{
        let (request, other) = ($request, $other);
        let first = $world.$client().$rpc($world.ask(request.clone())).await;
        let first = first.unwrap();
        assert!(first.metadata().get(REPLAYED_HEADER).is_none());
        let told = $world.told().await.len();
        let again = $world.$client().$rpc($world.ask(request.clone())).await;
        let again = again.unwrap();
        assert!(again.metadata().get(REPLAYED_HEADER).is_some());
        assert_eq!(again.get_ref(), first.get_ref());
        let mut other = other;
        other.request_id = request.request_id;
        let status = $world.$client().$rpc($world.ask(other)).await.unwrap_err();
        assert_eq!(status.code(), Code::AlreadyExists);
        assert_eq!(reason(&status), "REQUEST_ID_REUSED");
        assert_eq!($world.told().await.len(), told);
        first.into_inner()
    }};
}

#[tokio::test]
async fn a_repeated_registration_answers_again_and_another_body_is_refused() {
    let world = World::jamtland(TODAY).await;
    let principal = |id: &str| pb::CreatePrincipalRequest {
        request_id: request_id(),
        principal: Some(pb::Principal {
            principal_id: id.to_owned(),
            kind: pb::PrincipalKind::Municipality.into(),
            name: "A municipality".to_owned(),
        }),
    };
    once!(
        world.organisation.create_principal,
        principal("2313"),
        principal("2361")
    );
    let unit = |number: &str| pb::CreateCustomerUnitRequest {
        request_id: request_id(),
        unit: Some(pb::CustomerUnit {
            customer_number: number.to_owned(),
            principal_id: KROKOM.to_owned(),
            name: "A unit".to_owned(),
        }),
    };
    once!(
        world.organisation.create_customer_unit,
        unit("71"),
        unit("72")
    );
    let person = once!(
        world.recipients.register_recipient,
        registration(BORN_1943, KROKOM),
        registration(BORN_1957, KROKOM)
    )
    .recipient_id;
    let facts = |from| pb::ChangeFactsRequest {
        request_id: request_id(),
        recipient_id: person.clone(),
        facts: crate::world::facts(from, OSTERSUND),
    };
    once!(
        world.recipients.change_facts,
        facts("2025-03-16"),
        facts("2025-03-17")
    );
    let device = |unit: &str| pb::RegisterDeviceRequest {
        request_id: request_id(),
        article_number: BED.to_owned(),
        unit_numbers: vec![unit.to_owned()],
    };
    once!(world.devices.register_device, device("B1"), device("B2"));
    let death = |on| pb::RecordDeathRequest {
        request_id: request_id(),
        recipient_id: person.clone(),
        died_on: date(on),
    };
    once!(
        world.recipients.record_death,
        death(TODAY),
        death("2025-03-19")
    );
}

#[tokio::test]
async fn a_repeated_delivery_answers_again_and_another_body_is_refused() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, KROKOM).await;
    world.stock(BED, &["B1"]).await.unwrap();
    let prescribe = |articles: &[&str]| pb::PrescribeRequest {
        request_id: request_id(),
        draft: Some(draft(&person, KROKOM, "2025-03-19", articles)),
    };
    let prescribed = once!(
        world.prescriptions.prescribe,
        prescribe(&[BED]),
        prescribe(&[BED, BED])
    );
    let line = prescribed.prescription.unwrap().lines.remove(0);
    let deliver = |on| pb::DeliverRequest {
        request_id: request_id(),
        line_id: line.line_id.clone(),
        unit_number: "B1".to_owned(),
        delivered_on: date(on),
        ..Default::default()
    };
    let delivered = once!(
        world.prescriptions.deliver,
        deliver(TODAY),
        deliver("2025-03-19")
    );
    let loan = delivered.loan.unwrap();
    let correct = |on| pb::CorrectLoanDateRequest {
        request_id: request_id(),
        loan_id: loan.loan_id.clone(),
        which: pb::LoanDate::Delivery.into(),
        date: date(on),
        reason: "read wrong".to_owned(),
        expected_version: 1,
    };
    once!(
        world.loans.correct_loan_date,
        correct("2025-03-19"),
        correct(TODAY)
    );
    let back = |unit: &str| pb::ReceiveReturnRequest {
        request_id: request_id(),
        unit_number: unit.to_owned(),
        returned_on: date(TODAY),
    };
    once!(world.devices.receive_return, back("B1"), back("B2"));
    world.holds().await;
}

#[tokio::test]
async fn a_repeated_transfer_answers_again_and_another_body_is_refused() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, KROKOM).await;
    let loan = world.lend(&person, KROKOM, BED, "B1", "2025-03-01").await;
    world
        .change_facts(&person, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let offer = |to: &str| pb::OfferTransferRequest {
        request_id: request_id(),
        loan_ids: vec![loan.loan_id.clone()],
        to_customer_number: to.to_owned(),
        effective_on: date(TODAY),
    };
    let offered = once!(
        world.loans.offer_transfer,
        offer(OSTERSUND),
        offer(HEALTH_CENTRE)
    );
    let answer = |accept| pb::AnswerTransferRequest {
        request_id: request_id(),
        transfer_id: offered.transfer_id.clone(),
        answers: vec![pb::TransferAnswer {
            loan_id: loan.loan_id.clone(),
            accept,
        }],
    };
    once!(world.loans.answer_transfer, answer(true), answer(false));
    world.holds().await;
}

#[tokio::test]
async fn a_refused_write_leaves_its_request_id_free() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, KROKOM).await;
    let request = |customer_number| pb::PrescribeRequest {
        request_id: "0123456789abcdef".to_owned(),
        draft: Some(draft(&person, customer_number, TODAY, &[BED])),
    };
    let wrong = world
        .prescriptions()
        .prescribe(world.ask(request(OSTERSUND)))
        .await;
    assert_eq!(reason(&wrong.unwrap_err()), "PAYER_MISMATCH");
    world
        .prescriptions()
        .prescribe(world.ask(request(KROKOM)))
        .await
        .unwrap();
    let short = pb::PrescribeRequest {
        request_id: "short".to_owned(),
        ..request(KROKOM)
    };
    malformed(
        world.prescriptions().prescribe(world.ask(short)).await,
        &["request_id"],
    );
}

#[tokio::test]
async fn a_write_answers_the_position_of_what_it_told() {
    let world = World::jamtland(TODAY).await;
    let request = registration(BORN_1943, KROKOM);
    let answer = world
        .recipients()
        .register_recipient(world.ask(request))
        .await
        .unwrap();
    let head = world
        .feed()
        .get_head(world.ask(pb::GetHeadRequest {}))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().position, head.into_inner().position);
}

//! Everything that is refused: typed, naming the field, and nothing stored.

use hjm_proto::{
    catalogue::v1::{
        self as catalogue, ArticleKind, article_service_client::ArticleServiceClient,
        price_service_client::PriceServiceClient,
    },
    common::v1::ChargeForm,
    prescription::v1 as pb,
};
use hjm_testkit::{date, request_id, unit_price};
use tonic_types::StatusExt as _;

use crate::world::{
    BED, BORN_1943, BORN_1957, HEALTH_CENTRE, KROKOM, ODD, OSTERSUND, ROLLATOR, SELF_CARE, SOLD,
    UNPRICED, World, draft, malformed, not_found, refused, registration,
};

const TODAY: &str = "2025-03-10";
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_prescription_that_may_not_be_is_refused_and_nothing_is_stored() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let dead = world.person(BORN_1957, OSTERSUND).await;
    world.die(&dead, "2025-03-01").await.unwrap();
    let before = world.rows().await;

    let field = "draft.lines.article_number";
    let cases = [
        (
            draft(&a, HEALTH_CENTRE, TODAY, &[BED]),
            "PAYER_MISMATCH",
            "draft.customer_number",
        ),
        (
            draft(&a, "9999", TODAY, &[BED]),
            "CUSTOMER_NUMBER_UNKNOWN",
            "draft.customer_number",
        ),
        (
            draft(&a, OSTERSUND, TODAY, &["NONE"]),
            "ARTICLE_UNKNOWN",
            field,
        ),
        (
            draft(&a, OSTERSUND, TODAY, &[SELF_CARE]),
            "NOT_PRESCRIBABLE",
            field,
        ),
        (draft(&a, OSTERSUND, TODAY, &[ODD]), "FEE_UNDECIDED", field),
        (
            draft(&a, OSTERSUND, TODAY, &[BED, UNPRICED]),
            "PRICE_MISSING",
            field,
        ),
        (
            draft(&a, OSTERSUND, "2025-03-11", &[BED]),
            "PRESCRIBED_IN_FUTURE",
            "draft.prescribed_on",
        ),
        (
            draft(&dead, OSTERSUND, "2025-03-02", &[BED]),
            "RECIPIENT_DEAD",
            "draft.prescribed_on",
        ),
    ];
    for (case, reason, field) in cases {
        refused(world.prescribe(case.clone()).await, reason, field);
        let quote = pb::QuotePrescriptionRequest { draft: Some(case) };
        refused(
            world
                .prescriptions()
                .quote_prescription(world.ask(quote))
                .await,
            reason,
            field,
        );
    }
    not_found(
        world
            .prescribe(draft(NOBODY, OSTERSUND, TODAY, &[BED]))
            .await,
    );
    assert_eq!(world.rows().await, before);
    // The day of death is still a day of prescription.
    world
        .prescribe(draft(&dead, OSTERSUND, "2025-03-01", &[BED]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_wrong_payer_is_refused_naming_both_principals() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let status = world
        .prescribe(draft(&a, KROKOM, TODAY, &[BED]))
        .await
        .unwrap_err();
    let metadata = status.get_details_error_info().unwrap().metadata;
    assert_eq!(metadata["payer"], OSTERSUND);
    assert_eq!(metadata["customer_principal"], KROKOM);
}

#[tokio::test]
async fn nothing_is_decided_without_a_policy_in_force() {
    let world = World::empty(TODAY).await;
    world.organise().await;
    let form = ChargeForm::Rental;
    world.article(BED, "181210", form, 4, "9.35").await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let prescribing = || world.prescribe(draft(&a, OSTERSUND, TODAY, &[BED]));
    refused(prescribing().await, "POLICY_MISSING", "");
    world
        .activate("jamtland-harjedalen/fees.toml", "2015-01-01")
        .await;
    refused(prescribing().await, "POLICY_MISSING", "");
    world
        .activate("jamtland-harjedalen/payers.toml", TODAY)
        .await;
    prescribing().await.unwrap();
    let yesterday = draft(&a, OSTERSUND, "2025-03-09", &[BED]);
    refused(world.prescribe(yesterday).await, "POLICY_MISSING", "");
}

#[tokio::test]
async fn a_payer_that_no_rule_names_is_not_guessed() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let text = "id = \"jamtland-harjedalen-payers\"\nversion = 2\ntenant = \"jamtland-harjedalen\"\n\
        title = \"Only asylum\"\nvalid_from = 2015-01-01\n[sources]\nproject = \"A test\"\n\
        [[payers.rule]]\nid = \"asylum-seeker\"\nasylum_seeker = true\npays = \"REGION\"\n\
        valid_from = 2015-01-01\nsource = \"project\"\n";
    world.activate_text(text.to_owned(), TODAY).await;
    let prescribed = world.prescribe(draft(&a, OSTERSUND, TODAY, &[BED])).await;
    assert!(
        prescribed
            .as_ref()
            .unwrap_err()
            .message()
            .contains("asylum_seeker")
    );
    refused(prescribed, "PAYER_UNDECIDED", "draft.lines.article_number");
    // The version before still decides the day before.
    world
        .prescribe(draft(&a, OSTERSUND, "2025-03-09", &[BED]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_payer_is_not_found_without_a_region() {
    let world = World::empty(TODAY).await;
    world
        .activate("jamtland-harjedalen/fees.toml", "2015-01-01")
        .await;
    world
        .activate("jamtland-harjedalen/payers.toml", "2015-01-01")
        .await;
    let form = ChargeForm::Rental;
    world.article(BED, "181210", form, 4, "9.35").await;
    world
        .principal(OSTERSUND, pb::PrincipalKind::Municipality)
        .await
        .unwrap();
    world.unit(OSTERSUND, OSTERSUND).await.unwrap();
    let a = world.person(BORN_1943, OSTERSUND).await;
    let prescribed = world.prescribe(draft(&a, OSTERSUND, TODAY, &[BED])).await;
    refused(prescribed, "REGION_MISSING", "");
}

#[tokio::test]
async fn a_delivery_that_may_not_be_is_refused_and_nothing_is_stored() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    world.stock(ROLLATOR, &["R1", "R2"]).await.unwrap();
    world.stock(BED, &["B1"]).await.unwrap();
    let articles = [ROLLATOR, ROLLATOR, SOLD];
    let lines = world
        .prescribe(draft(&a, OSTERSUND, "2025-03-05", &articles))
        .await
        .unwrap()
        .lines;
    let line: Vec<&str> = lines.iter().map(|line| line.line_id.as_str()).collect();
    world.deliver(line[0], "R1", "2025-03-06").await.unwrap();
    let before = world.rows().await;

    for (line, unit, on, reason, field) in [
        (line[0], "R2", "2025-03-06", "ALREADY_DELIVERED", "line_id"),
        (
            line[1],
            "R2",
            "2025-03-04",
            "DELIVERED_BEFORE_PRESCRIPTION",
            "delivered_on",
        ),
        (
            line[1],
            "R2",
            "2025-03-11",
            "DELIVERED_IN_FUTURE",
            "delivered_on",
        ),
        (line[1], "", "2025-03-06", "UNIT_REQUIRED", "unit_number"),
        (line[1], "R3", "2025-03-06", "UNIT_UNKNOWN", "unit_number"),
        (line[1], "R1", "2025-03-06", "UNIT_OUT", "unit_number"),
        (
            line[1],
            "B1",
            "2025-03-06",
            "UNIT_OF_OTHER_ARTICLE",
            "unit_number",
        ),
        (
            line[2],
            "R2",
            "2025-03-06",
            "SALE_HAS_NO_UNIT",
            "unit_number",
        ),
    ] {
        refused(world.deliver(line, unit, on).await, reason, field);
    }
    not_found(world.deliver(NOBODY, "R2", "2025-03-06").await);
    assert_eq!(world.rows().await, before);

    // What is handed out again may not have been out on the same days.
    world.take_back("R1", "2025-03-08").await.unwrap();
    refused(
        world.deliver(line[1], "R1", "2025-03-07").await,
        "UNIT_HELD",
        "delivered_on",
    );
    world.deliver(line[1], "R1", "2025-03-08").await.unwrap();
    world.holds().await;
}

#[tokio::test]
async fn a_return_that_may_not_be_is_refused_and_nothing_is_stored() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    world.lend(&a, OSTERSUND, BED, "B1", "2025-03-05").await;
    world.stock(BED, &["B2"]).await.unwrap();
    let before = world.rows().await;
    for (unit, on, reason, field) in [
        (
            "B1",
            "2025-03-04",
            "RETURNED_BEFORE_DELIVERY",
            "returned_on",
        ),
        ("B1", "2025-03-11", "RETURNED_IN_FUTURE", "returned_on"),
        ("B2", "2025-03-06", "UNIT_NOT_OUT", "unit_number"),
        ("B3", "2025-03-06", "UNIT_UNKNOWN", "unit_number"),
    ] {
        refused(world.take_back(unit, on).await, reason, field);
    }
    assert_eq!(world.rows().await, before);
    world.take_back("B1", "2025-03-06").await.unwrap();
    refused(
        world.take_back("B1", "2025-03-06").await,
        "UNIT_NOT_OUT",
        "unit_number",
    );
}

#[tokio::test]
async fn what_cannot_be_read_names_every_field() {
    let world = World::jamtland(TODAY).await;
    let before = world.rows().await;
    let nothing = pb::PrescriptionDraft {
        lines: vec![pb::LineDraft::default()],
        ..Default::default()
    };
    let fields = [
        "draft.recipient_id",
        "draft.customer_number",
        "draft.prescribed_on",
        "draft.lines[0].article_number",
        "draft.lines[0].occasion",
    ];
    malformed(world.prescribe(nothing).await, &fields);
    let many = draft(NOBODY, OSTERSUND, TODAY, &[BED; 21]);
    malformed(world.prescribe(many).await, &["draft.lines"]);
    let request = pb::DeliverRequest {
        request_id: request_id(),
        line_id: "?".to_owned(),
        unit_number: "?".to_owned(),
        delivered_on: None,
        ..Default::default()
    };
    let delivered = world.prescriptions().deliver(world.ask(request)).await;
    malformed(delivered, &["line_id", "unit_number", "delivered_on"]);
    let request = pb::CorrectLoanDateRequest {
        request_id: request_id(),
        ..Default::default()
    };
    let corrected = world.loans().correct_loan_date(world.ask(request)).await;
    malformed(
        corrected,
        &["loan_id", "which", "date", "reason", "expected_version"],
    );
    let request = pb::OfferTransferRequest {
        request_id: request_id(),
        ..Default::default()
    };
    let offered = world.loans().offer_transfer(world.ask(request)).await;
    malformed(offered, &["loan_ids", "to_customer_number", "effective_on"]);
    let request = pb::ListLoansRequest {
        recipient_id: "?".to_owned(),
        customer_number: "?".to_owned(),
        as_of: Some(hjm_proto::common::v1::Date::default()),
        page_size: 501,
        page_token: "?".to_owned(),
    };
    let listed = world.loans().list_loans(world.ask(request)).await;
    malformed(
        listed,
        &[
            "recipient_id",
            "customer_number",
            "as_of",
            "page_size",
            "page_token",
        ],
    );
    let request = pb::RegisterRecipientRequest {
        request_id: String::new(),
        ..registration(BORN_1943, "")
    };
    malformed(
        world
            .recipients()
            .register_recipient(world.ask(request))
            .await,
        &["request_id"],
    );
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn parts_and_work_are_no_prescription() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let mut articles = ArticleServiceClient::new(world.catalogue.clone());
    for (number, kind, prescribed) in [
        ("HANDLE", ArticleKind::Accessory, true),
        ("SCREW", ArticleKind::SparePart, false),
        ("MENDING", ArticleKind::Service, false),
        ("FITTING", ArticleKind::Adjustment, false),
    ] {
        let article = catalogue::Article {
            article_number: number.to_owned(),
            name: number.to_lowercase(),
            iso_code: "181210".to_owned(),
            kind: kind.into(),
            charge_form: ChargeForm::Sale.into(),
            product_group: 4,
            valid_from: date("2015-01-01"),
            ..Default::default()
        };
        let article = catalogue::CreateArticleRequest {
            request_id: request_id(),
            article: Some(article),
        };
        articles.create_article(world.ask(article)).await.unwrap();
        let price = catalogue::SetPriceRequest {
            request_id: request_id(),
            article_number: number.to_owned(),
            price: unit_price("10.00"),
            valid_from: date("2015-01-01"),
            ..Default::default()
        };
        let mut prices = PriceServiceClient::new(world.catalogue.clone());
        prices.set_price(world.ask(price)).await.unwrap();
        let answer = world
            .prescribe(draft(&a, OSTERSUND, TODAY, &[number]))
            .await;
        if prescribed {
            answer.unwrap();
        } else {
            refused(answer, "NOT_PRESCRIBABLE", "draft.lines.article_number");
        }
    }
}

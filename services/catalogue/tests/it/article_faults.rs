//! What is wrong with an article's attributes is named, field by field, and nothing is stored.

use hjm_proto::{catalogue::v1 as pb, common::v1::ChargeForm};
use hjm_testkit::{date, fields};
use tonic::Code;

use crate::support::{World, refused, rollator};

type Spoil = fn(&mut pb::Article);

fn identifier(kind: pb::IdentifierKind, issuer: &str, value: &str) -> pb::Identifier {
    pb::Identifier {
        kind: kind.into(),
        value: value.to_owned(),
        issuer: issuer.to_owned(),
    }
}

const NAMES: [(&str, Spoil); 9] = [
    ("article.series", |it| it.series = "s".repeat(101)),
    ("article.suppliers", |it| {
        it.suppliers = vec![pb::Supplier::default(); 11];
    }),
    ("article.suppliers[0].name", |it| {
        it.suppliers = vec![pb::Supplier::default()];
    }),
    ("article.identifiers", |it| {
        it.identifiers = vec![pb::Identifier::default(); 21];
    }),
    ("article.identifiers[0].kind", |it| {
        it.identifiers = vec![pb::Identifier::default()];
    }),
    ("article.identifiers[0].value", |it| {
        it.identifiers = vec![identifier(pb::IdentifierKind::Gtin, "", "7310865004704")];
    }),
    ("article.identifiers[0].issuer", |it| {
        it.identifiers = vec![identifier(pb::IdentifierKind::UdiDi, "", "07310865004703")];
    }),
    ("article.identifiers[1].value", |it| {
        it.identifiers = vec![
            identifier(pb::IdentifierKind::Gtin, "", "7310865004703"),
            identifier(pb::IdentifierKind::Gtin, "GS1", "07310865004703"),
        ];
    }),
    ("article.identifiers[0].issuer", |it| {
        it.identifiers = vec![identifier(pb::IdentifierKind::ArticleNumber, "", "12")];
    }),
];

const STATES: [(&str, Spoil); 9] = [
    ("article.state", |it| it.state = 99),
    ("article.state_reason", |it| {
        it.state = pb::ArticleState::Blocked.into();
    }),
    ("article.state_reason", |it| {
        it.state_reason = "why".to_owned();
    }),
    ("article.trial", |it| it.trial = Some(pb::Trial::default())),
    ("article.trial,article.decision", |it| {
        it.state = pb::ArticleState::Trial.into();
    }),
    (
        "article.trial.units,article.trial.until,article.decision",
        |it| {
            it.state = pb::ArticleState::Trial.into();
            it.trial = Some(pb::Trial::default());
        },
    ),
    (
        "article.decision.subject,article.decision.body,article.decision.decided_on,\
         article.decision.reference",
        |it| it.decision = Some(pb::AssortmentDecision::default()),
    ),
    ("article.charge_form", |it| {
        it.kind = pb::ArticleKind::Service.into();
    }),
    ("article.charge_form", |it| {
        it.kind = pb::ArticleKind::Adjustment.into();
        it.charge_form = ChargeForm::SaleWithReturn.into();
    }),
];

const USES: [(&str, Spoil); 9] = [
    ("article.regulatory_class", |it| it.regulatory_class = 9),
    ("article.default_purpose", |it| it.default_purpose = 9),
    ("article.default_duration", |it| it.default_duration = 9),
    ("article.default_purpose", |it| {
        it.regulatory_class = pb::RegulatoryClass::Consumer.into();
        it.default_purpose = pb::Purpose::CareAndTreatment.into();
    }),
    ("article.inspection_interval_months", |it| {
        it.inspection_interval_months = 121;
    }),
    ("article.depreciation_group", |it| {
        it.depreciation_group = "g".repeat(61);
    }),
    ("article.lots", |it| {
        it.lots = vec![pb::FrameworkLot::default(); 21];
    }),
    (
        "article.lots[0].agreement,article.lots[0].lot,article.lots[0].rank",
        |it| it.lots = vec![pb::FrameworkLot::default()],
    ),
    ("article.lots[1].lot", |it| {
        let lot = pb::FrameworkLot {
            agreement: "A".to_owned(),
            lot: "1".to_owned(),
            rank: 1,
        };
        it.lots = vec![lot.clone(), lot];
    }),
];

#[tokio::test]
async fn a_malformed_attribute_is_named_and_nothing_is_stored() {
    let world = World::open().await;
    for (expected, spoil) in NAMES.iter().chain(&STATES).chain(&USES) {
        let mut request = rollator("R-100");
        spoil(request.article.as_mut().unwrap());
        let status = refused(world.create(request)).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{expected}");
        assert_eq!(fields(&status).join(","), *expected);
    }
    assert_eq!(world.page(0, "").await.unwrap().articles, []);
    assert_eq!(world.kinds().await, [""; 0]);
}

#[tokio::test]
async fn what_is_not_read_on_write_is_answered_right() {
    let world = World::open().await;
    let mut request = rollator("R-100");
    let article = request.article.as_mut().unwrap();
    (article.version, article.valid_to) = (7, date("2024-01-01"));
    let created = world.create(request).await.unwrap().into_inner();
    let article = created.article.unwrap();
    assert_eq!((article.version, article.valid_to), (1, None));
}

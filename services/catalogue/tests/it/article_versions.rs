//! Versions of articles: dated, kept, one after the other, and one article an identifier.

use futures::future::join_all;
use hjm_proto::{catalogue::v1 as pb, common::v1::ChargeForm};
use hjm_testkit::{date, fields, reason, request_id};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tonic::Code;

use crate::support::{World, as_stored, refused, rollator};

const GTIN: &str = "7310865004703";

fn article(number: &str, from: &str) -> pb::Article {
    pb::Article {
        valid_from: date(from),
        ..rollator(number).article.unwrap_or_default()
    }
}

fn gtin(value: &str) -> pb::Identifier {
    pb::Identifier {
        kind: pb::IdentifierKind::Gtin.into(),
        value: value.to_owned(),
        issuer: String::new(),
    }
}

fn withdrawal(state: pb::ArticleState, from: &str, expected: u32) -> pb::WithdrawArticleRequest {
    pb::WithdrawArticleRequest {
        request_id: request_id(),
        article_number: "R-100".to_owned(),
        expected_version: expected,
        state: state.into(),
        valid_from: date(from),
        reason: "the maker has stopped making it".to_owned(),
    }
}

fn whole(number: &str) -> pb::Article {
    pb::Article {
        kind: pb::ArticleKind::SparePart.into(),
        charge_form: ChargeForm::SaleWithReturn.into(),
        series: "Series 5".to_owned(),
        suppliers: vec![pb::Supplier {
            name: "A supplier".to_owned(),
            article_number: "55-1".to_owned(),
        }],
        identifiers: vec![gtin(GTIN)],
        state: pb::ArticleState::Trial.into(),
        trial: Some(pb::Trial {
            units: 20,
            until: date("2025-12-31"),
        }),
        decision: Some(pb::AssortmentDecision {
            subject: pb::AssortmentSubject::NewProduct.into(),
            body: "The range council".to_owned(),
            decided_on: date("2025-02-01"),
            reference: "2025-17".to_owned(),
        }),
        regulatory_class: pb::RegulatoryClass::MdrIia.into(),
        inspection_interval_months: 12,
        depreciation_group: "lifts".to_owned(),
        lots: vec![pb::FrameworkLot {
            agreement: "Lifts 2024".to_owned(),
            lot: "B".to_owned(),
            rank: 2,
        }],
        default_purpose: pb::Purpose::CareAndTreatment.into(),
        default_duration: pb::Duration::Temporary.into(),
        ..article(number, "2025-03-01")
    }
}

#[tokio::test]
async fn every_attribute_is_kept_as_it_was_told() {
    let world = World::open().await;
    let request = pb::CreateArticleRequest {
        request_id: request_id(),
        article: Some(whole("L-1")),
    };
    world.create(request).await.unwrap();
    let got = world.article("L-1", "2025-03-01").await.unwrap();
    assert_eq!(got.article, as_stored(Some(whole("L-1"))));
}

#[tokio::test]
async fn a_version_ends_where_the_next_begins_and_history_stays() {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    let mut next = article("R-100", "2025-01-01");
    (next.product_group, next.iso_code) = (4, "120603".to_owned());
    let changed = world.change(next.clone(), 1).await.unwrap();
    assert_eq!((changed.version, changed.valid_to), (2, None));

    let old = world.article("R-100", "2024-12-31").await.unwrap();
    let old = old.article.unwrap();
    assert_eq!((old.version, old.product_group), (1, 3));
    assert_eq!(old.valid_to, date("2025-01-01"));
    let new = world.article("R-100", "2025-01-01").await.unwrap();
    let new = new.article.unwrap();
    assert_eq!(
        (new.version, new.product_group, new.iso_code.as_str()),
        (2, 4, "120603")
    );
    assert_eq!(world.kinds().await, ["ArticleChanged"; 2]);
    let listed = world.page(0, "").await.unwrap().articles;
    assert_eq!(listed.len(), 1, "one version is in force on a day");
    assert_eq!(listed[0].version, 2);
}

#[tokio::test]
async fn a_version_that_does_not_follow_is_refused_with_its_reason() {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    for from in ["2020-01-01", "2019-06-01"] {
        let status = refused(world.change(article("R-100", from), 1)).await;
        assert_eq!(reason(&status), "ARTICLE_NOT_AFTER");
        assert_eq!(fields(&status), ["article.valid_from"]);
    }
    let stale = refused(world.change(article("R-100", "2025-01-01"), 2)).await;
    assert_eq!(stale.code(), Code::Aborted);
    let none = refused(world.change(article("R-101", "2025-01-01"), 1)).await;
    assert_eq!(none.code(), Code::NotFound);
    let trial = pb::Article {
        article_number: "R-100".to_owned(),
        ..whole("R-100")
    };
    let status = refused(world.change(trial, 1)).await;
    assert_eq!(reason(&status), "ARTICLE_STATE");
    assert_eq!(fields(&status), ["article.state"]);
    assert_eq!(world.kinds().await, ["ArticleChanged"]);
}

#[tokio::test]
async fn a_withdrawn_article_is_known_on_with_its_state_and_reason() {
    use pb::ArticleState::{Active, Discontinued, PhasingOut, Trial};
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    let phasing = withdrawal(PhasingOut, "2025-02-01", 1);
    world.withdraw(phasing.clone()).await.unwrap();
    let gone = world
        .withdraw(withdrawal(Discontinued, "2025-03-01", 2))
        .await;
    assert_eq!(gone.unwrap().version, 3);
    for (day, state, why) in [
        ("2025-01-31", Active, ""),
        ("2025-02-01", PhasingOut, phasing.reason.as_str()),
        ("2026-01-01", Discontinued, phasing.reason.as_str()),
    ] {
        let got = world.article("R-100", day).await.unwrap().article.unwrap();
        assert_eq!(
            (got.state(), got.state_reason.as_str()),
            (state, why),
            "{day}"
        );
    }
    let back = withdrawal(PhasingOut, "2025-04-01", 3);
    assert_eq!(
        reason(&refused(world.withdraw(back)).await),
        "ARTICLE_STATE"
    );
    let early = refused(world.withdraw(withdrawal(Discontinued, "2025-03-01", 3))).await;
    assert_eq!(fields(&early), ["valid_from"]);
    for state in [Active, Trial] {
        let status = refused(world.withdraw(withdrawal(state, "2025-05-01", 3))).await;
        assert_eq!(fields(&status), ["state"], "{state:?}");
    }
    let mut silent = withdrawal(Discontinued, "2025-05-01", 3);
    silent.reason.clear();
    assert_eq!(fields(&refused(world.withdraw(silent)).await), ["reason"]);
}

#[tokio::test]
async fn an_identifier_is_one_articles_at_a_time_however_it_is_spelled() {
    let world = World::open().await;
    let named = |number: &str, value: &str| pb::CreateArticleRequest {
        request_id: request_id(),
        article: Some(pb::Article {
            identifiers: vec![gtin(value)],
            ..article(number, "2024-01-01")
        }),
    };
    world.create(named("R-100", GTIN)).await.unwrap();
    let taken = refused(world.create(named("R-200", "07310865004703"))).await;
    assert_eq!(reason(&taken), "IDENTIFIER_TAKEN");
    assert_eq!(fields(&taken), ["article.identifiers"]);
    world
        .change(article("R-100", "2025-01-01"), 1)
        .await
        .unwrap();
    let early = refused(world.create(named("R-200", GTIN))).await;
    assert_eq!(
        reason(&early),
        "IDENTIFIER_TAKEN",
        "it was another's in 2024"
    );
    let mut later = named("R-200", GTIN);
    later.article.as_mut().unwrap().valid_from = date("2025-01-01");
    world.create(later).await.unwrap();
}

#[tokio::test]
async fn of_eight_changes_at_once_one_is_made() {
    let world = World::open().await;
    world.create(rollator("R-100")).await.unwrap();
    let changes =
        (1..=8).map(|day| world.change(article("R-100", &format!("2025-01-{day:02}")), 1));
    let made = join_all(changes).await;
    let refused: Vec<_> = made.iter().filter_map(|made| made.as_ref().err()).collect();
    assert_eq!(refused.len(), 7);
    assert!(refused.iter().all(|status| status.code() == Code::Aborted));
}

#[tokio::test]
async fn the_database_itself_refuses_overlapping_versions_and_doubled_identifiers() {
    let world = World::open().await;
    let mut request = rollator("R-100");
    request.article.as_mut().unwrap().identifiers = vec![gtin(GTIN)];
    world.create(request).await.unwrap();
    world.create(rollator("R-200")).await.unwrap();
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    for (sql, constraint) in [
        (
            "INSERT INTO catalogue.article_version
             SELECT tenant_id, article_number, 2, name, series, suppliers, iso_code, kind,
                    charge_form, product_group, state, details, '2025-01-01'
               FROM catalogue.article_version WHERE article_number = 'R-100'",
            "article_version_no_overlap",
        ),
        (
            "INSERT INTO catalogue.article_identifier
             SELECT tenant_id, 'R-200', 1, kind, issuer, key, '2025-01-01'
               FROM catalogue.article_identifier",
            "article_identifier_of_one",
        ),
    ] {
        let refused = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await;
        let error = refused.unwrap_err();
        let named = error.as_database_error().unwrap().constraint();
        assert_eq!(named, Some(constraint));
    }
}

//! Looking through the books, over good ones and over broken ones.

use hjm_postgres::Context;
use hjm_proto::free_card::v1 as pb;
use hjm_service::verify::Finding;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::{DALARNA, World, cancelling, desk, person};

async fn verify(world: &World) -> Vec<Finding> {
    let url = world.database.serving_url(Context::FreeCard);
    free_card_service::verify(&url, &DALARNA.parse().unwrap())
        .await
        .unwrap()
}

async fn break_by(world: &World, sql: String) {
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut admin)
        .await
        .unwrap();
}

fn broken(findings: &[Finding]) -> Vec<&str> {
    let broken = findings
        .iter()
        .filter(|finding| !finding.breaches.is_empty());
    broken
        .map(|finding| finding.invariant.split(' ').next().unwrap())
        .collect()
}

/// One person whose card was retained, one whose preliminary card went, one without a card, one
/// whose card ended and who began anew.
async fn busy_year(world: &World) -> Vec<String> {
    let people: Vec<String> = (0..4).map(|_| person()).collect();
    let [retained, lost, below, anew] = people.as_slice() else {
        panic!("four people")
    };
    let (_, first) = world.charge(retained, "2024-01-10", "700").await;
    world.charge(retained, "2024-02-10", "900").await;
    world.set_today("2024-03-10");
    world.cancel(&cancelling(&first)).await.unwrap();
    world.charge(retained, "2024-04-10", "250").await;
    let (_, first) = world.charge(lost, "2024-05-01", "1250").await;
    world.charge(lost, "2024-06-01", "250").await;
    world.cancel(&cancelling(&first)).await.unwrap();
    world.charge(below, "2024-06-10", "250").await;
    for on in [
        "2024-01-10",
        "2024-02-10",
        "2024-12-10",
        "2025-02-28",
        "2026-02-27",
    ] {
        world.charge(anew, on, "1000").await;
    }
    people
}

#[tokio::test]
async fn good_books_hold_and_something_was_looked_at() {
    let world = World::open("2024-01-10").await;
    busy_year(&world).await;
    let findings = verify(&world).await;
    assert_eq!(broken(&findings), [""; 0], "{findings:?}");
    let names: Vec<&str> = findings
        .iter()
        .map(|finding| finding.invariant.split(' ').next().unwrap())
        .collect();
    let expected = ["I11", "I12", "I13", "I8", "I16", "I35", "I25", "I26", "I28"];
    assert_eq!(names, expected);
    assert!(
        findings.iter().all(|finding| finding.checked > 0),
        "{findings:?}"
    );
}

#[tokio::test]
async fn empty_books_hold() {
    let world = World::open("2024-01-10").await;
    assert_eq!(broken(&verify(&world).await), [""; 0]);
}

#[tokio::test]
async fn a_gap_and_an_untold_fee_are_found() {
    let world = World::open("2024-01-10").await;
    world.charge(&person(), "2024-01-10", "250").await;
    let copy = "INSERT INTO free_card.account_event
                    (tenant_id, account_id, sequence, kind, fee_id, registered_at, event_on,
                     nominal_ore, charged_ore, principal_id, external_reference, answer)
                SELECT tenant_id, account_id, 3, kind, gen_random_uuid(), registered_at, event_on,
                       nominal_ore, charged_ore, principal_id, 'another', answer
                  FROM free_card.account_event";
    break_by(&world, copy.to_owned()).await;
    assert_eq!(broken(&verify(&world).await), ["I8", "I25", "I26"]);
}

#[tokio::test]
async fn i28_two_fees_under_one_key_are_found() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    world.charge(&recipient, "2024-01-10", "250").await;
    world.charge(&recipient, "2024-01-11", "250").await;
    let merge = "ALTER TABLE free_card.account_event DISABLE TRIGGER ALL;
                 ALTER TABLE free_card.account_event
                    DROP CONSTRAINT account_event_tenant_id_external_reference_key;
                 UPDATE free_card.account_event SET external_reference = 'one'";
    break_by(&world, merge.to_owned()).await;
    assert_eq!(broken(&verify(&world).await), ["I28"]);
}

#[tokio::test]
async fn i8_a_standing_that_its_log_does_not_give_is_found() {
    for change in [
        "UPDATE free_card.standing SET cards = '{[2024-01-01,2024-02-01)}'",
        "UPDATE free_card.standing SET version = version + 1",
        // 25 000 öre are 24 000, as a snapshot writes them.
        "UPDATE free_card.standing SET snapshot =
            decode(replace(encode(snapshot, 'hex'), 'd08603', '80f702'), 'hex')",
    ] {
        let world = World::open("2024-01-10").await;
        world.charge(&person(), "2024-01-10", "250").await;
        break_by(&world, change.to_owned()).await;
        assert_eq!(broken(&verify(&world).await), ["I8"], "{change}");
    }
}

#[tokio::test]
async fn i16_a_claim_that_replay_does_not_give_is_found() {
    let world = World::open("2024-01-10").await;
    busy_year(&world).await;
    let change = "UPDATE free_card.claim SET amount_ore = amount_ore + 100";
    break_by(&world, change.to_owned()).await;
    assert_eq!(broken(&verify(&world).await), ["I16"]);
}

/// As the migration leaves what was written before undercharges were listed.
#[tokio::test]
async fn an_account_of_before_lists_what_was_charged_too_little_with_its_next_fee() {
    let world = World::open("2024-06-10").await;
    let recipient = person();
    world.undercharged(&recipient).await;
    let before = "DELETE FROM free_card.undercharge; UPDATE free_card.standing SET snapshot = NULL";
    break_by(&world, before.to_owned()).await;
    assert_eq!(broken(&verify(&world).await), ["I16"]);
    world.charge(&recipient, "2024-06-13", "250").await;
    assert_eq!(broken(&verify(&world).await), [""; 0]);
    let all = pb::ListClaimsRequest::default();
    assert_eq!(world.undercharges(&desk(), all).await.len(), 1);
}

#[tokio::test]
async fn i16_an_undercharge_that_is_not_listed_is_found() {
    let world = World::open("2024-06-10").await;
    world.undercharged(&person()).await;
    assert_eq!(broken(&verify(&world).await), [""; 0]);
    let change = "UPDATE free_card.undercharge SET amount_ore = 0";
    break_by(&world, change.to_owned()).await;
    assert_eq!(broken(&verify(&world).await), ["I16"]);
}

#[tokio::test]
async fn i35_an_access_that_was_changed_or_taken_away_is_found() {
    for change in [
        "UPDATE free_card.access_batch
            SET user_names = array_fill('nobody'::text, ARRAY[cardinality(user_names)])",
        "UPDATE free_card.access_batch SET purposes = '{}'",
        "UPDATE free_card.access_batch SET hash = previous",
        "UPDATE free_card.access_batch SET number = number + 1000",
    ] {
        let world = World::open("2024-01-10").await;
        let recipient = person();
        world.charge(&recipient, "2024-01-10", "250").await;
        world.status(&recipient, "2024-01-10").await;
        assert_eq!(broken(&verify(&world).await), [""; 0]);
        let free = "ALTER TABLE free_card.access_batch DISABLE TRIGGER ALL;";
        break_by(&world, format!("{free} {change}")).await;
        assert_eq!(broken(&verify(&world).await), ["I35"], "{change}");
    }
}

#[tokio::test]
async fn charged_sums_leave_out_the_cancelled() {
    let world = World::open("2024-01-10").await;
    let recipient = person();
    let kept = world.fee(&recipient, "2024-01-10", "250");
    world.register(&kept).await.unwrap();
    let (_, fee_id) = world.charge(&recipient, "2024-01-11", "250").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    let url = world.database.serving_url(Context::FreeCard);
    let tenant = DALARNA.parse().unwrap();
    let charged = free_card_service::charged_total(&url, &tenant)
        .await
        .unwrap();
    let charged: Vec<_> = charged
        .iter()
        .map(|(key, money)| (key.as_str(), money.to_string()))
        .collect();
    assert_eq!(
        charged,
        [(kept.external_reference.as_str(), "250.00".to_owned())]
    );
}

//! The look through the books sees what is wrong with them.

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::world::{BED, BORN_1943, KROKOM, OSTERSUND, World};

const TODAY: &str = "2025-03-20";

async fn world() -> World {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    world.take_back("B1", "2025-03-10").await.unwrap();
    world.lend(&a, KROKOM, BED, "B2", "2025-03-01").await;
    world
        .change_facts(&a, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    world
}

#[tokio::test]
async fn sound_books_are_looked_through() {
    let found = world().await.findings().await;
    let checked: Vec<_> = found.iter().map(|finding| finding.checked).collect();
    assert_eq!(checked, [2, 2, 2, 2, 3]);
    assert!(found.iter().all(|finding| finding.breaches.is_empty()));
}

#[tokio::test]
async fn each_kind_of_breach_is_seen() {
    for (damage, numbers) in [
        (
            "DELETE FROM prescription.loan_version WHERE version = 1",
            "I26 I43 I25",
        ),
        (
            "ALTER TABLE prescription.loan DROP CONSTRAINT loan_unit_held;
             DROP INDEX prescription.loan_unit_out;
             UPDATE prescription.loan SET unit_number = 'B1'",
            "I41 I43",
        ),
        (
            "ALTER TABLE prescription.recipient_facts DROP CONSTRAINT recipient_facts_no_overlap;
             UPDATE prescription.recipient_facts SET valid_to = NULL",
            "I45",
        ),
        (
            "UPDATE prescription.loan SET returned_on = '2025-03-09' WHERE unit_number = 'B1'",
            "I43",
        ),
        (
            "DELETE FROM prescription.feed_event
              WHERE sequence = (SELECT max(sequence) FROM prescription.feed_event
                                 WHERE kind = 'LoanChanged')",
            "I25",
        ),
        (
            "UPDATE prescription.loan_version SET timeline = old.timeline
               FROM prescription.loan_version old
              WHERE old.loan_id = loan_version.loan_id AND old.version = 1",
            "I43 I25",
        ),
    ] {
        let world = world().await;
        let mut admin = PgConnection::connect_with(&world.database.admin())
            .await
            .unwrap();
        admin
            .execute("SET session_replication_role = replica")
            .await
            .unwrap();
        admin.execute(sqlx::raw_sql(damage)).await.unwrap();
        let found = world.findings().await;
        let broken: Vec<_> = found
            .iter()
            .filter(|finding| !finding.breaches.is_empty())
            .filter_map(|finding| finding.invariant.split(' ').next())
            .collect();
        assert_eq!(broken.join(" "), numbers, "{damage}: {found:?}");
    }
}

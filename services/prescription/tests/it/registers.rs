//! Organisations, facts and units that may not be registered: refused, and nothing stored.

use hjm_proto::prescription::v1 as pb;
use hjm_testkit::{date, request_id};

use crate::world::{
    BED, BORN_1943, CAPPED, KROKOM, OSTERSUND, REGION, World, malformed, not_found, refused,
};

const TODAY: &str = "2025-03-10";
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn an_organisation_that_may_not_be_is_refused() {
    let world = World::jamtland(TODAY).await;
    let region = pb::PrincipalKind::Region;
    let before = world.rows().await;
    refused(
        world.principal(REGION, region).await,
        "PRINCIPAL_EXISTS",
        "principal.principal_id",
    );
    refused(
        world.principal("24", region).await,
        "REGION_EXISTS",
        "principal.kind",
    );
    let unit = world.unit(OSTERSUND, OSTERSUND).await;
    refused(unit, "CUSTOMER_NUMBER_EXISTS", "unit.customer_number");
    refused(
        world.unit("7", "99").await,
        "PRINCIPAL_UNKNOWN",
        "unit.principal_id",
    );
    let empty = pb::CreatePrincipalRequest {
        request_id: request_id(),
        principal: Some(pb::Principal::default()),
    };
    let fields = ["principal.principal_id", "principal.kind", "principal.name"];
    malformed(
        world
            .organisation()
            .create_principal(world.ask(empty))
            .await,
        &fields,
    );
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn facts_that_may_not_be_are_refused() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    let field = "facts.home_care_principal_id";
    refused(
        world.change_facts(&a, TODAY, "99").await,
        "PRINCIPAL_UNKNOWN",
        field,
    );
    refused(
        world.change_facts(&a, TODAY, REGION).await,
        "NOT_A_MUNICIPALITY",
        field,
    );
    for not_after in ["2020-01-01", "2019-12-31"] {
        let changed = world.change_facts(&a, not_after, KROKOM).await;
        refused(changed, "FACTS_NOT_AFTER", "facts.valid_from");
    }
    not_found(world.change_facts(NOBODY, TODAY, KROKOM).await);
    let changed = world
        .change_facts(&a, "2025-03-10", KROKOM)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        changed
            .recipient
            .unwrap()
            .facts
            .unwrap()
            .home_care_principal_id,
        KROKOM
    );
    let on = |day| {
        let request = pb::GetRecipientRequest {
            recipient_id: a.clone(),
            as_of: date(day),
        };
        async {
            world
                .recipients()
                .get_recipient(world.ask(request))
                .await
                .unwrap()
                .into_inner()
        }
    };
    for (day, home_care) in [("2025-03-09", OSTERSUND), ("2025-03-10", KROKOM)] {
        let facts = on(day).await.recipient.unwrap().facts.unwrap();
        assert_eq!(facts.home_care_principal_id, home_care);
    }
    assert_eq!(on("2019-12-31").await.recipient.unwrap().facts, None);
}

#[tokio::test]
async fn units_that_may_not_be_registered_are_refused() {
    let world = World::jamtland(TODAY).await;
    world.stock(BED, &["B1"]).await.unwrap();
    let before = world.rows().await;
    refused(
        world.stock(BED, &["B2", "B1"]).await,
        "UNIT_EXISTS",
        "unit_numbers",
    );
    refused(
        world.stock(CAPPED, &["C1"]).await,
        "ARTICLE_NOT_RENTAL",
        "article_number",
    );
    refused(
        world.stock("NONE", &["N1"]).await,
        "ARTICLE_UNKNOWN",
        "article_number",
    );
    malformed(world.stock(BED, &[]).await, &["unit_numbers"]);
    malformed(
        world.stock(BED, &["B2", "B2", "Å"]).await,
        &["unit_numbers[1]", "unit_numbers[2]"],
    );
    malformed(world.stock(BED, &["B"; 501]).await, &["unit_numbers"]);
    assert_eq!(world.rows().await, before);
}

//! An event of catalogue's that cannot take effect, and the two persons who pass over it.

use hjm_postgres::Context;
use hjm_proto::{event::v1::Follower, prescription::v1 as pb};
use hjm_service::client;
use hjm_testkit::{TENANT, aid_centre, request_id};

use crate::world::{BED, BORN_1943, OSTERSUND, World, draft};

const TODAY: &str = "2025-03-20";

impl World {
    async fn catalogue_followed(&self) -> Follower {
        let asked = self.ask(pb::ListFollowersRequest {});
        let listed = self.followers().list_followers(asked).await.unwrap();
        listed.into_inner().followers.remove(0)
    }

    async fn skip(&self, user: &str, sequence: i64) -> bool {
        let request = pb::SkipRequest {
            request_id: request_id(),
            feed: "catalogue".to_owned(),
            position: format!("catalogue.{sequence:x}"),
            reason: "Nothing follows from it here".to_owned(),
        };
        let request = client::request(&aid_centre(TENANT, user), request);
        let skipped = self.followers().skip(request).await.unwrap();
        skipped.into_inner().skipped
    }
}

#[tokio::test]
async fn an_event_that_cannot_take_effect_is_passed_over_by_two_persons() {
    let world = World::jamtland(TODAY).await;
    let poison = world
        .database
        .forge_event(Context::Catalogue, TENANT, b"\xff")
        .await;
    while world.catalogue_followed().await.error.is_empty() {}
    assert!(!world.skip("first", poison).await);
    assert_ne!(world.catalogue_followed().await.error, "");
    assert!(world.skip("second", poison).await);
    let follower = world.catalogue_followed().await;
    assert_eq!((follower.error.as_str(), follower.lag), ("", 0));
    assert_eq!(follower.skips.len(), 2);
    let a = world.person(BORN_1943, OSTERSUND).await;
    let prescribed = world.prescribe(draft(&a, OSTERSUND, TODAY, &[BED])).await;
    prescribed.unwrap();
}

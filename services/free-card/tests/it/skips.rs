//! An event of another service that cannot take effect, and the two persons who pass over it.

use hjm_postgres::Context;
use hjm_proto::{event::v1::Follower, free_card::v1 as pb};
use hjm_service::{Caller, client};
use hjm_testkit::{aid_centre, fields, of_principal, reason, request_id};
use tonic::{Code, Response, Status};

use crate::support::{DALARNA, POLICY, World, desk, person};

/// An event without a message, and what is no message at all.
const EMPTY: &[u8] = b"";
const GARBAGE: &[u8] = b"\xff";

impl World {
    async fn catalogue_followed(&self) -> Follower {
        self.catalogue_shown_to(&desk()).await
    }

    async fn catalogue_shown_to(&self, caller: &Caller) -> Follower {
        let request = client::request(caller, pb::ListFollowersRequest {});
        let listed = self.followers.clone().list_followers(request).await;
        listed.unwrap().into_inner().followers.remove(0)
    }

    /// Waits until catalogue's feed stands still.
    async fn halted(&self) -> Follower {
        loop {
            let follower = self.catalogue_followed().await;
            if !follower.error.is_empty() {
                return follower;
            }
        }
    }

    async fn skip(
        &self,
        by: &Caller,
        request: &pb::SkipRequest,
    ) -> Result<Response<pb::SkipResponse>, Status> {
        let request = client::request(by, request.clone());
        self.followers.clone().skip(request).await
    }
}

fn user(name: &str) -> Caller {
    aid_centre(DALARNA, name)
}

fn skipping(sequence: i64) -> pb::SkipRequest {
    pb::SkipRequest {
        request_id: request_id(),
        feed: "catalogue".to_owned(),
        position: format!("catalogue.{sequence:x}"),
        reason: "Its document was withdrawn".to_owned(),
    }
}

#[tokio::test]
async fn an_event_that_cannot_take_effect_is_passed_over_by_two_persons() {
    for payload in [EMPTY, GARBAGE] {
        let mut world = World::open("2024-06-10").await;
        let poison = world
            .database
            .forge_event(Context::Catalogue, DALARNA, payload)
            .await;
        let halted = world.halted().await;
        let named = format!("event catalogue.{poison:x}: ");
        assert!(halted.error.starts_with(&named), "{}", halted.error);
        assert_eq!((halted.lag, halted.skips), (1, vec![]));

        let proposal = skipping(poison);
        let proposed = world.skip(&user("first"), &proposal).await.unwrap();
        let proposed = proposed.into_inner();
        assert_eq!((proposed.skipped, &*proposed.proposed_by), (false, "first"));
        let again = world.skip(&user("first"), &proposal).await.unwrap();
        assert_eq!(again.into_inner(), proposed);
        let same_person = world.skip(&user("first"), &skipping(poison)).await;
        let refused = same_person.unwrap_err();
        assert_eq!(reason(&refused), "SECOND_PERSON_REQUIRED");
        assert_ne!(world.catalogue_followed().await.error, "");

        let released = world.skip(&user("second"), &skipping(poison)).await;
        let released = released.unwrap().into_inner();
        assert_eq!((released.skipped, &*released.proposed_by), (true, "first"));
        let follower = world.catalogue_followed().await;
        assert_eq!((follower.lag, &*follower.error), (0, ""));
        let said = follower.skips.iter();
        let said: Vec<_> = said.map(|one| (&*one.position, &*one.user)).collect();
        let at = skipping(poison).position;
        assert_eq!(said.len(), 2);
        assert!(said.contains(&(&at, "first")) && said.contains(&(&at, "second")));
        assert!(follower.skips.iter().all(|one| one.error == halted.error));
        let shown = world.catalogue_shown_to(&of_principal(DALARNA, "20")).await;
        let skips = Vec::new();
        assert_eq!(shown, Follower { skips, ..follower });

        // What comes after it takes effect.
        let next = POLICY.replace("version = 1", "version = 2");
        world.put_in_force(&next, 2, "2023-01-01").await;
        world.charge(&person(), "2024-06-10", "250").await;
    }
}

#[tokio::test]
async fn what_is_not_halted_or_not_the_next_is_not_passed_over() {
    let world = World::open("2024-06-10").await;
    let poison = world
        .database
        .forge_event(Context::Catalogue, DALARNA, EMPTY)
        .await;
    let later = world
        .database
        .forge_event(Context::Catalogue, DALARNA, EMPTY)
        .await;
    world.halted().await;
    for sequence in [poison - 1, later] {
        let refused = world.skip(&user("first"), &skipping(sequence)).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "NOT_NEXT");
        assert_eq!(fields(&refused), ["position"]);
    }
    let unknown = pb::SkipRequest {
        feed: "billing".to_owned(),
        position: "catalogue".to_owned(),
        reason: String::new(),
        ..skipping(poison)
    };
    let malformed = world.skip(&user("first"), &unknown).await.unwrap_err();
    assert_eq!(malformed.code(), Code::InvalidArgument);
    assert_eq!(fields(&malformed), ["feed", "position", "reason"]);
    let elsewhere = pb::SkipRequest {
        position: "prescription.1".to_owned(),
        ..skipping(poison)
    };
    let malformed = world.skip(&user("first"), &elsewhere).await.unwrap_err();
    assert_eq!(fields(&malformed), ["position"]);
    let unit = of_principal(DALARNA, "20");
    let denied = world.skip(&unit, &skipping(poison)).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    assert_eq!(world.catalogue_followed().await.skips, []);

    for sequence in [poison, later] {
        world.halted().await;
        for name in ["first", "second"] {
            world.skip(&user(name), &skipping(sequence)).await.unwrap();
        }
    }
    let refused = world.skip(&user("first"), &skipping(later + 1)).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_HALTED");
}

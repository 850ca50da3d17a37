//! What prescription tells, and that it follows the catalogue.

use hjm_proto::prescription::v1::{self as pb, prescription_event::Event};
use hjm_testkit::date;

use crate::world::{BED, BORN_1943, KROKOM, OSTERSUND, World, draft};

const TODAY: &str = "2025-03-20";

#[tokio::test]
async fn every_change_is_told_in_order_and_a_loans_events_carry_its_versions() {
    let world = World::jamtland("2025-03-01").await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    world.clock.set(TODAY.parse().unwrap());
    world
        .change_facts(&a, "2025-03-16", OSTERSUND)
        .await
        .unwrap();
    let offer = world.offer(&[&bed], OSTERSUND, "2025-03-16").await.unwrap();
    world.answer(&offer, &[(&bed, true)]).await.unwrap();
    world.die(&a, "2025-03-17").await.unwrap();
    let last = world.take_back("B1", TODAY).await.unwrap();

    let told = world.told().await;
    let kinds: Vec<_> = told
        .iter()
        .map(|read| read.envelope.as_ref().unwrap().kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "PrincipalChanged",
            "PrincipalChanged",
            "PrincipalChanged",
            "CustomerUnitChanged",
            "CustomerUnitChanged",
            "CustomerUnitChanged",
            "RecipientRegistered",
            "RecipientFactsChanged",
            "DevicesRegistered",
            "Prescribed",
            "LoanChanged",
            "RecipientFactsChanged",
            "TransferOffered",
            "LoanChanged",
            "RecipientDied",
            "LoanChanged",
            "LoanChanged",
        ]
    );
    let loans: Vec<(u64, pb::LoanTimeline)> = told
        .into_iter()
        .filter_map(|read| match read.event?.event? {
            Event::LoanChanged(changed) => {
                let envelope = read.envelope?;
                assert_eq!(envelope.aggregate_id, bed.loan_id);
                Some((envelope.aggregate_version, changed.loan?))
            }
            Event::PrincipalChanged(_)
            | Event::CustomerUnitChanged(_)
            | Event::RecipientRegistered(_)
            | Event::RecipientFactsChanged(_)
            | Event::RecipientDied(_)
            | Event::DevicesRegistered(_)
            | Event::Prescribed(_)
            | Event::TransferOffered(_) => None,
        })
        .collect();
    assert!(
        loans
            .iter()
            .all(|(version, loan)| *version == u64::from(loan.version))
    );
    assert_eq!(loans.first().unwrap().1, bed);
    assert_eq!(loans.last().unwrap().1, last);
    assert_eq!(loans.len(), 4);
}

#[tokio::test]
async fn a_policy_that_was_put_in_force_decides_at_once() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, OSTERSUND).await;
    world
        .prescribe(draft(&a, OSTERSUND, TODAY, &[BED]))
        .await
        .unwrap();
    let asked = world.ask(pb::ListFollowersRequest {});
    let followers = world
        .followers()
        .list_followers(asked)
        .await
        .unwrap()
        .into_inner()
        .followers;
    assert_eq!(followers.len(), 1);
    assert_eq!(
        (followers[0].feed.as_str(), followers[0].lag),
        ("catalogue", 0)
    );
    assert_eq!(followers[0].error, "");
}

#[tokio::test]
async fn a_registration_is_told_with_a_keyed_digest_and_nothing_else_of_the_person() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, "").await;
    let told = world
        .told()
        .await
        .into_iter()
        .find_map(|read| match read.event?.event? {
            Event::RecipientRegistered(registered) => Some(registered),
            Event::PrincipalChanged(_)
            | Event::CustomerUnitChanged(_)
            | Event::LoanChanged(_)
            | Event::RecipientFactsChanged(_)
            | Event::RecipientDied(_)
            | Event::DevicesRegistered(_)
            | Event::Prescribed(_)
            | Event::TransferOffered(_) => None,
        });
    let told = told.unwrap();
    assert_eq!(told.recipient_id, a);
    assert_eq!(
        (
            told.digests[0].key_id.as_str(),
            told.digests[0].digest.len()
        ),
        ("k1", 32)
    );
    let read = pb::GetRecipientRequest {
        recipient_id: a,
        as_of: date(TODAY),
    };
    let read = world
        .recipients()
        .get_recipient(world.ask(read))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        read.recipient.unwrap().facts.unwrap().valid_from,
        date("2020-01-01")
    );
}

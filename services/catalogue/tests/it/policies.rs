//! Policies: checked, stored as they are, put in force by a second person, in order.

use std::{collections::BTreeMap, fs, path::Path};

use hjm_proto::catalogue::v1 as pb;
use hjm_service::{client, idempotency::REPLAYED_HEADER};
use hjm_testkit::{aid_centre, date, fields, reason, request_id};
use tonic::{Code, Response, Status};

use crate::support::{RENT, RENT_ID, World, importer, refused, rent_version, second_person};

/// Every shipped document, by county and name.
fn shipped() -> BTreeMap<(String, String), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let counties = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut documents = BTreeMap::new();
    for county in counties.filter(|path| path.is_dir()) {
        for file in fs::read_dir(&county).unwrap() {
            let path = file.unwrap().path();
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            documents.insert((name(&county), name(&path)), text);
        }
    }
    documents
}

async fn get(world: &World, version: u32) -> Result<pb::Policy, Status> {
    let request = pb::GetPolicyRequest {
        policy_id: RENT_ID.to_owned(),
        version,
    };
    let mut client = world.policies.clone();
    let got = client
        .get_policy(client::request(&importer(), request))
        .await?;
    Ok(got.into_inner().policy.unwrap())
}

fn policy_of(response: Response<pb::ImportPolicyResponse>) -> pb::Policy {
    response.into_inner().policy.unwrap()
}

#[tokio::test]
async fn every_shipped_document_is_imported_and_put_in_force_unless_its_source_lacks_something() {
    let documents = shipped();
    assert!(documents.len() > 15, "the policies are not where they were");
    let tenants = documents.keys().map(|(county, _)| county.parse().unwrap());
    let world = World::open_for(tenants.collect()).await;
    let mut kept_out = 0;
    for ((county, name), text) in documents {
        let imported = world
            .import_as(&aid_centre(&county, "importer"), &text, false)
            .await;
        let policy =
            policy_of(imported.unwrap_or_else(|status| panic!("{county} {name}: {status}")));
        let second = aid_centre(&county, "second person");
        let activated = world
            .activate(&second, &policy.policy_id, policy.version, "2025-01-01")
            .await;
        // In the head of the document; a row may lack its amount and the rest still decide.
        let head = text.split("\n[").next().unwrap_or_default();
        if head.contains("\nnot_printed = ") {
            assert_eq!(
                reason(&activated.unwrap_err()),
                "NOT_PRINTED",
                "{county} {name}"
            );
            kept_out += 1;
        } else {
            let activated = activated.unwrap_or_else(|status| panic!("{county} {name}: {status}"));
            let active_from = activated.into_inner().policy.unwrap().active_from;
            assert_eq!(active_from, date("2025-01-01"), "{county} {name}");
        }
    }
    assert!(kept_out > 0, "what no source prints is marked somewhere");
}

#[tokio::test]
async fn an_imported_version_is_kept_as_text_with_its_hash() {
    let world = World::open().await;
    let imported = policy_of(world.import(RENT).await.unwrap());
    assert_eq!(
        (imported.policy_id.as_str(), imported.version),
        (RENT_ID, 1)
    );
    assert_eq!(
        (imported.sections.as_slice(), imported.text.as_str()),
        (["rent".to_owned()].as_slice(), "")
    );
    assert_eq!(
        (imported.hash.len(), imported.imported_by.as_str()),
        (64, "importer")
    );
    assert_eq!(
        (imported.active_from, imported.activated_by.as_str()),
        (None, "")
    );
    let got = get(&world, 1).await.unwrap();
    assert_eq!(got.text, RENT);
    assert_eq!(
        pb::Policy {
            text: String::new(),
            ..got
        },
        imported
    );
    assert_eq!(world.policy_list().await, [imported]);
    assert_eq!(refused(get(&world, 2)).await.code(), Code::NotFound);
}

#[tokio::test]
async fn a_dry_run_answers_what_an_import_would_and_stores_nothing() {
    let world = World::open().await;
    let previewed = world
        .import_as(&importer(), RENT, true)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(previewed.position, "");
    assert_eq!(world.policy_list().await, []);
    assert_eq!(world.kinds().await, [""; 0]);
    assert_eq!(
        previewed.policy.unwrap(),
        policy_of(world.import(RENT).await.unwrap())
    );
    let changed = RENT.replace("§7.2", "§7.3");
    let status = refused(world.import_as(&importer(), &changed, true)).await;
    assert_eq!(reason(&status), "POLICY_VERSION_EXISTS");
}

#[tokio::test]
async fn the_same_text_again_is_the_version_there_is() {
    let world = World::open().await;
    world.import(RENT).await.unwrap();
    world
        .activate(&second_person(), RENT_ID, 1, "2025-01-01")
        .await
        .unwrap();
    let windows = RENT.replace('\n', "\r\n");
    let again = world
        .import_as(&second_person(), &windows, false)
        .await
        .unwrap();
    assert!(
        again.metadata().get(REPLAYED_HEADER).is_none(),
        "another request"
    );
    let again = policy_of(again);
    assert_eq!(again.imported_by, "importer");
    assert_eq!(again.active_from, date("2025-01-01"));
    assert_eq!(world.kinds().await, ["PolicyImported", "PolicyActivated"]);
}

#[tokio::test]
async fn another_text_under_a_stored_version_is_refused() {
    let world = World::open().await;
    world.import(RENT).await.unwrap();
    let status = refused(world.import(&RENT.replace("§7.2", "§7.3"))).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "POLICY_VERSION_EXISTS");
    assert_eq!(fields(&status), ["text"]);
    assert_eq!(get(&world, 1).await.unwrap().text, RENT);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let world = World::open().await;
    let import = pb::ImportPolicyRequest {
        request_id: request_id(),
        text: RENT.to_owned(),
        dry_run: false,
    };
    let mut client = world.policies.clone();
    let first = client
        .import_policy(client::request(&importer(), import.clone()))
        .await
        .unwrap();
    let again = client
        .import_policy(client::request(&importer(), import.clone()))
        .await
        .unwrap();
    assert_eq!(again.metadata().get(REPLAYED_HEADER).unwrap(), "true");
    assert_eq!(again.get_ref(), first.get_ref());
    let other = pb::ImportPolicyRequest {
        text: rent_version(2),
        ..import
    };
    let status = client
        .import_policy(client::request(&importer(), other))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(world.policy_list().await.len(), 1);
}

#[tokio::test]
async fn who_imported_a_version_does_not_put_it_in_force() {
    let world = World::open().await;
    world.import(RENT).await.unwrap();
    let status = refused(world.activate(&importer(), RENT_ID, 1, "2025-01-01")).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "SECOND_PERSON_REQUIRED");
    assert_eq!(get(&world, 1).await.unwrap().active_from, None);

    let activated = world
        .activate(&second_person(), RENT_ID, 1, "2025-01-01")
        .await
        .unwrap();
    let policy = activated.into_inner().policy.unwrap();
    assert_eq!(policy.activated_by, "second person");
    let status = refused(world.activate(&second_person(), RENT_ID, 1, "2025-02-01")).await;
    assert_eq!(
        (reason(&status).as_str(), fields(&status)),
        ("ALREADY_ACTIVE", vec!["version".to_owned()])
    );
}

#[tokio::test]
async fn a_correction_has_a_higher_number_and_begins_on_any_day() {
    let world = World::open().await;
    for version in 1..=4 {
        world.import(&rent_version(version)).await.unwrap();
    }
    for (version, from) in [(2, "2026-01-01"), (3, "2025-01-01"), (4, "2025-01-01")] {
        world
            .activate(&second_person(), RENT_ID, version, from)
            .await
            .unwrap();
    }
    let status = refused(world.activate(&second_person(), RENT_ID, 1, "2027-01-01")).await;
    assert_eq!(reason(&status), "POLICY_ORDER");
    assert_eq!(fields(&status), ["version"]);
    let active: Vec<_> = world
        .policy_list()
        .await
        .into_iter()
        .map(|policy| policy.active_from)
        .collect();
    let (planned, corrected) = (date("2026-01-01"), date("2025-01-01"));
    assert_eq!(active, [None, planned, corrected, corrected]);
}

#[tokio::test]
async fn a_version_is_in_force_within_its_validity_only() {
    let world = World::open().await;
    world.import(RENT).await.unwrap();
    let status = refused(world.activate(&second_person(), RENT_ID, 1, "2014-12-31")).await;
    assert_eq!(reason(&status), "BEFORE_VALIDITY");
    assert_eq!(fields(&status), ["active_from"]);
    let none = refused(world.activate(&second_person(), RENT_ID, 2, "2025-01-01")).await;
    assert_eq!(none.code(), Code::NotFound);
}

#[tokio::test]
async fn a_section_is_decided_by_one_document() {
    let world = World::open().await;
    world.import(RENT).await.unwrap();
    world
        .activate(&second_person(), RENT_ID, 1, "2025-01-01")
        .await
        .unwrap();
    let other = RENT.replace("jamtland-harjedalen-rent", "another-rent");
    world.import(&other).await.unwrap();
    let status = refused(world.activate(&second_person(), "another-rent", 1, "2026-01-01")).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "SECTION_TAKEN");
    assert!(status.message().contains(RENT_ID), "{}", status.message());
}

#[tokio::test]
async fn versions_are_listed_a_page_at_a_time_without_text() {
    let world = World::open().await;
    for version in 1..=3 {
        world.import(&rent_version(version)).await.unwrap();
    }
    let mut client = world.policies.clone();
    let mut page = async |page_token: String| {
        let request = pb::ListPoliciesRequest {
            page_size: 2,
            page_token,
        };
        let listed = client
            .list_policies(client::request(&importer(), request))
            .await;
        listed.map(Response::into_inner)
    };
    let first = page(String::new()).await.unwrap();
    let second = page(first.next_page_token).await.unwrap();
    let listed = [first.policies, second.policies].concat();
    let versions: Vec<u32> = listed.iter().map(|policy| policy.version).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert!(listed.iter().all(|policy| policy.text.is_empty()));
    assert_eq!(
        fields(&page("yesterday".to_owned()).await.unwrap_err()),
        ["page_token"]
    );
}

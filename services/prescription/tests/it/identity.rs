//! Identity numbers: found by, never shown, never in the clear.

use std::fmt::Write as _;

use hjm_postgres::Context;
use hjm_proto::prescription::v1::{self as pb, recipient_service_client::RecipientServiceClient};
use hjm_testkit::{date, request_id};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tonic::{Code, Status};

use crate::world::{
    BED, BORN_1943, BORN_1957, OSTERSUND, World, draft, malformed, not_found, personal, refused,
    registration,
};

const TODAY: &str = "2025-03-10";

/// Every column of every row of the context, bytes in hexadecimal and as text where they are.
async fn dump(world: &World) -> String {
    let mut connection = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    let tables = connection
        .fetch_all(sqlx::raw_sql(
            "SELECT table_name::text AS name FROM information_schema.tables
              WHERE table_schema = 'prescription'",
        ))
        .await
        .unwrap();
    let mut dump = String::new();
    for table in tables {
        let name: String = table.get("name");
        let select = format!("SELECT t::text AS row FROM prescription.\"{name}\" t");
        for row in connection
            .fetch_all(sqlx::raw_sql(AssertSqlSafe(select)))
            .await
            .unwrap()
        {
            dump.push_str(&name);
            dump.push_str(&row.get::<String, _>("row"));
            dump.push('\n');
        }
    }
    dump
}

/// The ways a number could be written, each as text and as hexadecimal bytes.
fn spellings(number: &str) -> Vec<String> {
    let (day, serial) = number.split_at(8);
    let texts = [
        number.to_owned(),
        number[2..].to_owned(),
        format!("{day}-{serial}"),
        format!("{}-{serial}", &day[2..]),
    ];
    let bytes = texts.iter().map(|text| hex(text.as_bytes()));
    bytes.chain(texts.clone()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[tokio::test]
async fn a_number_is_nowhere_in_the_database() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    world.person(BORN_1943, OSTERSUND).await;
    world.lend(&person, OSTERSUND, BED, "B1", TODAY).await;
    let find = pb::FindRecipientRequest {
        identity: Some(personal(BORN_1943)),
    };
    world
        .recipients()
        .find_recipient(world.ask(find))
        .await
        .unwrap();

    let dump = dump(&world).await;
    assert!(dump.contains(&person), "the dump reads what is there");
    for spelling in spellings(BORN_1943) {
        assert!(!dump.contains(&spelling), "the number is in the database");
    }
    // The same look finds what is in the clear: a broken store would be seen.
    assert!(dump.contains("1943-01-02"));
    for line in world
        .key_file()
        .lines()
        .filter(|line| line.contains("hmac"))
    {
        let secret = line.split('"').nth(1).unwrap();
        assert!(!dump.contains(secret));
    }
}

#[tokio::test]
async fn the_stored_hash_of_a_registration_is_not_one_that_numbers_can_be_tried_against() {
    use prost::Message as _;
    use sha2::{Digest as _, Sha256};
    let world = World::jamtland(TODAY).await;
    let request = registration(BORN_1943, OSTERSUND);
    world
        .recipients()
        .register_recipient(world.ask(request.clone()))
        .await
        .unwrap();
    let plain = pb::RegisterRecipientRequest {
        request_id: String::new(),
        ..request
    };
    let hash = Sha256::digest(plain.encode_to_vec());
    assert!(!dump(&world).await.contains(&hex(&hash)));
}

#[tokio::test]
async fn a_wrong_number_is_refused_by_field_and_never_echoed() {
    let world = World::jamtland(TODAY).await;
    let check = |status: &Status, number: &str| {
        assert!(
            !format!("{status:?}").contains(number),
            "the number is echoed"
        );
    };
    for wrong in [
        "194301027473",
        "194313027472",
        "19430102-7472",
        "194301020006",
        "x",
        "",
    ] {
        let answer = world
            .recipients()
            .register_recipient(world.ask(registration(wrong, "")))
            .await;
        if wrong.len() > 1 {
            check(answer.as_ref().unwrap_err(), wrong);
        }
        malformed(answer, &["identity.value"]);
        let find = pb::FindRecipientRequest {
            identity: Some(personal(wrong)),
        };
        malformed(
            world.recipients().find_recipient(world.ask(find)).await,
            &["identity.value"],
        );
    }
    let unknown = pb::FindRecipientRequest {
        identity: Some(personal(BORN_1957)),
    };
    let status = world
        .recipients()
        .find_recipient(world.ask(unknown))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    check(&status, BORN_1957);

    let request = pb::RegisterRecipientRequest {
        identity: Some(pb::Identity {
            kind: 0,
            value: BORN_1943.to_owned(),
        }),
        ..registration(BORN_1943, "")
    };
    malformed(
        world
            .recipients()
            .register_recipient(world.ask(request))
            .await,
        &["identity.kind"],
    );
}

#[tokio::test]
async fn the_same_number_again_is_the_same_person_whose_facts_stay() {
    let world = World::jamtland(TODAY).await;
    let first = world.person(BORN_1943, OSTERSUND).await;
    let again = registration(BORN_1943, "");
    let again = world
        .recipients()
        .register_recipient(world.ask(again))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (again.recipient_id.as_str(), again.already_registered),
        (first.as_str(), true)
    );
    let read = pb::GetRecipientRequest {
        recipient_id: first,
        as_of: None,
    };
    let read = world
        .recipients()
        .get_recipient(world.ask(read))
        .await
        .unwrap()
        .into_inner();
    let recipient = read.recipient.unwrap();
    assert_eq!(recipient.born_on, date("1943-01-02"));
    assert_eq!(recipient.facts.unwrap().home_care_principal_id, OSTERSUND);
    let told = world.told().await;
    let registered = told
        .iter()
        .filter(|read| read.envelope.as_ref().unwrap().kind == "RecipientRegistered")
        .count();
    assert_eq!(registered, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn registrations_of_one_number_at_once_meet_on_one_person() {
    let world = World::jamtland(TODAY).await;
    let registering: Vec<_> = (0..12)
        .map(|_| {
            let mut recipients = world.recipients();
            let request = world.ask(registration(BORN_1943, OSTERSUND));
            tokio::spawn(async move { recipients.register_recipient(request).await })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in registering {
        answers.push(answer.await.unwrap().unwrap().into_inner());
    }
    let first = &answers[0].recipient_id;
    assert!(answers.iter().all(|answer| answer.recipient_id == *first));
    assert_eq!(
        answers
            .iter()
            .filter(|answer| !answer.already_registered)
            .count(),
        1
    );
}

#[tokio::test]
async fn a_number_without_a_birth_date_needs_one_and_another_says_its_own() {
    let world = World::jamtland(TODAY).await;
    let stockholm = |born_on| pb::RegisterRecipientRequest {
        request_id: request_id(),
        identity: Some(pb::Identity {
            kind: pb::IdentityKind::ReserveStockholm.into(),
            value: "991981000010".to_owned(),
        }),
        born_on,
        facts: None,
    };
    let without = world
        .recipients()
        .register_recipient(world.ask(stockholm(None)))
        .await;
    malformed(without, &["born_on"]);
    let future = stockholm(date("2025-03-11"));
    malformed(
        world
            .recipients()
            .register_recipient(world.ask(future))
            .await,
        &["born_on"],
    );
    let said = stockholm(date("1981-05-02"));
    world
        .recipients()
        .register_recipient(world.ask(said))
        .await
        .unwrap();

    let other = pb::RegisterRecipientRequest {
        born_on: date("1943-01-03"),
        ..registration(BORN_1943, "")
    };
    malformed(
        world
            .recipients()
            .register_recipient(world.ask(other))
            .await,
        &["born_on"],
    );
    // Dates on the wire begin with 1900.
    let old = registration("189001019802", "");
    malformed(
        world.recipients().register_recipient(world.ask(old)).await,
        &["identity.value"],
    );
}

#[tokio::test]
async fn a_number_of_another_register_is_another_person_and_no_error_names_one() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1943, OSTERSUND).await;
    let refusals = [
        world
            .prescribe(draft(&person, "9999", TODAY, &[BED]))
            .await
            .unwrap_err(),
        world.die(&person, "2025-03-11").await.unwrap_err(),
        world
            .change_facts(&person, "2019-01-01", "")
            .await
            .unwrap_err(),
    ];
    for status in refusals {
        for spelling in spellings(BORN_1943) {
            assert!(!format!("{status:?}").contains(&spelling));
        }
    }
    let coordination = pb::FindRecipientRequest {
        identity: Some(pb::Identity {
            kind: pb::IdentityKind::Coordination.into(),
            value: "197900802393".to_owned(),
        }),
    };
    malformed(
        world
            .recipients()
            .find_recipient(world.ask(coordination))
            .await,
        &["identity.value"],
    );
}

#[tokio::test]
async fn the_service_keeps_a_number_and_cannot_read_it_back() {
    let world = World::jamtland(TODAY).await;
    world.person(BORN_1943, OSTERSUND).await;
    let url = world.database.serving_url(Context::Prescription);
    let mut serving = PgConnection::connect(&url).await.unwrap();
    let read = serving.execute(sqlx::raw_sql(
        "SELECT ciphertext FROM prescription.identity_sealed",
    ));
    let error = read.await.unwrap_err().to_string();
    assert!(error.contains("permission denied"), "{error}");
}

#[tokio::test]
async fn facts_of_a_registration_are_checked_and_then_nobody_is_registered() {
    let world = World::jamtland(TODAY).await;
    let wrong = registration(BORN_1943, "99");
    let answer = world
        .recipients()
        .register_recipient(world.ask(wrong))
        .await;
    refused(answer, "PRINCIPAL_UNKNOWN", "facts.home_care_principal_id");
    let find = pb::FindRecipientRequest {
        identity: Some(personal(BORN_1943)),
    };
    not_found(world.recipients().find_recipient(world.ask(find)).await);
}

#[tokio::test]
async fn a_new_key_writes_and_the_old_one_still_finds() {
    let world = World::jamtland(TODAY).await;
    let old = world.person(BORN_1943, OSTERSUND).await;
    let newer = tempfile::tempdir().unwrap();
    let path = newer.path().join("keys.toml");
    prescription_service::keys::create(&path).unwrap();
    let newer = std::fs::read_to_string(&path).unwrap().replace("k1", "k2");
    let both = format!("{newer}{}", world.key_file());

    let mut there = RecipientServiceClient::new(world.replica(&both).await);
    let again = registration(BORN_1943, "");
    let again = there
        .register_recipient(world.ask(again))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (again.recipient_id.as_str(), again.already_registered),
        (old.as_str(), true)
    );
    let new = registration(BORN_1957, OSTERSUND);
    let new = there
        .register_recipient(world.ask(new))
        .await
        .unwrap()
        .into_inner();
    assert!(!new.already_registered);
    let keys: Vec<String> = dump(&world)
        .await
        .lines()
        .filter(|line| line.starts_with("identity_sealed"))
        .map(|line| line.split(',').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["k1", "k2"]);

    let mut without = RecipientServiceClient::new(world.replica(&newer).await);
    let find = |number| {
        world.ask(pb::FindRecipientRequest {
            identity: Some(personal(number)),
        })
    };
    without.find_recipient(find(BORN_1957)).await.unwrap();
    not_found(without.find_recipient(find(BORN_1943)).await);
}

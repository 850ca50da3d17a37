//! Persons by their numbers, and deaths: what prescription tells, and a desk that knows no id.

use hjm_proto::{free_card::v1 as pb, prescription::v1 as prescription};
use hjm_testkit::{date, fields, kronor, reason, request_id};
use sqlx::{Connection as _, PgConnection, Row as _};
use tonic::Status;

use crate::support::{World, ask, cancelling, card_days, person};

/// From the Tax Agency's series of test numbers.
const NUMBER: &str = "194301027472";
const OTHER: &str = "198309012386";

impl World {
    pub(crate) async fn find(&self, number: &str) -> Result<String, Status> {
        let request = pb::FindSubjectRequest {
            request_id: request_id(),
            kind: pb::IdentityKind::Personal.into(),
            number: number.to_owned(),
            purpose: "at the desk".to_owned(),
        };
        let found = self.subjects.clone().find_subject(ask(request)).await;
        Ok(found?.into_inner().recipient_id)
    }

    /// Registered by prescription: the id, and what has to be heard before it is known here.
    async fn recipient(&self, number: &str) -> (String, String) {
        let request = prescription::RegisterRecipientRequest {
            request_id: request_id(),
            identity: Some(prescription::Identity {
                kind: prescription::IdentityKind::Personal.into(),
                value: number.to_owned(),
            }),
            born_on: None,
            facts: Some(prescription::RecipientFacts {
                valid_from: date("2020-01-01"),
                ..Default::default()
            }),
        };
        let mut client = self.recipients.clone().unwrap();
        let told = client
            .register_recipient(ask(request))
            .await
            .unwrap()
            .into_inner();
        (told.recipient_id, told.position)
    }

    async fn died(&self, recipient: &str, on: &str) -> String {
        let request = prescription::RecordDeathRequest {
            request_id: request_id(),
            recipient_id: recipient.to_owned(),
            died_on: date(on),
        };
        let mut client = self.recipients.clone().unwrap();
        let told = client.record_death(ask(request)).await;
        told.unwrap().into_inner().position
    }

    /// Registers a fee once a position has been heard.
    async fn late(
        &self,
        recipient: &str,
        on: &str,
        nominal: &str,
        not_before: &str,
    ) -> Result<pb::RegisterFeeResponse, Status> {
        let request = pb::RegisterFeeRequest {
            not_before: not_before.to_owned(),
            ..self.fee(recipient, on, nominal)
        };
        Ok(self.register(&request).await?.into_inner())
    }
}

#[tokio::test]
async fn a_desk_finds_the_person_by_its_number_and_meets_prescription_on_one_account() {
    let world = World::with_prescription("2024-06-10").await;
    let (known, heard) = world.recipient(OTHER).await;
    let fee = world
        .late(&known, "2024-06-10", "10", &heard)
        .await
        .unwrap();
    assert_eq!(world.find(OTHER).await.unwrap(), known);
    let at_desk = world.find(NUMBER).await.unwrap();
    assert_eq!(world.find(NUMBER).await.unwrap(), at_desk);
    assert_ne!(at_desk, known);
    world.charge(&at_desk, "2024-06-10", "1200").await;
    // Prescription gives the same number an id of its own: a link, never an update.
    let (registered, heard) = world.recipient(NUMBER).await;
    assert_ne!(registered, at_desk);
    let met = world
        .late(&registered, "2024-06-10", "250", &heard)
        .await
        .unwrap();
    assert_eq!(kronor(met.answer.unwrap().to_charge.as_ref()), "200.00");
    for identity in [&registered, &at_desk] {
        let status = world.status(identity, "2024-06-10").await;
        assert_eq!(kronor(status.accumulated.as_ref()), "1400.00");
    }
    assert_eq!(world.find(NUMBER).await.unwrap(), at_desk);
    let kinds: Vec<String> = world.events().await.into_iter().map(|one| one.0).collect();
    let expected = [
        "FeeRegistered",
        "FeeRegistered",
        "LinkChanged",
        "FeeRegistered",
    ];
    assert_eq!(kinds, expected);
    let accesses = world.accesses(&at_desk).await;
    let found = accesses.iter().filter(|one| one.action == "FindSubject");
    assert_eq!(found.count(), 3);
    assert!(!fee.fee_id.is_empty());
    world.books_hold().await;
}

#[tokio::test]
async fn no_number_is_stored_and_a_wrong_one_is_named_without_its_value() {
    let world = World::open("2024-06-10").await;
    let found = world.find(NUMBER).await.unwrap();
    let request = pb::FindSubjectRequest {
        request_id: request_id(),
        kind: pb::IdentityKind::Personal.into(),
        number: NUMBER.to_owned(),
        purpose: String::new(),
    };
    let mut client = world.subjects.clone();
    let twice = [request.clone(), request.clone()];
    for request in twice {
        let answer = client.find_subject(ask(request)).await.unwrap();
        assert_eq!(answer.into_inner().recipient_id, found);
    }
    for (kind, number, field) in [
        (1, "194301027473", "number"),
        (1, "19430102-7472", "number"),
        (1, "１９４３０１０２７４７２", "number"),
        (1, "194302307472", "number"),
        (2, NUMBER, "number"),
        (0, NUMBER, "kind"),
        (99, NUMBER, "kind"),
    ] {
        let request = pb::FindSubjectRequest {
            request_id: request_id(),
            kind,
            number: number.to_owned(),
            purpose: String::new(),
        };
        let refused = client.find_subject(ask(request)).await.unwrap_err();
        assert_eq!(fields(&refused), [field], "{number}");
        assert!(!format!("{refused:?}").contains(number));
    }
    let url = world.database.migration_url();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let tables = "SELECT table_name::text FROM information_schema.tables
                   WHERE table_schema = 'free_card' AND table_type = 'BASE TABLE'";
    let tables = sqlx::raw_sql(tables)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(tables.len() > 10);
    for table in tables {
        let table: String = table.get(0);
        let rows =
            format!("SELECT count(*) FROM free_card.{table} AS t WHERE t::text LIKE '%{NUMBER}%'");
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(rows));
        let found: i64 = rows.fetch_one(&mut connection).await.unwrap().get(0);
        assert_eq!(found, 0, "{table}");
    }
}

#[tokio::test]
async fn fc_w35_a_fee_after_the_death_is_refused_and_the_card_has_expired() {
    let world = World::with_prescription("2024-05-01").await;
    let (recipient, heard) = world.recipient(NUMBER).await;
    world
        .late(&recipient, "2024-05-01", "1400", &heard)
        .await
        .unwrap();
    world.set_today("2024-05-12");
    let heard = world.died(&recipient, "2024-05-10").await;
    let refused = world.late(&recipient, "2024-05-11", "250", &heard).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "PERSON_DECEASED");
    assert_eq!(fields(&refused), ["fee.event_on"]);
    let before = world.status(&recipient, "2024-05-10").await;
    assert_eq!(card_days(&before).unwrap(), "2024-05-01 to 2025-04-30");
    let after = world.status(&recipient, "2024-05-11").await;
    assert_eq!(card_days(&after), None);
    assert_eq!(after.card(), pb::CardState::Expired);
    assert_eq!(world.list(&recipient).await.len(), 1);
    assert!(world.is_exempt(&recipient, "2024-05-10").await.unwrap());
    assert!(!world.is_exempt(&recipient, "2024-05-11").await.unwrap());
    let fee_id = world.list(&recipient).await.remove(0).fee_id;
    let correct = |on: &str| pb::CorrectFeeRequest {
        request_id: request_id(),
        fee_id: fee_id.clone(),
        event_on: date(on),
        nominal: hjm_testkit::money("1400"),
        reason: pb::CancelReason::Incorrect.into(),
        text: "another day".to_owned(),
    };
    let mut client = world.free_card.clone();
    let refused = client.correct_fee(ask(correct("2024-05-11"))).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "PERSON_DECEASED");
    assert_eq!(fields(&refused), ["event_on"]);
    client
        .correct_fee(ask(correct("2024-05-10")))
        .await
        .unwrap();
}

#[tokio::test]
async fn d_23_a_death_told_of_one_identity_holds_for_all() {
    let world = World::with_prescription("2024-05-01").await;
    let reserve = person();
    world.charge(&reserve, "2024-05-01", "1400").await;
    let (of, heard) = world.recipient(NUMBER).await;
    world.late(&of, "2024-05-01", "10", &heard).await.unwrap();
    world.link_reserve(&reserve, &of).await;
    world.set_today("2024-05-12");
    let heard = world.died(&of, "2024-05-10").await;
    let refused = world.late(&reserve, "2024-05-11", "10", &heard).await;
    assert_eq!(reason(&refused.unwrap_err()), "PERSON_DECEASED");
    for identity in [&reserve, &of] {
        assert!(world.is_exempt(identity, "2024-05-10").await.unwrap());
        assert!(!world.is_exempt(identity, "2024-05-11").await.unwrap());
        let after = world.status(identity, "2024-05-11").await;
        assert_eq!(card_days(&after), None);
    }
}

#[tokio::test]
async fn fc_w36_a_late_fee_of_before_the_death_is_refunded_to_the_estate() {
    let world = World::with_prescription("2024-04-01").await;
    let (recipient, heard) = world.recipient(NUMBER).await;
    world
        .late(&recipient, "2024-04-01", "1400", &heard)
        .await
        .unwrap();
    world.set_today("2024-05-12");
    let heard = world.died(&recipient, "2024-05-10").await;
    let mut late = world.fee(&recipient, "2024-05-01", "250");
    let fee = late.fee.as_mut().unwrap();
    fee.charged = hjm_testkit::money("250");
    fee.device_id = "a desk".to_owned();
    late.not_before = heard;
    world.register(&late).await.unwrap();
    let claims = world.claims_of(&recipient).await;
    assert_eq!(kronor(claims[0].amount.as_ref()), "250.00");
    assert!(claims[0].to_estate);
    let status = world.status(&recipient, "2024-05-10").await;
    assert_eq!(kronor(status.accumulated.as_ref()), "1400.00");
    world.books_hold().await;
}

#[tokio::test]
async fn d_23_a_claim_goes_to_the_estate_by_whichever_id_the_person_was_found() {
    let world = World::with_prescription("2024-04-01").await;
    let at_desk = world.find(NUMBER).await.unwrap();
    let (_, fee_id) = world.charge(&at_desk, "2024-04-01", "250").await;
    world.cancel(&cancelling(&fee_id)).await.unwrap();
    let (registered, _) = world.recipient(NUMBER).await;
    assert_ne!(registered, at_desk);
    world.set_today("2024-05-12");
    let heard = world.died(&registered, "2024-05-10").await;
    let refused = world.late(&registered, "2024-05-11", "250", &heard).await;
    assert_eq!(reason(&refused.unwrap_err()), "PERSON_DECEASED");
    let claims = world.claims_of(&at_desk).await;
    assert_eq!(claims[0].recipient_id, at_desk);
    assert!(claims[0].to_estate);
    let decided = world.decide(&fee_id, pb::ClaimState::Approved).await;
    assert!(decided.unwrap().to_estate);
    world.books_hold().await;
}

#[tokio::test]
async fn without_keys_or_a_person_nothing_is_found() {
    let world = World::open("2024-06-10").await;
    let one = world.find(NUMBER).await.unwrap();
    let other = hjm_testkit::aid_centre(hjm_testkit::TENANT, "desk");
    let request = pb::FindSubjectRequest {
        request_id: request_id(),
        kind: pb::IdentityKind::Personal.into(),
        number: NUMBER.to_owned(),
        purpose: String::new(),
    };
    let mut client = world.subjects.clone();
    let there = client
        .find_subject(hjm_service::client::request(&other, request))
        .await;
    let there = there.unwrap().into_inner().recipient_id;
    assert_ne!(there, one, "another county's books know another person");
    assert_ne!(one, person());
}

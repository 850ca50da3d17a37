//! The tenant is the hard wall; inside it a principal sees what it is a party to.

use hjm_postgres::Context;
use hjm_proto::prescription::v1 as pb;
use hjm_service::client;
use hjm_testkit::{OTHER_TENANT, TENANT, aid_centre, date, of_principal, request_id};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use crate::world::{
    BED, BORN_1943, HEALTH_CENTRE, KROKOM, OSTERSUND, World, draft, not_found, personal,
    registration,
};

const TODAY: &str = "2025-03-20";

const TABLES: [&str; 14] = [
    "principal",
    "customer_unit",
    "recipient",
    "identity_alias",
    "recipient_facts",
    "device_unit",
    "prescription",
    "prescription_line",
    "loan",
    "loan_version",
    "transfer",
    "feed_event",
    "idempotency",
    "followed_policy",
];

async fn counts(connection: &mut PgConnection, scope: &str) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        let sql =
            format!("BEGIN; {scope} SELECT count(*) AS n FROM prescription.{table}; ROLLBACK");
        let rows = connection
            .fetch_all(sqlx::raw_sql(AssertSqlSafe(sql)))
            .await
            .unwrap();
        counts.push(rows.last().unwrap().get::<i64, _>("n"));
    }
    counts
}

#[tokio::test]
async fn without_a_tenant_nothing_is_read_and_without_a_principal_no_party_rows() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    world.offer(&[&bed], OSTERSUND, "2025-03-16").await.unwrap();
    let url = world.database.serving_url(Context::Prescription);
    let mut serving = PgConnection::connect(&url).await.unwrap();
    assert_eq!(counts(&mut serving, "").await, [0; TABLES.len()]);
    let set = |tenant, principal| {
        format!("SET LOCAL hjm.tenant = '{tenant}'; SET LOCAL hjm.principal = '{principal}';")
    };
    let whole = counts(&mut serving, &set(TENANT, "*")).await;
    assert!(whole.iter().all(|count| *count > 0), "{whole:?}");
    assert_eq!(
        counts(&mut serving, &set(OTHER_TENANT, "*")).await,
        [0; TABLES.len()]
    );
    for nobody in ["", "23"] {
        let seen = counts(&mut serving, &set(TENANT, nobody)).await;
        assert_eq!(seen[6..11], [0; 5], "{nobody}");
        assert_eq!(seen[..6], whole[..6]);
    }
    let seen = counts(&mut serving, &set(TENANT, OSTERSUND)).await;
    assert_eq!(
        seen[6..11],
        [0, 0, 0, 0, 1],
        "the asked one sees the offer alone"
    );
}

#[tokio::test]
async fn another_tenant_finds_nothing() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    let other = aid_centre(OTHER_TENANT, "a clerk");
    macro_rules! hidden {
        ($client:ident.$rpc:ident, $request:expr) => {
            not_found(
                world
                    .$client()
                    .$rpc(client::request(&other, $request))
                    .await,
            );
        };
    }
    hidden!(
        loans.get_loan,
        pb::GetLoanRequest {
            loan_id: bed.loan_id.clone()
        }
    );
    hidden!(
        recipients.get_recipient,
        pb::GetRecipientRequest {
            recipient_id: a.clone(),
            as_of: None
        }
    );
    hidden!(
        recipients.find_recipient,
        pb::FindRecipientRequest {
            identity: Some(personal(BORN_1943))
        }
    );
    hidden!(
        devices.get_device,
        pb::GetDeviceRequest {
            unit_number: "B1".to_owned()
        }
    );
    hidden!(
        organisation.get_customer_unit,
        pb::GetCustomerUnitRequest {
            customer_number: KROKOM.to_owned()
        }
    );
    // A person in two tenants is two persons.
    let request = pb::RegisterRecipientRequest {
        facts: None,
        ..registration(BORN_1943, "")
    };
    let there = world
        .recipients()
        .register_recipient(client::request(&other, request))
        .await;
    let there = there.unwrap().into_inner();
    assert!(!there.already_registered && there.recipient_id != a);
}

#[tokio::test]
async fn a_principal_sees_what_it_is_a_party_to_and_looks_units_and_people_up() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    let bed = world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    let (party, other) = (
        of_principal(TENANT, KROKOM),
        of_principal(TENANT, OSTERSUND),
    );
    let get = |caller| {
        let request = pb::GetLoanRequest {
            loan_id: bed.loan_id.clone(),
        };
        let asked = client::request(caller, request);
        async { world.loans().get_loan(asked).await }
    };
    get(&party).await.unwrap();
    not_found(get(&other).await);
    let list = client::request(&other, pb::ListLoansRequest::default());
    assert_eq!(
        world
            .loans()
            .list_loans(list)
            .await
            .unwrap()
            .into_inner()
            .loans,
        []
    );

    let back = pb::ReceiveReturnRequest {
        request_id: request_id(),
        unit_number: "B1".to_owned(),
        returned_on: date(TODAY),
    };
    not_found(
        world
            .devices()
            .receive_return(client::request(&other, back))
            .await,
    );
    let correct = pb::CorrectLoanDateRequest {
        request_id: request_id(),
        loan_id: bed.loan_id.clone(),
        which: pb::LoanDate::Delivery.into(),
        date: date("2025-03-02"),
        reason: "none of mine".to_owned(),
        expected_version: 1,
    };
    not_found(
        world
            .loans()
            .correct_loan_date(client::request(&other, correct))
            .await,
    );

    let device = pb::GetDeviceRequest {
        unit_number: "B1".to_owned(),
    };
    let device = world
        .devices()
        .get_device(client::request(&other, device))
        .await
        .unwrap();
    assert_eq!(device.into_inner().device.unwrap().loan_id, bed.loan_id);
    let find = pb::FindRecipientRequest {
        identity: Some(personal(BORN_1943)),
    };
    let found = world
        .recipients()
        .find_recipient(client::request(&other, find))
        .await
        .unwrap();
    assert_eq!(found.into_inner().recipient_id, a);
}

#[tokio::test]
async fn a_principal_does_not_read_the_feed_of_the_whole_tenant() {
    let world = World::jamtland(TODAY).await;
    let caller = of_principal(TENANT, KROKOM);
    let read = client::request(&caller, pb::ReadRequest::default());
    let status = world.feed().read(read).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::PermissionDenied);
}

#[tokio::test]
async fn who_prescribes_for_another_payer_stays_a_party() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, "").await;
    world.stock(BED, &["B1"]).await.unwrap();
    let unit = of_principal(TENANT, OSTERSUND);
    let request = pb::PrescribeRequest {
        request_id: request_id(),
        draft: Some(draft(&a, HEALTH_CENTRE, TODAY, &[BED])),
    };
    let prescribed = world
        .prescriptions()
        .prescribe(client::request(&unit, request))
        .await;
    let prescribed = prescribed.unwrap().into_inner().prescription.unwrap();
    let loan = world
        .deliver(&prescribed.lines[0].line_id, "B1", TODAY)
        .await
        .unwrap();
    let get = pb::GetLoanRequest {
        loan_id: loan.loan_id.clone(),
    };
    let seen = world
        .loans()
        .get_loan(client::request(&unit, get))
        .await
        .unwrap();
    assert_eq!(seen.into_inner().loan.unwrap(), loan);
    let read = pb::GetPrescriptionRequest {
        prescription_id: prescribed.prescription_id,
    };
    let stranger = of_principal(TENANT, KROKOM);
    let unseen = world
        .prescriptions()
        .get_prescription(client::request(&stranger, read))
        .await;
    not_found(unseen);
}

#[tokio::test]
async fn the_serving_role_changes_nothing_that_is_only_added_to() {
    let world = World::jamtland(TODAY).await;
    let a = world.person(BORN_1943, KROKOM).await;
    world.lend(&a, KROKOM, BED, "B1", "2025-03-01").await;
    let url = world.database.serving_url(Context::Prescription);
    let mut serving = PgConnection::connect(&url).await.unwrap();
    for sql in [
        "UPDATE prescription.loan_version SET version = 9",
        "DELETE FROM prescription.loan_version",
        "UPDATE prescription.prescription_line SET decision = ''",
        "UPDATE prescription.loan SET recipient_id = loan_id",
        "DELETE FROM prescription.loan",
        "DELETE FROM prescription.recipient",
        "UPDATE prescription.recipient_facts SET asylum_seeker = true",
        "TRUNCATE prescription.loan_version",
    ] {
        let error = serving
            .execute(sqlx::raw_sql(sql))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("permission denied"), "{sql}: {error}");
    }
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    let changed = admin.execute(sqlx::raw_sql(
        "UPDATE prescription.loan_version SET version = 9",
    ));
    assert!(
        changed
            .await
            .unwrap_err()
            .to_string()
            .contains("is only added to")
    );
}

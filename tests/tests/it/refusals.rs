//! Bad input gets a typed error that names the field, and nothing is stored.

use hjm::{
    desk::Desk,
    story::{
        Teller,
        county::{County, DALARNA, JAMTLAND},
    },
};
use hjm_proto::{common::v1 as common, free_card::v1 as f, prescription::v1 as p};
use hjm_testkit::{TestDatabase, date, fields, money, reason, request_id};
use jiff::civil;
use sqlx::{Connection as _, PgConnection, Row as _};
use tonic::{Code, Status};

use crate::support::World;

/// Rows of every table of the four services, as superuser: nothing may be added by a refusal.
async fn rows(database: &TestDatabase) -> Vec<(String, i64)> {
    let mut connection = PgConnection::connect_with(&database.admin()).await.unwrap();
    // Cursors move with the events of others; everything else counts.
    let sql = "SELECT format('%I.%I', schemaname, tablename) AS name,
                      (xpath('/row/n/text()', query_to_xml(format(
                          'SELECT count(*) AS n FROM %I.%I', schemaname, tablename),
                          false, true, '')))[1]::text::bigint AS rows
                 FROM pg_tables
                WHERE schemaname IN ('catalogue', 'prescription', 'billing', 'free_card')
                  AND tablename <> 'follower'
                ORDER BY 1";
    let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await.unwrap();
    rows.iter()
        .map(|row| (row.get("name"), row.get("rows")))
        .collect()
}

struct Scene {
    world: World,
    teller: Teller,
    dalarna: Teller,
    person: String,
    line: String,
}

impl Scene {
    /// A county with a person and a rollator that is prescribed and not delivered.
    async fn set() -> Self {
        let world = World::open().await;
        let teller = world.teller(&JAMTLAND, "refusals-county");
        teller.day(civil::date(2025, 3, 10)).unwrap();
        JAMTLAND.set_up(&teller).await.unwrap();
        County::stock(&teller, "12001", &["R-1".to_owned(), "R-2".to_owned()])
            .await
            .unwrap();
        let person = teller
            .person("194201077098", Some("2380"), JAMTLAND.from)
            .await
            .unwrap();
        let lines = [("12001", common::Occasion::First)];
        let on = civil::date(2025, 3, 10);
        let request = teller.prescription(&person, "2380", on, &lines, false);
        let out = teller.hand_out(request, &["R-1"], on).await.unwrap();
        let request = teller.prescription(&person, "2380", on, &lines, false);
        let line = teller.prescribe(request).await.unwrap().lines[0]
            .line_id
            .clone();
        // Everything told so far has taken effect, so what comes later would be the refusal's.
        teller
            .lines(&out[0].loan_id, "2025-03".parse().unwrap())
            .await
            .unwrap();
        let dalarna = world.teller(&DALARNA, "refusals-dalarna");
        DALARNA.set_up(&dalarna).await.unwrap();
        County::stock(&dalarna, "12001", &["R-1".to_owned()])
            .await
            .unwrap();
        let payer = dalarna.person("197808012392", None, DALARNA.from).await;
        let payer = payer.unwrap();
        let request = dalarna.prescription(&payer, "2081", on, &lines, false);
        dalarna.hand_out(request, &["R-1"], on).await.unwrap();
        // A fee that is charged says that free-card has heard of the scheme.
        assert_eq!(dalarna.own_fees(&payer).await.unwrap().len(), 1);
        Self {
            world,
            teller,
            dalarna,
            person,
            line,
        }
    }

    fn desk(&self) -> &Desk {
        &self.teller.desk
    }

    fn register(number: &str) -> p::RegisterRecipientRequest {
        p::RegisterRecipientRequest {
            request_id: request_id(),
            identity: Some(p::Identity {
                kind: p::IdentityKind::Personal.into(),
                value: number.to_owned(),
            }),
            born_on: None,
            facts: Some(p::RecipientFacts {
                valid_from: date("2025-01-01"),
                ..Default::default()
            }),
        }
    }

    fn prescribe(&self, change: impl FnOnce(&mut p::PrescriptionDraft)) -> p::PrescribeRequest {
        let lines = [("12001", common::Occasion::First)];
        let on = civil::date(2025, 3, 10);
        let mut request = self
            .teller
            .prescription(&self.person, "2380", on, &lines, false);
        request.request_id = request_id();
        change(request.draft.as_mut().unwrap());
        request
    }

    fn deliver(&self, on: &str) -> p::DeliverRequest {
        p::DeliverRequest {
            request_id: request_id(),
            line_id: self.line.clone(),
            unit_number: "R-2".to_owned(),
            delivered_on: date(on),
            ..Default::default()
        }
    }

    fn fee(&self, on: &str, nominal: Option<common::Money>) -> f::RegisterFeeRequest {
        f::RegisterFeeRequest {
            request_id: request_id(),
            recipient_id: self.person.clone(),
            scheme_id: "dalarna-devices".to_owned(),
            fee: Some(f::FeeDraft {
                event_on: date(on),
                nominal,
                principal_id: "2081".to_owned(),
                ..Default::default()
            }),
            external_reference: "a desk's own key".to_owned(),
            ..Default::default()
        }
    }
}

fn named<T: std::fmt::Debug>(case: &str, answer: Result<T, Status>, code: Code, field: &str) {
    let status = answer.expect_err(case);
    assert_eq!(status.code(), code, "{case}: {status:?}");
    assert_eq!(fields(&status), [field], "{case}: {status:?}");
    assert!(!reason(&status).is_empty(), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_names_its_field_and_stores_nothing() {
    let scene = Scene::set().await;
    let before = rows(&scene.world.database).await;
    wrong_persons_and_devices(&scene).await;
    wrong_fees(&scene).await;
    assert_eq!(
        rows(&scene.world.database).await,
        before,
        "a refusal stored something"
    );
}

async fn wrong_persons_and_devices(scene: &Scene) {
    let desk = scene.desk();
    let (bad, refused) = (Code::InvalidArgument, Code::FailedPrecondition);

    let answer = desk
        .register_recipient(Scene::register("194201077099"))
        .await;
    named("a wrong personal number", answer, bad, "identity.value");
    let answer = desk
        .register_recipient(Scene::register("19420107-7098"))
        .await;
    named(
        "a personal number with a separator",
        answer,
        bad,
        "identity.value",
    );
    let request = scene.prescribe(|draft| "9999".clone_into(&mut draft.customer_number));
    named(
        "an unknown customer number",
        desk.prescribe(request).await,
        refused,
        "draft.customer_number",
    );
    let request = scene.prescribe(|draft| "2309".clone_into(&mut draft.customer_number));
    named(
        "another payer's customer number",
        desk.prescribe(request).await,
        refused,
        "draft.customer_number",
    );
    let request = scene.prescribe(|draft| draft.prescribed_on = date("2025-03-11"));
    named(
        "a prescription in the future",
        desk.prescribe(request).await,
        refused,
        "draft.prescribed_on",
    );
    let answer = desk.deliver(scene.deliver("2025-03-09")).await;
    named(
        "a delivery before its prescription",
        answer,
        refused,
        "delivered_on",
    );
    let request = p::ReceiveReturnRequest {
        request_id: request_id(),
        unit_number: "R-1".to_owned(),
        returned_on: date("2025-03-09"),
    };
    named(
        "a return before delivery",
        desk.receive_return(request).await,
        refused,
        "returned_on",
    );
}

async fn wrong_fees(scene: &Scene) {
    let (bad, refused) = (Code::InvalidArgument, Code::FailedPrecondition);
    let desk = &scene.dalarna.desk;
    let answer = desk
        .register_fee(scene.fee("2025-03-11", money("250.00")))
        .await;
    named("a fee in the future", answer, refused, "fee.event_on");
    let thousandth = common::Money {
        currency_code: "SEK".to_owned(),
        units: 0,
        nanos: 1_000_000,
    };
    let answer = desk
        .register_fee(scene.fee("2025-03-10", Some(thousandth)))
        .await;
    named("an amount of 0.001 kr", answer, bad, "fee.nominal");
    let euro = common::Money {
        currency_code: "EUR".to_owned(),
        units: 1,
        nanos: 0,
    };
    let answer = desk.register_fee(scene.fee("2025-03-10", Some(euro))).await;
    named("an amount in another currency", answer, bad, "fee.nominal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_for_a_closed_month_changes_nothing() {
    let scene = Scene::set().await;
    scene.teller.day(civil::date(2025, 4, 1)).unwrap();
    let month = "2025-03".parse().unwrap();
    let closed = scene.teller.close(month).await.unwrap();
    let before = rows(&scene.world.database).await;
    let again = scene.teller.close(month).await.unwrap();
    assert_eq!(again, closed);
    let after: Vec<_> = rows(&scene.world.database).await;
    // The second request's own answer is kept, and nothing else.
    let grown: Vec<_> = before.iter().zip(&after).filter(|(b, a)| b != a).collect();
    let expected = [("billing.idempotency".to_owned(), 1)];
    let grown: Vec<_> = grown
        .iter()
        .map(|(b, a)| (b.0.clone(), a.1 - b.1))
        .collect();
    assert_eq!(grown, expected);
}

/// The harness itself: something that is stored must be seen.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_stored_are_seen() {
    let scene = Scene::set().await;
    let before = rows(&scene.world.database).await;
    scene
        .desk()
        .deliver(scene.deliver("2025-03-10"))
        .await
        .unwrap();
    assert_ne!(rows(&scene.world.database).await, before);
}

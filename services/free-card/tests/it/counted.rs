//! The vectors of counts, of windows in days and of tiers over the wire, under the shipped
//! documents.

use hjm_money::Money;
use hjm_testkit::kronor;
use serde::Deserialize;

use crate::support::{World, person};

/// The region that charges all of them.
const REGION: &str = "23";

#[derive(Clone, Debug, Deserialize)]
struct Row {
    vector: String,
    step: u32,
    scheme: String,
    event_date: String,
    nominal_sek: String,
    entitled_sek: String,
    counted_after: String,
}

fn rows(vector: &str) -> Vec<Row> {
    let text = include_str!("../../../../libs/domain/free-card/tests/count_and_days.csv");
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    let rows = rows.map(Result::<Row, _>::unwrap);
    rows.filter(|row| row.vector == vector).collect()
}

async fn world() -> World {
    let mut world = World::without_policies("2022-01-05").await;
    for file in ["ambulance", "in-patient", "dental", "care"] {
        let file = format!("free-card-{file}");
        world.ship("jamtland-harjedalen", &file, "2022-01-01").await;
    }
    world
}

fn sek(text: &str) -> Money {
    text.parse().unwrap()
}

/// Plays a vector; the months between two rows of a count are paid as the first of them.
async fn faults(world: &World, rows: &[Row]) -> Vec<String> {
    let is_count = rows[0].scheme.starts_with("ambulance");
    let scheme = if is_count {
        "jamtland-ambulance"
    } else {
        "jamtland-in-patient"
    };
    let (recipient, mut step, mut faults) = (person(), 0, Vec::new());
    for row in rows {
        while step + 1 < row.step {
            step += 1;
            let (year, rest) = rows[0].event_date.split_once('-').unwrap();
            let (_, day) = rest.split_once('-').unwrap();
            let between = format!("{year}-{step:02}-{day}");
            let nominal = &row.nominal_sek;
            world
                .charge_in((scheme, REGION), &recipient, &between, nominal)
                .await;
        }
        step = row.step;
        let (on, nominal) = (&row.event_date, &row.nominal_sek);
        world
            .charge_in((scheme, REGION), &recipient, on, nominal)
            .await;
        let fees = world.list_in(scheme, &recipient).await;
        let entitled = sek(&kronor(fees.last().unwrap().entitled.as_ref()));
        let status = world.status_in(scheme, &recipient, on).await;
        let sum = sek(&kronor(status.accumulated.as_ref()));
        let counted = if is_count {
            let count: i64 = row.counted_after.parse().unwrap();
            sum == Money::from_ore(count * sek(nominal).ore())
        } else {
            sum == sek(&row.counted_after)
        };
        if entitled != sek(&row.entitled_sek) || !counted {
            let vector = &row.vector;
            faults.push(format!("FC-{vector} step {step}: {entitled}, {sum}"));
        }
    }
    faults
}

#[tokio::test]
async fn fc_c01_c02_c03_counts_and_days_hold_over_the_wire() {
    let world = world().await;
    for vector in ["C01", "C02", "C03"] {
        let rows = rows(vector);
        assert!(!rows.is_empty(), "{vector}");
        assert_eq!(faults(&world, &rows).await, [""; 0]);
    }
}

#[tokio::test]
async fn fc_c02_an_in_patient_is_charged_in_full_and_may_claim_the_excess() {
    let world = world().await;
    let (recipient, scheme) = (person(), "jamtland-in-patient");
    for on in ["2022-03-01", "2022-03-30"] {
        let charged = world
            .charge_in((scheme, REGION), &recipient, on, "1300")
            .await;
        assert_eq!(charged, "1300.00");
    }
    let claims = world.claims_of(&recipient).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(kronor(claims[0].amount.as_ref()), "200.00");
}

#[tokio::test]
async fn after_four_ambulance_trips_six_of_ten_are_left() {
    let world = world().await;
    let (recipient, scheme) = (person(), ("jamtland-ambulance", REGION));
    for on in ["2022-01-10", "2022-02-10", "2022-03-10", "2022-04-10"] {
        world.charge_in(scheme, &recipient, on, "300").await;
    }
    let status = world.status_in(scheme.0, &recipient, "2022-04-10").await;
    let left = (status.ceiling_count, status.remaining_count);
    assert_eq!(left, (Some(10), Some(6)));
    assert_eq!((status.ceiling, status.remaining), (None, None));
}

#[tokio::test]
async fn dental_care_costs_the_shares_of_its_price_over_the_wire() {
    let world = world().await;
    let recipient = person();
    let mut paid = Vec::new();
    for (on, price) in [
        ("2022-01-10", "2000"),
        ("2022-02-10", "5000"),
        ("2022-03-10", "20000"),
    ] {
        let scheme = ("jamtland-dental", "dental-care");
        paid.push(world.charge_in(scheme, &recipient, on, price).await);
    }
    assert_eq!(paid, ["2000.00", "3000.00", "5800.00"]);
}

#[tokio::test]
async fn a_child_pays_nothing_and_nothing_counts() {
    let world = world().await;
    for (age, pays) in [(17, "0.00"), (18, "300.00")] {
        let recipient = person();
        world.set_today("2022-03-01");
        let scheme = ("jamtland-care", REGION);
        let mut request = world.fee_in(scheme, &recipient, "2022-03-01", "300");
        request.fee.as_mut().unwrap().age = Some(age);
        let answer = world.register(&request).await.unwrap().into_inner().answer;
        let answer = answer.unwrap();
        assert_eq!(kronor(answer.to_charge.as_ref()), pays);
        let status = answer.status.unwrap();
        assert_eq!(kronor(status.accumulated.as_ref()), pays);
    }
}

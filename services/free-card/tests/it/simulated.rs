//! What another text of a scheme would have cost.

use hjm_proto::free_card::v1 as pb;
use hjm_testkit::{date, fields, kronor, reason, request_id};

use crate::composites::{COORDINATED, TRAVEL, uppsala, w31};
use crate::support::{DALARNA, POLICY, SCHEME, World, ask, person};

fn simulating(scheme: &str, text: String, (from, to): (&str, &str)) -> pb::SimulateSchemeRequest {
    pb::SimulateSchemeRequest {
        scheme_id: scheme.to_owned(),
        policy_text: text,
        from: date(from),
        to: date(to),
    }
}

/// What the scheme in force comes to.
async fn now(world: &World, days: (&str, &str)) -> pb::SimulatedCost {
    let request = simulating(SCHEME, POLICY.to_owned(), days);
    let told = world.schemes.clone().simulate_scheme(ask(request)).await;
    let told = told.unwrap().into_inner();
    let (now, then) = (told.now.unwrap(), told.then.unwrap());
    assert_eq!(now, then, "the same text");
    now
}

fn sums(cost: &pb::SimulatedCost) -> [String; 2] {
    [&cost.nominal, &cost.entitled].map(|sum| kronor(sum.as_ref()))
}

#[tokio::test]
async fn a_simulated_ceiling_says_what_it_would_have_cost() {
    let world = World::open("2024-01-10").await;
    for _ in 0..5 {
        let recipient = person();
        for month in 1..=7 {
            world
                .charge(&recipient, &format!("2024-{month:02}-10"), "250")
                .await;
        }
    }
    let simulate = |text: String, to: &str| simulating(SCHEME, text, ("2024-01-01", to));
    let dearer = POLICY.replace("\"1400.00\"", "\"1500.00\"");
    let mut client = world.schemes.clone();
    let told = client
        .simulate_scheme(ask(simulate(dearer, "2024-12-31")))
        .await;
    let told = told.unwrap().into_inner();
    let (now, then) = (told.now.unwrap(), told.then.unwrap());
    assert_eq!(kronor(now.nominal.as_ref()), "8750.00");
    assert_eq!(kronor(now.entitled.as_ref()), "7000.00");
    assert_eq!(kronor(then.entitled.as_ref()), "7500.00");
    assert_eq!((now.persons, now.persons_reaching, now.few), (5, 5, false));
    let half_year = client
        .simulate_scheme(ask(simulate(POLICY.to_owned(), "2024-05-31")))
        .await;
    let half_year = half_year.unwrap().into_inner().now.unwrap();
    assert_eq!((half_year.persons_reaching, half_year.few), (0, true));
    let broken = simulate(POLICY.replace("ROLLING", "JUMPING"), "2023-12-31");
    let refused = client.simulate_scheme(ask(broken)).await.unwrap_err();
    assert_eq!(fields(&refused).last().unwrap(), "to");
    assert_eq!(fields(&refused)[0], "policy_text");
}

#[tokio::test]
async fn d_39_a_simulation_counts_as_persons_pay_together_and_tells_nothing_of_a_few() {
    let world = World::open("2024-01-31").await;
    let born = "2015-05-01";
    for _ in 0..3 {
        let (a, b) = (person(), person());
        world.set_today("2024-01-31");
        world.pool(&[(&a, born), (&b, born)]).await.unwrap();
        for (child, on, nominal) in [
            (&a, "2024-02-01", "600"),
            (&b, "2024-03-01", "600"),
            (&a, "2024-04-01", "300"),
            (&b, "2024-04-02", "300"),
        ] {
            world.charge(child, on, nominal).await;
        }
    }
    let year = ("2024-01-01", "2024-12-31");
    let pools = now(&world, year).await;
    assert_eq!(sums(&pools), ["5400.00", "4200.00"]);
    assert_eq!((pools.persons, pools.persons_reaching), (6, 6));
    let medical = person();
    let card = pb::RegisterCardRequest {
        request_id: request_id(),
        recipient_id: medical.clone(),
        scheme_id: SCHEME.to_owned(),
        valid_from: date("2024-01-01"),
        valid_to: date("2024-12-31"),
        decided_by: "a prescriber".to_owned(),
        ..Default::default()
    };
    world.cards.clone().register_card(ask(card)).await.unwrap();
    world.charge(&medical, "2024-05-01", "250").await;
    let outside = person();
    world.charge(&outside, "2024-05-01", "250").await;
    world.opt_out(&outside).await;
    let with_card = now(&world, year).await;
    assert_eq!(sums(&with_card), ["5650.00", "4200.00"]);
    assert_eq!((with_card.persons, with_card.persons_reaching), (7, 6));
    let one = now(&world, ("2024-05-01", "2024-05-01")).await;
    let nothing = pb::SimulatedCost {
        few: true,
        few_persons: true,
        ..Default::default()
    };
    assert_eq!(one, nothing, "one person's fee is that person's");
}

#[tokio::test]
async fn fc_w21_identities_of_one_person_are_one_in_a_simulation() {
    let world = World::open("2024-01-31").await;
    let persons: Vec<String> = (0..5).map(|_| person()).collect();
    for one in &persons {
        world.charge(one, "2024-02-01", "700").await;
    }
    world.set_today("2024-02-02");
    world.link_reserve(&persons[0], &persons[1]).await;
    let days = ("2024-02-01", "2024-02-01");
    assert!(now(&world, days).await.few_persons, "four persons");
    world.charge(&person(), "2024-02-01", "700").await;
    let told = now(&world, days).await;
    assert_eq!((told.persons, told.few_persons), (5, false));
    assert_eq!(sums(&told), ["4200.00", "4200.00"]);
}

#[tokio::test]
async fn d_14_a_simulation_of_a_scheme_that_a_composite_reads_counts_its_card() {
    let world = uppsala().await;
    for _ in 0..5 {
        let recipient = w31(&world).await;
        world
            .charge_in(TRAVEL, &recipient, "2022-05-01", "100")
            .await;
    }
    let text = |file: &str| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/uppsala");
        let text = std::fs::read_to_string(format!("{root}/{file}.toml")).unwrap();
        text.replace("tenant = \"uppsala\"", &format!("tenant = \"{DALARNA}\""))
    };
    let mut client = world.schemes.clone();
    let year = ("2022-01-01", "2022-12-31");
    let travel = simulating(TRAVEL.0, text("free-card-travel"), year);
    let told = client.simulate_scheme(ask(travel)).await;
    let travel = told.unwrap().into_inner().now.unwrap();
    assert_eq!(sums(&travel), ["7750.00", "7250.00"]);
    assert_eq!(travel.persons_reaching, 0);
    let dearer = text("free-card-coordinated").replace("\"2600.00\"", "\"2650.00\"");
    let told = client.simulate_scheme(ask(simulating(COORDINATED, dearer, year)));
    let told = told.await.unwrap().into_inner();
    let (now, then) = (told.now.unwrap(), told.then.unwrap());
    assert_eq!([&now, &then].map(|cost| cost.persons_reaching), [5, 5]);
    assert_eq!(kronor(then.entitled.as_ref()), "13250.00");
    let other = simulating(TRAVEL.0, text("free-card-coordinated"), year);
    let refused = client.simulate_scheme(ask(other)).await.unwrap_err();
    assert_eq!(reason(&refused), "COMPOSITE_READS_ONLY");
}

//! A small generated year: every check holds, and the same seed gives the same totals.

use hjm::{
    story::{
        county::{DALARNA, JAMTLAND},
        year::{self, Year, YearSize},
    },
    verify,
};
use hjm_money::Money;
use hjm_testkit::{OTHER_TENANT, TENANT};

use crate::support::World;

const SIZE: YearSize = YearSize {
    seed: 11,
    persons: 40,
    loans: 120,
};

async fn played() -> (World, Year) {
    let world = World::open().await;
    world.clock.set(DALARNA.from).unwrap();
    let dalarna = world.teller(&DALARNA, "year-dalarna");
    DALARNA.set_up(&dalarna).await.unwrap();
    let jamtland = world.teller(&JAMTLAND, "year-jamtland");
    jamtland.day(JAMTLAND.from).unwrap();
    JAMTLAND.set_up(&jamtland).await.unwrap();
    let tellers = [(&JAMTLAND, jamtland), (&DALARNA, dalarna)];
    let year = year::play(&tellers, SIZE, |_, _| {}).await.unwrap();
    (world, year)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_year_holds_and_the_same_seed_gives_the_same_totals() {
    let (world, year) = played().await;
    for tenant in [TENANT, OTHER_TENANT] {
        let findings = verify::check(&world.suite.books, &tenant.parse().unwrap())
            .await
            .unwrap();
        for finding in findings {
            assert_eq!(
                finding.breaches,
                Vec::<String>::new(),
                "{}",
                finding.invariant
            );
        }
    }
    let rent = Money::sum(year.totals.iter().map(|total| total.rent)).unwrap();
    assert!(rent > Money::ZERO, "a year without rent proves nothing");
    let (_, again) = played().await;
    assert_eq!(year, again);
}

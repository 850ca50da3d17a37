//! A fee that is a share of the value, at most the ceiling of its high-cost protection.

use hjm_proto::common::v1::{ChargeForm, OwnFee, OwnFeeKind};
use hjm_testkit::{kronor, money};
use tonic::Status;

use crate::world::{BORN_1960, CAPPED, ODD, OSTERSUND, World, draft, refused};

const TODAY: &str = "2024-06-10";
const DEAR: &str = "DEAR";
const LENT: &str = "LENT";
const ARTICLE: &str = "draft.lines.article_number";

/// Värmland's documents as another county's.
fn text(name: &str) -> String {
    let name = format!(
        "{}/../../policies/varmland/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(name).unwrap();
    let text = text.replace("id = \"varmland-f", "id = \"jamtland-harjedalen-f");
    text.replace("tenant = \"varmland\"", "tenant = \"jamtland-harjedalen\"")
}

async fn world() -> World {
    let world = World::empty(TODAY).await;
    world.activate_text(text("fees.toml"), "2018-01-01").await;
    world
        .activate("jamtland-harjedalen/payers.toml", "2015-01-01")
        .await;
    world.organise().await;
    for (number, form, price) in [
        (DEAR, ChargeForm::Sale, "9000.00"),
        (LENT, ChargeForm::Rental, "1.00"),
    ] {
        world.article(number, "041912", form, 3, price).await;
    }
    world
}

/// What a line costs when its value is told, or not.
async fn costs(world: &World, person: &str, article: &str, value: &str) -> Result<OwnFee, Status> {
    let mut draft = draft(person, OSTERSUND, TODAY, &[article]);
    draft.lines[0].value = Some(value)
        .filter(|value| !value.is_empty())
        .and_then(money);
    let line = world.prescribe(draft).await?.lines.remove(0);
    Ok(line.decision.unwrap().own_fee.unwrap())
}

#[tokio::test]
async fn fee_v3_share_of_the_value_is_at_most_the_schemes_ceiling_of_the_day() {
    let world = world().await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let without = costs(&world, &person, DEAR, "").await;
    let why = without.as_ref().unwrap_err().message().to_owned();
    assert!(why.contains("scheme_ceiling"), "{why}");
    refused(without, "FEE_UNDECIDED", ARTICLE);

    let scheme = text("free-card-devices.toml");
    world.activate_text(scheme, "2019-01-01").await;
    let fee = costs(&world, &person, DEAR, "").await.unwrap();
    assert_eq!(fee.kind(), OwnFeeKind::ShareOfValue);
    assert_eq!(kronor(fee.amount.as_ref()), "1400.00");
    assert_eq!(fee.reason, "SHARE_AT_CEILING");
    assert_eq!(fee.scheme_id, "varmland-devices");
    let why = fee.explanation.unwrap();
    let ceiling = why.facts.iter().find(|fact| fact.name == "scheme_ceiling");
    assert_eq!(ceiling.unwrap().value, "1400.00");
}

#[tokio::test]
async fn fee_v1_v2_what_is_lent_is_reckoned_on_the_value_that_is_told() {
    let world = world().await;
    let scheme = text("free-card-devices.toml");
    world.activate_text(scheme, "2019-01-01").await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    refused(
        costs(&world, &person, LENT, "").await,
        "FEE_UNDECIDED",
        ARTICLE,
    );
    for (value, amount, reason) in [
        ("900.00", "200.00", "SHARE_AT_FLOOR"),
        ("4000.00", "800.00", "SHARE_OF_VALUE"),
        ("9000.00", "1400.00", "SHARE_AT_CEILING"),
    ] {
        let fee = costs(&world, &person, LENT, value).await.unwrap();
        let told = (kronor(fee.amount.as_ref()), fee.reason);
        assert_eq!(told, (amount.to_owned(), reason.to_owned()));
    }
    // A listed price is not told otherwise.
    let fee = costs(&world, &person, DEAR, "900.00").await.unwrap();
    assert_eq!(kronor(fee.amount.as_ref()), "1400.00");
}

#[tokio::test]
async fn what_is_lent_is_not_bought_up_to_a_cost_cap_whatever_its_value() {
    let world = World::jamtland(TODAY).await;
    let person = world.person(BORN_1960, OSTERSUND).await;
    let lent = costs(&world, &person, ODD, "350.00").await;
    refused(lent, "FEE_UNDECIDED", ARTICLE);
    let sold = costs(&world, &person, CAPPED, "350.00").await.unwrap();
    assert_eq!(kronor(sold.amount.as_ref()), "500.00");
}

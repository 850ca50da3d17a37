//! A document with a fault is refused: every fault with its place, and nothing stored.

use hjm_testkit::{OTHER_TENANT, aid_centre};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{RENT, World, refused};

/// The faults that a refusal names under the field `text`.
fn faults(status: &Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert!(violations.iter().all(|violation| violation.field == "text"));
    violations
        .into_iter()
        .map(|violation| violation.description)
        .collect()
}

/// The rent policy with one more line at its end, and that line's number.
fn with_line(line: &str) -> (String, usize) {
    let text = format!("{}\n{line}\n", RENT.trim_end());
    let number = text.lines().count();
    (text, number)
}

async fn assert_nothing_stored(world: &World) {
    assert_eq!(world.policy_list().await, []);
    assert_eq!(world.kinds().await, [""; 0]);
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_its_place() {
    let world = World::open().await;
    let (text, line) = with_line("colour = \"red\"");
    let told = faults(&refused(world.import(&text)).await);
    assert!(
        told[0].starts_with(&format!("line {line}: rent.end[1]")),
        "{told:?}"
    );
    assert!(told[0].contains("colour"), "{told:?}");
    assert_nothing_stored(&world).await;
}

#[tokio::test]
async fn a_document_that_overlaps_itself_is_refused_with_its_place() {
    let world = World::open().await;
    let row = "\n[[rent.unit]]\nvalue = \"DAY\"\nvalid_from = 2020-01-01\nsource = \"handbook\"";
    let (text, _) = with_line(row);
    let told = faults(&refused(world.import(&text)).await);
    assert!(
        told.iter().any(|fault| fault.contains("rent.unit[2]")),
        "{told:?}"
    );
    assert!(
        told.iter().all(|fault| fault.starts_with("line ")),
        "{told:?}"
    );
    assert_nothing_stored(&world).await;
}

#[tokio::test]
async fn a_row_without_or_with_an_unknown_source_is_refused_with_its_place() {
    let world = World::open().await;
    let text = RENT.replace("source = \"handbook §7.2\"\n", "");
    let told = faults(&refused(world.import(&text)).await);
    assert!(
        told.iter().any(|fault| fault.contains("rent.end[1]")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|fault| fault.contains("source")),
        "{told:?}"
    );
    let text = RENT.replace("handbook §7.2", "notice §7.2");
    let told = faults(&refused(world.import(&text)).await);
    assert!(told[0].contains("rent.end[1].source"), "{told:?}");
    assert_nothing_stored(&world).await;
}

#[tokio::test]
async fn faults_of_several_rows_are_named_at_once() {
    let world = World::open().await;
    let text = RENT
        .replace("\"DAY\"", "\"WEEK\"")
        .replace("\"DELIVERY\"", "\"NEVER\"");
    let told = faults(&refused(world.import(&text)).await);
    assert!(
        told.iter().any(|fault| fault.contains("rent.unit[1]")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|fault| fault.contains("rent.start[1]")),
        "{told:?}"
    );
    assert_nothing_stored(&world).await;
}

#[tokio::test]
async fn what_is_no_document_is_refused() {
    let world = World::open().await;
    for text in [
        "",
        "id = ",
        "colour = \"red\"",
        &format!("{RENT}\n[weather]\nrain = true\n"),
    ] {
        let told = faults(&refused(world.import(text)).await);
        assert!(!told.is_empty(), "{text}");
    }
    assert_nothing_stored(&world).await;
}

#[tokio::test]
async fn a_document_of_another_tenant_is_refused() {
    let world = World::open().await;
    let stranger = aid_centre(OTHER_TENANT, "importer");
    for dry_run in [false, true] {
        let told = faults(&refused(world.import_as(&stranger, RENT, dry_run)).await);
        assert!(told[0].contains("tenant"), "{told:?}");
    }
    assert_nothing_stored(&world).await;
}

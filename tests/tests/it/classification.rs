//! Lists of codes, imported from the command line.

use std::{fs, path::Path};

use hjm_testkit::TENANT;
use tokio::process::Command;

use crate::support::{World, program};

const HEADER: &str = "edition,code,to_edition,to_code,title_sv,title_en,valid_from,valid_to";

/// What `hjm classification import` prints, and whether it was content.
async fn import(world: &World, arguments: &[&str], file: Option<&Path>) -> (String, bool) {
    let address = &world.suite.addresses.catalogue;
    let output = Command::new(program("hjm"))
        .args(["classification", "import", "--tenant", TENANT])
        .args(["--catalogue", address])
        .args(arguments)
        .args(file)
        .output()
        .await
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).unwrap(), output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_codes_are_checked_imported_and_then_unchanged() {
    let world = World::open().await;
    for (arguments, status) in [
        (&["--dry-run"][..], "added"),
        (&[], "added"),
        (&[], "unchanged"),
    ] {
        let (printed, content) = import(&world, arguments, None).await;
        assert!(content, "{printed}");
        assert!(printed.lines().count() > 100, "one status a line");
        for line in printed.lines() {
            assert!(line.ends_with(status), "{line} after {arguments:?}");
        }
    }
    world.suite.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_line_is_named_and_the_command_fails() {
    let world = World::open().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("codes.csv");
    let rows = "2016,12,,,Mobility,Mobility,2016-01-01,\n\
                2016,120606,,,Rollator,Rollator,2016-01-01,\n\
                2017,18,,,,Home,yesterday,\n\
                2016,12,2022,12,,,2016-01-01,\n";
    fs::write(&file, format!("{HEADER}\n{rows}")).unwrap();
    let (printed, content) = import(&world, &[], Some(&file)).await;
    assert!(!content, "{printed}");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "line 2: added");
    let missing = "line 3: refused code: 1206 is not in the edition of 2016 on 2016-01-01";
    assert_eq!(lines[1], missing);
    for field in ["edition: ", "title_sv: ", "valid_from: "] {
        assert!(lines[2].contains(field), "{}", lines[2]);
    }
    assert!(lines[3].starts_with("line 5: refused to_code: 12 is not in the edition of 2022"));
    assert_eq!(lines[4], "hjm: 3 of 4 lines are refused");
    world.suite.stop().await.unwrap();
}

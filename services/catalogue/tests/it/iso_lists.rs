//! Lists of codes and mappings: each is one write, with a status a line.

use hjm_proto::catalogue::v1::{self as pb, IsoLineOutcome as Outcome, iso_code_line::Entry};
use hjm_service::idempotency::REPLAYED_HEADER;
use hjm_testkit::{date, fields, request_id};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use crate::classification::{
    code, get, import, import_mapped, mapped, mapping, numbered, outcomes, part, send, tree,
};
use crate::support::{World, refused};

/// The refused lines: number and fields.
fn broken(lines: &[pb::IsoLineStatus]) -> Vec<(u32, Vec<&str>)> {
    let broken = lines.iter().filter(|line| !line.faults.is_empty());
    broken
        .map(|line| {
            assert_eq!(line.outcome(), Outcome::Refused);
            let fields = line.faults.iter().map(|fault| &*fault.field);
            (line.line, fields.collect())
        })
        .collect()
}

#[tokio::test]
async fn the_same_list_again_changes_nothing() {
    let world = World::open().await;
    import_mapped(&world).await;
    let again = import(&world, mapped()).await;
    assert_eq!(outcomes(&again), vec![Outcome::Unchanged; again.len()]);
    let request = part(numbered(tree()));
    let first = send(&world, vec![request.clone()]).await.unwrap();
    let replayed = send(&world, vec![request.clone()]).await.unwrap();
    assert!(first.metadata().get(REPLAYED_HEADER).is_none());
    assert!(replayed.metadata().get(REPLAYED_HEADER).is_some());
    assert_eq!(replayed.get_ref(), first.get_ref());
    let parts: Vec<_> = request
        .lines
        .iter()
        .map(|line| pb::ImportIsoCodesRequest {
            lines: vec![line.clone()],
            ..request.clone()
        })
        .collect();
    let in_parts = send(&world, parts).await.unwrap();
    assert_eq!(in_parts.get_ref(), first.get_ref(), "however it is cut");
}

#[tokio::test]
async fn a_list_that_is_only_checked_stores_nothing() {
    let world = World::open().await;
    let request = pb::ImportIsoCodesRequest {
        dry_run: true,
        ..part(numbered(tree()))
    };
    let checked = send(&world, vec![request]).await.unwrap().into_inner();
    assert_eq!(outcomes(&checked.lines), vec![Outcome::Added; 6]);
    let got = refused(get(&world, 2016, "12", "2025-03-10")).await;
    assert_eq!(got.code(), Code::NotFound);
}

#[tokio::test]
async fn broken_lines_are_named_and_the_others_stored() {
    type Spoil = fn(&mut pb::IsoCode);
    let world = World::open().await;
    let spoilt: [(Spoil, &[&str]); 8] = [
        (|it| it.code = "120".to_owned(), &["code"]),
        (|it| it.edition = 2017, &["edition"]),
        (|it| it.title_sv.clear(), &["title_sv"]),
        (|it| it.title_en = "t".repeat(201), &["title_en"]),
        (|it| it.title_en.clear(), &["title_en"]),
        (|it| it.valid_from = None, &["valid_from"]),
        (|it| it.valid_to = it.valid_from, &["valid_to"]),
        (
            |it| {
                it.code = "x".to_owned();
                it.title_sv.clear();
            },
            &["code", "title_sv"],
        ),
    ];
    let mut entries = tree();
    for (spoil, _) in spoilt {
        let Entry::Code(mut code) = code(2016, "1203", "2016-01-01") else {
            panic!("a code");
        };
        spoil(&mut code);
        entries.push(Entry::Code(code));
    }
    entries.push(code(2016, "180903", "2016-01-01"));
    entries.push(mapping("1206", "1206"));
    let mut lines = numbered(entries);
    lines.push(pb::IsoCodeLine {
        line: 1,
        entry: Some(code(2016, "1209", "2016-01-01")),
    });
    lines.push(pb::IsoCodeLine {
        line: 20,
        entry: None,
    });
    let sent = send(&world, vec![part(lines)]).await.unwrap().into_inner();
    let mut expected: Vec<(u32, Vec<&str>)> = (7..)
        .zip(spoilt)
        .map(|(line, (_, fields))| (line, fields.to_vec()))
        .collect();
    expected.extend([
        (15, vec!["code"]),
        (16, vec!["code"]),
        (1, vec!["line"]),
        (20, vec!["code"]),
    ]);
    assert_eq!(broken(&sent.lines), expected);
    assert_eq!(outcomes(&sent.lines[..6]), [Outcome::Added; 6]);
    let parent = &sent.lines[14].faults[0].text;
    assert!(
        parent.contains("1809 is not in the edition of 2016"),
        "{parent}"
    );
    assert!(get(&world, 2016, "120606", "2025-03-10").await.is_ok());
    let national = pb::IsoCode {
        title_en: String::new(),
        ..get(&world, 2016, "12060601", "2025-03-10")
            .await
            .unwrap()
            .code
            .unwrap()
    };
    let changed = import(&world, vec![Entry::Code(national)]).await;
    assert_eq!(outcomes(&changed), [Outcome::Changed]);
}

#[tokio::test]
async fn a_version_ends_and_the_next_begins_in_one_list() {
    let world = World::open().await;
    import(&world, tree()).await;
    let version = |title: &str, from: &str, to: Option<&str>| {
        Entry::Code(pb::IsoCode {
            code: "1222".to_owned(),
            edition: 2016,
            title_sv: title.to_owned(),
            title_en: title.to_owned(),
            valid_from: date(from),
            valid_to: to.and_then(date),
        })
    };
    let both = vec![
        version("New", "2024-01-01", None),
        version("Old", "2016-01-01", Some("2024-01-01")),
    ];
    let lines = import(&world, both.clone()).await;
    assert_eq!(outcomes(&lines), [Outcome::Added, Outcome::Changed]);
    assert_eq!(
        outcomes(&import(&world, both).await),
        [Outcome::Unchanged; 2]
    );
    for (on, title) in [("2023-12-31", "Old"), ("2024-01-01", "New")] {
        let got = get(&world, 2016, "1222", on).await.unwrap();
        assert_eq!(got.code.unwrap().title_sv, title);
    }
    let overlap = import(&world, vec![version("Third", "2025-01-01", None)]).await;
    assert_eq!(broken(&overlap), [(1, vec!["valid_from"])]);
    let child = vec![code(2016, "122203", "2024-06-01")];
    assert_eq!(outcomes(&import(&world, child).await), [Outcome::Added]);
    let ended = version("New", "2024-01-01", Some("2024-06-01"));
    let ended = import(&world, vec![ended]).await;
    assert_eq!(
        broken(&ended),
        [(1, vec!["valid_to"])],
        "its child begins later"
    );
}

#[tokio::test]
async fn parts_of_a_list_that_differ_are_refused() {
    let world = World::open().await;
    let one = part(numbered(tree()));
    let other_id = pb::ImportIsoCodesRequest {
        request_id: request_id(),
        ..one.clone()
    };
    let status = refused(send(&world, vec![one.clone(), other_id])).await;
    assert_eq!(fields(&status), ["request_id"]);
    let other_run = pb::ImportIsoCodesRequest {
        dry_run: true,
        ..one.clone()
    };
    let status = refused(send(&world, vec![one, other_run])).await;
    assert_eq!(fields(&status), ["dry_run"]);
    assert_eq!(fields(&refused(send(&world, vec![])).await), ["request_id"]);
    let long = part(numbered(vec![tree().swap_remove(0); 20_001]));
    assert_eq!(fields(&refused(send(&world, vec![long])).await), ["lines"]);
}

#[tokio::test]
async fn i45_versions_that_overlap_are_refused_by_the_database() {
    let world = World::open().await;
    import_mapped(&world).await;
    let mut admin = PgConnection::connect_with(&world.database.admin())
        .await
        .unwrap();
    for (overlap, constraint) in [
        (
            "INSERT INTO catalogue.iso_code
             SELECT tenant_id, edition, code, title_sv, title_en, '2020-01-01', '2021-01-01'
               FROM catalogue.iso_code WHERE edition = 2016 AND code = '12'",
            "iso_code_no_overlap",
        ),
        (
            "INSERT INTO catalogue.iso_mapping
             SELECT tenant_id, edition, code, to_edition, to_code, '2020-01-01', NULL
               FROM catalogue.iso_mapping WHERE code = '1206'",
            "iso_mapping_no_overlap",
        ),
    ] {
        let refused = sqlx::raw_sql(overlap).execute(&mut admin).await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(constraint), "{error}");
    }
}

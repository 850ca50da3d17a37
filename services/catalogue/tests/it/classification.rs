//! The classification: read as of a day, mapped between editions.

use futures::stream;
use hjm_proto::catalogue::v1::{
    self as pb, IsoLineOutcome as Outcome, IsoMappingKind as Kind, iso_code_line::Entry,
};
use hjm_service::client;
use hjm_testkit::{date, fields, request_id};
use tonic::{Code, Response, Status};

use crate::support::{World, importer, refused};

pub(crate) fn code(edition: u32, code: &str, from: &str) -> Entry {
    Entry::Code(pb::IsoCode {
        code: code.to_owned(),
        edition,
        title_sv: format!("Titel {code}"),
        title_en: format!("Title {code}"),
        valid_from: date(from),
        valid_to: None,
    })
}

pub(crate) fn mapping(from: &str, to: &str) -> Entry {
    Entry::Mapping(pb::IsoMapping {
        code: from.to_owned(),
        edition: 2011,
        to_code: to.to_owned(),
        to_edition: 2016,
        valid_from: date("2016-01-01"),
        valid_to: None,
    })
}

pub(crate) fn tree() -> Vec<Entry> {
    let of_2016 = ["12", "1206", "120603", "120606", "12060601", "1222"];
    of_2016.map(|it| code(2016, it, "2016-01-01")).into()
}

/// Both editions; 120605 of 2011 was split, 120606 and 120605 share one code.
pub(crate) fn mapped() -> Vec<Entry> {
    let of_2011 = ["12", "1206", "120605", "120606", "120609"];
    let of_2011 = of_2011.map(|it| code(2011, it, "2011-01-01"));
    let ties = [
        mapping("1206", "1206"),
        mapping("120605", "120603"),
        mapping("120605", "120606"),
        mapping("120606", "120606"),
    ];
    [tree(), of_2011.into(), ties.into()].concat()
}

pub(crate) fn numbered(entries: Vec<Entry>) -> Vec<pb::IsoCodeLine> {
    let numbered = (1..).zip(entries).map(|(line, entry)| pb::IsoCodeLine {
        line,
        entry: Some(entry),
    });
    numbered.collect()
}

pub(crate) fn part(lines: Vec<pb::IsoCodeLine>) -> pb::ImportIsoCodesRequest {
    pb::ImportIsoCodesRequest {
        request_id: request_id(),
        dry_run: false,
        lines,
    }
}

pub(crate) async fn send(
    world: &World,
    parts: Vec<pb::ImportIsoCodesRequest>,
) -> Result<Response<pb::ImportIsoCodesResponse>, Status> {
    let request = client::streaming_request(&importer(), stream::iter(parts));
    world.classification.clone().import_iso_codes(request).await
}

pub(crate) async fn import(world: &World, entries: Vec<Entry>) -> Vec<pb::IsoLineStatus> {
    let sent = send(world, vec![part(numbered(entries))]).await;
    sent.unwrap().into_inner().lines
}

/// Imports two editions with mappings between them.
pub(crate) async fn import_mapped(world: &World) {
    let lines = import(world, mapped()).await;
    assert_eq!(outcomes(&lines), vec![Outcome::Added; lines.len()]);
}

pub(crate) fn outcomes(lines: &[pb::IsoLineStatus]) -> Vec<Outcome> {
    lines.iter().map(pb::IsoLineStatus::outcome).collect()
}

pub(crate) async fn get(
    world: &World,
    edition: u32,
    code: &str,
    on: &str,
) -> Result<pb::GetIsoCodeResponse, Status> {
    let request = pb::GetIsoCodeRequest {
        code: code.to_owned(),
        edition,
        as_of: date(on),
    };
    let mut client = world.classification.clone();
    let got = client
        .get_iso_code(client::request(&importer(), request))
        .await;
    got.map(Response::into_inner)
}

async fn list(
    world: &World,
    request: pb::ListIsoCodesRequest,
) -> Result<(Vec<String>, String), Status> {
    let mut client = world.classification.clone();
    let listed = client
        .list_iso_codes(client::request(&importer(), request))
        .await?
        .into_inner();
    let codes = listed.codes.into_iter().map(|code| code.code);
    Ok((codes.collect(), listed.next_page_token))
}

async fn map(
    world: &World,
    from: (u32, &str),
    to_edition: u32,
    on: &str,
) -> Result<(Kind, Vec<String>, Vec<String>), Status> {
    let request = pb::MapIsoCodeRequest {
        code: from.1.to_owned(),
        edition: from.0,
        to_edition,
        as_of: date(on),
    };
    let mut client = world.classification.clone();
    let mapped = client
        .map_iso_code(client::request(&importer(), request))
        .await?
        .into_inner();
    let kind = mapped.kind();
    let codes = mapped.codes.into_iter().map(|code| code.code);
    Ok((kind, codes.collect(), mapped.shared_with))
}

#[tokio::test]
async fn a_code_is_read_with_what_it_lies_under() {
    let world = World::open().await;
    import(&world, tree()).await;
    let got = get(&world, 2016, "12060601", "2025-03-10").await.unwrap();
    let code = got.code.unwrap();
    assert_eq!((code.edition, &*code.title_sv), (2016, "Titel 12060601"));
    assert_eq!(code.title_en, "Title 12060601");
    let above: Vec<&str> = got.above.iter().map(|above| &*above.code).collect();
    assert_eq!(above, ["12", "1206", "120606"]);
    let early = refused(get(&world, 2016, "120606", "2015-12-31")).await;
    assert_eq!(early.code(), Code::NotFound);
    let other = refused(get(&world, 2022, "120606", "2025-03-10")).await;
    assert_eq!(other.code(), Code::NotFound, "of another edition");
    let none = refused(get(&world, 2016, "120609", "2025-03-10")).await;
    assert_eq!(none.code(), Code::NotFound);
    let odd = refused(get(&world, 2017, "1", "2025-03-10")).await;
    assert_eq!(fields(&odd), ["code", "edition"]);
}

#[tokio::test]
async fn codes_are_listed_by_area_and_level_a_page_at_a_time() {
    let world = World::open().await;
    import(&world, mapped()).await;
    let of = |under: &str, children_only: bool| pb::ListIsoCodesRequest {
        edition: 2016,
        under: under.to_owned(),
        children_only,
        page_size: 2,
        ..Default::default()
    };
    let (first, token) = list(&world, of("1206", false)).await.unwrap();
    assert_eq!(first, ["1206", "120603"]);
    let next = pb::ListIsoCodesRequest {
        page_token: token,
        ..of("1206", false)
    };
    let (second, token) = list(&world, next.clone()).await.unwrap();
    assert_eq!(second, ["120606", "12060601"]);
    let next = pb::ListIsoCodesRequest {
        page_token: token,
        ..next
    };
    assert_eq!(list(&world, next).await.unwrap().0, [""; 0]);
    for (under, children) in [
        ("", &["12"][..]),
        ("12", &["1206", "1222"]),
        ("120606", &["12060601"]),
        ("1222", &[]),
    ] {
        assert_eq!(list(&world, of(under, true)).await.unwrap().0, children);
    }
    let early = pb::ListIsoCodesRequest {
        as_of: date("2015-12-31"),
        ..of("", false)
    };
    assert_eq!(list(&world, early).await.unwrap().0, [""; 0]);
    let odd = pb::ListIsoCodesRequest {
        edition: 0,
        under: "1".to_owned(),
        page_size: 501,
        page_token: "x".to_owned(),
        ..Default::default()
    };
    let named = fields(&refused(list(&world, odd)).await);
    assert_eq!(named, ["edition", "under", "page_size", "page_token"]);
}

#[tokio::test]
async fn a_code_is_mapped_to_another_edition_on_a_day() {
    let world = World::open().await;
    import_mapped(&world).await;
    let texts = |codes: &[&str]| -> Vec<String> { codes.iter().map(ToString::to_string).collect() };
    for (from, to, kind, codes, shared) in [
        ((2011, "1206"), 2016, Kind::Same, &["1206"][..], &[][..]),
        ((2016, "1206"), 2011, Kind::Same, &["1206"], &[]),
        (
            (2011, "120605"),
            2016,
            Kind::SplitAndMerge,
            &["120603", "120606"],
            &["120606"],
        ),
        (
            (2011, "120606"),
            2016,
            Kind::Merge,
            &["120606"],
            &["120605"],
        ),
        (
            (2016, "120603"),
            2011,
            Kind::Merge,
            &["120605"],
            &["120606"],
        ),
        ((2011, "120609"), 2016, Kind::None, &[], &[]),
        ((2011, "120606"), 2022, Kind::None, &[], &[]),
        ((2016, "120606"), 2016, Kind::Same, &["120606"], &[]),
    ] {
        let mapped = map(&world, from, to, "2025-03-10").await.unwrap();
        assert_eq!(mapped, (kind, texts(codes), texts(shared)), "{from:?}");
    }
    let before = map(&world, (2011, "1206"), 2016, "2015-12-31").await;
    assert_eq!(before.unwrap(), (Kind::None, vec![], vec![]));
    let unknown = refused(map(&world, (2022, "1206"), 2016, "2025-03-10")).await;
    assert_eq!(unknown.code(), Code::NotFound);
}

//! The tree of codes, its editions and the mappings between them.

use hjm_catalogue::{
    Classification, EditionCode, IsoEdition, IsoEntry, IsoLine, IsoLineOutcome, IsoMapping,
    IsoTitles, MappingKind, map_code,
};
use hjm_ids::IsoCode;
use hjm_policy::Validity;
use proptest::prelude::*;

fn edition(year: &str) -> IsoEdition {
    let year = year.parse().expect("the table writes years");
    IsoEdition::of_year(year).expect("the table writes editions")
}

/// `2011:120606`; without an edition that of 2016.
fn code(text: &str) -> EditionCode {
    let (year, code) = text.split_once(':').unwrap_or(("2016", text));
    EditionCode {
        edition: edition(year),
        code: code.parse().expect("the table writes codes"),
    }
}

fn mapping(text: &str) -> IsoMapping {
    let (from, to) = text.split_once('>').expect("the table writes mappings");
    IsoMapping {
        from: code(from),
        to: code(to),
    }
}

/// `1206@2016-01-01..2020-01-01=Title`.
fn line(text: &str) -> IsoLine {
    let (text, title) = text.split_once('=').unwrap_or((text, "Gånghjälpmedel"));
    let (what, days) = text.split_once('@').expect("the table writes days");
    let (from, to) = days.split_once("..").unwrap_or((days, ""));
    let day = |day: &str| day.parse().expect("the table writes days");
    let validity = Validity {
        valid_from: day(from),
        valid_to: (!to.is_empty()).then(|| day(to)),
    };
    let titles = IsoTitles {
        sv: title.to_owned(),
        en: String::new(),
    };
    let entry = if what.contains('>') {
        IsoEntry::Mapping(mapping(what))
    } else {
        IsoEntry::Code(code(what), titles)
    };
    IsoLine { entry, validity }
}

fn words(codes: &[IsoCode]) -> String {
    let codes: Vec<&str> = codes.iter().map(IsoCode::as_str).collect();
    codes.join(" ")
}

fn table(text: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .records()
        .map(|row| row.expect("the table is a CSV"))
        .collect()
}

#[test]
fn codes_are_mapped_between_editions_as_the_table_says() {
    for row in table(include_str!("../classification/mappings.csv")) {
        let mappings: Vec<IsoMapping> = row[1].split_whitespace().map(mapping).collect();
        let mapped = map_code(&mappings, &code(&row[2]), edition(&row[3]));
        let kind = match mapped.kind {
            MappingKind::Same => "same",
            MappingKind::Split => "split",
            MappingKind::Merge => "merge",
            MappingKind::SplitAndMerge => "split and merge",
            MappingKind::None => "none",
        };
        let told = [kind, &words(&mapped.codes), &words(&mapped.shared_with)].map(str::to_owned);
        assert_eq!(told, [&row[4], &row[5], &row[6]], "{}", &row[0]);
    }
}

#[test]
fn a_list_is_taken_in_as_the_table_says() {
    for row in table(include_str!("../classification/lists.csv")) {
        let mut classification = Classification::default();
        for stored in row[1].split_whitespace() {
            classification.insert(line(stored));
        }
        let list: Vec<IsoLine> = row[2].split_whitespace().map(line).collect();
        let told: Vec<String> = classification
            .take(&list)
            .into_iter()
            .map(|outcome| match outcome {
                IsoLineOutcome::Added => "added".to_owned(),
                IsoLineOutcome::Changed => "changed".to_owned(),
                IsoLineOutcome::Unchanged => "unchanged".to_owned(),
                IsoLineOutcome::Refused(field, _) => format!("refused {field}"),
            })
            .collect();
        assert_eq!(told.join(" "), &row[3], "{}", &row[0]);
    }
}

#[test]
fn what_is_refused_says_why() {
    let mut classification = Classification::default();
    let outcomes = classification.take(&[line("120606@2016-01-01")]);
    let text = "1206 is not in the edition of 2016 on 2016-01-01".to_owned();
    assert_eq!(outcomes, [IsoLineOutcome::Refused("code", text)]);
}

#[test]
fn the_code_above_has_two_digits_less() {
    let above = |text: &str| code(text).code.parent().map(|code| code.to_string());
    assert_eq!(above("12230601").as_deref(), Some("122306"));
    assert_eq!(above("122306").as_deref(), Some("1223"));
    assert_eq!(above("1223").as_deref(), Some("12"));
    assert_eq!(above("12"), None);
}

#[test]
fn an_edition_is_known_by_its_year() {
    assert_eq!(IsoEdition::of_year(2022), Some(IsoEdition::Of2022));
    assert_eq!(IsoEdition::of_year(2015), None);
    assert!(IsoEdition::ALL.is_sorted());
}

prop_compose! {
    fn some_code()(edition in 0..3_usize, digits in 0..6_u8) -> EditionCode {
        EditionCode {
            edition: IsoEdition::ALL[edition],
            code: format!("{digits:02}").parse().expect("two digits"),
        }
    }
}

prop_compose! {
    fn some_mappings()(ends in prop::collection::vec((some_code(), some_code()), 0..12))
        -> Vec<IsoMapping> {
        let earlier = |(one, other): &(EditionCode, EditionCode)| one.edition < other.edition;
        let mapping = |(from, to)| IsoMapping { from, to };
        ends.into_iter().filter(earlier).map(mapping).collect()
    }
}

proptest! {
    #[test]
    fn the_order_of_mappings_never_matters(
        mappings in some_mappings(), asked in some_code(), to in 0..3_usize,
    ) {
        let to = IsoEdition::ALL[to];
        let mut reversed = mappings.clone();
        reversed.reverse();
        prop_assert_eq!(map_code(&mappings, &asked, to), map_code(&reversed, &asked, to));
    }

    #[test]
    fn what_a_neighbour_edition_answers_leads_back(
        mappings in some_mappings(), asked in some_code(),
    ) {
        let neighbours: Vec<IsoMapping> = mappings
            .into_iter()
            .filter(|mapping| (mapping.from.edition, mapping.to.edition)
                != (IsoEdition::Of2011, IsoEdition::Of2022))
            .collect();
        for to in IsoEdition::ALL {
            for found in map_code(&neighbours, &asked, to).codes {
                let there = EditionCode { edition: to, code: found };
                let back = map_code(&neighbours, &there, asked.edition).codes;
                prop_assert!(back.contains(&asked.code), "{:?} from {:?}", asked, there);
            }
        }
    }

    #[test]
    fn a_list_taken_twice_changes_nothing_the_second_time(
        picked in prop::collection::vec((0..8_usize, 0..4_usize, prop::option::of(4..7_usize)), 1..12),
    ) {
        let codes = ["12", "1203", "120303", "1206", "120606", "12060601", "18", "1812"];
        let days = ["2016-01-01", "2017-01-01", "2018-01-01", "2019-01-01", "2020-01-01",
            "2021-01-01", "2022-01-01"];
        let written = |(code, from, to): (usize, usize, Option<usize>)| {
            let end = to.map(|to| format!("..{}", days[to])).unwrap_or_default();
            line(&format!("{}@{}{end}", codes[code], days[from]))
        };
        let list: Vec<IsoLine> = picked.into_iter().map(written).collect();
        let mut classification = Classification::default();
        let first = classification.take(&list);
        for (first, second) in first.iter().zip(classification.take(&list)) {
            let refused = matches!(first, IsoLineOutcome::Refused(..));
            prop_assert_eq!(refused, matches!(second, IsoLineOutcome::Refused(..)));
            prop_assert!(refused || second == IsoLineOutcome::Unchanged);
        }
    }
}

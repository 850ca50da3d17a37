//! Opaque ids, codes and ISO codes: one strict spelling each.

use hjm_ids::{
    ArticleNumber, CustomerNumber, IsoCode, LoanId, PrincipalId, RecipientId, RequestId, TenantId,
    UnitNumber,
};
use proptest::prelude::*;

const UUID: &str = "0192f0c1-7e57-7000-8000-0000000000aa";

#[test]
fn opaque_id_has_one_spelling() {
    let id: LoanId = UUID.parse().unwrap();
    assert_eq!(id.to_string(), UUID);
    assert_eq!(LoanId::new(id.uuid()), id);
    for text in [
        UUID.to_uppercase(),
        UUID.replace('-', ""),
        format!("{{{UUID}}}"),
        format!("urn:uuid:{UUID}"),
        format!(" {UUID}"),
        String::new(),
    ] {
        assert!(text.parse::<RecipientId>().is_err(), "{text:?}");
    }
    let error = "x".parse::<LoanId>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a loan id is written as a UUID in lower case"
    );
}

/// Which of the texts an id accepts.
fn accepted<T: std::str::FromStr>(texts: &[&str]) -> Vec<usize> {
    (0..texts.len())
        .filter(|&index| texts[index].parse::<T>().is_ok())
        .collect()
}

#[test]
fn codes_are_read_within_their_alphabet_and_length() {
    let long = "a".repeat(65);
    let texts = [
        "",
        "a",
        "ab",
        "23",
        "2380",
        "jamtland-harjedalen",
        "Ab",
        "a_b",
        "a b",
        "åb",
        "1201",
        "ABC-123",
        "abcdefghijklm",
        &long[..30],
        &long[..40],
        &long[..41],
        &long[..64],
        &long,
    ];
    assert_eq!(accepted::<TenantId>(&texts), [2, 3, 4, 5, 10, 12, 13, 14]);
    assert_eq!(
        accepted::<PrincipalId>(&texts),
        accepted::<TenantId>(&texts)
    );
    assert_eq!(accepted::<CustomerNumber>(&texts), [1, 2, 3, 4, 6, 10]);
    assert_eq!(
        accepted::<ArticleNumber>(&texts),
        [1, 2, 3, 4, 5, 6, 10, 11, 12]
    );
    assert_eq!(
        accepted::<UnitNumber>(&texts),
        [1, 2, 3, 4, 5, 6, 10, 11, 12, 13]
    );
    assert_eq!(accepted::<RequestId>(&texts), [5, 13, 14, 15, 16]);
    assert!(
        "sixteen visible!".parse::<RequestId>().is_err(),
        "a space is not visible"
    );
    let error = "é".parse::<CustomerNumber>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a customer number is written as 1 to 12 letters and digits"
    );
}

#[test]
fn iso_code_is_within_every_level_above_it() {
    let iso = |text: &str| text.parse::<IsoCode>().unwrap();
    assert!(iso("12230601").is_within(&iso("1223")));
    assert!(iso("1223").is_within(&iso("1223")));
    assert!(!iso("1223").is_within(&iso("122306")));
    assert!(!iso("1206").is_within(&iso("1223")));
    assert_eq!(iso("122306").digits(), 6);
    for text in [
        "",
        "1",
        "122",
        "12230",
        "1223060",
        "122306011",
        "12 23",
        "12.23",
        "1²",
    ] {
        assert!(text.parse::<IsoCode>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_shown_as_it_was(text in "[!-~]{16,64}") {
        let id: RequestId = text.parse().unwrap();
        prop_assert_eq!(id.as_str(), text.as_str());
        prop_assert_eq!(id.to_string(), text);
    }
}

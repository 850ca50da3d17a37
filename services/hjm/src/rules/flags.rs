//! How the flags of `hjm rules` are read.

use hjm_billing::LossKind;
use hjm_catalogue::{Duration, Housing, Occasion, PlaceOfCare, ProductCategory, Purpose};
use hjm_ids::IsoCode;
use jiff::civil::Date;

/// A product's code has a division.
const PRODUCT_DIGITS_MIN: usize = 6;

/// The classes of ISO 9999:2016. Which codes they hold is a site's licensed list.
const CLASSES: [&str; 12] = [
    "04", "05", "06", "09", "12", "15", "18", "22", "24", "27", "28", "30",
];

/// A name and its day; nothing for `none`.
pub(super) type Named = Option<(String, Date)>;

/// The value that a word stands for, or all the words.
fn one_of<T: Copy>(known: &[(&str, T)], text: &str) -> Result<T, String> {
    let found = known.iter().find(|(word, _)| *word == text);
    found.map(|&(_, value)| value).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|&(word, _)| word).collect();
        format!("is one of {}", words.join(", "))
    })
}

pub(super) fn product(text: &str) -> Result<IsoCode, String> {
    let code = text.parse::<IsoCode>().ok();
    let code = code.filter(|code| code.digits() >= PRODUCT_DIGITS_MIN);
    let code = code.ok_or("must be a product's code: six digits, or eight")?;
    if CLASSES.iter().any(|class| text.starts_with(class)) {
        Ok(code)
    } else {
        Err(format!("ISO 9999 has the classes {}", CLASSES.join(", ")))
    }
}

pub(super) fn occasion(text: &str) -> Result<Occasion, String> {
    let known = [
        ("first", Occasion::First),
        ("replacement", Occasion::Replacement),
    ];
    one_of(&known, text)
}

pub(super) fn place(text: &str) -> Result<PlaceOfCare, String> {
    let known = [
        ("home", PlaceOfCare::Home),
        ("primary-care", PlaceOfCare::PrimaryCare),
        ("hospital", PlaceOfCare::Hospital),
    ];
    one_of(&known, text)
}

pub(super) fn housing(text: &str) -> Result<Housing, String> {
    let known = [
        ("ordinary", Housing::Ordinary),
        ("special", Housing::Special),
    ];
    one_of(&known, text)
}

pub(super) fn purpose(text: &str) -> Result<Purpose, String> {
    let known = [
        ("daily-living", Purpose::DailyLiving),
        ("care-and-treatment", Purpose::CareAndTreatment),
    ];
    one_of(&known, text)
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let known = [
        ("temporary", Duration::Temporary),
        ("lasting", Duration::Lasting),
    ];
    one_of(&known, text)
}

pub(super) fn category(text: &str) -> Result<ProductCategory, String> {
    let known = [
        ("aid", ProductCategory::Aid),
        ("medicine-near", ProductCategory::MedicineNear),
        ("benefit-consumable", ProductCategory::BenefitConsumable),
        ("self-care", ProductCategory::SelfCare),
        ("consumable", ProductCategory::Consumable),
    ];
    one_of(&known, text)
}

pub(super) fn lost(text: &str) -> Result<LossKind, String> {
    let known = [
        ("device", LossKind::Device),
        ("component", LossKind::Component),
        ("special-adaptation", LossKind::SpecialAdaptation),
        ("hearing-aid", LossKind::HearingAid),
        ("scrapping-rule", LossKind::ScrappingRule),
        ("misuse", LossKind::Misuse),
    ];
    one_of(&known, text)
}

/// `name:YYYY-MM-DD`, or `none`.
pub(super) fn named(text: &str) -> Result<Named, String> {
    if text == "none" {
        return Ok(None);
    }
    let (name, day) = text.split_once(':').ok_or("write it as name:YYYY-MM-DD")?;
    let day = day.parse().map_err(|error| format!("{day}: {error}"))?;
    Ok(Some((name.to_owned(), day)))
}

/// `rule:yes` or `rule:no`.
pub(super) fn answer(text: &str) -> Result<(String, bool), String> {
    let (rule, answer) = text.split_once(':').ok_or("write it as rule:yes")?;
    let answer = one_of(&[("yes", true), ("no", false)], answer)?;
    Ok((rule.to_owned(), answer))
}

pub(super) fn days(text: &str) -> Result<Vec<Date>, jiff::Error> {
    let days = text.split(',').filter(|day| !day.is_empty());
    days.map(str::parse).collect()
}

pub(super) fn codes(text: &str) -> Result<Vec<IsoCode>, hjm_ids::IdError> {
    let codes = text.split(',').filter(|code| !code.is_empty());
    codes.map(str::parse).collect()
}

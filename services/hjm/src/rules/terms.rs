//! Swedish words for the names and values of facts, which are stored and asked for in English.

use super::Language;

/// A fact's name as the rules have it, and what a care administrator calls it.
const NAMES: [(&str, &str); 42] = [
    ("on", "dag"),
    ("iso", "ISO-kod"),
    ("product_group", "produktgrupp"),
    ("age", "ålder"),
    ("born_on", "ålder"),
    ("palliative", "palliativ vård"),
    ("in_patient", "inskriven på sjukhus"),
    ("occasion", "förskrivning"),
    ("quantity", "antal"),
    ("price", "pris"),
    ("earlier", "tidigare av samma slag"),
    ("number", "ordningsnummer"),
    ("kinds_together", "slag tillsammans"),
    ("qualifying_condition", "berättigande tillstånd"),
    ("scheme_ceiling", "högkostnadsskyddets tak"),
    ("municipality", "kommun"),
    ("fee", "avgift"),
    ("table", "avgiftstabell"),
    ("service", "tjänst"),
    ("cost", "kostnad"),
    ("ordained_by", "ordinerad av"),
    ("region", "region"),
    ("customer_principal", "kundnumrets huvudman"),
    ("registered_in", "folkbokföringskommun"),
    ("home_care", "hemsjukvård"),
    ("housing", "boende"),
    ("in_habilitation", "inskriven i habiliteringen"),
    ("lss_rehabilitation", "rehabilitering inom LSS"),
    ("place_of_care", "vårdplats"),
    ("purpose", "syfte"),
    ("duration", "behovets varaktighet"),
    ("category", "produktkategori"),
    ("speech_therapist", "kräver logoped"),
    ("asylum_seeker", "asylsökande"),
    ("right_granted", "förskrivningsrätt"),
    ("profession", "yrkesgrupp"),
    ("unit_kind", "enhet"),
    ("referred_by", "remiss från"),
    ("trainings", "utbildning"),
    ("answers", "svar"),
    ("held", "har redan"),
    ("in_range", "i sortimentet"),
];

/// A fact's value as the rules have it, and in Swedish; what is not here is a number, a day or a code.
const VALUES: [(&str, &str); 32] = [
    ("true", "ja"),
    ("false", "nej"),
    ("yes", "ja"),
    ("no", "nej"),
    ("FIRST", "första gången"),
    ("REPLACEMENT", "ersättning"),
    ("Ordinary", "ordinärt boende"),
    ("Special", "särskilt boende"),
    ("Home", "hemmet"),
    ("PrimaryCare", "primärvård"),
    ("Hospital", "sjukhus"),
    ("DailyLiving", "det dagliga livet"),
    ("CareAndTreatment", "vård och behandling"),
    ("Temporary", "tillfälligt"),
    ("Lasting", "varaktigt"),
    ("Aid", "hjälpmedel"),
    ("MedicineNear", "läkemedelsnära produkt"),
    ("BenefitConsumable", "förbrukningsartikel i förmånen"),
    ("SelfCare", "egenvård"),
    ("Consumable", "förbrukningsartikel"),
    ("none", "ingen"),
    ("none of the same", "ingen likadan"),
    ("any", "alla"),
    ("local never", "lokal, aldrig"),
    ("national never", "nationell, aldrig"),
    ("occupational_therapist", "arbetsterapeut"),
    ("physiotherapist", "fysioterapeut"),
    ("nurse", "sjuksköterska"),
    ("physician", "läkare"),
    ("vision_centre", "syncentral"),
    ("hearing_centre", "hörcentral"),
    ("aid_consultant", "hjälpmedelskonsulent"),
];

fn word<'text>(words: &[(&str, &'static str)], text: &'text str) -> &'text str {
    let found = words.iter().find(|(known, _)| *known == text);
    found.map_or(text, |&(_, word)| word)
}

/// Where an answer is printed, as its document cites it; the fee table itself where no row of it is.
pub(super) fn source(lang: Language, source: &str) -> &str {
    match lang {
        Language::Sv if source == "the whole table" => "hela tabellen",
        Language::Sv | Language::En => source,
    }
}

/// The names of facts, as a list.
pub(super) fn names(lang: Language, names: &[&str]) -> String {
    let words: Vec<&str> = names.iter().map(|name| self::name(lang, name)).collect();
    words.join(", ")
}

fn name(lang: Language, name: &str) -> &str {
    match lang {
        Language::En => name,
        Language::Sv => word(&NAMES, name),
    }
}

/// The facts of an answer, as a list.
pub(super) fn facts(lang: Language, facts: &[(String, String)]) -> String {
    let facts = facts.iter().map(|(name, value)| match lang {
        Language::En => format!("{name}={value}"),
        Language::Sv => format!("{} {}", word(&NAMES, name), self::value(value)),
    });
    facts.collect::<Vec<_>>().join(", ")
}

/// A value, or its first word where a day follows: `local 2024-01-15`.
fn value(text: &str) -> String {
    let whole = word(&VALUES, text);
    match text.split_once(' ') {
        _ if whole != text => whole.to_owned(),
        Some(("local", rest)) => format!("lokal {rest}"),
        Some(("national", rest)) => format!("nationell {rest}"),
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_told_in_the_language_of_the_page() {
        let told = [
            ("iso".to_owned(), "122206".to_owned()),
            ("occasion".to_owned(), "FIRST".to_owned()),
            ("trainings".to_owned(), "local 2024-01-15".to_owned()),
        ];
        let english = "iso=122206, occasion=FIRST, trainings=local 2024-01-15";
        assert_eq!(facts(Language::En, &told), english);
        let swedish = "ISO-kod 122206, förskrivning första gången, utbildning lokal 2024-01-15";
        assert_eq!(facts(Language::Sv, &told), swedish);
        let names = names(Language::Sv, &["born_on", "registered_in"]);
        assert_eq!(names, "ålder, folkbokföringskommun");
    }
}

//! Swedish words for the names and values of facts, which are stored and asked for in English.

use super::Language;

/// A fact's name as the rules have it, and what a care administrator calls it.
pub(super) const NAMES: [(&str, &str); 56] = [
    ("on", "dag"),
    ("iso", "ISO-kod"),
    ("product_group", "produktgrupp"),
    ("age", "ålder"),
    ("born_on", "födelsedag"),
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
    ("special_decisions", "särskilt beslut"),
    ("duplicate_justified", "skäl för dubbelförskrivning"),
    ("kind", "slag"),
    ("acquired_on", "anskaffad"),
    ("residual", "restvärde"),
    ("group", "avskrivningsgrupp"),
    ("years", "avskrivningsår"),
    ("months", "månader"),
    ("needs_installation", "installeras"),
    ("ended_on", "avslutad"),
    ("invoiced_on", "fakturerad"),
    ("received_on", "mottagen"),
    ("objected_on", "bestriden"),
    ("lost", "förlust"),
];

/// A fact's value as the rules have it, and in Swedish; what is not here is a number, a day or a code.
const VALUES: [(&str, &str); 55] = [
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
    ("aid_centre", "hjälpmedelscentralen"),
    ("audiology_clinic", "audiologisk mottagning"),
    ("head_of_orthopaedic_clinic", "chefen för ortopedkliniken"),
    ("ophthalmologist", "ögonläkare"),
    ("orthoptist", "ortoptist"),
    ("optician", "optiker"),
    ("local", "lokal"),
    ("national", "nationell"),
    ("DEVICE", "hjälpmedel"),
    ("COMPONENT", "komponent"),
    ("SPECIAL_ADAPTATION", "specialanpassning"),
    ("HEARING_AID", "hörapparat"),
    ("SCRAPPING_RULE", "kasseringsregel"),
    ("MISUSE", "vanvård"),
    ("hygiene", "hygien"),
    ("walkers", "gånghjälpmedel"),
    ("mattresses and cushions", "madrasser och dynor"),
    ("work chairs", "arbetsstolar"),
    ("cognition", "kognition"),
    ("wheelchairs", "rullstolar"),
    ("lifts", "lyftar"),
    ("beds", "sängar"),
    ("other", "övrigt"),
];

/// The services and allowances of the shipped tables, by their ids.
const SERVICES: [(&str, &str); 40] = [
    (
        "bicycle-already-prescribed",
        "Cykel som redan är förskriven",
    ),
    ("bicycle-higher", "Cykel, högre avgift"),
    ("bicycle-lower", "Cykel, lägre avgift"),
    ("cleaning", "Rengöring"),
    ("contact-lenses-higher", "Kontaktlinser, högre avgift"),
    ("contact-lenses-lower", "Kontaktlinser, lägre avgift"),
    ("glasses-0-7", "Glasögon, 0–7 år"),
    ("glasses-or-lenses-8-19", "Glasögon eller linser, 8–19 år"),
    ("insole-custom", "Specialtillverkat inlägg"),
    ("insoles-custom-pair", "Specialtillverkade inlägg, par"),
    (
        "missed-visit-doctor-hospital",
        "Uteblivet läkarbesök, sjukhus",
    ),
    (
        "missed-visit-doctor-primary-care",
        "Uteblivet läkarbesök, primärvård",
    ),
    (
        "missed-visit-other-hospital",
        "Uteblivet annat besök, sjukhus",
    ),
    (
        "missed-visit-other-primary-care",
        "Uteblivet annat besök, primärvård",
    ),
    ("move-of-hearing-equipment", "Flytt av hörselutrustning"),
    ("nutrition-half", "Näring, halva behovet"),
    ("nutrition-supplement", "Näring, tillägg"),
    ("nutrition-whole", "Näring, hela behovet"),
    ("one-off-device", "Nytt hjälpmedel"),
    (
        "orthopaedic-consumables",
        "Ortopedteknisk förbrukningsartikel",
    ),
    ("pickup", "Hämtning"),
    ("rent-for-an-activity", "Hyra vid tillfällig aktivitet"),
    ("service", "Service"),
    ("short-term", "Korttidsförskrivning, tre påbörjade månader"),
    ("sold-product", "Produkt som säljs"),
    ("treatment-aid-month", "Behandlingshjälpmedel, månad"),
    ("tricycle-small-wheels", "Trehjuling med små hjul"),
    ("visit", "Besök"),
    ("visit-aid-centre", "Besök på hjälpmedelscentralen"),
    ("visit-doctor-hospital", "Läkarbesök, sjukhus"),
    ("visit-doctor-primary-care", "Läkarbesök, primärvård"),
    ("visit-other-hospital", "Annat besök, sjukhus"),
    ("visit-other-primary-care", "Annat besök, primärvård"),
    ("visit-trying-out", "Besök för utprovning"),
    (
        "visitor-first-month",
        "Lån vid tillfällig vistelse, första månaden, med moms",
    ),
    (
        "visitor-further-month",
        "Lån vid tillfällig vistelse, ytterligare månad, med moms",
    ),
    (
        "visitor-loan",
        "Lån vid tillfällig vistelse, utöver hyran, utan moms",
    ),
    ("visitor-rent", "Hyra vid tillfällig vistelse"),
    (
        "visitor-start",
        "Startavgift vid tillfällig vistelse, utöver hyran",
    ),
    ("wig", "Peruk"),
];

/// What a service or allowance is called.
pub(super) fn service(lang: Language, id: &str) -> &str {
    match lang {
        Language::En => id,
        Language::Sv => word(&SERVICES, id),
    }
}

/// A name that a directive asks for: a profession, a kind of unit, a training, an office.
pub(super) fn office(text: &str) -> &str {
    word(&VALUES, text)
}

/// A fact that nobody told, and which of its kind it is.
pub(super) fn asked(lang: Language, fact: &str, names: &[String]) -> String {
    let of_a_kind = [
        "trainings",
        "special_decisions",
        "unit_kind",
        "referred_by",
        "answers",
    ];
    let called = name(lang, fact);
    if names.is_empty() || !of_a_kind.contains(&fact) {
        return called.to_owned();
    }
    let names = names.iter().map(|name| match lang {
        Language::En => name.as_str(),
        Language::Sv => office(name),
    });
    format!("{called} ({})", names.collect::<Vec<_>>().join(", "))
}

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
        Some(_) | None if is_amount(text) => text.replace('.', ","),
        Some(_) | None => text.to_owned(),
    }
}

/// Whether a value is an amount: digits and two decimals.
fn is_amount(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split_once('.');
    parts.is_some_and(|(kronor, ore)| digits(kronor) && ore.len() == 2 && digits(ore))
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
            ("price".to_owned(), "16000.00".to_owned()),
        ];
        let english = "iso=122206, occasion=FIRST, trainings=local 2024-01-15, price=16000.00";
        assert_eq!(facts(Language::En, &told), english);
        let swedish = "ISO-kod 122206, förskrivning första gången, utbildning lokal 2024-01-15, \
                       pris 16000,00";
        assert_eq!(facts(Language::Sv, &told), swedish);
        let names = names(Language::Sv, &["born_on", "registered_in"]);
        assert_eq!(names, "födelsedag, folkbokföringskommun");
    }
}

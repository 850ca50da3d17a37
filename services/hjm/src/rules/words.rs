//! The page's words, in English and Swedish. Nothing is decided here.

use hjm_billing::{RentEnd, RentStart, RentTerms, RentUnit};
use hjm_catalogue::{
    FeeDecision, FeeError, FeeKind, FeeReason, MonthsCovered, Payer, PayerDecision, PayerError,
    Prescribes, PrescribingObjection, PrescribingReason,
};
use hjm_money::Money;

use super::{Language, terms};

/// The fixed words of a page.
pub(super) struct Words {
    pub(super) fee: &'static str,
    pub(super) payer: &'static str,
    pub(super) rent: &'static str,
    pub(super) right: &'static str,
    pub(super) allowed: &'static str,
    pub(super) right_unknown: &'static str,
    pub(super) rule: &'static str,
    pub(super) version: &'static str,
    pub(super) source: &'static str,
    pub(super) facts: &'static str,
    pub(super) age: &'static str,
    pub(super) no_rules: &'static str,
    pub(super) beside: &'static str,
}

const ENGLISH: Words = Words {
    fee: "Fee",
    payer: "Payer",
    rent: "Rent",
    right: "Right",
    allowed: "Nothing speaks against prescribing it.",
    right_unknown: "Whether it may be prescribed turns on:",
    rule: "rule",
    version: "version",
    source: "source:",
    facts: "facts:",
    age: "age",
    no_rules: "The county has no such rules here.",
    beside: "Not in force, for no source prints it all:",
};

const SWEDISH: Words = Words {
    fee: "Avgift",
    payer: "Betalare",
    rent: "Hyra",
    right: "Rätt",
    allowed: "Inget hindrar att den förskrivs.",
    right_unknown: "Om den får förskrivas beror på:",
    rule: "regel",
    version: "version",
    source: "källa:",
    facts: "uppgifter:",
    age: "ålder",
    no_rules: "Länet har inga sådana regler här.",
    beside: "Gäller inte, eftersom källan inte anger allt:",
};

pub(super) const fn of(lang: Language) -> &'static Words {
    match lang {
        Language::En => &ENGLISH,
        Language::Sv => &SWEDISH,
    }
}

pub(super) fn payer(lang: Language, decision: &PayerDecision) -> String {
    if lang == Language::En {
        return decision.explanation.text.clone();
    }
    let pays = match &decision.payer {
        Payer::Principal(id) if id.as_str().len() == 2 => format!("Regionen betalar ({id})."),
        Payer::Principal(id) => format!("Kommunen betalar ({id})."),
        Payer::Person => "Egenansvar: personen betalar.".to_owned(),
        Payer::HomeRegion => "Hemregionen betalar.".to_owned(),
        Payer::State => "Staten betalar.".to_owned(),
        Payer::Outside { apply_to } => format!("Förskrivs inte; sök hos: {apply_to}."),
    };
    match decision.prescribes {
        Prescribes::Payer => pays,
        Prescribes::Region => format!("{pays} Regionen förskriver och följer upp."),
        Prescribes::Municipality => format!("{pays} Kommunen förskriver och följer upp."),
    }
}

pub(super) fn against(lang: Language, objection: &PrescribingObjection) -> String {
    if lang == Language::En {
        return format!("May not be prescribed so. {}", objection.explanation.text);
    }
    let text = match objection.reason {
        PrescribingReason::RightNotGranted => "Får inte: verksamhetschefen har inte gett rätten.",
        PrescribingReason::ProfessionNotAllowed => "Får inte: yrkesgruppen får inte förskriva den.",
        PrescribingReason::UnitNotAllowed => "Får inte: enheten får inte förskriva den.",
        PrescribingReason::ReferralRequired => "Får inte: remiss krävs.",
        PrescribingReason::TrainingMissing => "Får inte: utbildningen är inte genomgången.",
        PrescribingReason::TrainingExpired => "Får inte: utbildningen är för gammal.",
        PrescribingReason::CriterionNotMet => "Får inte: kriteriet är inte uppfyllt.",
        PrescribingReason::Contraindicated => "Får inte: kontraindikation.",
        PrescribingReason::DuplicateNotAllowed => "Får inte: dubbelförskrivning.",
        PrescribingReason::DuplicateNotJustified => "Får inte: skäl för dubbelförskrivning saknas.",
        PrescribingReason::SpecialDecisionRequired => "Får inte utan särskilt beslut.",
        PrescribingReason::FactMissing => "Kan inte avgöras.",
    };
    text.to_owned()
}

pub(super) fn no_payer(lang: Language, error: &PayerError) -> String {
    match (lang, error) {
        (Language::En, error) => format!("Not decided: {error}."),
        (Language::Sv, PayerError::MissingFact { facts }) => {
            format!("Kan inte avgöras utan: {}.", terms::names(lang, facts))
        }
        (Language::Sv, PayerError::NoRule { facts }) => {
            format!(
                "Ingen regel gäller; det beror på: {}.",
                terms::names(lang, facts)
            )
        }
        (Language::Sv, PayerError::Shared { rule, .. }) => {
            format!("Delat ansvar enligt {rule}, och källan anger inte hur.")
        }
    }
}

pub(super) fn rent(lang: Language, terms: &RentTerms) -> String {
    if lang == Language::En {
        return terms.explanation.text.clone();
    }
    let unit = match terms.unit {
        RentUnit::Day => "per dag, första och sista dagen räknas",
        RentUnit::CalendarMonth => "per kalendermånad",
        RentUnit::Started30Days => "per påbörjad 30-dagarsperiod",
    };
    let start = match terms.start {
        RentStart::Delivery => "från leveransdagen",
        RentStart::StoreRegistration => "från leveransdagen, eller registreringen från förråd,",
    };
    let days = terms.end_days.unwrap_or(0);
    let end = match terms.end {
        RentEnd::ReturnRegistered => "till och med dagen då returen registreras".to_owned(),
        RentEnd::ArrivalMinusDays if days == 0 => "till och med ankomsten".to_owned(),
        RentEnd::ArrivalMinusDays => format!("till {days} dagar före ankomsten"),
        RentEnd::PickupPlusDays => format!("till {days} dagar efter hämtordern"),
        RentEnd::PickupPlusWorkingDays => format!("till {days} arbetsdagar efter hämtordern"),
    };
    format!("Hyra {unit}, {start} {end}.")
}

pub(super) fn fee(lang: Language, decision: &FeeDecision) -> String {
    if lang == Language::En {
        return decision.explanation.text.clone();
    }
    let amount = kronor(decision.amount);
    let free = match decision.reason {
        FeeReason::NoFee => Some("Ingen avgift för produkten.".to_owned()),
        FeeReason::UnderAge => Some("Ingen avgift: personen är under åldersgränsen.".to_owned()),
        FeeReason::Palliative => Some("Ingen avgift: palliativ vård.".to_owned()),
        FeeReason::InPatient => Some("Ingen avgift: personen är inskriven på sjukhus.".to_owned()),
        FeeReason::Replacement => Some("Ingen avgift: ersätter ett utslitet.".to_owned()),
        FeeReason::NotYetInForce => Some("Ingen avgift ännu.".to_owned()),
        FeeReason::NotPrescribable => Some("Egenansvar: produkten förskrivs inte.".to_owned()),
        FeeReason::NotSubsidised => Some("Subventioneras inte: personen köper den.".to_owned()),
        FeeReason::CostCap => Some(format!(
            "Kostnadstak: personen betalar {amount} och äger produkten, enheten betalar {}.",
            kronor(decision.unit_pays)
        )),
        FeeReason::Fee | FeeReason::Share | FeeReason::ShareFloor | FeeReason::ShareCeiling => None,
    };
    free.unwrap_or_else(|| charged(decision))
}

fn kronor(amount: Money) -> String {
    amount.to_string().replace('.', ",")
}

fn charged(decision: &FeeDecision) -> String {
    let (amount, terms) = (kronor(decision.amount), decision.terms);
    let most = terms
        .months_max
        .map(|most| format!(", högst {most} månader"))
        .unwrap_or_default();
    let every = match decision.kind {
        FeeKind::None | FeeKind::CostCap => String::new(),
        FeeKind::OneOff => " per förskrivning".to_owned(),
        FeeKind::ShareOfValue => " som andel av värdet".to_owned(),
        FeeKind::Per12Months => " per år".to_owned(),
        FeeKind::PerCalendarMonth => format!(" per kalendermånad{most}"),
        FeeKind::PerStartedMonth => format!(" per påbörjad månad{most}"),
        FeeKind::MonthlySubscription => match terms.covers {
            Some(MonthsCovered::WholeMonth) => " per hel månad, oavsett antal".to_owned(),
            Some(MonthsCovered::AnyDay) | None => " per månad, oavsett antal".to_owned(),
        },
        FeeKind::PurchaseAfterTrial => {
            let months = terms.trial_months.unwrap_or(0);
            return format!("Fritt lån i {months} månader, därefter köp för {amount} kr.");
        }
    };
    let owned = if terms.person_owns {
        " Personen äger sedan produkten."
    } else {
        ""
    };
    format!("Egenavgift {amount} kr{every}.{owned}")
}

pub(super) fn no_fee(lang: Language, error: &FeeError) -> String {
    match (lang, error) {
        (Language::En, error) => format!("Not decided: {error}."),
        (Language::Sv, FeeError::MissingFact { fact }) => {
            format!("Kan inte avgöras utan: {}.", terms::names(lang, &[*fact]))
        }
        (Language::Sv, FeeError::NotPrinted { what }) => {
            format!("Kan inte avgöras: källan anger inte {what}.")
        }
        (Language::Sv, FeeError::NotInTable { what }) => match what.strip_prefix("anything") {
            Some(rest) => match rest.strip_prefix(" for municipality ") {
                Some(code) => format!("Ingen avgiftstabell gäller i kommunen {code}."),
                None => "Ingen avgiftstabell gäller.".to_owned(),
            },
            None => format!("Ingen avgiftstabell heter {what}."),
        },
        (
            Language::Sv,
            FeeError::NegativePrice
            | FeeError::ZeroQuantity
            | FeeError::NoGroup { .. }
            | FeeError::NoCostCap
            | FeeError::Money(_),
        ) => "Kan inte avgöras med dessa uppgifter.".to_owned(),
    }
}

//! The page's words, in English and Swedish. Nothing is decided here.

use hjm_billing::{
    Chargeable, Consultation, Limits, LossDecision, LossError, LossLineKind, LossPayer, RentEnd,
    RentStart, RentTerms, RentUnit,
};
use hjm_catalogue::{
    AllowanceDecision, AllowanceReason, FeeDecision, FeeError, FeeKind, FeeReason, MonthsCovered,
    Payer, PayerDecision, PayerError, Prescribes, PrescribingObjection, PrescribingReason,
    ServiceFee,
};
use hjm_money::{Money, UnitPrice};
use hjm_policy::Explanation;
use jiff::civil::Date;

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
    pub(super) loss: &'static str,
    pub(super) visitor: &'static str,
    pub(super) services: &'static str,
    pub(super) allowances: &'static str,
    pub(super) undecided: &'static str,
    pub(super) no_formula: &'static str,
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
    loss: "Loss",
    visitor: "Visitor",
    services: "Services",
    allowances: "Allowances",
    undecided: "Not decided without:",
    no_formula: "The county makes no rent from price and age.",
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
    loss: "Förlust",
    visitor: "Utomläns",
    services: "Tjänster",
    allowances: "Bidrag",
    undecided: "Kan inte avgöras utan:",
    no_formula: "Länet räknar inte hyran på pris och ålder.",
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
        return format!("Against it: {}", objection.explanation.text);
    }
    let names = objection.names.iter().map(|name| terms::office(name));
    let names = names.collect::<Vec<_>>().join(", ");
    match objection.reason {
        PrescribingReason::RightNotGranted => {
            "Får inte: verksamhetschefen har inte gett rätten.".to_owned()
        }
        PrescribingReason::ProfessionNotAllowed => {
            "Får inte: yrkesgruppen får inte förskriva den.".to_owned()
        }
        PrescribingReason::UnitNotAllowed => format!("Får inte: förskrivs bara vid {names}."),
        PrescribingReason::ReferralRequired if names.is_empty() => {
            "Får inte: remiss krävs.".to_owned()
        }
        PrescribingReason::ReferralRequired => format!("Får inte: remiss krävs från {names}."),
        PrescribingReason::TrainingMissing => {
            format!("Får inte: utbildningen ({names}) är inte genomgången.")
        }
        PrescribingReason::TrainingExpired => {
            format!("Får inte: utbildningen ({names}) är för gammal.")
        }
        PrescribingReason::CriterionNotMet => {
            format!("Får inte: kriteriet är inte uppfyllt: {names}")
        }
        PrescribingReason::Contraindicated => format!("Får inte: kontraindikation: {names}"),
        PrescribingReason::DuplicateNotAllowed => "Får inte: dubbelförskrivning.".to_owned(),
        PrescribingReason::DuplicateNotJustified => {
            "Får inte: skäl för dubbelförskrivning saknas.".to_owned()
        }
        PrescribingReason::SpecialDecisionRequired => {
            format!("Får inte utan särskilt beslut av {names}.")
        }
        PrescribingReason::FactMissing => "Kan inte avgöras.".to_owned(),
    }
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
    format!("{} kr", amount.to_string().replace('.', ","))
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
            return format!("Fritt lån i {months} månader, därefter köp för {amount}.");
        }
    };
    let owned = if terms.person_owns {
        " Personen äger sedan produkten."
    } else {
        ""
    };
    format!("Egenavgift {amount}{every}.{owned}")
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

pub(super) fn service(lang: Language, fee: &ServiceFee) -> String {
    let why = &fee.explanation;
    let source = terms::source(lang, &why.source);
    match lang {
        Language::En => format!("{} ({source})", why.text),
        Language::Sv => format!("{} ({source})", kronor(fee.amount)),
    }
}

pub(super) fn allowance(lang: Language, decision: &AllowanceDecision) -> String {
    let why = &decision.explanation;
    let source = terms::source(lang, &why.source);
    let text = match (lang, decision.reason) {
        (Language::En, _) => why.text.clone(),
        (Language::Sv, AllowanceReason::Given) => kronor(decision.amount),
        (Language::Sv, AllowanceReason::OutsideAge) => "inget i den åldern".to_owned(),
        (Language::Sv, AllowanceReason::TooSoon) => "inget så snart efter det förra".to_owned(),
        (Language::Sv, AllowanceReason::NotOrdained) => {
            "inget när yrkesgruppen inte får ordinera".to_owned()
        }
    };
    format!("{text} ({source})")
}

pub(super) fn loss(lang: Language, decision: &LossDecision) -> String {
    let lines = decision.lines.iter().map(|line| match lang {
        Language::En => {
            let what = match line.kind {
                LossLineKind::Loss => "The loss",
                LossLineKind::AdministrativeFee => "The administrative fee",
            };
            let pays = match line.pays {
                LossPayer::Payer => "who pays the rent",
                LossPayer::PrescribingUnit => "the unit that prescribed it",
                LossPayer::Person => "the person",
            };
            format!("{what} is {}, paid by {pays}.", line.amount)
        }
        Language::Sv => {
            let what = match line.kind {
                LossLineKind::Loss => "Förlusten",
                LossLineKind::AdministrativeFee => "Den administrativa avgiften",
            };
            let pays = match line.pays {
                LossPayer::Payer => "hyrans betalare",
                LossPayer::PrescribingUnit => "förskrivande enhet",
                LossPayer::Person => "personen",
            };
            format!("{what} är {}, betalas av {pays}.", kronor(line.amount))
        }
    });
    let lines: Vec<String> = lines.collect();
    match (lang, lines.is_empty()) {
        (_, false) => lines.join(" "),
        (Language::En, true) => "Nothing is charged.".to_owned(),
        (Language::Sv, true) => "Inget debiteras.".to_owned(),
    }
}

pub(super) fn no_loss(lang: Language, error: &LossError) -> String {
    match (lang, error) {
        (Language::En, error) => format!("Not decided: {error}."),
        (Language::Sv, LossError::NoRule { .. }) => "Länet har ingen sådan regel.".to_owned(),
        (Language::Sv, LossError::MissingFact { fact }) => {
            format!("Kan inte avgöras utan: {}.", terms::names(lang, &[*fact]))
        }
        (Language::Sv, LossError::Amount(_)) => "Kan inte avgöras med dessa uppgifter.".to_owned(),
    }
}

pub(super) fn chargeable(lang: Language, chargeable: Chargeable) -> String {
    match (lang, chargeable) {
        (Language::En, Chargeable::Waits(from)) => {
            format!("It may be charged from {from}, unless it is found before.")
        }
        (Language::En, Chargeable::Found) => "It was found in time: not charged.".to_owned(),
        (Language::En, Chargeable::Since(from)) => format!("It may be charged since {from}."),
        (Language::Sv, Chargeable::Waits(from)) => {
            format!("Får debiteras från {from}, om det inte återfinns innan.")
        }
        (Language::Sv, Chargeable::Found) => "Återfanns i tid: debiteras inte.".to_owned(),
        (Language::Sv, Chargeable::Since(from)) => format!("Får debiteras sedan {from}."),
    }
}

pub(super) fn goes_over(lang: Language, goes: bool, why: &Explanation) -> String {
    match (lang, goes) {
        (Language::En, _) => why.text.clone(),
        (Language::Sv, true) => "Hjälpmedlet går över till det nya länet.".to_owned(),
        (Language::Sv, false) => "Hjälpmedlet går inte över till det nya länet.".to_owned(),
    }
}

pub(super) fn formula(lang: Language, price: UnitPrice) -> String {
    match lang {
        Language::En => format!("By the county's formula it is {price} a day."),
        Language::Sv => {
            let price = price.to_string().replace('.', ",");
            format!("Enligt länets formel {price} kr per dag.")
        }
    }
}

pub(super) const fn consultation(lang: Language, answer: Consultation) -> &'static str {
    match (lang, answer) {
        (Language::En, Consultation::Free) => "The home region is not consulted.",
        (Language::En, Consultation::Required) => "The home region is consulted first.",
        (Language::En, Consultation::HomeRegionOnly) => "The home region prescribes and pays it.",
        (Language::Sv, Consultation::Free) => "Hemregionen behöver inte tillfrågas.",
        (Language::Sv, Consultation::Required) => "Hemregionen ska tillfrågas först.",
        (Language::Sv, Consultation::HomeRegionOnly) => "Hemregionen förskriver och betalar.",
    }
}

pub(super) fn limits(lang: Language, limits: Limits, on: Date) -> String {
    let last = limits.last;
    match (lang, limits.in_time) {
        (Language::En, true) => format!("The last day is {last}: {on} is in time."),
        (Language::En, false) => format!("The last day is {last}: {on} is too late."),
        (Language::Sv, true) => format!("Sista dag är {last}: {on} är i tid."),
        (Language::Sv, false) => format!("Sista dag är {last}: {on} är för sent."),
    }
}

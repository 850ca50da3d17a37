//! `hjm rules`: what a county's shipped rules answer, on one page.

mod fee;
mod page;
mod right;
mod shelf;
mod terms;
mod words;

use clap::ValueEnum;
use hjm_catalogue::{Housing, PlaceOfCare};
use hjm_ids::{IsoCode, PrincipalId};
use hjm_money::Money;
use hjm_service::Clock;
use jiff::civil::Date;

use shelf::Shelf;

use crate::{cli::Error, print};

/// Values of one flag, read as a whole: for clap a `Vec` is a flag that is repeated.
type Days = Vec<Date>;
type Codes = Vec<IsoCode>;

/// Asks a county's rules: the fee, who pays, who may prescribe, how rent is counted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rules {
    /// The county, as its folder under policies is named: kronoberg, jamtland-harjedalen …
    #[arg(long)]
    pub(crate) county: String,
    /// ISO 9999 code of the product, six or eight digits.
    #[arg(long)]
    pub(crate) iso: IsoCode,
    /// The person's age in whole years.
    #[arg(long, conflicts_with = "born")]
    pub(crate) age: Option<u16>,
    /// The person's day of birth, YYYY-MM-DD.
    #[arg(long)]
    pub(crate) born: Option<Date>,
    /// The day that is asked about; today without it.
    #[arg(long)]
    pub(crate) on: Option<Date>,
    /// The product group: 1 self-responsibility, 2 cost cap, 3 own fee, 4 free.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) group: u8,
    /// The product's price or value in kronor.
    #[arg(long)]
    pub(crate) price: Option<Money>,
    /// Pieces of the prescription line.
    #[arg(long, default_value_t = 1)]
    pub(crate) quantity: u32,
    /// Days of the person's earlier ones of the kind, separated by commas; an empty text for none.
    #[arg(long, value_parser = days)]
    pub(crate) earlier: Option<Days>,
    /// Kinds of the same group prescribed together.
    #[arg(long)]
    pub(crate) kinds: Option<u16>,
    /// Whether a condition that gives a right to the county's part is recorded.
    #[arg(long)]
    pub(crate) condition: Option<bool>,
    /// The ceiling of the free-card scheme, in kronor, where it limits the fee.
    #[arg(long)]
    pub(crate) ceiling: Option<Money>,
    /// The fee table, where two of the county cover the code alike.
    #[arg(long)]
    pub(crate) table: Option<String>,
    /// The person is in palliative care.
    #[arg(long)]
    pub(crate) palliative: bool,
    /// The person is admitted to hospital.
    #[arg(long)]
    pub(crate) in_patient: bool,
    /// Where it is prescribed or used.
    #[arg(long)]
    pub(crate) place: Option<Place>,
    /// How the person lives.
    #[arg(long)]
    pub(crate) housing: Option<Living>,
    /// The municipality the person is registered in, by its code.
    #[arg(long)]
    pub(crate) registered: Option<PrincipalId>,
    /// The municipality whose home care the person is enrolled in, or none.
    #[arg(long)]
    pub(crate) home_care: Option<String>,
    /// The principal that owns the customer number prescribed on.
    #[arg(long)]
    pub(crate) customer: Option<PrincipalId>,
    /// Whether the person is enrolled in habilitation.
    #[arg(long)]
    pub(crate) habilitation: Option<bool>,
    /// Whether it is rehabilitation under LSS.
    #[arg(long)]
    pub(crate) lss: Option<bool>,
    /// Whether it needs a speech therapist's competence.
    #[arg(long)]
    pub(crate) speech_therapist: Option<bool>,
    /// Whether the person seeks asylum.
    #[arg(long, default_value_t = false)]
    pub(crate) asylum_seeker: bool,
    /// Who prescribes, as the directives call the profession: `occupational_therapist`.
    #[arg(long)]
    pub(crate) profession: Option<String>,
    /// Whether the unit's manager has granted the right to prescribe.
    #[arg(long)]
    pub(crate) right: Option<bool>,
    /// A training and the day it was completed, as kind:YYYY-MM-DD; may be repeated.
    #[arg(long, value_parser = right::training)]
    pub(crate) training: Vec<(String, Date)>,
    /// Codes of what the person keeps beside it, separated by commas; an empty text for nothing.
    #[arg(long, value_parser = codes)]
    pub(crate) held: Option<Codes>,
    /// The language of the page.
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Language,
}

/// Where a device is prescribed or used.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Place {
    /// At home.
    Home,
    /// At a health centre.
    PrimaryCare,
    /// In hospital.
    Hospital,
}

/// How a person lives.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Living {
    /// A home of one's own.
    Ordinary,
    /// Special housing.
    Special,
}

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// English.
    En,
    /// Swedish.
    Sv,
}

impl From<Place> for PlaceOfCare {
    fn from(place: Place) -> Self {
        match place {
            Place::Home => Self::Home,
            Place::PrimaryCare => Self::PrimaryCare,
            Place::Hospital => Self::Hospital,
        }
    }
}

impl From<Living> for Housing {
    fn from(living: Living) -> Self {
        match living {
            Living::Ordinary => Self::Ordinary,
            Living::Special => Self::Special,
        }
    }
}

fn days(text: &str) -> Result<Vec<Date>, jiff::Error> {
    let days = text.split(',').filter(|day| !day.is_empty());
    days.map(str::parse).collect()
}

fn codes(text: &str) -> Result<Vec<IsoCode>, hjm_ids::IdError> {
    let codes = text.split(',').filter(|code| !code.is_empty());
    codes.map(str::parse).collect()
}

/// Prints the page.
pub(crate) fn run(args: &Rules) -> Result<(), Error> {
    let on = match args.on {
        Some(on) => on,
        None => Clock::System.today()?,
    };
    let shelf = Shelf::of(&args.county)?;
    for line in page::lines(args, &shelf, on)? {
        print::line(line);
    }
    Ok(())
}

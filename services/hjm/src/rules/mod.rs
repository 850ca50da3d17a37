//! `hjm rules`: what a county's shipped rules answer, on one page.

mod fee;
mod flags;
mod loss;
mod page;
mod right;
mod shelf;
mod terms;
mod visitor;
mod words;

use clap::ValueEnum;
use hjm_catalogue::{Duration, Housing, Occasion, PlaceOfCare, ProductCategory, Purpose};
use hjm_ids::{IsoCode, PrincipalId};
use hjm_money::Money;
use hjm_service::Clock;
use jiff::civil::Date;

use flags::Named;
use shelf::Shelf;

use crate::{cli::Error, print};

/// Values of one flag, read as a whole: for clap a `Vec` is a flag that is repeated.
type Days = Vec<Date>;
type Codes = Vec<IsoCode>;

/// Asks a county's rules: the fee, who pays, who may prescribe, how rent is counted, and on request
/// what a loss costs and what the national agreement says. Each fact that a rule names is a flag of
/// its name; what is not told is not known.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rules {
    /// The county, as its folder under policies is named: kronoberg, jamtland-harjedalen …
    #[arg(long)]
    pub(crate) county: String,
    /// ISO 9999 code of the product, six or eight digits.
    #[arg(long, value_parser = flags::product)]
    pub(crate) iso: IsoCode,
    /// The person's age in whole years. Where the birthday decides, it is asked for.
    #[arg(long, conflicts_with = "born", value_parser = clap::value_parser!(u16).range(..=130))]
    pub(crate) age: Option<u16>,
    /// The person's day of birth, YYYY-MM-DD.
    #[arg(long, visible_alias = "born-on")]
    pub(crate) born: Option<Date>,
    /// The day that is asked about; today without it.
    #[arg(long)]
    pub(crate) on: Option<Date>,
    /// The product group: 1 self-responsibility, 2 cost cap, 3 own fee, 4 free.
    #[arg(long, visible_alias = "product-group", default_value_t = 3,
          value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) group: u8,
    /// The product's price or value in kronor.
    #[arg(long)]
    pub(crate) price: Option<Money>,
    /// Pieces of the prescription line.
    #[arg(long, default_value_t = 1)]
    pub(crate) quantity: u32,
    /// Why the person gets it now: first, or replacement of a worn one.
    #[arg(long, default_value = "first", value_parser = flags::occasion)]
    pub(crate) occasion: Occasion,
    /// Days of the person's earlier ones of the kind, separated by commas; an empty text for none.
    #[arg(long, value_parser = flags::days)]
    pub(crate) earlier: Option<Days>,
    /// Kinds of the same group prescribed together.
    #[arg(long, visible_alias = "kinds-together")]
    pub(crate) kinds: Option<u16>,
    /// Whether a condition that gives a right to the county's part is recorded.
    #[arg(long, visible_alias = "qualifying-condition")]
    pub(crate) condition: Option<bool>,
    /// Another ceiling of the free-card scheme than the county's, in kronor.
    #[arg(long, visible_alias = "scheme-ceiling")]
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
    /// List what the county charges for visits and other services, and its allowances, too.
    #[arg(long)]
    pub(crate) services: bool,
    /// The profession that ordains an allowance.
    #[arg(long)]
    pub(crate) ordained_by: Option<String>,
    /// What the provider of an allowance's product charges.
    #[arg(long)]
    pub(crate) cost: Option<Money>,
    /// Where it is prescribed or used: home, primary-care, hospital.
    #[arg(long, visible_alias = "place-of-care", value_parser = flags::place)]
    pub(crate) place: Option<PlaceOfCare>,
    /// How the person lives: ordinary, special.
    #[arg(long, value_parser = flags::housing)]
    pub(crate) housing: Option<Housing>,
    /// The municipality the person is registered in, by its code.
    #[arg(long, visible_aliases = ["registered-in", "municipality"])]
    pub(crate) registered: Option<PrincipalId>,
    /// The municipality whose home care the person is enrolled in, or none.
    #[arg(long)]
    pub(crate) home_care: Option<String>,
    /// The principal that owns the customer number prescribed on.
    #[arg(long, visible_alias = "customer-principal")]
    pub(crate) customer: Option<PrincipalId>,
    /// Whether the person is enrolled in habilitation.
    #[arg(long, visible_alias = "in-habilitation")]
    pub(crate) habilitation: Option<bool>,
    /// Whether it is rehabilitation under LSS.
    #[arg(long, visible_alias = "lss-rehabilitation")]
    pub(crate) lss: Option<bool>,
    /// Whether it needs a speech therapist's competence.
    #[arg(long)]
    pub(crate) speech_therapist: Option<bool>,
    /// Whether the person seeks asylum.
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) asylum_seeker: Option<bool>,
    /// What it is for: daily-living, care-and-treatment.
    #[arg(long, value_parser = flags::purpose)]
    pub(crate) purpose: Option<Purpose>,
    /// How long the need lasts: temporary, lasting.
    #[arg(long, value_parser = flags::duration)]
    pub(crate) duration: Option<Duration>,
    /// What kind of product it is: aid, medicine-near, benefit-consumable, self-care, consumable.
    #[arg(long, value_parser = flags::category)]
    pub(crate) category: Option<ProductCategory>,
    /// Who prescribes, as the directives call the profession: `occupational_therapist`.
    #[arg(long)]
    pub(crate) profession: Option<String>,
    /// Whether the unit's manager has granted the right to prescribe.
    #[arg(long, visible_alias = "right-granted")]
    pub(crate) right: Option<bool>,
    /// The kind of unit, as the directives call it: `vision_centre`.
    #[arg(long)]
    pub(crate) unit_kind: Option<String>,
    /// The profession that referred the person, or none.
    #[arg(long)]
    pub(crate) referred_by: Option<String>,
    /// A training and the day it was completed, as kind:YYYY-MM-DD, may be repeated; or none.
    #[arg(long, visible_alias = "trainings", value_parser = flags::named)]
    pub(crate) training: Option<Vec<Named>>,
    /// Who made a special decision and when, as office:YYYY-MM-DD, may be repeated; or none.
    #[arg(long, visible_alias = "special-decisions", value_parser = flags::named)]
    pub(crate) special_decision: Option<Vec<Named>>,
    /// The answer to a criterion or contraindication, as rule:yes or rule:no; may be repeated.
    #[arg(long, visible_alias = "answers", value_parser = flags::answer)]
    pub(crate) answer: Vec<(String, bool)>,
    /// Whether the need of one more of the same is recorded with its reason.
    #[arg(long)]
    pub(crate) duplicate_justified: Option<bool>,
    /// Whether the product is in the county's range.
    #[arg(long)]
    pub(crate) in_range: Option<bool>,
    /// Codes of what the person keeps beside it, separated by commas; an empty text for nothing.
    #[arg(long, value_parser = flags::codes)]
    pub(crate) held: Option<Codes>,
    #[command(flatten)]
    pub(crate) loss: loss::LossFlags,
    #[command(flatten)]
    pub(crate) visitor: visitor::VisitorFlags,
    /// The language of the page.
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Language,
}

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// English.
    En,
    /// Swedish.
    Sv,
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

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;

    /// What an answer tells and no rule asks for: it follows from other facts.
    const TOLD_ONLY: [&str; 11] = [
        "fee",
        "group",
        "invoiced_on",
        "kind",
        "limit",
        "months",
        "number",
        "objected_on",
        "region",
        "service",
        "unit_price",
    ];

    #[test]
    fn each_fact_that_a_rule_names_is_a_flag_of_its_name() {
        let command = Rules::augment_args(Command::new("rules"));
        let flags: Vec<&str> = command
            .get_arguments()
            .flat_map(|flag| {
                let more = flag.get_visible_aliases().unwrap_or_default();
                flag.get_long().into_iter().chain(more)
            })
            .collect();
        let names = terms::NAMES.iter().map(|(name, _)| *name);
        let lacking: Vec<&str> = names
            .filter(|name| !TOLD_ONLY.contains(name))
            .filter(|name| !flags.contains(&name.replace('_', "-").as_str()))
            .collect();
        assert_eq!(lacking, [""; 0]);
    }
}

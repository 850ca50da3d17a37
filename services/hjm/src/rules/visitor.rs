//! What the national agreement says of a person of another region, on request.

use hjm_billing::{
    AgreementAnswer, AgreementError, Consultation, Limits, NationalAgreement, OutsideCare,
};
use hjm_policy::Section;
use jiff::civil::Date;

use super::{Rules, Shelf, page::Block, terms, words};

/// What is asked of care outside the home region.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct VisitorFlags {
    /// The person is of another region: whether that is consulted first.
    #[arg(long)]
    pub(crate) visitor: bool,
    /// Whether the device is installed or fitted to the home.
    #[arg(long, visible_alias = "needs-installation")]
    pub(crate) installed: Option<bool>,
    /// The day the service ended: whether it is claimed in time on the day asked about.
    #[arg(long)]
    pub(crate) ended_on: Option<Date>,
    /// The day an invoice was received: whether it is objected to in time on the day asked about.
    #[arg(long)]
    pub(crate) received_on: Option<Date>,
}

/// The answers of the agreement.
pub(super) fn blocks(args: &Rules, shelf: &Shelf, on: Date) -> Vec<Block> {
    let asked = &args.visitor;
    if !asked.visitor && asked.ended_on.is_none() && asked.received_on.is_none() {
        return Vec::new();
    }
    let document = shelf.in_force.in_force(Section::NationalAgreement, on);
    let agreement = document.and_then(|document| NationalAgreement::parse(document).ok().flatten());
    let Some(agreement) = agreement else {
        let no_rules = words::of(args.lang).no_rules;
        return vec![Block::without_reason(no_rules.to_owned())];
    };
    let mut blocks = Vec::new();
    if asked.visitor {
        blocks.push(consultation(args, &agreement, on));
    }
    let limits = [
        asked.ended_on.map(|ended_on| agreement.claim(ended_on, on)),
        asked
            .received_on
            .map(|received_on| agreement.objection(received_on, on)),
    ];
    blocks.extend(limits.into_iter().flatten().map(|decided| {
        told(args, decided, |limits: &Limits| {
            words::limits(args.lang, *limits, on)
        })
    }));
    blocks
}

fn consultation(args: &Rules, agreement: &NationalAgreement, on: Date) -> Block {
    let lacks = |fact| {
        let words = words::of(args.lang);
        let names = terms::names(args.lang, &[fact]);
        Block::without_reason(format!("{} {names}.", words.undecided))
    };
    let Some(price) = args.price else {
        return lacks("price");
    };
    let Some(needs_installation) = args.visitor.installed else {
        return lacks("needs_installation");
    };
    let care = OutsideCare {
        costs: vec![price],
        needs_installation,
        on,
    };
    told(
        args,
        agreement.consultation(&care),
        |value: &Consultation| words::consultation(args.lang, *value).to_owned(),
    )
}

fn told<T>(
    args: &Rules,
    decided: Result<AgreementAnswer<T>, AgreementError>,
    say: impl FnOnce(&T) -> String,
) -> Block {
    match decided {
        Ok(answer) => Block {
            answer: say(&answer.value),
            why: Some(answer.explanation),
        },
        Err(_) => Block::without_reason(words::of(args.lang).no_rules.to_owned()),
    }
}

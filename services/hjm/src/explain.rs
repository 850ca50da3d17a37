//! `hjm explain`: a kept decision, run again by the versions that decided it.

use hjm_ids::{DecisionId, TenantId};
use hjm_proto::{
    catalogue::v1::{self as c, answer::Answer, fee_answer},
    common::v1::Explanation,
};
use hjm_service::{Caller, convert::from_pb_timestamp_optional};

use crate::{
    cli::Error,
    desk::{Addresses, Desk},
    print,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The decision's id, as `DecisionService` answered it.
    pub(crate) decision: DecisionId,
    /// The tenant whose books are meant.
    #[arg(long, default_value = "jamtland-harjedalen")]
    pub(crate) tenant: TenantId,
    /// The catalogue's address.
    #[arg(long, default_value = "http://127.0.0.1:7101")]
    pub(crate) catalogue: String,
}

pub(crate) async fn run(args: Explain) -> Result<(), Error> {
    let desk = Desk::new(
        &Addresses::only(&args.catalogue),
        Caller::service(args.tenant, "hjm"),
    )?;
    let decision_id = args.decision.to_string();
    let explained = desk.explain(c::ExplainRequest { decision_id }).await?;
    let decision = explained.decision.unwrap_or_default();
    print::heading(format!("Decision {}", decision.decision_id));
    let decided_at = decision.decided_at.as_ref();
    let at = from_pb_timestamp_optional(&mut hjm_service::Violations::default(), "", decided_at);
    if let Some(at) = at.flatten() {
        print::line(format!("  decided   {at}"));
    }
    let answer = decision.answer.and_then(|answer| answer.answer);
    match answer.as_ref().and_then(why) {
        Some(why) => tell(why),
        None => print::line("  nothing is told of why"),
    }
    for used in &decision.policies {
        print::line(format!(
            "  by        {} version {}, SHA-256 {}",
            used.policy_id, used.version, used.hash
        ));
    }
    if explained.agrees {
        print::line("  again     the same versions answer the same");
        return Ok(());
    }
    let again = explained.again.and_then(|answer| answer.answer);
    let again = again.as_ref().and_then(why);
    let text = again.map_or("nothing", |why| why.text.as_str());
    print::line(format!("  again     the same versions answer: {text}"));
    Err(Error::Disagrees)
}

fn tell(why: &Explanation) {
    let facts = why.facts.iter();
    let facts: Vec<String> = facts
        .map(|fact| format!("{}={}", fact.name, fact.value))
        .collect();
    print::line(format!("  answer    {}", why.text));
    print::line(format!("  rule      {}, {}", why.rule_id, why.policy_id));
    print::line(format!("  source    {}", why.source));
    print::line(format!("  facts     {}", facts.join(", ")));
}

fn why(answer: &Answer) -> Option<&Explanation> {
    match answer {
        Answer::Fee(fee) => match fee.answer.as_ref()? {
            fee_answer::Answer::Device(fee) => fee.explanation.as_ref(),
            fee_answer::Answer::Service(fee) => fee.explanation.as_ref(),
            fee_answer::Answer::Allowance(allowance) => allowance.explanation.as_ref(),
        },
        Answer::Payer(payer) => payer.explanation.as_ref(),
        Answer::Prescribing(answer) => {
            let against = answer
                .reasons
                .iter()
                .find_map(|reason| reason.explanation.as_ref());
            against.or(answer.met.first())
        }
        Answer::Rent(terms) => terms.explanation.as_ref(),
    }
}

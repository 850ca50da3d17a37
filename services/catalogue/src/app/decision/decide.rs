//! A question put to the policies in force: the domain libs decide, this chooses which of them.

use hjm_billing::RentPolicy;
use hjm_catalogue::{
    AllowanceFacts, Directives, FeeError, FeeFacts, FeeTable, FeeTables, PayerError, PayerFacts,
    PayerRules, PrescribingFacts, ServiceFacts,
};
use hjm_feed::policies::{Rules, all_in_force, in_force};
use hjm_free_card::Scheme;
use hjm_policy::{PolicyDocument, PolicySet, Section};
use hjm_proto::catalogue::v1::{self as pb, answer::Answer, fee_answer};
use hjm_service::{Failure, Refusal};
use jiff::civil::Date;

use super::Undecided;
use crate::convert::{
    to_pb_allowance, to_pb_own_fee, to_pb_payer, to_pb_prescribing, to_pb_rent, to_pb_service_fee,
};

/// A question with every fact that is known, the day too.
#[derive(Debug)]
pub(crate) enum Question {
    /// A device's own fee, by a table where one is named.
    Device {
        facts: FeeFacts,
        table: Option<String>,
    },
    /// A service's fee.
    Service(ServiceFacts),
    /// An allowance.
    Allowance(AllowanceFacts),
    /// Who pays.
    Payer(Box<PayerFacts>),
    /// Whether somebody may prescribe.
    Prescribing(Box<PrescribingFacts>),
    /// How rent is counted for what is handed out on a day.
    Rent(Date),
}

impl Question {
    fn section(&self) -> Section {
        match self {
            Self::Device { .. } | Self::Service(_) | Self::Allowance(_) => Section::Fees,
            Self::Payer(_) => Section::Payers,
            Self::Prescribing(_) => Section::Directives,
            Self::Rent(_) => Section::Rent,
        }
    }

    fn on(&self) -> Date {
        match self {
            Self::Device { facts, .. } => facts.on,
            Self::Service(facts) => facts.on,
            Self::Allowance(facts) => facts.on,
            Self::Payer(facts) => facts.on,
            Self::Prescribing(facts) => facts.on,
            Self::Rent(on) => *on,
        }
    }
}

/// Rules that were read from documents, each text once a process.
#[derive(Debug, Default)]
pub(super) struct Rulebook {
    fees: Rules<FeeTable>,
    schemes: Rules<Scheme>,
    payers: Rules<PayerRules>,
    directives: Rules<Directives>,
    rent: Rules<RentPolicy>,
}

impl Rulebook {
    /// The answer, or why there is none.
    ///
    /// # Errors
    /// A defect: a policy in force that cannot be read.
    pub(super) fn decide(
        &self,
        set: &PolicySet,
        question: &Question,
    ) -> Result<Result<Answer, Undecided>, Failure> {
        let on = question.on();
        match question {
            Question::Device { facts, table } => {
                let scheme = |document: &_| self.schemes.of(document, Scheme::parse);
                let facts = FeeFacts {
                    scheme_ceilings: Scheme::ceilings(set, on, scheme)?,
                    ..facts.clone()
                };
                self.fee(set, on, |tables| {
                    let decided = tables.decide(&facts, table.as_deref())?;
                    Ok(fee_answer::Answer::Device(to_pb_own_fee(&decided)))
                })
            }
            Question::Service(facts) => self.fee(set, on, |tables| {
                let decided = tables.decide_service(facts)?;
                Ok(fee_answer::Answer::Service(to_pb_service_fee(&decided)))
            }),
            Question::Allowance(facts) => self.fee(set, on, |tables| {
                let decided = tables.decide_allowance(facts)?;
                Ok(fee_answer::Answer::Allowance(to_pb_allowance(&decided)))
            }),
            Question::Payer(facts) => {
                let rules = in_force(set, Section::Payers, on)
                    .and_then(|document| self.payers.of(document, PayerRules::parse));
                told(rules, |rules| {
                    Ok(Answer::Payer(to_pb_payer(&rules.resolve(facts)?)))
                })
            }
            Question::Prescribing(facts) => {
                let rules = in_force(set, Section::Directives, on)
                    .and_then(|document| self.directives.of(document, Directives::parse));
                told(rules, |directives| {
                    let decided = directives.check(facts);
                    Ok(Answer::Prescribing(to_pb_prescribing(&decided)))
                })
            }
            Question::Rent(on) => {
                let rules = in_force(set, Section::Rent, *on)
                    .and_then(|document| self.rent.of(document, RentPolicy::parse));
                told(rules, |policy| {
                    let terms = policy.terms_on(*on).map_err(|error| Undecided {
                        reason: "NO_RULE",
                        facts: vec!["on".to_owned()],
                        text: error.to_string(),
                    })?;
                    Ok(Answer::Rent(to_pb_rent(&terms)))
                })
            }
        }
    }

    fn fee(
        &self,
        set: &PolicySet,
        on: Date,
        decide: impl FnOnce(&FeeTables) -> Result<fee_answer::Answer, FeeError>,
    ) -> Result<Result<Answer, Undecided>, Failure> {
        let tables = all_in_force(set, Section::Fees, on, &self.fees, FeeTable::parse);
        told(tables.map(FeeTables::new), |tables| {
            let answer = Some(decide(&tables)?);
            Ok(Answer::Fee(pb::FeeAnswer { answer }))
        })
    }
}

/// Without a policy in force nothing can be decided; that is told as any other reason.
fn told<R>(
    rules: Result<R, Failure>,
    decide: impl FnOnce(R) -> Result<Answer, Undecided>,
) -> Result<Result<Answer, Undecided>, Failure> {
    match rules {
        Ok(rules) => Ok(decide(rules)),
        Err(Failure::Refused(Refusal { reason, text, .. })) => Ok(Err(Undecided {
            reason,
            facts: Vec::new(),
            text,
        })),
        Err(failure) => Err(failure),
    }
}

/// The versions a question is decided by: every document in force with its section, and for a
/// device's fee the high-cost protections that may limit it.
pub(super) fn used<'set>(set: &'set PolicySet, question: &Question) -> Vec<&'set PolicyDocument> {
    let (section, on) = (question.section(), question.on());
    let mut used = if section.is_shared() {
        set.all_in_force(section, on)
    } else {
        set.in_force(section, on).into_iter().collect()
    };
    if matches!(question, Question::Device { .. }) {
        used.extend(set.all_in_force(Section::FreeCard, on));
    }
    used
}

impl From<FeeError> for Undecided {
    fn from(error: FeeError) -> Self {
        let (reason, facts) = match &error {
            FeeError::MissingFact { fact: "table" } => ("FACT_MISSING", vec!["fee_table"]),
            FeeError::MissingFact { fact } => ("FACT_MISSING", vec![*fact]),
            FeeError::NegativePrice => ("OUT_OF_RANGE", vec!["price"]),
            FeeError::ZeroQuantity => ("OUT_OF_RANGE", vec!["quantity"]),
            FeeError::NoGroup { .. } => ("NO_GROUP", vec!["product_group"]),
            FeeError::NoCostCap => ("NO_COST_CAP", Vec::new()),
            FeeError::NotPrinted { .. } => ("NOT_PRINTED", Vec::new()),
            FeeError::NotInTable { .. } => ("NOT_IN_TABLE", Vec::new()),
            FeeError::Money(_) => ("OUT_OF_RANGE", vec!["price", "quantity"]),
        };
        Self {
            reason,
            facts: facts.into_iter().map(str::to_owned).collect(),
            text: error.to_string(),
        }
    }
}

impl From<PayerError> for Undecided {
    fn from(error: PayerError) -> Self {
        let text = error.to_string();
        let (reason, facts) = match error {
            PayerError::MissingFact { facts } => ("FACT_MISSING", facts),
            PayerError::NoRule { facts } => ("NO_RULE", facts),
            PayerError::Shared { .. } => ("SHARED_WITHOUT_RULE", Vec::new()),
        };
        Self {
            reason,
            facts: facts.into_iter().map(str::to_owned).collect(),
            text,
        }
    }
}

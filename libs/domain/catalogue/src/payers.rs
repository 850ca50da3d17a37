//! Who pays for a device, and who prescribes and follows it up.

use hjm_ids::PrincipalId;
use hjm_policy::{Explanation, Fault, PolicyDocument, PolicyReference, Row, SectionSchema};

use crate::area::specificity;
use crate::payer_facts::{HomeCare, PayerFacts};
use crate::payer_file::{self, FollowsUp, PayerRow, Pays};

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payer {
    /// A region or a municipality of the county.
    Principal(PrincipalId),
    /// The person.
    Person,
    /// The region the person is registered in, outside the county.
    HomeRegion,
    /// The state.
    State,
    /// Nobody here: it is not prescribed, and applied for elsewhere.
    Outside {
        /// Where.
        apply_to: String,
    },
}

/// Who prescribes and follows up: a rule set's second answer (decisions 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prescribes {
    /// Who pays does.
    Payer,
    /// The region, whoever pays.
    Region,
    /// The municipality, whoever pays.
    Municipality,
}

/// Who pays, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerDecision {
    /// Who pays.
    pub payer: Payer,
    /// Who prescribes and follows up.
    pub prescribes: Prescribes,
    /// By which rule, printed where, on which facts.
    pub explanation: Explanation,
}

/// Why no payer was found. It is never guessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayerError {
    /// A rule that would decide needs facts that are not known.
    #[error("who pays cannot be said without: {}", facts.join(", "))]
    MissingFact {
        /// The fields of [`PayerFacts`].
        facts: Vec<&'static str>,
    },
    /// No rule covers the case.
    #[error("no rule says who pays; it would have to be otherwise: {}", facts.join(", "))]
    NoRule {
        /// The facts of [`PayerFacts`] that some rule depends on and that were not met; `on` when
        /// no rule holds on the day, `iso` when none covers the code.
        facts: Vec<&'static str>,
    },
    /// The source says that the cost is shared, and not how.
    #[error("rule {rule} says the cost is shared, and no source says how: {source_text}")]
    Shared {
        /// The rule.
        rule: String,
        /// Where it is printed.
        source_text: String,
    },
}

/// The payer rules of one policy document.
#[derive(Clone, Debug)]
pub struct PayerRules {
    pub(crate) policy: PolicyReference,
    pub(crate) rules: Vec<Row<PayerRow>>,
}

impl PayerRules {
    /// What the section is written in, for editors.
    pub fn schema() -> SectionSchema {
        payer_file::schema()
    }

    /// Reads the section `payers` of a document; none when it does not hold it.
    ///
    /// # Errors
    /// Every fault: unknown fields, missing sources, and two equally specific rules that could both
    /// decide a case on the same day.
    pub fn parse(document: &PolicyDocument) -> Result<Option<Self>, Vec<Fault>> {
        payer_file::parse(document)
    }

    /// The policy text the rules were read from.
    pub fn policy(&self) -> &PolicyReference {
        &self.policy
    }

    /// Finds who pays: of the rules that hold on the day and whose conditions are met, the one
    /// with the longest ISO code, then with the most conditions. The order written never matters.
    ///
    /// # Errors
    /// [`PayerError`]: a fact that a more specific rule with another answer turns on is named,
    /// never guessed.
    pub fn resolve(&self, facts: &PayerFacts) -> Result<PayerDecision, PayerError> {
        let mut decided: Option<(Rank, &Row<PayerRow>)> = None;
        let mut open: Vec<(Rank, &PayerRow, &'static str)> = Vec::new();
        for row in self.valid(facts) {
            let Some(digits) = specificity(&row.value.iso, &facts.iso) else {
                continue;
            };
            let rank = (digits, row.value.conditions());
            let answer = row.value.answer(facts);
            open.extend(answer.open().iter().map(|fact| (rank, &row.value, *fact)));
            if answer.is_met() && decided.is_none_or(|(best, _)| best < rank) {
                decided = Some((rank, row));
            }
        }
        let matters = |rank: Rank, rule: &PayerRow| {
            decided.is_none_or(|(best, row)| best < rank && !row.value.answers_as(rule))
        };
        let missing = open
            .into_iter()
            .filter(|(rank, rule, _)| matters(*rank, rule));
        let missing = sorted(missing.map(|(_, _, fact)| fact).collect());
        if !missing.is_empty() {
            return Err(PayerError::MissingFact { facts: missing });
        }
        match decided {
            Some((_, row)) => self.decide(row, facts),
            None => Err(self.no_rule(facts)),
        }
    }

    fn valid(&self, facts: &PayerFacts) -> impl Iterator<Item = &Row<PayerRow>> {
        let on = facts.on;
        self.rules
            .iter()
            .filter(move |row| row.validity.contains(on))
    }

    fn decide(&self, row: &Row<PayerRow>, facts: &PayerFacts) -> Result<PayerDecision, PayerError> {
        let (payer, text) = payer(row, facts)?;
        let prescribes = match row.value.follows_up {
            None => Prescribes::Payer,
            Some(FollowsUp::Region) => Prescribes::Region,
            Some(FollowsUp::Municipality) => Prescribes::Municipality,
        };
        let text = match prescribes {
            Prescribes::Payer => text,
            Prescribes::Region => format!("{text} The region prescribes and follows up."),
            Prescribes::Municipality => {
                format!("{text} The municipality prescribes and follows up.")
            }
        };
        let explanation =
            Explanation::new(&self.policy, &row.value.id, &row.source, facts.told(), text);
        Ok(PayerDecision {
            payer,
            prescribes,
            explanation,
        })
    }

    fn no_rule(&self, facts: &PayerFacts) -> PayerError {
        let covering = |row: &&Row<PayerRow>| specificity(&row.value.iso, &facts.iso).is_some();
        let refused = self.valid(facts).filter(covering);
        let mut missing = sorted(
            refused
                .flat_map(|row| row.value.answer(facts).refused().to_vec())
                .collect(),
        );
        if missing.is_empty() {
            let none = self.valid(facts).next().is_none();
            missing.push(if none { "on" } else { "iso" });
        }
        PayerError::NoRule { facts: missing }
    }
}

/// Digits of the ISO code, then conditions.
type Rank = (usize, usize);

fn payer(row: &Row<PayerRow>, facts: &PayerFacts) -> Result<(Payer, String), PayerError> {
    let missing = |fact| PayerError::MissingFact { facts: vec![fact] };
    let principal = |who: &str, id: &PrincipalId| {
        let text = format!("{who} pays ({id}).");
        Ok((Payer::Principal(id.clone()), text))
    };
    match row.value.pays {
        Pays::Region => principal("The region", &facts.region),
        Pays::Municipality => {
            let id = facts.registered_in.as_ref();
            principal(
                "The municipality the person is registered in",
                id.ok_or_else(|| missing("registered_in"))?,
            )
        }
        Pays::MunicipalityOfHomeCare => match &facts.home_care {
            Some(HomeCare::Of(id)) => principal(
                "The municipality whose home care the person is enrolled in",
                id,
            ),
            Some(HomeCare::NotEnrolled) | None => Err(missing("home_care")),
        },
        Pays::CustomerNumber => {
            let id = facts.customer_principal.as_ref();
            principal(
                "The owner of the customer number",
                id.ok_or_else(|| missing("customer_principal"))?,
            )
        }
        Pays::Shared => Err(PayerError::Shared {
            rule: row.value.id.clone(),
            source_text: row.source.clone(),
        }),
        Pays::Person => Ok((Payer::Person, "The person pays.".to_owned())),
        Pays::HomeRegion => Ok((
            Payer::HomeRegion,
            "The region the person is registered in pays.".to_owned(),
        )),
        Pays::State => Ok((Payer::State, "The state pays.".to_owned())),
        Pays::Outside => {
            let apply_to = row.value.apply_to.clone().unwrap_or_default();
            let text = format!("It is not prescribed; apply to: {apply_to}.");
            Ok((Payer::Outside { apply_to }, text))
        }
    }
}

fn sorted(mut facts: Vec<&'static str>) -> Vec<&'static str> {
    facts.sort_unstable();
    facts.dedup();
    facts
}

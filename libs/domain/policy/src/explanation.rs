//! Why a decision came out as it did.

use serde::{Deserialize, Serialize};

use crate::PolicyReference;

/// The reason of one decision: which rule of which policy text, printed where, on which facts.
/// It is stored with what it decided, and the decision can be run again on its facts
/// (architecture decision 7). It holds no name, number or id of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule's id in the policy.
    pub rule: String,
    /// The policy document's id.
    pub policy_id: String,
    /// Its version.
    pub policy_version: u32,
    /// SHA-256 of its canonical text, in hexadecimal.
    pub policy_hash: String,
    /// Where the rule is published, in words.
    pub source: String,
    /// The facts that were used: name and value, in the order they were looked at.
    pub facts: Vec<(String, String)>,
    /// The decision in one sentence.
    pub text: String,
}

impl Explanation {
    /// An explanation by a rule of this policy.
    pub fn new(
        policy: &PolicyReference,
        rule: impl Into<String>,
        source: impl Into<String>,
        facts: Vec<(String, String)>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            policy_id: policy.id.clone(),
            policy_version: policy.version,
            policy_hash: policy.hash.clone(),
            source: source.into(),
            facts,
            text: text.into(),
        }
    }
}

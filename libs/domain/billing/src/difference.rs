//! From what is posted to what should be: whole credits and new lines.

use hjm_ids::ChargeId;

use crate::Line;

/// A line that is posted and not credited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedLine {
    /// The charge it was posted as.
    pub id: ChargeId,
    /// What it says.
    pub line: Line,
}

/// What to post so that the books say what they should.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Charges to credit, each in full by a line that names it, in the order they were given.
    pub reverse: Vec<ChargeId>,
    /// Lines to post, in the order they were given.
    pub post: Vec<Line>,
}

impl Difference {
    /// Whether the books are right as they are.
    pub fn is_empty(&self) -> bool {
        self.reverse.is_empty() && self.post.is_empty()
    }
}

/// The difference between the posted and the desired lines of a loan. Equal lines match one to
/// one and stay; any other posted line is credited whole and any other desired line is posted:
/// no line ever carries a mere difference (Q14, architecture decision 17).
///
/// After posting it the same question has an empty answer.
pub fn difference(posted: &[PostedLine], desired: &[Line]) -> Difference {
    let mut post: Vec<Line> = desired.to_vec();
    let mut reverse = Vec::new();
    for charge in posted {
        match post.iter().position(|line| *line == charge.line) {
            Some(place) => {
                post.remove(place);
            }
            None => reverse.push(charge.id),
        }
    }
    Difference { reverse, post }
}

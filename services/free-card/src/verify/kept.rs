//! Whether what is kept beside the logs is what replay gives.

use hjm_free_card::{
    AccountState, ClaimChange, LogEntry, Scheme, Snapshot, claims_after, undercharges_after,
};
use hjm_service::{Failure, verify::Finding};
use jiff::civil::Date;

use crate::store::{Owed, StandingRow, card_days};

/// What has been compared so far.
#[derive(Debug, Default)]
pub(super) struct Kept {
    standings: u64,
    claims: u64,
    stale: Vec<String>,
    wrong: Vec<String>,
}

impl Kept {
    pub(super) fn findings(self) -> [Finding; 2] {
        [
            Finding {
                invariant: "I8 where each account stands is a replay of its log",
                checked: self.standings,
                breaches: self.stale,
            },
            Finding {
                invariant: "I16 claims and undercharges follow replay",
                checked: self.claims,
                breaches: self.wrong,
            },
        ]
    }

    /// Compares where one account stands with the days of the cards that cover it, and with its own
    /// log. One that has no standing yet is replayed by its next writer.
    pub(super) fn look(
        &mut self,
        kept: &StandingRow,
        scheme: &Scheme,
        log: &[LogEntry],
        days: &[(Date, Date)],
        shared: bool,
    ) {
        let account = kept.account;
        if kept.version == 0 {
            return;
        }
        self.standings = self.standings.saturating_add(1);
        let entries = i64::try_from(log.len()).unwrap_or(i64::MAX);
        if kept.version != entries || kept.cards != card_days(days) {
            self.stale
                .push(format!("account {account}: its standing is not its log's"));
        }
        let snapshot = kept.snapshot.as_deref().and_then(Snapshot::read);
        let fits = snapshot.filter(|kept| kept.fits(scheme));
        let wrong = |kept: Snapshot| shared || Snapshot::of(scheme, log).as_ref() != Ok(&kept);
        if fits.is_some_and(wrong) {
            self.stale
                .push(format!("account {account}: its snapshot is not its log's"));
        }
    }

    /// Compares the claims and the undercharges of an account, or of those who share one, with what
    /// is owed and was charged too little.
    pub(super) fn owed(&mut self, state: &AccountState, kept: &Owed) -> Result<(), Failure> {
        let (claims, undercharges) = (&kept.claims, &kept.undercharges);
        let looked_at = claims.len().saturating_add(undercharges.len());
        let inner = |error: hjm_free_card::EngineError| Failure::Internal(error.into());
        self.claims = self.claims.saturating_add(looked_at as u64);
        for change in claims_after(state, claims).map_err(inner)? {
            match change {
                ClaimChange::Opened(claim) | ClaimChange::Changed(claim) => {
                    let text = format!("fee {}: {} is owed", claim.fee, claim.amount);
                    self.wrong.push(text);
                }
                ClaimChange::PaidTooMuch { .. } => {}
            }
        }
        let wrong = undercharges_after(state, undercharges).into_iter();
        self.wrong.extend(
            wrong.map(|one| format!("fee {}: {} was charged too little", one.fee, one.amount)),
        );
        Ok(())
    }
}

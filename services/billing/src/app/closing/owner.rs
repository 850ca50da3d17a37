//! One owner's part of a month, in one transaction: its lines, the corrections of earlier months,
//! its statements.

use std::{collections::HashMap, sync::Arc};

use hjm_billing::{Line, PostedLine, difference};
use hjm_ids::{ChargeId, LoanId, Month, PrincipalId, TenantId};
use hjm_service::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tariff::{Desired, Known, Tariff, Tariffs};
use crate::store::{self, KnownLoan, LineRow, OwnerLoans};

/// Loans that are computed and posted at once.
const LOANS_MAX: i64 = 500;

/// Posts an owner's part of a month that is frozen at `through`, once: done again it changes
/// nothing. Everything or nothing is posted.
///
/// # Errors
/// [`Failure::Refused`] naming the price, payer or policy that is missing.
pub(crate) async fn post(
    tx: &mut PgConnection,
    tenant: &TenantId,
    month: Month,
    owner: &PrincipalId,
    through: i64,
    tariffs: &Tariffs,
) -> Result<(), Failure> {
    if !store::run_owner_lock(tx, tenant, month, owner).await? {
        return Ok(());
    }
    let catalogue = store::cursor_find(tx, tenant, "catalogue").await?;
    let before = store::owner_run_list(tx, tenant, Some(owner)).await?;
    let mut known: Vec<Known> = before
        .iter()
        .map(|run| (run.month, run.catalogue))
        .collect();
    known.push((month, catalogue));
    let part = Part {
        tenant,
        owner,
        month,
        previous: before.last().map_or(0, |run| run.prescription),
        through,
        tariff: tariffs.at(tx, tenant, catalogue).await?,
        known,
    };
    let lines = part.post_lines(tx).await?;
    store::statement_insert(tx, tenant, month, owner).await?;
    store::run_owner_done(tx, tenant, month, owner, catalogue, lines).await
}

struct Part<'a> {
    tenant: &'a TenantId,
    owner: &'a PrincipalId,
    month: Month,
    previous: i64,
    through: i64,
    tariff: Arc<Tariff>,
    known: Vec<Known>,
}

impl Part<'_> {
    async fn post_lines(&self, tx: &mut PgConnection) -> Result<i64, Failure> {
        let asked = OwnerLoans {
            owner: self.owner,
            month: self.month,
            previous: self.previous,
            through: self.through,
        };
        let (mut after, mut lines) = (Uuid::nil(), 0);
        loop {
            let loans =
                store::loan_of_owner_list(tx, self.tenant, &asked, after, LOANS_MAX).await?;
            let Some(last) = loans.last() else {
                return Ok(lines);
            };
            after = last.loan.holding.loan.uuid();
            let mut posted = self.posted(tx, &loans).await?;
            let mut rows = Vec::new();
            for known in &loans {
                let posted = posted.remove(&known.loan.holding.loan).unwrap_or_default();
                self.rows_of(known, posted, &mut rows)?;
            }
            if !rows.is_empty() {
                store::line_insert(tx, self.tenant, self.month, &rows).await?;
                lines += i64::try_from(rows.len())
                    .map_err(|_| Failure::internal("too many lines in one page"))?;
            }
        }
    }

    /// Whether the loan is told anew since the owner's run before.
    fn changed(&self, known: &KnownLoan) -> bool {
        known.sequence > self.previous
    }

    async fn posted(
        &self,
        tx: &mut PgConnection,
        loans: &[KnownLoan],
    ) -> Result<HashMap<LoanId, Vec<LineRow>>, Failure> {
        let changed = loans.iter().filter(|known| self.changed(known));
        let changed: Vec<Uuid> = changed
            .map(|known| known.loan.holding.loan.uuid())
            .collect();
        let standing = store::line_standing_list(tx, self.tenant, Some(self.owner), &changed);
        let mut posted: HashMap<LoanId, Vec<LineRow>> = HashMap::new();
        for row in standing.await? {
            posted.entry(row.loan).or_default().push(row);
        }
        Ok(posted)
    }

    /// The month's lines of a loan that says what it said; of one that is told anew also what
    /// differs in every month before, back to its delivery.
    fn rows_of(
        &self,
        known: &KnownLoan,
        posted: Vec<LineRow>,
        rows: &mut Vec<LineRow>,
    ) -> Result<(), Failure> {
        let first = if self.changed(known) {
            let lines = posted.iter().map(|row| Month::of(row.line.from));
            lines
                .chain([Month::of(known.loan.holding.delivered_on)])
                .min()
                .unwrap_or(self.month)
        } else {
            self.month
        };
        let mut desired: Vec<Desired> = Vec::new();
        let mut month = first;
        while month <= self.month {
            desired.extend(
                self.tariff
                    .lines(&known.loan, self.owner, month, &self.known)?,
            );
            month = month.next();
        }
        let lines: Vec<Line> = desired.iter().map(|desired| desired.line.clone()).collect();
        let standing: Vec<PostedLine> = posted
            .iter()
            .map(|row| PostedLine {
                id: row.id,
                line: row.line.clone(),
            })
            .collect();
        let difference = difference(&standing, &lines);
        for row in posted
            .into_iter()
            .filter(|row| difference.reverse.contains(&row.id))
        {
            rows.push(credit(row)?);
        }
        for line in difference.post {
            let decided = desired.iter().find(|desired| desired.line == line);
            let decided = decided.ok_or_else(|| Failure::internal("a line that nobody desired"))?;
            rows.push(charge(known, decided));
        }
        Ok(())
    }
}

fn charge(known: &KnownLoan, decided: &Desired) -> LineRow {
    LineRow {
        id: ChargeId::new(Uuid::now_v7()),
        loan: known.loan.holding.loan,
        loan_version: known.loan.version,
        recipient: known.loan.recipient,
        article: known.loan.holding.article.clone(),
        line: decided.line.clone(),
        credits: None,
        policy: decided.policy.clone(),
        rule: decided.rule.clone(),
    }
}

/// The whole line in the other direction.
fn credit(row: LineRow) -> Result<LineRow, Failure> {
    let amount = row.line.amount.checked_neg();
    let amount = amount.map_err(|error| Failure::Internal(error.into()))?;
    Ok(LineRow {
        id: ChargeId::new(Uuid::now_v7()),
        credits: Some(row.id),
        line: Line { amount, ..row.line },
        ..row
    })
}

//! What a story asks of billing: months to close, and what was charged.

use hjm_ids::Month;
use hjm_money::Money;
use hjm_proto::{billing::v1 as b, common::v1 as common};

use super::{StoryError, Teller};

impl Teller {
    /// Closes a month and waits until it is closed.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn close(&self, month: Month) -> Result<b::Run, StoryError> {
        let request = b::StartRunRequest {
            request_id: self.request_id(),
            month: month.to_string(),
            not_before: self.heard(),
        };
        self.desk
            .start_run(request)
            .await
            .map_err(StoryError::call("start a run"))?;
        let request = b::GetRunRequest {
            month: month.to_string(),
            wait: true,
        };
        let answer = self.desk.get_run(request).await;
        let answer = answer.map_err(StoryError::call("wait for a run"))?;
        answer.run.ok_or(StoryError::Missing("a run"))
    }

    /// All charges that match, once everything the story has caused has taken effect.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn charges(
        &self,
        mut request: b::ListChargesRequest,
    ) -> Result<Vec<b::Charge>, StoryError> {
        request.not_before = self.heard();
        request.page_size = 500;
        let mut charges = Vec::new();
        loop {
            let answer = self.desk.list_charges(request.clone()).await;
            let answer = answer.map_err(StoryError::call("list charges"))?;
            charges.extend(answer.charges);
            if answer.next_page_token.is_empty() {
                return Ok(charges);
            }
            request.page_token = answer.next_page_token;
        }
    }

    /// The statements of an owner for a month.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn statements(
        &self,
        principal: &str,
        month: Month,
    ) -> Result<Vec<b::Statement>, StoryError> {
        let request = b::ListStatementsRequest {
            principal_id: principal.to_owned(),
            month: month.to_string(),
            page_size: 500,
            page_token: String::new(),
        };
        let answer = self.desk.list_statements(request).await;
        Ok(answer
            .map_err(StoryError::call("list statements"))?
            .statements)
    }

    /// The own fees of a person.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn own_fees(&self, recipient: &str) -> Result<Vec<b::Charge>, StoryError> {
        let request = b::ListChargesRequest {
            recipient_id: recipient.to_owned(),
            ..Default::default()
        };
        let mut charges = self.charges(request).await?;
        charges.retain(|charge| charge.kind() == b::ChargeKind::OwnFee);
        Ok(charges)
    }

    /// The lines of a loan that were posted in a month.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn lines(&self, loan: &str, month: Month) -> Result<Vec<b::Charge>, StoryError> {
        let request = b::ListChargesRequest {
            loan_id: loan.to_owned(),
            month: month.to_string(),
            ..Default::default()
        };
        let mut charges = self.charges(request).await?;
        charges.retain(|charge| charge.kind() != b::ChargeKind::OwnFee);
        Ok(charges)
    }
}

/// An amount of an answer.
///
/// # Errors
/// When it is absent or finer than öre.
pub(crate) fn amount(money: Option<&common::Money>) -> Result<Money, StoryError> {
    let money = money.ok_or(StoryError::Missing("an amount"))?;
    Money::from_units_nanos(money.units, money.nanos).map_err(|_| StoryError::Missing("öre"))
}

/// The sum of charges.
///
/// # Errors
/// When one lacks its amount.
pub(crate) fn total<'c>(
    charges: impl IntoIterator<Item = &'c b::Charge>,
) -> Result<Money, StoryError> {
    let amounts: Result<Vec<Money>, StoryError> = charges
        .into_iter()
        .map(|charge| amount(charge.amount.as_ref()))
        .collect();
    Money::sum(amounts?).map_err(|_| StoryError::Missing("a sum that fits"))
}

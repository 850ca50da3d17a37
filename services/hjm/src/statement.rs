//! `hjm statement`: what a customer number is charged in a closed month.

use hjm_proto::{billing::v1 as b, common::v1 as common};
use hjm_service::Caller;

use crate::{
    cli::{Error, Format, Statement},
    desk::{Addresses, Desk},
    print,
};

pub(crate) async fn run(args: Statement) -> Result<(), Error> {
    let addresses = Addresses::only(&args.billing);
    let desk = Desk::new(&addresses, Caller::service(args.tenant.clone(), "hjm"))?;
    let request = b::GetStatementRequest {
        customer_number: args.customer.to_string(),
        month: args.month.to_string(),
    };
    let statement = desk
        .get_statement(request)
        .await?
        .statement
        .unwrap_or_default();
    let request = b::StreamStatementLinesRequest {
        customer_number: args.customer.to_string(),
        month: args.month.to_string(),
    };
    let mut stream = desk.stream_statement_lines(request).await?;
    let mut lines = Vec::new();
    while let Some(item) = stream.message().await? {
        lines.extend(item.line);
    }
    match args.format {
        Format::Table => table(&statement, &lines),
        Format::Json => json(&statement, &lines)?,
        Format::Csv => csv(&lines)?,
    }
    Ok(())
}

/// A line as it is written: the same names in JSON and CSV.
#[derive(Debug, serde::Serialize)]
struct Line {
    kind: &'static str,
    customer_number: String,
    article_number: String,
    loan_id: String,
    from: String,
    to: String,
    days: u32,
    quantity: u32,
    unit_price: String,
    amount: String,
    deceased: bool,
    credits: String,
    reason: String,
}

impl From<&b::Charge> for Line {
    fn from(charge: &b::Charge) -> Self {
        Self {
            kind: charge
                .kind()
                .as_str_name()
                .trim_start_matches("CHARGE_KIND_"),
            customer_number: charge.customer_number.clone(),
            article_number: charge.article_number.clone(),
            loan_id: charge.loan_id.clone(),
            from: day(charge.from.as_ref()),
            to: day(charge.to.as_ref()),
            days: charge.days,
            quantity: charge.quantity,
            unit_price: charge
                .unit_price
                .as_ref()
                .map_or_else(String::new, |p| p.value.clone()),
            amount: amount(charge.amount.as_ref()),
            deceased: charge.deceased,
            credits: charge.credits_charge_id.clone(),
            reason: charge.reason.clone(),
        }
    }
}

fn day(date: Option<&common::Date>) -> String {
    date.map_or_else(String::new, |d| {
        format!("{:04}-{:02}-{:02}", d.year, d.month, d.day)
    })
}

fn amount(money: Option<&common::Money>) -> String {
    crate::story::amount(money).map_or_else(|_| String::new(), |amount| amount.to_string())
}

fn table(statement: &b::Statement, lines: &[b::Charge]) {
    let (customer, month) = (&statement.customer_number, &statement.month);
    print::heading(format!(
        "Customer number {customer}, {month}, owner {}",
        statement.principal_id
    ));
    for line in lines.iter().map(Line::from) {
        let Line {
            kind,
            article_number,
            from,
            to,
            quantity,
            unit_price,
            amount,
            reason,
            ..
        } = &line;
        let deceased = if line.deceased { " deceased" } else { "" };
        let credit = if line.credits.is_empty() {
            ""
        } else {
            " credit"
        };
        print::line(format!(
            "  {kind:<8} {article_number:<8} {from} – {to} {quantity:>3} × {unit_price:>6} \
             {amount:>12}  {reason}{deceased}{credit}"
        ));
    }
    print::line(format!(
        "  rent      {:>14}",
        amount(statement.rent.as_ref())
    ));
    print::line(format!(
        "  sales     {:>14}",
        amount(statement.sales.as_ref())
    ));
    print::line(format!(
        "  to pay    {:>14}",
        amount(statement.total.as_ref())
    ));
    let fees = amount(statement.own_fees.as_ref());
    print::line(format!(
        "  own fees  {fees:>14}  paid by persons, for information"
    ));
}

fn json(statement: &b::Statement, lines: &[b::Charge]) -> Result<(), Error> {
    let lines: Vec<Line> = lines.iter().map(Line::from).collect();
    let whole = serde_json::json!({
        "customer_number": statement.customer_number,
        "principal_id": statement.principal_id,
        "month": statement.month,
        "rent": amount(statement.rent.as_ref()),
        "sales": amount(statement.sales.as_ref()),
        "total": amount(statement.total.as_ref()),
        "own_fees": amount(statement.own_fees.as_ref()),
        "lines": lines,
    });
    print::line(serde_json::to_string_pretty(&whole)?);
    Ok(())
}

fn csv(lines: &[b::Charge]) -> Result<(), Error> {
    let mut writer = csv::Writer::from_writer(std::io::stdout());
    for line in lines {
        writer.serialize(Line::from(line))?;
    }
    Ok(writer.flush()?)
}

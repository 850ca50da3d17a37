//! Nothing posted is changed, and nobody sees what is not theirs.

use hjm_proto::billing::v1 as pb;
use hjm_service::client;
use hjm_testkit::{OTHER_TENANT, aid_centre, of_principal, request_id};
use tonic::Code;

use crate::support::{Bench, Draft, fee};

const SCOPE: &str = "SELECT set_config('hjm.tenant', 'jamtland-harjedalen', true), \
                     set_config('hjm.principal', '*', true);";

/// A month with a line, a fee and a statement of 2380, and a line of 1201.
async fn closed() -> Bench {
    let bench = Bench::new("2025-04-15").await;
    let draft = Draft::rental("rollator", "2380", "2380", "2025-03-10").with_fee(fee("250.00"));
    bench.loan(&draft.0);
    bench.loan(&Draft::rental("bed", "1201", "23", "2025-03-01").0);
    bench.close("2025-03").await;
    bench
}

fn code(error: &sqlx::Error) -> String {
    let database = error.as_database_error().expect("an error of the database");
    database.code().expect("a code").into_owned()
}

#[tokio::test]
async fn posted_rows_are_changed_neither_by_the_serving_role_nor_by_a_superuser() {
    let bench = closed().await;
    let tables = [
        "charge_line",
        "charge_line_2025_03",
        "\"charge_line_2025_03_jamtland-harjedalen\"",
        "line_credit",
        "own_fee_charge",
        "fee_due",
        "loan_version",
        "statement",
        "credit_intention",
    ];
    for table in tables {
        for change in [
            format!("UPDATE billing.{table} SET tenant_id = tenant_id"),
            format!("DELETE FROM billing.{table}"),
            format!("TRUNCATE billing.{table} CASCADE"),
        ] {
            let serving = bench.sql_serving(SCOPE, &change).await.unwrap_err();
            assert_eq!(code(&serving), "42501", "{change}: not granted");
            let superuser = bench.sql(&change).await.unwrap_err();
            assert_eq!(
                code(&superuser),
                "23001",
                "{change}: refused by the trigger"
            );
        }
    }
}

#[tokio::test]
async fn a_partition_is_reached_through_its_parent_only() {
    let bench = closed().await;
    for leaf in [
        "charge_line_2025_03",
        "\"charge_line_2025_03_jamtland-harjedalen\"",
    ] {
        let read = format!("SELECT * FROM billing.{leaf}");
        assert_eq!(
            code(&bench.sql_serving(SCOPE, &read).await.unwrap_err()),
            "42501"
        );
    }
    let bare = "SELECT relname FROM pg_class
        WHERE relnamespace = 'billing'::regnamespace AND relkind IN ('r', 'p')
          AND relname <> '_sqlx_migrations'
          AND NOT (relrowsecurity AND relforcerowsecurity)";
    assert_eq!(
        bench.sql(bare).await.unwrap(),
        0,
        "a table without forced row-level security"
    );
    let foreign = "SELECT billing.charge_month_open('dalarna', '2025-03-01')";
    assert_eq!(
        code(&bench.sql_serving(SCOPE, foreign).await.unwrap_err()),
        "42501"
    );
}

#[tokio::test]
async fn without_a_tenant_nothing_is_read_or_written() {
    let bench = closed().await;
    for table in [
        "charge_line",
        "own_fee_charge",
        "fee_due",
        "statement",
        "loan_version",
        "run",
        "run_owner",
        "customer_unit",
        "price",
        "charge",
        "feed_event",
    ] {
        let read = format!("SELECT * FROM billing.{table}");
        assert_eq!(
            bench.sql_serving("", &read).await.unwrap(),
            0,
            "{table} without a tenant"
        );
        let other = "SELECT set_config('hjm.tenant', 'dalarna', true), \
                     set_config('hjm.principal', '*', true);";
        assert_eq!(
            bench.sql_serving(other, &read).await.unwrap(),
            1,
            "{table}: one row, the scope"
        );
    }
    let write = "INSERT INTO billing.customer_unit VALUES ('jamtland-harjedalen', '9', '23', 1)";
    assert_eq!(
        code(&bench.sql_serving("", write).await.unwrap_err()),
        "42501"
    );
}

#[tokio::test]
async fn a_principal_sees_its_own_statements_and_charges_only() {
    let bench = closed().await;
    let ostersund = of_principal("jamtland-harjedalen", "2380");
    bench
        .statement_as(&ostersund, "2380", "2025-03")
        .await
        .expect("its own");
    let foreign = bench
        .statement_as(&ostersund, "1201", "2025-03")
        .await
        .unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    let request = pb::ListStatementsRequest {
        month: "2025-03".to_owned(),
        ..Default::default()
    };
    let listed = bench
        .statements()
        .list_statements(client::request(&ostersund, request))
        .await;
    let listed = listed.unwrap().into_inner().statements;
    assert_eq!(listed.len(), 1);
    let request = pb::ListChargesRequest::default();
    let charges = bench
        .charges()
        .list_charges(client::request(&ostersund, request))
        .await;
    let charges = charges.unwrap().into_inner().charges;
    assert_eq!(charges.len(), 2);
    assert!(
        charges
            .iter()
            .all(|charge| charge.customer_number == "2380")
    );

    let line = bench.lines("1201", "2025-03").await.remove(0);
    let request = pb::ExplainChargeRequest {
        charge_id: line.charge_id.clone(),
    };
    let explained = bench
        .charges()
        .explain_charge(client::request(&ostersund, request))
        .await;
    assert_eq!(explained.unwrap_err().code(), Code::NotFound);
    let request = pb::CreditChargeRequest {
        request_id: request_id(),
        charge_id: line.charge_id,
        reason: "not mine".to_owned(),
    };
    let credited = bench
        .charges()
        .credit_charge(client::request(&ostersund, request))
        .await;
    assert_eq!(credited.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let bench = closed().await;
    let other = aid_centre(OTHER_TENANT, "an accountant");
    let foreign = bench
        .statement_as(&other, "2380", "2025-03")
        .await
        .unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    let request = pb::GetRunRequest {
        month: "2025-03".to_owned(),
        wait: false,
    };
    let run = bench.runs().get_run(client::request(&other, request)).await;
    assert_eq!(run.unwrap_err().code(), Code::NotFound);
    let request = pb::ListChargesRequest::default();
    let charges = bench
        .charges()
        .list_charges(client::request(&other, request))
        .await
        .unwrap();
    assert!(charges.into_inner().charges.is_empty());
}

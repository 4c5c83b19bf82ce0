//! Public data sets, by facts that were counted without this program.

use tenure_table::Role;

use super::{Files, numbers, shared};
use crate::{Loaded, Reason};

fn load(name: &str, plan: &str) -> Option<Loaded> {
    let path = shared(name)?;
    Some(Files::new(&[]).load_well(&plan.replace("FILE", &path.to_string_lossy())))
}

#[test]
fn telco() {
    let plan = "[data]\nsource = \"customers\"\nfiles = [\"FILE\"]\npositive = \"Yes\"\n\
                [data.columns]\ncustomerID = \"id\"\nChurn = \"target\"\n";
    let Some(loaded) = load("telco.csv", plan) else { return };
    assert_eq!(loaded.table.n_rows(), 7_043);
    assert_eq!(numbers(&loaded.table, "Churn").iter().sum::<f32>(), 1_869.0);
    assert_eq!(numbers(&loaded.table, "TotalCharges").iter().filter(|charge| charge.is_nan()).count(), 11);
    assert_eq!(loaded.table.features().count(), 19);
    assert_eq!(loaded.validation.n_dropped(), 0);
    assert!(loaded.table.features().filter(|column| column.role == Role::Numeric).count() == 4);
}

#[test]
fn cdnow_master() {
    let plan = "[data]\nsource = \"events\"\nfiles = [\"FILE\"]\ntime_format = \"%Y%m%d\"\n\
                [data.columns]\ncustomer_id = \"id\"\ndate = \"time\"\nnumber_of_cds = \"quantity\"\ndollar_value = \"amount\"\n\
                [data.csv]\ndelimiter = \"whitespace\"\n[time]\nhorizon = \"90d\"\n";
    let Some(loaded) = load("cdnow_master.txt", plan) else { return };
    let info = loaded.events.expect("a log");
    assert_eq!((info.n_events, info.n_customers, loaded.files[0].n_rows), (69_659, 23_570, 69_659));
    assert_eq!(loaded.validation.n_dropped(), 0);
    assert_eq!((info.last.0 - info.first.0) / tenure_table::Span::DAY.0, 545);
}

#[test]
fn cdnow_sample() {
    let plan = "[data]\nsource = \"events\"\nfiles = [\"FILE\"]\ntime_format = \"%Y%m%d\"\n\
                [data.columns]\nid = \"id\"\ndate = \"time\"\ncds = \"quantity\"\ndollars = \"amount\"\n\
                [data.csv]\ndelimiter = \"whitespace\"\nheader = false\nnames = [\"id\", \"sample\", \"date\", \"cds\", \"dollars\"]\n[time]\nhorizon = \"90d\"\n";
    let Some(loaded) = load("cdnow_sample.txt", plan) else { return };
    let info = loaded.events.expect("a log");
    assert_eq!((info.n_events, info.n_customers), (6_919, 2_357));
}

#[test]
fn online_retail() {
    let plan = "[data]\nsource = \"events\"\nfiles = [\"FILE\"]\nmax_rejected = 0.3\namount = \"Quantity * UnitPrice\"\n\
                deduplicate = true\n[data.columns]\nCustomerID = \"id\"\nInvoiceDate = \"time\"\nQuantity = \"quantity\"\n\
                StockCode = \"category\"\n[time]\nhorizon = \"90d\"\n";
    let Some(loaded) = load("online_retail.parquet", plan) else { return };
    assert_eq!(loaded.validation.n_read, 541_909);
    assert_eq!(loaded.validation.dropped[&Reason::MissingId], 135_080);
    assert_eq!(loaded.validation.dropped[&Reason::DuplicateEvent], 5_225);
    assert_eq!(loaded.events.expect("a log").n_customers, 4_372);
}

#[test]
fn survival_sets_load_as_customer_tables() {
    for (name, target, n_rows) in [("gbsg2.csv", "cens", 686), ("rossi.csv", "arrest", 432)] {
        let plan =
            format!("[data]\nsource = \"customers\"\nfiles = [\"FILE\"]\n[data.columns]\n{target} = \"target\"\n");
        let Some(loaded) = load(name, &plan) else { return };
        assert_eq!(loaded.table.n_rows(), n_rows);
        assert!(loaded.table.with_role(Role::Id).is_none());
    }
}

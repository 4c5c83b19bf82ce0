//! Static attributes of the customers of an event log: what does not change over time, and who consented.

use std::collections::HashSet;

use tenure_config::Plan;
use tenure_table::{Column, Role, TextColumn};

use crate::customers::{self, Customers, Purpose, id_column};
use crate::events::{EventRows, join_attributes};
use crate::ids::Ids;
use crate::ledger::Ledger;
use crate::source::SourceFile;
use crate::transactions::Consent;
use crate::{DataError, FeatureLineage, Observer, roles};

/// What the attribute table says of each customer.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    columns: Vec<Column>,
    /// The customer of each row.
    customer: Vec<u32>,
    refused: HashSet<u32>,
    has_consent: bool,
    /// Customers below this number stand in the table.
    n_known: u32,
    /// Rows of each file.
    pub n_rows: Vec<u64>,
    /// Rows kept.
    pub n_kept: u64,
}

impl Attributes {
    /// Reads the files; without any there are no attributes.
    pub(crate) fn read(
        plan: &Plan,
        log: &SourceFile,
        files: &[SourceFile],
        ids: &mut Ids,
        ledger: &mut Ledger,
        observer: &mut dyn Observer,
    ) -> Result<Self, DataError> {
        let Some(first) = files.first() else { return Ok(Self::default()) };
        let id = roles::columns_of(&plan.data, Role::Id).next().unwrap_or("id");
        if first.place(id).is_none() {
            let wanted_by = "role `id`, to join attributes to events".to_string();
            return Err(roles::missing(&first.path, id, wanted_by, first.names()));
        }
        let plan = without_log_columns(plan, log, first);
        let read = customers::read(&plan, Purpose::Attributes, files, ids, ledger, observer)?;
        let Customers { columns, customer, refused, has_consent, n_rows, n_kept, .. } = read;
        let customer = customer.unwrap_or_default();
        Ok(Self { columns, customer, refused, has_consent, n_known: ids.len() as u32, n_rows, n_kept })
    }

    /// Who may be used.
    pub(crate) fn consent(&self) -> Consent<'_> {
        match self.has_consent {
            true => Consent::Attributes { refused: &self.refused, n_known: self.n_known },
            false => Consent::NotAsked,
        }
    }

    /// The id column and the attributes of each row of the features.
    pub(crate) fn join(&self, rows: &EventRows, published: &TextColumn, id_name: &str) -> Vec<Column> {
        let mut row_of: Vec<Option<u32>> = vec![None; published.len()];
        for (row, &customer) in self.customer.iter().enumerate() {
            row_of[customer as usize] = Some(row as u32);
        }
        let mut columns = vec![id_column(id_name, &rows.customer, published)];
        columns.extend(join_attributes(&rows.customer, &row_of, self.columns.clone()));
        columns
    }

    /// Where the attributes that are features come from: no event enters them.
    pub(crate) fn lineage(&self) -> impl Iterator<Item = FeatureLineage> {
        self.columns.iter().filter(|column| column.role.is_feature()).map(|column| FeatureLineage {
            feature: column.name.clone(),
            definition: "static attribute of the customer".into(),
            columns: vec![column.name.clone()],
            window: None,
            unit: if column.role == Role::Category { "level".into() } else { "1".into() },
            latest_event: None,
            min_slack: None,
        })
    }
}

/// The plan as the attribute table sees it: a column that both files have belongs to the log, except the id.
fn without_log_columns(plan: &Plan, log: &SourceFile, attributes: &SourceFile) -> Plan {
    let mut plan = plan.clone();
    let is_here = |name: &str| attributes.place(name).is_some();
    plan.data.columns.retain(|(name, role)| is_here(name) && (*role == Role::Id || log.place(name).is_none()));
    let shared = attributes.names().into_iter().filter(|name| log.place(name).is_some());
    let listed: HashSet<String> = plan.data.columns.iter().map(|(name, _)| name.clone()).collect();
    plan.data.columns.extend(shared.filter(|name| !listed.contains(name)).map(|name| (name, Role::Ignore)));
    plan
}

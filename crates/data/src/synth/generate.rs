//! Made data streamed to disk.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tenure_config::SyntheticKind;
use tenure_table::{Role, Timestamp};

use super::chunk::{Maker, SynthCounts};
use super::files::{TableFile, encode};
use super::{SynthError, SynthOptions};
use crate::Observer;

/// What was made, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthSummary {
    /// The log or the customer table.
    pub data: PathBuf,
    /// The attributes of a log's customers.
    pub attributes: Option<PathBuf>,
    /// One row for each customer: what made them.
    pub truth: PathBuf,
    /// Where the truth's horizon begins; it ends with the span.
    pub reference: Timestamp,
    /// What was made.
    pub counts: SynthCounts,
}

/// Writes the tables that `options` ask for into `out_dir`, which is made when missing; files of the same name are
/// replaced. Memory holds one chunk of customers for each thread, whatever the size. The bytes depend on the options
/// alone.
///
/// # Errors
/// [`SynthError`], with no file left half-written.
pub fn generate(
    options: &SynthOptions,
    out_dir: &Path,
    observer: &mut dyn Observer,
) -> Result<SynthSummary, SynthError> {
    options.check()?;
    fs::create_dir_all(out_dir).map_err(|source| SynthError::Write { file: out_dir.to_path_buf(), source })?;
    let maker = Maker::new(options);
    let path = |name: &&str| out_dir.join(format!("{name}.{}", options.format.extension()));
    let paths: Vec<_> = maker.names().iter().map(path).collect();
    let mut files = paths.iter().cloned().map(TableFile::create).collect::<Result<Vec<_>, _>>()?;
    let mut counts = SynthCounts::default();
    observer.begin("making customers", Some(options.n_customers));
    for ranges in maker.ranges().chunks(rayon::current_num_threads()) {
        let make = |numbers: &std::ops::Range<u64>| {
            let chunk = maker.chunk(numbers.clone());
            let tables = chunk.tables.iter().zip(&paths).map(|(table, path)| encode(table, options.format, path));
            Ok((tables.collect::<Result<Vec<_>, _>>()?, chunk.counts))
        };
        let chunks: Vec<_> = ranges.par_iter().map(make).collect::<Result<_, SynthError>>()?;
        for (tables, more) in chunks {
            for (file, table) in files.iter_mut().zip(&tables) {
                file.push(table)?;
            }
            counts = counts.plus(more);
            observer.progress(counts.n_customers);
        }
    }
    let mut written = files.into_iter().map(TableFile::finish).collect::<Result<Vec<_>, _>>()?;
    let truth = written.pop().expect("every maker writes the truth");
    let attributes = (written.len() > 1).then(|| written.remove(1));
    Ok(SynthSummary { data: written.remove(0), attributes, truth, reference: options.reference(), counts })
}

/// What the columns of the made files mean; of a log, those of its attributes follow.
pub fn roles(kind: SyntheticKind) -> Vec<(&'static str, Role)> {
    let numeric = |names: &[&'static str]| names.iter().map(|&name| (name, Role::Numeric)).collect::<Vec<_>>();
    let category = |names: &[&'static str]| names.iter().map(|&name| (name, Role::Category)).collect::<Vec<_>>();
    let mut roles = vec![("customer_id", Role::Id), ("gender", Role::Sensitive), ("consent", Role::Consent)];
    match kind {
        SyntheticKind::Events => {
            roles.extend([("time", Role::Time), ("amount", Role::Amount), ("quantity", Role::Quantity)]);
            roles.extend(category(&["category", "channel"]));
            roles.extend(numeric(&["age", "income"]));
            roles.extend(category(&["region", "plan", "source", "city"]));
        }
        SyntheticKind::Customers => {
            roles.push(("churned", Role::Target));
            let usage = ["tenure_months", "monthly_fee", "support_calls", "logins_30d", "days_since_login", "age"];
            roles.extend(numeric(&usage));
            roles.extend(category(&["contract", "payment", "device", "discount", "city"]));
        }
    }
    roles
}

//! The book of dropped rows: counts, the first place of each reason, and the rows themselves.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tenure_config::Data;
use tenure_table::Role;

use crate::cell::{Batch, MissingWords};
use crate::ids::{IdKey, id_text};
use crate::rejected::RejectedRow;
use crate::source::SourceFile;
use crate::{DataError, Reason, Rejected, Validation};

/// Where a reason was first met.
#[derive(Clone, Debug)]
struct Place {
    file: PathBuf,
    row: u64,
}

/// Counts and keeps what is dropped.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub validation: Validation,
    pub rejected: Rejected,
    pub key: Option<IdKey>,
    pub missing: MissingWords,
    first: BTreeMap<Reason, Place>,
}

/// The columns of a batch and what may be shown of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    /// The columns' names, as they stand in the batch.
    pub names: &'a [&'a str],
    /// Their roles; none for a column that nobody listed.
    pub roles: &'a [Option<Role>],
}

impl Ledger {
    /// An empty book for this plan.
    pub(crate) fn new(data: &Data) -> Result<Self, DataError> {
        Ok(Self {
            validation: Validation::default(),
            rejected: Rejected::new(),
            key: data.id_key_file.as_deref().map(|file| IdKey::read(file.as_ref())).transpose()?,
            missing: MissingWords::new(&data.missing),
            first: BTreeMap::new(),
        })
    }

    /// Drops row `row_idx` of a batch for `reason`, found in column `column` of the batch (none: the whole row).
    pub(crate) fn drop_row(
        &mut self,
        file: &SourceFile,
        batch: &Batch,
        row_idx: usize,
        fault: (Reason, Option<usize>),
        shown: Shown<'_>,
    ) -> Result<(), DataError> {
        let (reason, column) = fault;
        let row = batch.first_row + row_idx as u64;
        *self.validation.dropped.entry(reason).or_default() += 1;
        self.first.entry(reason).or_insert_with(|| Place { file: file.path.clone(), row });
        let value = column.and_then(|column| self.show(batch, row_idx, column, shown)).unwrap_or_default();
        let content = self.content(batch, row_idx, reason, shown);
        let column = column.map_or("", |column| shown.names[column]);
        self.rejected.push(&RejectedRow { file: &file.path, row, reason, column, value: &value, content: &content })
    }

    /// The row's fields, without what may not leave: the data of people who did not consent, unhashed ids, and (where
    /// ids are hashed) columns that nobody vouched for.
    fn content(&self, batch: &Batch, row_idx: usize, reason: Reason, shown: Shown<'_>) -> String {
        if reason == Reason::NoConsent {
            return String::new();
        }
        if let Some(ragged) = batch.ragged_at(row_idx) {
            return if self.key.is_some() { String::new() } else { ragged.text.clone() };
        }
        let fields = (0..shown.names.len()).filter_map(|column| {
            let value = self.show(batch, row_idx, column, shown)?;
            Some(format!("{}={value}", shown.names[column]))
        });
        fields.collect::<Vec<_>>().join("; ")
    }

    fn show(&self, batch: &Batch, row_idx: usize, column: usize, shown: Shown<'_>) -> Option<String> {
        let cell = batch.columns[column].get(row_idx, &self.missing);
        match (&self.key, shown.roles[column]) {
            (None, _) => Some(cell.spelled()),
            (Some(_), None | Some(Role::Ignore)) => None,
            (Some(key), Some(Role::Id)) => Some(id_text(cell).map_or(String::new(), |id| key.hash(&id))),
            (Some(_), Some(_)) => Some(cell.spelled()),
        }
    }

    /// Adds a note about something that dropped no row.
    pub(crate) fn note(&mut self, note: String) {
        self.validation.notes.push(note);
    }

    /// Closes the book: fails where more rows were defective than `data.max_rejected` allows, or nothing is left.
    pub(crate) fn close(mut self, data: &Data, n_read: u64, n_kept: u64) -> Result<(Validation, Rejected), DataError> {
        self.validation.n_read = n_read;
        self.validation.n_kept = n_kept;
        let rejected = self.validation.n_defective();
        if rejected as f64 > data.max_rejected * n_read as f64 {
            let max = format!("{} %", data.max_rejected * 100.0);
            return Err(DataError::TooManyRejected { rejected, total: n_read, max, reasons: self.reasons() });
        }
        if n_kept == 0 {
            return Err(self.nothing_kept(n_read));
        }
        Ok((self.validation, self.rejected))
    }

    /// None of `total` rows is left.
    pub(crate) fn nothing_kept(&self, total: u64) -> DataError {
        DataError::NothingKept { total, reasons: self.reasons() }
    }

    /// Counts by reason, each with its first place: `3 unreadable time (first: events.csv row 7)`.
    fn reasons(&self) -> String {
        let reason = |(reason, count): (&Reason, &u64)| {
            let place = &self.first[reason];
            format!("{count} {reason} (first: {} row {})", place.file.display(), place.row)
        };
        self.validation.dropped.iter().map(reason).collect::<Vec<_>>().join(", ")
    }
}

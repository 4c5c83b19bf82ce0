//! Tables with one row per customer: profiled once, read once, every column kept in its compact form.

use std::collections::HashSet;
use std::path::Path;

use hashbrown::DefaultHashBuilder;
use tenure_config::{Data, Plan, Task};
use tenure_table::{Column, Role, TextColumn, Values};

use crate::builder::Builder;
use crate::cell::{Batch, Cell};
use crate::ids::Ids;
use crate::instant::Clock;
use crate::ledger::{Ledger, Shown};
use crate::profile::Profile;
use crate::roles::{self, Form, LeftOut, Reading};
use crate::source::{SourceFile, known_rows, read_all};
use crate::stored::{ColumnWriter, StoredColumns};
use crate::target::Target;
use crate::{DataError, Observer, Reason};

/// What a table of customers is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The data set itself.
    DataSet,
    /// Static attributes of the customers of an event log.
    Attributes,
}

/// The rows that were kept.
#[derive(Debug)]
pub(crate) struct Customers {
    /// The kept columns, except the id; without those that are stored.
    pub columns: Vec<Column>,
    /// Magnitudes and levels, where they are not kept in memory.
    pub stored: Option<StoredColumns>,
    /// The number in `ids` of each row's customer; none without an id column.
    pub customer: Option<Vec<u32>>,
    /// The name of the id column.
    pub id_column: Option<String>,
    /// The labels seen; none without a target.
    pub target: Option<Target>,
    /// Customers whose row was dropped for want of consent, by their number.
    pub refused: HashSet<u32>,
    /// Whether the table has a column of role `consent`.
    pub has_consent: bool,
    /// Rows of each file.
    pub n_rows: Vec<u64>,
    /// Rows kept.
    pub n_kept: u64,
}

/// About how many bytes of its rows may be in memory while a table is read, where the plan sets no bound.
const AT_ONCE: u64 = 128 << 20;

/// Reads the files as one table of customers.
pub(crate) fn read(
    plan: &Plan,
    purpose: Purpose,
    files: &[SourceFile],
    ids: &mut Ids,
    ledger: &mut Ledger,
    observer: &mut dyn Observer,
) -> Result<Customers, DataError> {
    let data = &plan.data;
    let profiles = profile(files, data, ledger, observer)?;
    let readings = decide(plan, purpose, files, &profiles, ledger)?;
    let is_stored = purpose == Purpose::DataSet && exceeds_memory(plan, &files[0], &readings, &profiles);
    let n_rows_seen = n_rows(&profiles);
    drop(profiles);
    let mut reader = Reader::new(data, &readings, ids, ledger)?;
    if is_stored {
        reader.store_in(Path::new(&plan.run.dir))?;
    } else {
        reader.reserve(n_rows_seen as usize);
    }
    observer.begin("reading customers", known_rows(files));
    let wanted: Vec<&str> = readings.iter().map(|reading| reading.name.as_str()).collect();
    let n_rows = read_all(files, &wanted, data, observer, &mut |file, batch| reader.add(file, batch))?;
    reader.finish(n_rows)
}

/// Sees every value of every column once, so that types are not guessed from the first rows. What cannot be read and is
/// not asked for has an empty profile.
fn profile(
    files: &[SourceFile],
    data: &Data,
    ledger: &Ledger,
    observer: &mut dyn Observer,
) -> Result<Vec<Profile>, DataError> {
    observer.begin("looking at columns", known_rows(files));
    let mut clock = Clock::new(data)?;
    let columns = &files[0].columns;
    let is_asked_for = |name: &str| roles::listed_role(data, name).is_some_and(|role| role != Role::Ignore);
    let places = (0..columns.len()).filter(|&at| columns[at].is_readable() || is_asked_for(&columns[at].name));
    let places: Vec<usize> = places.collect();
    let names: Vec<&str> = places.iter().map(|&at| columns[at].name.as_str()).collect();
    let mut profiles: Vec<Profile> = columns.iter().map(|_| Profile::new()).collect();
    read_all(files, &names, data, observer, &mut |file, batch| {
        let file_idx = files.iter().position(|other| other.path == file.path).expect("a file of the list");
        for (cells, &at) in batch.columns.iter().zip(&places) {
            profiles[at].add_all(cells, batch, file_idx, &ledger.missing, &mut clock);
        }
        Ok(())
    })?;
    Ok(profiles)
}

/// The memory that columns may take; none where nothing bounds it.
pub(crate) fn memory(plan: &Plan) -> Option<u64> {
    plan.segments.memory.filter(|_| plan.experiment.task == Task::Segments)
}

/// About how many bytes of its rows may be in memory while a table is read.
pub(crate) fn at_once(plan: &Plan) -> u64 {
    memory(plan).unwrap_or(AT_ONCE)
}

/// Rows of all files, as they were counted.
fn n_rows(profiles: &[Profile]) -> u64 {
    profiles.iter().map(|profile| profile.n_rows).max().unwrap_or(0)
}

/// Whether the columns, in single precision with an indicator for each level, take more memory than the plan allows.
fn exceeds_memory(plan: &Plan, first: &SourceFile, readings: &[Reading], profiles: &[Profile]) -> bool {
    let Some(allowed) = memory(plan) else { return false };
    let profile = |reading: &Reading| first.place(&reading.name).map(|place| &profiles[place]);
    let width = |reading: &Reading| match reading.form {
        Form::Level => profile(reading).map_or(1, |profile| profile.n_distinct().min(plan.encode.one_hot_max as u64)),
        form if is_storable(form) => 1,
        _ => 0,
    };
    4 * n_rows(profiles) * readings.iter().map(width).sum::<u64>() > allowed
}

/// Whether a column of this form may lie in a file: magnitudes and levels, of which there can be many.
fn is_storable(form: Form) -> bool {
    matches!(form, Form::Number | Form::Days | Form::Level)
}

fn decide(
    plan: &Plan,
    purpose: Purpose,
    files: &[SourceFile],
    profiles: &[Profile],
    ledger: &mut Ledger,
) -> Result<Vec<Reading>, DataError> {
    let mut readings = Vec::new();
    let mut left_out = Vec::new();
    for (column, profile) in files[0].columns.iter().zip(profiles) {
        match roles::decide(plan, column, profile) {
            Ok(reading) => {
                check_numbers(files, &reading, profile)?;
                note_key(&reading, profile, ledger);
                readings.push(reading);
            }
            Err(left) => left_out.push(left),
        }
    }
    for LeftOut { name, why } in &left_out {
        ledger.note(format!("column `{name}` is left out: {why}"));
    }
    if purpose == Purpose::DataSet && !readings.iter().any(|reading| reading.role.is_feature()) {
        let left_out = left_out.iter().map(|left| format!("`{}`: {}", left.name, left.why)).collect();
        return Err(DataError::NoFeatures { left_out });
    }
    Ok(readings)
}

/// Fails where numbers were asked for, or surely meant, and a value is none.
fn check_numbers(files: &[SourceFile], reading: &Reading, profile: &Profile) -> Result<(), DataError> {
    match (&profile.first_text, reading.form) {
        (Some((file_idx, row, text)), Form::Number | Form::Value | Form::Weight) => Err(DataError::WrongType {
            file: files[*file_idx].path.clone(),
            row: *row,
            column: reading.name.clone(),
            expected: "a number",
            found: text.clone(),
        }),
        _ => Ok(()),
    }
}

/// Whole numbers that differ in every row are more often a name than a magnitude.
fn note_key(reading: &Reading, profile: &Profile, ledger: &mut Ledger) {
    let is_key = profile.is_key() && profile.n_integers == profile.n_rows;
    if reading.form == Form::Number && !reading.is_listed && is_key && profile.n_rows >= 100 {
        let name = &reading.name;
        ledger
            .note(format!("column `{name}` differs in every row and is used as a magnitude: should its role be `id`?"));
    }
}

/// Turns batches into columns.
struct Reader<'a> {
    readings: &'a [Reading],
    names: Vec<&'a str>,
    roles: Vec<Option<Role>>,
    ids: &'a mut Ids,
    ledger: &'a mut Ledger,
    clock: Clock,
    target: Option<Target>,
    builders: Vec<Builder>,
    /// Where storable columns go, where they are not kept.
    store: Option<ColumnWriter>,
    customer: Vec<u32>,
    seen: Seen,
    refused: HashSet<u32>,
    n_kept: u64,
}

/// Which customers, at which times, had a row.
enum Seen {
    /// Tables without times: by the customer's number.
    Once(Vec<bool>),
    Often(HashSet<(u32, i64), DefaultHashBuilder>),
}

impl Seen {
    /// Whether it is new.
    fn insert(&mut self, customer: u32, time_us: i64) -> bool {
        match self {
            Self::Often(seen) => seen.insert((customer, time_us)),
            Self::Once(seen) => {
                let place = customer as usize;
                if place >= seen.len() {
                    seen.resize(place + 1, false);
                }
                !std::mem::replace(&mut seen[place], true)
            }
        }
    }
}

/// What was read of a row before its features.
struct Head {
    customer: u32,
    time_us: i64,
    weight: f32,
    label: f32,
    value: f64,
}

/// A row of a batch of a file.
#[derive(Clone, Copy)]
struct At<'a> {
    file: &'a SourceFile,
    batch: &'a Batch,
    row_idx: usize,
}

impl At<'_> {
    fn row(&self) -> u64 {
        self.batch.first_row + self.row_idx as u64
    }
}

/// Why a row is not kept.
enum Stop {
    /// The row is dropped: the reason, and the column at fault.
    Row((Reason, Option<usize>)),
    /// The load ends.
    Load(DataError),
}

impl<'a> Reader<'a> {
    fn new(data: &Data, readings: &'a [Reading], ids: &'a mut Ids, ledger: &'a mut Ledger) -> Result<Self, DataError> {
        let target = readings.iter().find(|reading| reading.form == Form::Target);
        let has_times = readings.iter().any(|reading| reading.form == Form::Time);
        Ok(Self {
            readings,
            names: readings.iter().map(|reading| reading.name.as_str()).collect(),
            roles: readings.iter().map(|reading| reading.is_listed.then_some(reading.role)).collect(),
            ids,
            ledger,
            clock: Clock::new(data)?,
            target: target.map(|reading| Target::new(&reading.name, data.positive.as_deref())),
            builders: readings.iter().map(|reading| Builder::new(reading.form)).collect(),
            store: None,
            customer: Vec::new(),
            seen: if has_times { Seen::Often(HashSet::default()) } else { Seen::Once(Vec::new()) },
            refused: HashSet::new(),
            n_kept: 0,
        })
    }

    /// Has storable columns written to a scratch file in this folder.
    fn store_in(&mut self, folder: &Path) -> Result<(), DataError> {
        let n_columns = self.readings.iter().filter(|reading| is_storable(reading.form)).count();
        self.store = Some(ColumnWriter::new(folder, n_columns)?);
        Ok(())
    }

    /// Makes room for so many rows.
    fn reserve(&mut self, n_rows: usize) {
        self.builders.iter_mut().for_each(|builder| builder.reserve(n_rows));
        if self.place(Form::Id).is_some() {
            self.customer.reserve_exact(n_rows);
        }
    }

    /// Hands the last rows to the store.
    fn store_rows(&mut self, n_rows: usize) -> Result<(), DataError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let pairs = self.readings.iter().zip(&mut self.builders);
        store.take(n_rows, pairs.filter(|(reading, _)| is_storable(reading.form)).map(|(_, builder)| builder))
    }

    fn add(&mut self, file: &SourceFile, batch: &Batch) -> Result<(), DataError> {
        for row_idx in 0..batch.n_rows {
            match self.head(&At { file, batch, row_idx }) {
                Ok(head) => self.keep(&At { file, batch, row_idx }, &head)?,
                Err(Stop::Row(fault)) => {
                    let shown = Shown { names: &self.names, roles: &self.roles };
                    self.ledger.drop_row(file, batch, row_idx, fault, shown)?;
                }
                Err(Stop::Load(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn place(&self, form: Form) -> Option<usize> {
        self.readings.iter().position(|reading| reading.form == form)
    }

    fn cell<'b>(&self, at: &At<'b>, form: Form) -> Option<(usize, Cell<'b>)> {
        let place = self.place(form)?;
        Some((place, at.batch.columns[place].get(at.row_idx, &self.ledger.missing)))
    }

    /// Whether the row can be kept, and what decides that. Consent comes first: of those who did not give it nothing
    /// else is looked at.
    fn head(&mut self, at: &At<'_>) -> Result<Head, Stop> {
        if at.batch.ragged_at(at.row_idx).is_some() {
            return Err(Stop::Row((Reason::Ragged, None)));
        }
        let customer = self.customer(at)?;
        let (time_us, weight) = (self.time(at)?, self.weight(at)?);
        let head = Head { customer, time_us, weight, label: self.label(at)?, value: self.value(at)? };
        match self.place(Form::Id) {
            Some(place) if !self.seen.insert(head.customer, head.time_us) => {
                Err(Stop::Row((Reason::DuplicateId, Some(place))))
            }
            _ => Ok(head),
        }
    }

    fn customer(&mut self, at: &At<'_>) -> Result<u32, Stop> {
        let id = self.cell(at, Form::Id).map(|(place, cell)| (place, self.ids.number(cell)));
        match (self.cell(at, Form::Consent), id) {
            // Consent that cannot be read was not given.
            (Some((place, cell)), id) if cell.flag() != Ok(Some(true)) => {
                self.refused.extend(id.and_then(|(_, number)| number.ok()));
                Err(Stop::Row((Reason::NoConsent, Some(place))))
            }
            (_, None) => Ok(0),
            (_, Some((place, number))) => number.map_err(|reason| Stop::Row((reason, Some(place)))),
        }
    }

    fn time(&mut self, at: &At<'_>) -> Result<i64, Stop> {
        let Some((place, cell)) = self.cell(at, Form::Time) else { return Ok(0) };
        match cell.instant(&mut self.clock) {
            Ok(Some(time_us)) => Ok(time_us),
            Ok(None) => Err(Stop::Row((Reason::MissingTime, Some(place)))),
            Err(_) => Err(Stop::Row((Reason::UnreadableTime, Some(place)))),
        }
    }

    fn weight(&self, at: &At<'_>) -> Result<f32, Stop> {
        let Some((place, cell)) = self.cell(at, Form::Weight) else { return Ok(1.0) };
        match cell.number() {
            Ok(Some(weight)) if weight < 0.0 || (weight as f32).is_infinite() => {
                let (file, row) = (at.file.path.clone(), at.row());
                Err(Stop::Load(DataError::BadWeight { file, row, column: self.names[place].into(), found: weight }))
            }
            Ok(Some(weight)) if !weight.is_nan() => Ok(weight as f32),
            _ => Err(Stop::Row((Reason::MissingWeight, Some(place)))),
        }
    }

    fn label(&mut self, at: &At<'_>) -> Result<f32, Stop> {
        let Some((place, cell)) = self.cell(at, Form::Target) else { return Ok(f32::NAN) };
        let Some(target) = &mut self.target else { return Ok(f32::NAN) };
        match target.label(cell) {
            Some(label) => Ok(label),
            None => Err(Stop::Row((Reason::MissingTarget, Some(place)))),
        }
    }

    /// What the customer was worth: a number from 0, or the row says nothing.
    fn value(&self, at: &At<'_>) -> Result<f64, Stop> {
        let Some((place, cell)) = self.cell(at, Form::Value) else { return Ok(f64::NAN) };
        match cell.number() {
            Ok(Some(value)) if value < 0.0 || (value as f32).is_infinite() => {
                let (file, row) = (at.file.path.clone(), at.row());
                Err(Stop::Load(DataError::BadValue { file, row, column: self.names[place].into(), found: value }))
            }
            Ok(Some(value)) if !value.is_nan() => Ok(value),
            _ => Err(Stop::Row((Reason::MissingTarget, Some(place)))),
        }
    }

    fn keep(&mut self, at: &At<'_>, head: &Head) -> Result<(), DataError> {
        for (place, (reading, builder)) in self.readings.iter().zip(&mut self.builders).enumerate() {
            let cell = at.batch.columns[place].get(at.row_idx, &self.ledger.missing);
            match reading.form {
                Form::Id | Form::Consent => {}
                Form::Time => builder.push_time(head.time_us),
                Form::Target => builder.push_number(f64::from(head.label)),
                Form::Value => builder.push_number(head.value),
                Form::Weight => builder.push_number(f64::from(head.weight)),
                Form::Number | Form::Days | Form::Level => {
                    builder.push_cell(cell, &mut self.clock).map_err(|expected| DataError::WrongType {
                        file: at.file.path.clone(),
                        row: at.row(),
                        column: reading.name.clone(),
                        expected,
                        found: cell.spelled(),
                    })?;
                }
            }
        }
        if self.place(Form::Id).is_some() {
            self.customer.push(head.customer);
        }
        self.n_kept += 1;
        if ColumnWriter::is_full(self.n_kept) { self.store_rows(ColumnWriter::STRIPE_ROWS) } else { Ok(()) }
    }

    fn finish(mut self, n_rows: Vec<u64>) -> Result<Customers, DataError> {
        self.store_rows(ColumnWriter::rest(self.n_kept))?;
        let has_id = self.place(Form::Id).is_some();
        let id_column = self.readings.iter().find(|reading| reading.form == Form::Id).map(|r| r.name.clone());
        let has_consent = self.place(Form::Consent).is_some();
        if let Some(target) = &self.target {
            target.check_labels()?;
        }
        let (mut columns, mut stored) = (Vec::new(), Vec::new());
        for (reading, builder) in self.readings.iter().zip(self.builders) {
            if let Some(n_infinite) = builder.n_infinite() {
                self.ledger.note(format!("column `{}`: {n_infinite} infinite values are missing", reading.name));
            }
            if self.store.is_some() && is_storable(reading.form) {
                stored.push((reading.name.clone(), reading.role, builder.into_levels()));
            } else if let Some(values) = builder.finish() {
                columns.push(Column::new(&reading.name, reading.role, values));
            }
        }
        note_clock(&self.clock, self.ledger);
        let stored = self.store.map(|store| store.finish(stored)).transpose()?;
        let customer = has_id.then_some(self.customer);
        let (refused, n_kept) = (self.refused, self.n_kept);
        Ok(Customers {
            columns,
            stored,
            customer,
            id_column,
            target: self.target,
            refused,
            has_consent,
            n_rows,
            n_kept,
        })
    }
}

/// Says how many local times a clock change made doubtful.
pub(crate) fn note_clock(clock: &Clock, ledger: &mut Ledger) {
    if clock.n_skipped > 0 {
        let n = clock.n_skipped;
        ledger.note(format!("{n} local times were skipped by a clock change and are read with the offset before it"));
    }
    if clock.n_repeated > 0 {
        let n = clock.n_repeated;
        ledger.note(format!("{n} local times were repeated by a clock change and are read as the earlier instant"));
    }
}

/// The id column of a data set: the published ids in the order of its rows.
pub(crate) fn id_column(name: &str, customer: &[u32], published: &TextColumn) -> Column {
    let ids: TextColumn = customer.iter().map(|&customer| published.get(customer as usize)).collect();
    Column::new(name, Role::Id, Values::Text(ids))
}

/// The same without a copy, where each id stands in its customer's place already.
pub(crate) fn only_id_column(name: &str, customer: &[u32], published: TextColumn) -> Column {
    if customer.len() == published.len() && customer.iter().zip(0..).all(|(&customer, row)| customer == row) {
        return Column::new(name, Role::Id, Values::Text(published));
    }
    id_column(name, customer, &published)
}

/// Roles that must and must not be there for a customer table, told before any file is read.
pub(crate) fn check_roles(plan: &Plan) -> Result<(), DataError> {
    for role in [Role::Id, Role::Time, Role::Target, Role::Value, Role::Weight, Role::Consent, Role::Treatment] {
        roles::single(&plan.data, role)?;
    }
    for role in [Role::Amount, Role::Quantity] {
        if let Some(column) = roles::columns_of(&plan.data, role).next() {
            return Err(DataError::RoleNotPossible { column: column.into(), role, place: "a customer table" });
        }
    }
    let task = plan.experiment.task;
    for (role, is_wanted) in [(Role::Target, task.predicts_churn()), (Role::Value, task.predicts_value())] {
        if is_wanted && roles::single(&plan.data, role)?.is_none() {
            return Err(DataError::MissingRole { source_kind: "customers", role });
        }
    }
    Ok(())
}

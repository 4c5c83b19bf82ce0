//! From a plan to a validated table.

use std::path::{Path, PathBuf};

use tenure_config::{Data, Plan, Source, SyntheticKind, Task};
use tenure_table::{Column, Role, Sequences, Span, Table, Timestamp};

use crate::attributes::Attributes;
use crate::customers::{self, Purpose, only_id_column};
use crate::events::{CustomerBase, EventRows, RowBuilder, resolve_cutoffs, resolve_snapshots};
use crate::holdout::Holdout;
use crate::ids::Ids;
use crate::ledger::Ledger;
use crate::roles::{check_named, missing};
use crate::source::{SourceFile, digest, open_all};
use crate::stored::StoredColumns;
use crate::synth::{self, SynthOptions};
use crate::transactions::{self, Bounds, KeptLog};
use crate::{DataError, EventsInfo, FileDigest, Loaded, Observer};

/// Clocks of different machines may differ by this much before an event lies in the future.
const CLOCK_SLACK: Span = Span::DAY;

/// Reads and validates what `plan.data` names and returns one row for each customer (or customer and cutoff).
///
/// Paths are taken as they stand. The clock is read once: events later than a day from now are dropped.
///
/// # Errors
/// Every [`DataError`] but those of writing; nothing is half loaded.
pub fn load(plan: &Plan, observer: &mut dyn Observer) -> Result<Loaded, DataError> {
    load_at(plan, Timestamp(chrono::Utc::now().timestamp_micros()), observer)
}

/// [`load`], with the clock at `now`.
pub fn load_at(plan: &Plan, now: Timestamp, observer: &mut dyn Observer) -> Result<Loaded, DataError> {
    let loaded = match plan.data.source {
        Source::Customers => load_customers(plan, observer),
        Source::Events => load_events(plan, now, observer),
        Source::Synthetic => load_made(plan, now, observer),
    }?;
    check_table(plan, &loaded)?;
    Ok(loaded)
}

fn load_customers(plan: &Plan, observer: &mut dyn Observer) -> Result<Loaded, DataError> {
    customers::check_roles(plan)?;
    let mut ledger = Ledger::new(&plan.data)?;
    let files = open_all(&plan.data.files, &plan.data)?;
    let files: Vec<SourceFile> = files.into_iter().map(|file| file.within(customers::at_once(plan))).collect();
    check_named(plan, &[&files[0]])?;

    let mut ids = Ids::default();
    let read = customers::read(plan, Purpose::DataSet, &files, &mut ids, &mut ledger, observer)?;
    let published = ids.publish(ledger.key.as_ref());
    let (validation, rejected) = ledger.close(&plan.data, read.n_rows.iter().sum(), read.n_kept)?;
    read.target.map_or(Ok(()), |target| target.check_classes(read.n_kept))?;

    let mut columns = Vec::with_capacity(read.columns.len() + 1);
    if let (Some(name), Some(customer)) = (&read.id_column, &read.customer) {
        columns.push(only_id_column(name, customer, published));
    }
    columns.extend(read.columns);
    let files = digests(&files, &read.n_rows, observer)?;
    Ok(Loaded { table: table(columns)?, stored: read.stored, validation, files, events: None, rejected })
}

fn load_events(plan: &Plan, now: Timestamp, observer: &mut dyn Observer) -> Result<Loaded, DataError> {
    let data = &plan.data;
    transactions::check_roles(plan)?;
    let mut ledger = Ledger::new(data)?;
    let files = open_all(&data.files, data)?;
    let attribute_files = open_all(&data.attributes, data)?;
    transactions::check_columns(data, &files[0])?;
    check_named(plan, &[files.first(), attribute_files.first()].into_iter().flatten().collect::<Vec<_>>())?;

    let mut ids = Ids::default();
    let attributes = Attributes::read(plan, &files[0], &attribute_files, &mut ids, &mut ledger, observer)?;
    let bounds = Bounds { consent: attributes.consent(), latest_us: (now + CLOCK_SLACK).0 };
    let read = transactions::read(plan, &files, &mut ids, &bounds, &mut ledger, observer)?;
    let holdout = plan.split.holdout.as_ref();
    let holdout = holdout.map(|path| Holdout::read(path, &data.csv, &ids, &mut ledger)).transpose()?;
    let published = ids.publish(ledger.key.as_ref());
    let n_log_rows: u64 = read.n_rows.iter().sum();
    let Some(log) = read.log else { return Err(ledger.nothing_kept(n_log_rows)) };
    let n_read = n_log_rows + attributes.n_rows.iter().sum::<u64>();
    let (validation, rejected) = ledger.close(data, n_read, read.n_kept + attributes.n_kept)?;

    let mut info = EventsInfo {
        first: log.range.first,
        last: log.range.last,
        n_events: read.n_kept,
        n_customers: log.n_customers,
        cutoffs: Vec::new(),
        lineage: Vec::new(),
        retention: crate::Retention::default(),
        histories: Vec::new(),
        base: CustomerBase::default(),
    };
    let rows = features(plan, log, observer)?;
    let columns = attributes.join(&rows, &published, id_name(data));
    info.lineage = rows.lineage;
    info.lineage.extend(attributes.lineage());
    (info.cutoffs, info.retention, info.histories) = (rows.cutoffs, rows.retention, rows.histories);
    info.base = rows.base;
    let mut files = digests(&files, &read.n_rows, observer)?;
    files.extend(digests(&attribute_files, &attributes.n_rows, observer)?);
    let mut columns: Vec<Column> = columns.into_iter().chain(rows.columns).collect();
    if let Some(holdout) = holdout {
        columns.push(holdout.column(&rows.customer));
        files.push(holdout.file);
    }
    let is_dropped = |name: &str| plan.features.is_dropped(name);
    columns.retain(|column| !(column.role.is_feature() && is_dropped(&column.name)));
    info.lineage.retain(|feature| !is_dropped(&feature.feature));
    if plan.experiment.task == Task::Segments {
        // Nothing is predicted: the window after the date is empty.
        columns.retain(|column| column.role != Role::Target);
    }
    let table = with_sequences(table(columns)?, rows.sequences)?;
    Ok(Loaded { table, stored: None, validation, files, events: Some(info), rejected })
}

fn with_sequences(table: Table, sequences: Option<Sequences>) -> Result<Table, DataError> {
    let Some(sequences) = sequences else { return Ok(table) };
    table
        .with_sequences(sequences)
        .map_err(|error| DataError::Library { doing: "joining the last purchases".into(), reason: error.to_string() })
}

fn id_name(data: &Data) -> &str {
    crate::roles::columns_of(data, Role::Id).next().expect("an event log has an id, by the check of its roles")
}

fn features(plan: &Plan, log: KeptLog, observer: &mut dyn Observer) -> Result<EventRows, DataError> {
    let cutoffs = if plan.experiment.task == Task::Segments {
        resolve_snapshots(&plan.segments, &plan.time, log.range)?
    } else {
        resolve_cutoffs(&plan.time, log.range)?
    };
    let n_events = log.buckets.n_rows() as u64;
    observer.begin("computing features", Some(n_events));
    let task = plan.experiment.task;
    let mut builder =
        RowBuilder::new(&plan.features, &log.schema, &cutoffs, log.range).with_labels(task, plan.time.returns);
    if task.predicts_value() || plan.features.lifetime {
        builder = builder.with_histories();
    }
    if task != Task::Segments {
        builder = builder.with_sequences(&plan.model.sequence, log.levels);
    }
    let mut done = 0;
    for bucket in log.buckets.into_logs() {
        builder.push(&bucket.view())?;
        done += bucket.time_us.len() as u64;
        observer.progress(done);
    }
    Ok(builder.finish()?)
}

/// Makes the data and loads the files that were made, so that made dirt is met like real dirt.
fn load_made(plan: &Plan, now: Timestamp, observer: &mut dyn Observer) -> Result<Loaded, DataError> {
    let folder = tempfile::tempdir().map_err(|source| DataError::Write { file: std::env::temp_dir(), source })?;
    let options = SynthOptions::from_plan(&plan.synthetic, plan.experiment.seed, plan.time.horizon);
    let made = synth::generate(&options, folder.path(), observer)?;
    let mut plan = plan.clone();
    plan.data.files = vec![text_of(&made.data)];
    plan.data.attributes = made.attributes.iter().map(|path| text_of(path)).collect();
    let roles = synth::roles(plan.synthetic.kind).into_iter();
    plan.data.columns = roles.map(|(name, role)| (name.to_string(), role)).collect();
    plan.data.source = match plan.synthetic.kind {
        SyntheticKind::Events => Source::Events,
        SyntheticKind::Customers => Source::Customers,
    };
    let mut loaded = match plan.data.source {
        Source::Customers => load_customers(&plan, observer),
        _ => load_events(&plan, now, observer),
    }?;
    for file in &mut loaded.files {
        // The folder is gone when the run is read; the name says what the digest is of.
        file.path = PathBuf::from("synthetic").join(file.path.file_name().expect("a made file has a name"));
    }
    Ok(loaded)
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn digests(files: &[SourceFile], n_rows: &[u64], observer: &mut dyn Observer) -> Result<Vec<FileDigest>, DataError> {
    observer.begin("digesting files", None);
    files.iter().zip(n_rows).map(|(file, &n_rows)| digest(&file.path, n_rows)).collect()
}

fn table(columns: Vec<Column>) -> Result<Table, DataError> {
    Table::new(columns)
        .map_err(|error| DataError::Library { doing: "joining columns".into(), reason: error.to_string() })
}

/// Fails where the split or a slice names a column that the table does not have.
fn check_table(plan: &Plan, loaded: &Loaded) -> Result<(), DataError> {
    let split = [("`split.group`", &plan.split.group), ("`split.column`", &plan.split.column)];
    let wanted = split.into_iter().filter_map(|(key, name)| Some((name.as_deref()?, key)));
    let slices = plan.evaluate.slices.iter().map(|name| (name.as_str(), "`evaluate.slices`"));
    let is_there = |name: &str| {
        let stored = loaded.stored.iter().flat_map(StoredColumns::columns);
        loaded.table.column(name).is_some() || stored.into_iter().any(|column| column.name == name)
    };
    match wanted.chain(slices).find(|(name, _)| !is_there(name)) {
        None => Ok(()),
        Some((name, key)) => {
            let found = loaded.table.columns().iter().map(|column| column.name.clone()).collect();
            Err(missing(&loaded.files[0].path, name, format!("named in {key}"), found))
        }
    }
}

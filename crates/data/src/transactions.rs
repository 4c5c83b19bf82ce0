//! Event logs: read in one pass into compact columns; nothing but numbers is kept of a row.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use hashbrown::DefaultHashBuilder;
use tenure_config::{Data, Plan};
use tenure_table::{MISSING_CODE, Role};

use crate::cell::{Batch, Cell};
use crate::customers::note_clock;
use crate::dictionary::Dictionary;
use crate::events::{EventBatch, EventBuckets, LogSchema, TimeRange};
use crate::ids::Ids;
use crate::instant::Clock;
use crate::ledger::{Ledger, Shown};
use crate::source::{SourceColumn, SourceFile, known_rows, read_all};
use crate::{DataError, Observer, Reason, roles};

/// What was read of a log.
#[derive(Debug)]
pub(crate) struct Transactions {
    /// The events that were kept; none where none were.
    pub log: Option<KeptLog>,
    /// Rows of each file.
    pub n_rows: Vec<u64>,
    /// Rows kept.
    pub n_kept: u64,
}

/// Events in compact form.
#[derive(Debug)]
pub(crate) struct KeptLog {
    pub buckets: EventBuckets,
    pub schema: LogSchema,
    /// Names of the levels of each column of role `category`; none unless purchases are read one by one with them.
    pub levels: Vec<Vec<String>>,
    pub range: TimeRange,
    /// Customers with an event.
    pub n_customers: u64,
}

/// Which customers may be used.
#[derive(Debug)]
pub(crate) enum Consent<'a> {
    /// Nobody was asked.
    NotAsked,
    /// Those whom the attribute table does not name as refusing, by number; and whom it names at all.
    Attributes { refused: &'a HashSet<u32>, n_known: u32 },
}

/// What an event must keep to.
#[derive(Debug)]
pub(crate) struct Bounds<'a> {
    /// Whose events may be used.
    pub consent: Consent<'a>,
    /// Later events lie in the future.
    pub latest_us: i64,
}

impl Consent<'_> {
    fn is_given(&self, customer: u32) -> bool {
        match self {
            Self::NotAsked => true,
            // Somebody whom the table does not know never agreed to anything.
            Self::Attributes { refused, n_known } => customer < *n_known && !refused.contains(&customer),
        }
    }
}

/// Where the columns of the log stand in a batch.
#[derive(Clone, Debug)]
struct Places {
    id: usize,
    time: usize,
    amount: Option<usize>,
    product: Option<(usize, usize)>,
    quantity: Option<usize>,
    consent: Option<usize>,
    categories: Vec<usize>,
}

/// Reads the files as one log.
pub(crate) fn read(
    plan: &Plan,
    files: &[SourceFile],
    ids: &mut Ids,
    bounds: &Bounds<'_>,
    ledger: &mut Ledger,
    observer: &mut dyn Observer,
) -> Result<Transactions, DataError> {
    let names = wanted(&plan.data, &files[0]);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    observer.begin("reading events", known_rows(files));
    let mut reader = Reader::new(&plan.data, &files[0], &names, (ids, ledger), bounds)?;
    let n_rows = read_all(files, &names, &plan.data, observer, &mut |file, batch| reader.add(file, batch))?;
    Ok(reader.finish(n_rows, plan.model.sequence.reads_levels()))
}

/// Roles that must and must not be there for an event log, told before any file is read.
pub(crate) fn check_roles(plan: &Plan) -> Result<(), DataError> {
    let data = &plan.data;
    for role in [Role::Id, Role::Time, Role::Amount, Role::Quantity, Role::Weight, Role::Treatment] {
        roles::single(data, role)?;
    }
    for role in [Role::Id, Role::Time] {
        if roles::columns_of(data, role).next().is_none() {
            return Err(DataError::MissingRole { source_kind: "events", role });
        }
    }
    match roles::columns_of(data, Role::Target).next() {
        // The label of an event log is the absence of events.
        Some(column) => {
            Err(DataError::RoleNotPossible { column: column.into(), role: Role::Target, place: "an event log" })
        }
        None => Ok(()),
    }
}

/// Roles that say nothing about a single event.
pub(crate) fn check_columns(data: &Data, file: &SourceFile) -> Result<(), DataError> {
    for (column, role) in &data.columns {
        let is_customers = matches!(role, Role::Weight | Role::Treatment | Role::Sensitive | Role::Numeric);
        let is_factor = data.amount.as_ref().is_some_and(|product| *column == product.left || *column == product.right);
        if is_customers && !is_factor && file.place(column).is_some() {
            return Err(DataError::RoleNotPossible { column: column.clone(), role: *role, place: "an event log" });
        }
        let must_be_here = matches!(role, Role::Id | Role::Time | Role::Amount | Role::Quantity);
        if must_be_here && file.place(column).is_none() {
            let wanted_by = format!("role `{role}` in `data.columns`");
            return Err(roles::missing(&file.path, column, wanted_by, file.names()));
        }
    }
    let factors = data.amount.iter().flat_map(|product| [&product.left, &product.right]);
    match factors.into_iter().find(|column| file.place(column).is_none()) {
        Some(column) => Err(roles::missing(&file.path, column, "a factor of `data.amount`".into(), file.names())),
        None => Ok(()),
    }
}

/// The columns to read: those with a part to play, and all of them where identical rows are to be found.
fn wanted(data: &Data, file: &SourceFile) -> Vec<String> {
    let is_wanted = |column: &&SourceColumn| {
        let name = &column.name;
        let is_factor = data.amount.as_ref().is_some_and(|product| *name == product.left || *name == product.right);
        let has_part = roles::listed_role(data, name).is_some_and(|role| role != Role::Ignore);
        is_factor || has_part || (data.deduplicate && column.is_readable())
    };
    file.columns.iter().filter(is_wanted).map(|column| column.name.clone()).collect()
}

impl Places {
    fn new(data: &Data, names: &[&str]) -> Self {
        let at = |name: &str| names.iter().position(|other| *other == name);
        let of = |role| roles::columns_of(data, role).find_map(at);
        Self {
            id: of(Role::Id).expect("checked"),
            time: of(Role::Time).expect("checked"),
            amount: of(Role::Amount),
            product: data.amount.as_ref().and_then(|product| Some((at(&product.left)?, at(&product.right)?))),
            quantity: of(Role::Quantity),
            consent: of(Role::Consent),
            categories: roles::columns_of(data, Role::Category).filter_map(at).collect(),
        }
    }

    fn schema(&self, data: &Data, names: &[&str]) -> LogSchema {
        let name = |place: usize| names[place].to_string();
        LogSchema {
            time: name(self.time),
            amount: self.amount.map(name).or_else(|| data.amount.as_ref().map(ToString::to_string)),
            quantity: self.quantity.map(name),
            categories: self.categories.iter().map(|&place| name(place)).collect(),
        }
    }
}

struct Reader<'a> {
    names: &'a [&'a str],
    roles: Vec<Option<Role>>,
    places: Places,
    ids: &'a mut Ids,
    ledger: &'a mut Ledger,
    bounds: &'a Bounds<'a>,
    clock: Clock,
    seen: Option<HashSet<u64, DefaultHashBuilder>>,
    levels: Vec<Dictionary>,
    buckets: EventBuckets,
    schema: LogSchema,
    range: Option<TimeRange>,
    numbers: Numbers,
    rows: Rows,
    /// Whether a customer, by number, has an event that was kept.
    has_event: Vec<bool>,
    n_kept: u64,
}

/// The kept rows of one batch.
#[derive(Debug, Default)]
struct Rows {
    customer: Vec<u32>,
    time_us: Vec<i64>,
    amount: Vec<f64>,
    quantity: Vec<f32>,
    categories: Vec<Vec<u32>>,
}

/// The numbers of the ids and levels of one batch, row by row.
#[derive(Debug, Default)]
struct Numbers {
    customer: Vec<Result<u32, Reason>>,
    categories: Vec<Vec<u32>>,
}

/// One event.
#[derive(Clone, Copy, Debug)]
struct Event {
    customer: u32,
    time_us: i64,
    amount: f64,
    quantity: f32,
}

/// Why a row is dropped, and the column at fault.
type Fault = (Reason, Option<usize>);

impl<'a> Reader<'a> {
    fn new(
        data: &Data,
        file: &SourceFile,
        names: &'a [&'a str],
        (ids, ledger): (&'a mut Ids, &'a mut Ledger),
        bounds: &'a Bounds<'a>,
    ) -> Result<Self, DataError> {
        debug_assert!(names.iter().all(|name| file.place(name).is_some()));
        let places = Places::new(data, names);
        let schema = places.schema(data, names);
        Ok(Self {
            roles: names.iter().map(|name| roles::listed_role(data, name)).collect(),
            names,
            ids,
            ledger,
            bounds,
            clock: Clock::new(data)?,
            seen: data.deduplicate.then(HashSet::default),
            levels: places.categories.iter().map(|_| Dictionary::default()).collect(),
            numbers: Numbers { categories: vec![Vec::new(); places.categories.len()], ..Numbers::default() },
            rows: Rows { categories: vec![Vec::new(); places.categories.len()], ..Rows::default() },
            has_event: Vec::new(),
            buckets: EventBuckets::new(schema.clone()),
            schema,
            range: None,
            n_kept: 0,
            places,
        })
    }

    fn add(&mut self, file: &SourceFile, batch: &Batch) -> Result<(), DataError> {
        self.rows.clear();
        self.number(batch);
        for row_idx in 0..batch.n_rows {
            match self.event(batch, row_idx) {
                Ok(event) => self.keep(row_idx, event),
                Err(fault) => {
                    let shown = Shown { names: self.names, roles: &self.roles };
                    self.ledger.drop_row(file, batch, row_idx, fault, shown)?;
                }
            }
        }
        self.flush()
    }

    /// Numbers the batch's ids and levels, on a core each: looking them up takes longer than all the rest.
    fn number(&mut self, batch: &Batch) {
        let Self { ids, levels, numbers, places, ledger, .. } = self;
        let missing = &ledger.missing;
        let customers = || {
            let cells = &batch.columns[places.id];
            numbers.customer.clear();
            numbers.customer.extend((0..batch.n_rows).map(|row_idx| ids.number(cells.get(row_idx, missing))));
        };
        let categories = || {
            for ((&place, levels), codes) in places.categories.iter().zip(levels).zip(&mut numbers.categories) {
                let code = |row_idx| levels.number_cell(batch.columns[place].get(row_idx, missing));
                codes.clear();
                codes.extend((0..batch.n_rows).map(code).map(|code| code.unwrap_or(MISSING_CODE)));
            }
        };
        rayon::join(customers, categories);
    }

    fn event(&mut self, batch: &Batch, row_idx: usize) -> Result<Event, Fault> {
        if batch.ragged_at(row_idx).is_some() {
            return Err((Reason::Ragged, None));
        }
        self.agreed(batch, row_idx)?;
        let customer = self.numbers.customer[row_idx].map_err(|reason| (reason, Some(self.places.id)))?;
        if !self.bounds.consent.is_given(customer) {
            return Err((Reason::NoConsent, None));
        }
        let event = Event {
            customer,
            time_us: self.time(batch, row_idx)?,
            amount: self.amount(batch, row_idx)?,
            quantity: self.quantity(batch, row_idx)?,
        };
        let is_new = self.seen.as_mut().is_none_or(|seen| seen.insert(row_hash(batch, row_idx, self.ledger)));
        if is_new { Ok(event) } else { Err((Reason::DuplicateEvent, None)) }
    }

    fn agreed(&self, batch: &Batch, row_idx: usize) -> Result<(), Fault> {
        let Some(place) = self.places.consent else { return Ok(()) };
        match batch.columns[place].get(row_idx, &self.ledger.missing).flag() {
            Ok(Some(true)) => Ok(()),
            // Consent that cannot be read was not given.
            _ => Err((Reason::NoConsent, Some(place))),
        }
    }

    fn time(&mut self, batch: &Batch, row_idx: usize) -> Result<i64, Fault> {
        let place = self.places.time;
        match batch.columns[place].get(row_idx, &self.ledger.missing).instant(&mut self.clock) {
            Ok(Some(us)) if us > self.bounds.latest_us => Err((Reason::FutureTime, Some(place))),
            Ok(Some(us)) => Ok(us),
            Ok(None) => Err((Reason::MissingTime, Some(place))),
            Err(_) => Err((Reason::UnreadableTime, Some(place))),
        }
    }

    fn amount(&self, batch: &Batch, row_idx: usize) -> Result<f64, Fault> {
        let factor = |place: usize| match batch.columns[place].get(row_idx, &self.ledger.missing).number() {
            Ok(Some(amount)) if amount.is_finite() => Ok(amount),
            Ok(Some(_)) => Err((Reason::NonFiniteAmount, Some(place))),
            Ok(None) | Err(_) => Err((Reason::UnreadableAmount, Some(place))),
        };
        let amount = match (self.places.amount, self.places.product) {
            (Some(place), _) => factor(place)?,
            (None, Some((left, right))) => factor(left)? * factor(right)?,
            (None, None) => return Ok(f64::NAN),
        };
        if amount.is_finite() { Ok(amount) } else { Err((Reason::NonFiniteAmount, None)) }
    }

    fn quantity(&self, batch: &Batch, row_idx: usize) -> Result<f32, Fault> {
        let Some(place) = self.places.quantity else { return Ok(f32::NAN) };
        match batch.columns[place].get(row_idx, &self.ledger.missing).number() {
            Ok(None) => Ok(f32::NAN),
            Ok(Some(units)) if !(units as f32).is_infinite() => Ok(units as f32),
            Ok(Some(_)) | Err(_) => Err((Reason::UnreadableQuantity, Some(place))),
        }
    }

    fn keep(&mut self, row_idx: usize, event: Event) {
        self.rows.customer.push(event.customer);
        self.rows.time_us.push(event.time_us);
        self.rows.amount.push(event.amount);
        self.rows.quantity.push(event.quantity);
        for (codes, numbers) in self.rows.categories.iter_mut().zip(&self.numbers.categories) {
            codes.push(numbers[row_idx]);
        }
        let customer = event.customer as usize;
        if self.has_event.len() <= customer {
            self.has_event.resize(customer + 1, false);
        }
        self.has_event[customer] = true;
        self.n_kept += 1;
    }

    fn flush(&mut self) -> Result<(), DataError> {
        let Some(range) = TimeRange::scan(&self.rows.time_us) else { return Ok(()) };
        self.range = Some(self.range.map_or(range, |before| before.merge(range)));
        let categories: Vec<&[u32]> = self.rows.categories.iter().map(Vec::as_slice).collect();
        self.buckets.push(EventBatch {
            customer: &self.rows.customer,
            time_us: &self.rows.time_us,
            amount: self.schema.amount.is_some().then_some(self.rows.amount.as_slice()),
            quantity: self.schema.quantity.is_some().then_some(self.rows.quantity.as_slice()),
            categories: &categories,
        })?;
        Ok(())
    }

    fn finish(self, n_rows: Vec<u64>, keeps_levels: bool) -> Transactions {
        note_clock(&self.clock, self.ledger);
        let Self { buckets, schema, levels, n_kept, range, .. } = self;
        let n_customers = self.has_event.iter().map(|&has_event| u64::from(has_event)).sum();
        let names = |levels: Dictionary| levels.into_categories(Vec::new()).levels;
        let levels = if keeps_levels { levels.into_iter().map(names).collect() } else { Vec::new() };
        Transactions { log: range.map(|range| KeptLog { buckets, schema, levels, range, n_customers }), n_rows, n_kept }
    }
}

impl Rows {
    fn clear(&mut self) {
        self.customer.clear();
        self.time_us.clear();
        self.amount.clear();
        self.quantity.clear();
        self.categories.iter_mut().for_each(Vec::clear);
    }
}

/// A hash of every column of a row. Among a hundred million different rows two share one with probability 3e-4.
fn row_hash(batch: &Batch, row_idx: usize, ledger: &Ledger) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cells in &batch.columns {
        match cells.get(row_idx, &ledger.missing) {
            Cell::Missing => 0_u8.hash(&mut hasher),
            Cell::Text(text) => text.hash(&mut hasher),
            Cell::Integer(number) | Cell::Local(number) | Cell::Instant(number) => number.hash(&mut hasher),
            Cell::Float(number) => number.to_bits().hash(&mut hasher),
            Cell::Boolean(flag) => flag.hash(&mut hasher),
        }
    }
    hasher.finish()
}

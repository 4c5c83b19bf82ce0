//! Which rows train, validate and test.

mod deal;
mod units;

use tenure_config::{Split, SplitKind};
use tenure_table::{Column, Role, Table, Values};

use self::deal::deal;
use self::units::Units;
use crate::error::type_name;
use crate::seed::{Purpose, stream};
use crate::target::Target;
use crate::{EncodeError, PartName};

/// Which rows of a table train, validate and test; one for each fold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// Encoders and networks are fitted on these rows, ascending.
    pub train: Vec<u32>,
    /// Early stopping and calibration look at these, ascending.
    pub validation: Vec<u32>,
    /// These are judged, ascending.
    pub test: Vec<u32>,
}

impl Partition {
    /// Rows at the last time that are in no part, of customers who do not test, ascending: where customers are held out,
    /// those of the others. What was known of them then may be read by all means; what they did later belongs to nobody.
    pub fn unlabelled(&self, table: &Table) -> Vec<u32> {
        let Some(Values::Time(times)) = table.with_role(Role::Time).map(|column| &column.values) else {
            return Vec::new();
        };
        let units = Units::customers(table);
        let mut is_taken = vec![false; times.len()];
        for &row in self.train.iter().chain(&self.validation) {
            is_taken[row as usize] = true;
        }
        let mut tests = vec![false; units.count];
        for &row in &self.test {
            tests[units.of_row[row as usize] as usize] = true;
        }
        let last = times.iter().max();
        let is_free = |row: usize| !is_taken[row] && !tests[units.of_row[row] as usize] && Some(&times[row]) == last;
        (0..times.len()).filter(|&row| is_free(row)).map(|row| row as u32).collect()
    }
}

/// Tells the rows of a table apart: one partition, or one for each fold, whose test parts together are the table.
///
/// - `temporal`: rows at the last time of the column of role `time` test; the others train, except for a random share of
///   customers that validates. With `holdout`, only the customers it names test, and they never train. A customer is never in both training and validation, but one who trains at an early
///   cutoff may be tested at the last: that is what a forecast does.
/// - `stratified`: at random, each class apart. Rows of the same id stay together.
/// - `group`: at random, rows of the same group stay together.
/// - `column`: as a column says; where it never says `validation`, a random share of training customers validates.
///
/// Every part has rows and both classes, or there is an error; only validation may be empty, when its share is 0.
/// The same table and seed give the same parts.
pub fn partition(table: &Table, split: &Split, seed: u64) -> Result<Vec<Partition>, EncodeError> {
    let target = Target::of(table)?;
    let splitter = Splitter { table, split, seed, target, positives: target.positives()? };
    let all: Vec<u32> = (0..table.n_rows() as u32).collect();
    splitter.check(PartName::Table, &all)?;
    let partitions = match split.kind {
        SplitKind::Temporal => vec![splitter.temporal()?],
        SplitKind::Column => vec![splitter.by_column()?],
        SplitKind::Stratified => splitter.at_random(&Units::customers(table), &all)?,
        SplitKind::Group => {
            splitter.at_random(&Units::groups(splitter.named("group", split.group.as_ref())?)?, &all)?
        }
    };
    for parts in &partitions {
        splitter.check(PartName::Train, &parts.train)?;
        splitter.check(PartName::Test, &parts.test)?;
        if split.validation > 0.0 || !parts.validation.is_empty() {
            splitter.check(PartName::Validation, &parts.validation)?;
        }
    }
    Ok(partitions)
}

/// What every kind of split needs.
struct Splitter<'a> {
    table: &'a Table,
    split: &'a Split,
    seed: u64,
    target: Target<'a>,
    positives: Vec<bool>,
}

impl Splitter<'_> {
    fn temporal(&self) -> Result<Partition, EncodeError> {
        self.refuse_folds()?;
        let column = self.table.with_role(Role::Time).ok_or(EncodeError::NoTime)?;
        let Values::Time(cutoffs) = &column.values else {
            return Err(EncodeError::WrongType {
                column: column.name.clone(),
                role: column.role,
                expected: "times",
                found: type_name(&column.values),
            });
        };
        let last = cutoffs.iter().max().expect("the table has rows");
        let (test, earlier): (Vec<u32>, Vec<u32>) =
            (0..cutoffs.len() as u32).partition(|&row_idx| cutoffs[row_idx as usize] == *last);
        if earlier.is_empty() {
            return Err(EncodeError::OneCutoff { column: column.name.clone(), found: 1 });
        }
        let (test, earlier) = self.hold_out(test, earlier)?;
        let (train, validation) = self.set_aside(&Units::customers(self.table), earlier, 0);
        Ok(Partition { train, validation, test })
    }

    /// Where customers are held out, they alone test, and they never train.
    fn hold_out(&self, test: Vec<u32>, earlier: Vec<u32>) -> Result<(Vec<u32>, Vec<u32>), EncodeError> {
        if self.split.holdout.is_none() {
            return Ok((test, earlier));
        }
        let column = self.named("holdout", Some(&Split::HOLDOUT_COLUMN.to_owned()))?;
        let mut held_out = Vec::with_capacity(self.table.n_rows());
        for row_idx in 0..self.table.n_rows() {
            held_out.push(part_word(column, row_idx)? == Some("test"));
        }
        let is_held_out = |row_idx: &u32| held_out[*row_idx as usize];
        let test: Vec<u32> = test.into_iter().filter(is_held_out).collect();
        let earlier: Vec<u32> = earlier.into_iter().filter(|row_idx| !is_held_out(row_idx)).collect();
        if test.is_empty() {
            return Err(EncodeError::Holdout {
                part: "test",
                reason: "none of its customers is there at the last cutoff",
            });
        }
        if earlier.is_empty() {
            return Err(EncodeError::Holdout {
                part: "train",
                reason: "it names every customer of the earlier cutoffs",
            });
        }
        Ok((test, earlier))
    }

    fn by_column(&self) -> Result<Partition, EncodeError> {
        self.refuse_folds()?;
        let column = self.named("column", self.split.column.as_ref())?;
        let mut parts = Partition::default();
        for row_idx in 0..self.table.n_rows() {
            let part = match part_word(column, row_idx)? {
                Some("train") => &mut parts.train,
                Some("validation") => &mut parts.validation,
                Some("test") => &mut parts.test,
                word => {
                    let found = word.map_or("no value".to_owned(), |word| format!("`{word}`"));
                    return Err(EncodeError::SplitWord { column: column.name.clone(), row_idx, found });
                }
            };
            part.push(row_idx as u32);
        }
        if parts.validation.is_empty() {
            (parts.train, parts.validation) = self.set_aside(&Units::customers(self.table), parts.train, 0);
        }
        Ok(parts)
    }

    fn at_random(&self, units: &Units, all: &[u32]) -> Result<Vec<Partition>, EncodeError> {
        let rng = &mut stream(self.seed, Purpose::Test);
        let folds = self.split.folds;
        if folds == 0 {
            let shares = [1.0 - self.split.test, self.split.test];
            let mut dealt = deal(units, all, &self.positives, &shares, rng).into_iter();
            let (rest, test) = (dealt.next().unwrap_or_default(), dealt.next().unwrap_or_default());
            let (train, validation) = self.set_aside(units, rest, 0);
            return Ok(vec![Partition { train, validation, test }]);
        }
        self.check_folds(units)?;
        let tests = deal(units, all, &self.positives, &vec![1.0 / folds as f64; folds], rng);
        let one_fold = |(fold, test): (usize, Vec<u32>)| {
            let (train, validation) = self.set_aside(units, without(all, &test), fold);
            Partition { train, validation, test }
        };
        Ok(tests.into_iter().enumerate().map(one_fold).collect())
    }

    /// Training and validation rows out of `rows`.
    fn set_aside(&self, units: &Units, rows: Vec<u32>, fold: usize) -> (Vec<u32>, Vec<u32>) {
        let share = self.split.validation_share(rows.len());
        if share == 0.0 {
            return (rows, Vec::new());
        }
        let rng = &mut stream(self.seed, Purpose::Validation(fold));
        let mut dealt = deal(units, &rows, &self.positives, &[1.0 - share, share], rng).into_iter();
        (dealt.next().unwrap_or_default(), dealt.next().unwrap_or_default())
    }

    /// The column that a setting of the split names.
    fn named(&self, setting: &'static str, column: Option<&String>) -> Result<&Column, EncodeError> {
        let name = column.ok_or(EncodeError::NoSplitColumn { kind: self.split.kind.name(), setting })?;
        self.table.column(name).ok_or_else(|| EncodeError::SplitColumn {
            setting,
            column: name.clone(),
            present: self.table.columns().iter().map(|column| column.name.clone()).collect(),
        })
    }

    fn refuse_folds(&self) -> Result<(), EncodeError> {
        match self.split.folds {
            0 => Ok(()),
            folds => Err(EncodeError::Folds { folds, kind: self.split.kind.name() }),
        }
    }

    /// Each class must have a unit for each fold.
    fn check_folds(&self, units: &Units) -> Result<(), EncodeError> {
        let folds = self.split.folds;
        if folds == 1 {
            return Err(EncodeError::Folds { folds, kind: self.split.kind.name() });
        }
        for class in [false, true] {
            let mut has_class = vec![false; units.count];
            for (unit, &positive) in units.of_row.iter().zip(&self.positives) {
                has_class[*unit as usize] |= positive == class;
            }
            let found = has_class.iter().filter(|&&has| has).count();
            if found < folds {
                let (units, column, class) = (units.name, self.target.column().name.clone(), u8::from(class));
                return Err(EncodeError::TooFewForFolds { folds, units, column, class, found });
            }
        }
        Ok(())
    }

    /// A part needs rows and both classes.
    fn check(&self, part: PartName, rows: &[u32]) -> Result<(), EncodeError> {
        let Some(&first) = rows.first() else {
            return Err(EncodeError::EmptyPart { part, reason: self.why_empty(part) });
        };
        let class = self.positives[first as usize];
        if rows.iter().any(|&row_idx| self.positives[row_idx as usize] != class) {
            return Ok(());
        }
        let column = self.target.column().name.clone();
        Err(EncodeError::OneClass { part, column, class: u8::from(class), n_rows: rows.len() })
    }

    fn why_empty(&self, part: PartName) -> String {
        match (self.split.kind, part) {
            (_, PartName::Table) => "it has no rows".to_owned(),
            (SplitKind::Column, PartName::Train) => "the split column never says `train`".to_owned(),
            (SplitKind::Column, PartName::Test) => "the split column never says `test`".to_owned(),
            _ => format!("its share of {} rows is less than one row or group", self.table.n_rows()),
        }
    }
}

/// The word of a split column in one row.
fn part_word(column: &Column, row_idx: usize) -> Result<Option<&str>, EncodeError> {
    match &column.values {
        Values::Category(categories) => Ok(categories.get(row_idx)),
        Values::Text(texts) => Ok(Some(texts.get(row_idx)).filter(|text| !text.is_empty())),
        other => Err(EncodeError::WrongType {
            column: column.name.clone(),
            role: column.role,
            expected: "words",
            found: type_name(other),
        }),
    }
}

/// `all` less `taken`; both ascending.
fn without(all: &[u32], taken: &[u32]) -> Vec<u32> {
    let mut taken = taken.iter().peekable();
    all.iter().copied().filter(|row_idx| taken.next_if_eq(&row_idx).is_none()).collect()
}

//! Learning encoders from training rows, and from nothing else.

mod category;
mod numeric;
mod sequence;

use rayon::prelude::*;
use tenure_artifact::{DropReason, DroppedColumn, Encoder, InputColumn, Preprocessor};
use tenure_config::Encode;
use tenure_table::{Column, Role, Table, Values};

use crate::error::type_name;
use crate::target::{Target, weights};
use crate::transform::{self, Labels, Source, assemble, check_rows, source};
use crate::{Dataset, EncodeError, PartName};

/// Fits encoders on the training rows and encodes these rows.
///
/// Rows outside `train` are not looked at: whatever they hold, the result is the same to the bit. Target statistics of
/// the training rows are ordered, so that no row sees its own target; hence the data set returned here differs in those
/// columns from [`transform`](crate::transform) of the same rows, on purpose. Weights play no part in the fit.
///
/// Columns are fitted in parallel. Beyond the data set itself it needs a few bytes per row and thread; quantiles of more
/// than about a million rows come from a seeded sample of that size.
///
/// ```
/// use tenure_config::{Encode, NumericEncoding};
/// use tenure_table::{Column, Role, Table, Values};
///
/// let table = Table::new(vec![
///     Column::new("churned", Role::Target, Values::Numeric(vec![0.0, 1.0, 0.0, 1.0])),
///     Column::new("months", Role::Numeric, Values::Numeric(vec![10.0, 20.0, 30.0, f32::NAN])),
///     Column::new("plan", Role::Category, Values::categories(["a", "b", "a", "never trained on"].map(Some))),
/// ])
/// .unwrap();
/// let plan = Encode {
///     numeric: NumericEncoding::Robust,
///     one_hot_max: 9,
///     target_statistics_min: 100,
///     min_level_count: 1,
/// };
/// let (prep, train) = tenure_encode::fit_transform(&table, &[0, 1, 2], &plan, 7).unwrap();
/// assert_eq!(prep.layout.binary, ["plan = b"]);
/// assert_eq!(train.binary, [0.0, 1.0, 0.0]);
/// // The median is 20; quartiles 15 and 25; (30 - 20) / 10 = 1, smoothly clipped to .9487.
/// assert!((train.continuous[2] - 0.948_683_3).abs() < 1e-6);
///
/// let later = tenure_encode::transform(&prep, &table, &[3]).unwrap();
/// assert_eq!((later.continuous[0], later.binary[0]), (0.0, 0.5));
/// ```
pub fn fit_transform(
    table: &Table,
    train: &[u32],
    plan: &Encode,
    seed: u64,
) -> Result<(Preprocessor, Dataset), EncodeError> {
    check_rows(table, train)?;
    if train.is_empty() {
        let reason = "no rows were given to fit on".to_owned();
        return Err(EncodeError::EmptyPart { part: PartName::Train, reason });
    }
    let target = Target::of(table)?;
    let rows = TrainingRows { rows: train, target: target.classes(train)?, plan, seed };
    let features: Vec<&Column> = table.features().collect();
    let outcomes: Vec<Outcome> =
        features.par_iter().map(|column| fit_column(column, &rows)).collect::<Result<_, EncodeError>>()?;

    let named = features.iter().map(|column| column.name.clone()).zip(outcomes);
    let Kept { inputs, dropped, quantiles, ordered } = Kept::of(named.collect())?;
    let fit = |sequences| sequence::fit(sequences, train, plan.min_level_count);
    let (scales, levels) = table.sequences().map(fit).unwrap_or_default();
    let prep = Preprocessor::new(inputs, quantiles, dropped).with_sequence(scales, levels);
    let sources = prep
        .inputs
        .iter()
        .zip(ordered)
        .map(|(input, ordered)| ordered.map_or_else(|| source(input, table), |values| Ok(Source::Ordered(values))))
        .collect::<Result<Vec<_>, EncodeError>>()?;
    let labels = Labels { target: target.take(train)?, weight: weights(table, train)? };
    let sequence = transform::sequence(&prep, table, train)?;
    let data = assemble(&prep.layout, &sources, train, labels, sequence);
    Ok((prep, data))
}

/// Fits encoders to all rows of a table whose columns are read one after the other, so that no two need be in memory:
/// to the bit those that [`fit_transform`] fits to all rows. Levels become indicators or embeddings; statistics of the
/// target, which need that too, are never made.
///
/// `read` gives the columns by name; beside a column, 4 bytes are needed for each row, and quantiles sort a copy of at most
/// about a million values.
///
/// # Errors
/// Those of `read`, [`EncodeError::WrongType`] and [`EncodeError::NoFeatures`].
pub fn fit_columns<E: From<EncodeError>>(
    names: &[String],
    n_rows: usize,
    read: &mut dyn FnMut(&str) -> Result<Column, E>,
    plan: &Encode,
    seed: u64,
) -> Result<Preprocessor, E> {
    if n_rows == 0 {
        let reason = "no rows were given to fit on".to_owned();
        return Err(EncodeError::EmptyPart { part: PartName::Train, reason }.into());
    }
    let plan = Encode { target_statistics_min: usize::MAX, ..*plan };
    let all: Vec<u32> = (0..n_rows as u32).collect();
    let rows = TrainingRows { rows: &all, target: Vec::new(), plan: &plan, seed };
    let mut outcomes = Vec::with_capacity(names.len());
    for name in names {
        outcomes.push((name.clone(), fit_column(&read(name)?, &rows)?));
    }
    let Kept { inputs, dropped, quantiles, .. } = Kept::of(outcomes)?;
    Ok(Preprocessor::new(inputs, quantiles, dropped))
}

/// The columns that were kept, and those that were not.
struct Kept {
    inputs: Vec<InputColumn>,
    dropped: Vec<DroppedColumn>,
    quantiles: Vec<Vec<f32>>,
    /// For each input.
    ordered: Vec<Option<Vec<f32>>>,
}

impl Kept {
    fn of(outcomes: Vec<(String, Outcome)>) -> Result<Self, EncodeError> {
        let mut kept = Self { inputs: Vec::new(), dropped: Vec::new(), quantiles: Vec::new(), ordered: Vec::new() };
        for (name, outcome) in outcomes {
            match outcome {
                Outcome::Kept(fitted) => {
                    kept.inputs.push(InputColumn::new(name, fitted.encoder));
                    kept.quantiles.extend(fitted.quantiles);
                    kept.ordered.push(fitted.ordered);
                }
                Outcome::Dropped(reason) => kept.dropped.push(DroppedColumn { name, reason }),
            }
        }
        if kept.inputs.is_empty() {
            let dropped = kept.dropped.iter().map(|column| format!("`{}` is {}", column.name, column.reason)).collect();
            return Err(EncodeError::NoFeatures { dropped });
        }
        Ok(kept)
    }
}

/// What every column is fitted on.
struct TrainingRows<'a> {
    rows: &'a [u32],
    /// The class of each of `rows`, 0 or 1; none where the plan makes no statistics of the target.
    target: Vec<f32>,
    plan: &'a Encode,
    seed: u64,
}

/// What became of a column.
enum Outcome {
    Kept(Fitted),
    Dropped(DropReason),
}

/// A fitted column.
struct Fitted {
    encoder: Encoder,
    /// Quantiles of its continuous input, if it has one.
    quantiles: Option<Vec<f32>>,
    /// The continuous input of each training row, where that is not what the encoder gives.
    ordered: Option<Vec<f32>>,
}

impl Outcome {
    /// A column without continuous input.
    fn plain(encoder: Encoder) -> Self {
        Self::Kept(Fitted { encoder, quantiles: None, ordered: None })
    }
}

fn fit_column(column: &Column, rows: &TrainingRows<'_>) -> Result<Outcome, EncodeError> {
    match (column.role, &column.values) {
        (Role::Numeric, Values::Numeric(values)) => Ok(numeric::fit(&column.name, values, rows)),
        (Role::Category, Values::Category(categories)) => Ok(category::fit(&column.name, categories, rows)),
        (role, values) => Err(EncodeError::WrongType {
            column: column.name.clone(),
            role,
            expected: if role == Role::Numeric { "numbers" } else { "levels" },
            found: type_name(values),
        }),
    }
}

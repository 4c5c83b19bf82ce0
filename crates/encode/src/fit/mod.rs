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

    let (mut inputs, mut dropped, mut quantiles, mut ordered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (column, outcome) in features.iter().zip(outcomes) {
        match outcome {
            Outcome::Kept(fitted) => {
                inputs.push(InputColumn::new(column.name.clone(), fitted.encoder));
                quantiles.extend(fitted.quantiles);
                ordered.push(fitted.ordered);
            }
            Outcome::Dropped(reason) => dropped.push(DroppedColumn { name: column.name.clone(), reason }),
        }
    }
    if inputs.is_empty() {
        let dropped = dropped.iter().map(|column| format!("`{}` is {}", column.name, column.reason)).collect();
        return Err(EncodeError::NoFeatures { dropped });
    }
    let scales = table.sequences().map_or_else(Vec::new, |sequences| sequence::fit(sequences, train));
    let prep = Preprocessor::new(inputs, quantiles, dropped).with_sequence(scales);
    let sources = prep
        .inputs
        .iter()
        .zip(ordered)
        .map(|(input, ordered)| ordered.map_or_else(|| source(input, table), |values| Ok(Source::Ordered(values))))
        .collect::<Result<Vec<_>, EncodeError>>()?;
    let labels = Labels { target: target.take(train)?, weight: weights(table, train)? };
    let sequence = transform::sequence(&prep.sequence, table, train)?;
    let data = assemble(&prep.layout, &sources, train, labels, sequence);
    Ok((prep, data))
}

/// What every column is fitted on.
struct TrainingRows<'a> {
    rows: &'a [u32],
    /// The class of each of `rows`, 0 or 1.
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

//! The rows by which a bundle proves itself.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::RawValue;
use tenure_artifact::bundle::{Cell, Sample};
use tenure_edge::{Model, Workspace};

use crate::{CompressError, RawRows};

/// Rows in a bundle.
const N_SAMPLES: usize = 8;

/// Rows of which every value comes from another training row, and one without any value: none of them is a customer's.
pub(crate) fn cells(rows: &RawRows<'_>, train: &[u32], seed: u64) -> Vec<Vec<Cell>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sample = |sample_idx: usize| -> Vec<Cell> {
        let cell = |column: usize| {
            let donor = train[rng.random_range(0..train.len())];
            match rows.value(donor, column) {
                _ if sample_idx + 1 == N_SAMPLES => Cell::Missing,
                RawValue::Number(number) if !number.is_finite() => Cell::Missing,
                value => Cell::from(value),
            }
        };
        (0..rows.n_columns()).map(cell).collect()
    };
    (0..N_SAMPLES).map(&mut sample).collect()
}

/// These rows with the scores that the model gives them.
pub(crate) fn scored(model: &Model<'_>, cells: Vec<Vec<Cell>>) -> Result<Vec<Sample>, CompressError> {
    let mut workspace = Workspace::new(model);
    let score = |cells: Vec<Cell>| {
        let row: Vec<RawValue<'_>> = cells.iter().map(Cell::as_raw).collect();
        let (values, n) = model.predict(&row, &mut workspace)?.score.values();
        Ok(Sample { expected: values[..n].to_vec(), cells })
    };
    cells.into_iter().map(score).collect()
}

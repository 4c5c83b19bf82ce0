//! Encoded rows, dense and row-major: what a network trains on and scores.

use tenure_artifact::InputLayout;
use tenure_table::Sequences;

/// Encoded rows.
///
/// # Shapes
/// `B` rows, `F` magnitudes, `G` binary inputs and `C` embedding indices, in the order of `layout`; every matrix is
/// row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Names, order and sizes of the inputs.
    pub layout: InputLayout,
    /// Scaled magnitudes, `[B, F]`, finite.
    pub continuous: Vec<f32>,
    /// Indicators and two-valued columns, `[B, G]`, in `[0, 1]`.
    pub binary: Vec<f32>,
    /// Embedding indices, `[B, C]`, each below its column's number of levels.
    pub categorical: Vec<u32>,
    /// The targets, `[B, T]`, in the order of the table's columns: churn is 0 or 1, a value is at least 0 and in the units
    /// of the data.
    pub target: Vec<f32>,
    /// The encoded events before each row, with the layout's numbers and then its indices each; none where the layout has
    /// none.
    pub sequence: Option<Sequences>,
    /// How much each row counts, `[B]`, positive and finite; 1 where the table has no weights.
    pub weight: Vec<f32>,
}

impl Dataset {
    /// The number of rows, B.
    pub fn n_rows(&self) -> usize {
        self.weight.len()
    }

    /// The number of targets, T: 1 for churn, or for the value in one horizon.
    pub fn n_targets(&self) -> usize {
        if self.weight.is_empty() { 1 } else { self.target.len() / self.weight.len() }
    }

    /// The targets of one row, `[T]`.
    pub fn target_row(&self, row_idx: usize) -> &[f32] {
        row(&self.target, self.n_targets(), row_idx)
    }

    /// The magnitudes of one row, `[F]`.
    pub fn continuous_row(&self, row_idx: usize) -> &[f32] {
        row(&self.continuous, self.layout.continuous.len(), row_idx)
    }

    /// The binary inputs of one row, `[G]`.
    pub fn binary_row(&self, row_idx: usize) -> &[f32] {
        row(&self.binary, self.layout.binary.len(), row_idx)
    }

    /// The embedding indices of one row, `[C]`.
    pub fn categorical_row(&self, row_idx: usize) -> &[u32] {
        row(&self.categorical, self.layout.categorical.len(), row_idx)
    }

    /// These rows, in this order; a row may be taken more than once.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let (f, g, c) = self.layout.widths();
        Self {
            layout: self.layout.clone(),
            continuous: take_rows(&self.continuous, f, rows),
            binary: take_rows(&self.binary, g, rows),
            categorical: take_rows(&self.categorical, c, rows),
            target: take_rows(&self.target, self.n_targets(), rows),
            sequence: self.sequence.as_ref().map(|sequence| sequence.take(rows)),
            weight: take_rows(&self.weight, 1, rows),
        }
    }
}

fn row<T>(matrix: &[T], width: usize, row_idx: usize) -> &[T] {
    &matrix[row_idx * width..(row_idx + 1) * width]
}

fn take_rows<T: Copy>(matrix: &[T], width: usize, rows: &[u32]) -> Vec<T> {
    let mut taken = Vec::with_capacity(rows.len() * width);
    for &row_idx in rows {
        taken.extend_from_slice(row(matrix, width, row_idx as usize));
    }
    taken
}

#[cfg(test)]
mod tests {
    use tenure_artifact::CategoricalInput;

    use super::*;

    #[test]
    fn taking_rows_keeps_their_cells_together() {
        let mut events = Sequences::new(vec!["h".into()]);
        events.push_row(&[4.0]);
        events.push_row(&[5.0, 6.0]);
        let data = Dataset {
            layout: InputLayout {
                continuous: vec![],
                binary: vec!["a".into(), "b".into()],
                categorical: vec![CategoricalInput { name: "c".into(), n_levels: 9 }],
                sequence: vec!["h".into()],
                sequence_levels: vec![],
            },
            continuous: vec![],
            binary: vec![0.0, 1.0, 2.0, 3.0],
            categorical: vec![7, 8],
            target: vec![0.0, 20.0, 1.0, 30.0],
            sequence: Some(events),
            weight: vec![1.0, 2.0],
        };
        let taken = data.take(&[1, 0, 1]);
        assert_eq!(taken.n_rows(), 3);
        assert_eq!(taken.binary, [2.0, 3.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(taken.categorical_row(1), [7]);
        assert!(taken.continuous_row(2).is_empty());
        assert_eq!(taken.target, [1.0, 30.0, 0.0, 20.0, 1.0, 30.0]);
        assert_eq!((taken.n_targets(), taken.target_row(1)), (2, [0.0, 20.0].as_slice()));
        assert_eq!(taken.weight, [2.0, 1.0, 2.0]);
        assert_eq!(taken.sequence.expect("kept").values(), [5.0, 6.0, 4.0, 5.0, 6.0]);
    }
}

//! Training rows on the device, gathered there by index.

use burn::tensor::{Device, Int, Tensor, TensorData};
use tenure_artifact::NetworkSpec;
use tenure_config::{self as plan, ClassWeight};
use tenure_encode::Dataset;
use tenure_model::{Batch, Events, TargetColumns};

/// All rows of a data set on a device: one matrix of floats and one of indices, so that a batch is two gathers.
pub(crate) struct Resident {
    /// `[N, F + G + T + 1]`: magnitudes, indicators, the columns of the head's targets, weight.
    floats: Tensor<2>,
    /// `[N, C]`
    indices: Option<Tensor<2, Int>>,
    /// What happened before each row; none where the network does not read it.
    events: Option<Events>,
    n_continuous: usize,
    n_binary: usize,
    n_target_columns: usize,
}

/// Rows of one step.
pub(crate) struct Rows {
    pub(crate) batch: Batch,
    /// `[B, T]`, as [`TargetColumns`] lays them out.
    pub(crate) target: Tensor<2>,
    /// `[B, 1]`, mean 1 over all rows.
    pub(crate) weight: Tensor<2>,
}

impl Resident {
    /// Uploads a data set, churn labels smoothed and classes balanced as the settings say.
    pub(crate) fn upload(data: &Dataset, spec: &NetworkSpec, settings: &plan::Train, device: &Device) -> Self {
        let (f, g, c) = data.layout.widths();
        let n_rows = data.n_rows();
        let weights = row_weights(data, settings.class_weight);
        let targets = TargetColumns::new(&spec.head, settings.label_smoothing as f32);
        let width = f + g + targets.width() + 1;
        let mut floats = Vec::with_capacity(n_rows * width);
        for (row, weight) in weights.into_iter().enumerate() {
            floats.extend_from_slice(data.continuous_row(row));
            floats.extend_from_slice(data.binary_row(row));
            targets.push(data.target_row(row), &mut floats);
            floats.push(weight);
        }
        let indices: Vec<i32> = data.categorical.iter().map(|i| i.cast_signed()).collect();
        Self {
            floats: Tensor::from_data(TensorData::new(floats, [n_rows, width]), device),
            indices: (c > 0).then(|| Tensor::from_data(TensorData::new(indices, [n_rows, c]), device)),
            events: events(data, spec, device),
            n_continuous: f,
            n_binary: g,
            n_target_columns: targets.width(),
        }
    }

    /// `rows` on the device, and the same numbers on the host.
    ///
    /// # Shapes
    /// `rows [B]`
    pub(crate) fn gather(&self, rows: Tensor<1, Int>, on_host: &[u32]) -> Rows {
        let floats = self.floats.clone().select(0, rows.clone());
        let (f, g) = (self.n_continuous, self.n_binary);
        let columns = |start: usize, width: usize| (width > 0).then(|| floats.clone().narrow(1, start, width));
        let n_targets = self.n_target_columns;
        Rows {
            batch: Batch {
                continuous: columns(0, f),
                binary: columns(f, g),
                categorical: self.indices.clone().map(|indices| indices.select(0, rows)),
                sequence: self.events.as_ref().map(|events| events.batch(on_host.iter().map(|&row| row as usize))),
            },
            target: floats.clone().narrow(1, f + g, n_targets),
            weight: floats.clone().narrow(1, f + g + n_targets, 1),
        }
    }
}

/// The events before the rows of a data set, where the network reads them.
pub(crate) fn events(data: &Dataset, spec: &NetworkSpec, device: &Device) -> Option<Events> {
    let sequence = data.sequence.as_ref().filter(|_| spec.sequence.is_some())?;
    Some(Events::upload(sequence.offsets(), sequence.values(), &spec.inputs, device))
}

/// Weights of rows with mean 1, so that the loss keeps its size whatever the weights' unit. Classes are those of the first
/// target.
pub(crate) fn row_weights(data: &Dataset, class_weight: ClassWeight) -> Vec<f32> {
    let weight = |row: usize| f64::from(data.weight[row]);
    let total = |class: bool| (0..data.n_rows()).filter(|r| is_positive(data, *r) == class).map(weight).sum::<f64>();
    let per_class = [total(false), total(true)];
    let balanced = |row: usize| match class_weight {
        ClassWeight::None => weight(row),
        ClassWeight::Balanced => weight(row) / per_class[usize::from(is_positive(data, row))],
    };
    let mean = (0..data.n_rows()).map(balanced).sum::<f64>() / data.n_rows() as f64;
    (0..data.n_rows()).map(|row| (balanced(row) / mean) as f32).collect()
}

fn is_positive(data: &Dataset, row: usize) -> bool {
    data.target_row(row)[0] > 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_artifact::InputLayout;

    fn labelled(target: &[f32], weight: &[f32]) -> Dataset {
        Dataset {
            layout: InputLayout::default(),
            continuous: vec![],
            binary: vec![],
            categorical: vec![],
            target: target.to_vec(),
            sequence: None,
            weight: weight.to_vec(),
        }
    }

    #[test]
    fn weights_have_mean_one_whatever_their_unit() {
        let data = labelled(&[0.0, 1.0, 0.0, 0.0], &[20.0, 40.0, 20.0, 0.0]);
        assert_eq!(row_weights(&data, ClassWeight::None), [1.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn balanced_classes_weigh_alike() {
        let data = labelled(&[0.0, 1.0, 0.0, 0.0], &[1.0; 4]);
        let weights = row_weights(&data, ClassWeight::Balanced);
        assert!((weights[1] - 2.0).abs() < 1e-6);
        assert!((weights[0] + weights[2] + weights[3] - 2.0).abs() < 1e-6);
    }
}

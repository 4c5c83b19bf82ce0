//! Scoring rows with a network: chunks sized to memory, members averaged as probabilities.

use burn::tensor::Device;
use burn::tensor::activation::sigmoid;
use tenure_artifact::NetworkSpec;
use tenure_encode::Dataset;
use tenure_evaluate::{Metric, Scored};
use tenure_model::{Batch, DeviceError, Network};

/// Activations held at once, in numbers: 16 MB each layer keeps the CPU's last cache level useful.
const ACTIVATIONS: usize = 1 << 22;

/// A data set on the device, in chunks.
pub(crate) struct Chunks {
    batches: Vec<Batch>,
}

impl Chunks {
    pub(crate) fn upload(data: &Dataset, spec: &NetworkSpec, device: &Device) -> Self {
        let (f, g, c) = data.layout.widths();
        let width = spec.backbone.hidden().map_or(1, |h| h.width).max(spec.input_width());
        let rows = (ACTIVATIONS / (spec.backbone.members() * width).max(1)).clamp(64, 1 << 16);
        let batch = |start: usize| {
            let end = (start + rows).min(data.n_rows());
            Batch::upload(
                end - start,
                &data.continuous[start * f..end * f],
                &data.binary[start * g..end * g],
                &data.categorical[start * c..end * c],
                device,
            )
        };
        Self { batches: (0..data.n_rows()).step_by(rows).map(batch).collect() }
    }

    /// The mean of members' probabilities for every row.
    pub(crate) fn means(&self, network: &Network) -> Result<Vec<f64>, DeviceError> {
        // All chunks are queued before the first is read.
        let queued: Vec<_> = self.batches.iter().map(|b| sigmoid(network.forward(b)).mean_dim(1)).collect();
        let mut means = Vec::new();
        for chunk in queued {
            let values = chunk.try_into_vec_as::<f32>().map_err(|e| DeviceError::Compute { message: e.to_string() })?;
            means.extend(values.into_iter().map(f64::from));
        }
        Ok(means)
    }

    /// Every member's probability for every row, row-major `[N, K]`.
    pub(crate) fn members(&self, network: &Network) -> Result<Vec<f32>, DeviceError> {
        let mut all = Vec::new();
        for batch in &self.batches {
            all.extend(network.probabilities(batch)?);
        }
        Ok(all)
    }
}

/// Validation rows, and what became of them.
pub(crate) struct Validation {
    chunks: Chunks,
    outcomes: Vec<bool>,
    weights: Vec<f64>,
}

/// How a network does on the validation rows.
pub(crate) struct Score {
    /// Not finite where a probability is not a number.
    pub(crate) log_loss: f64,
    /// None where there is one class only.
    pub(crate) auc: Option<f64>,
}

impl Validation {
    pub(crate) fn upload(data: &Dataset, spec: &NetworkSpec, device: &Device) -> Self {
        Self {
            chunks: Chunks::upload(data, spec, device),
            outcomes: data.target.iter().map(|y| *y > 0.5).collect(),
            weights: data.weight.iter().map(|w| f64::from(*w)).collect(),
        }
    }

    pub(crate) fn score(&self, network: &Network) -> Result<Score, DeviceError> {
        let means = self.chunks.means(network)?;
        // Rounding of the mean in 32 bits may leave [0, 1] by an ulp; NaN stays, and is refused below.
        let means: Vec<f64> = means.into_iter().map(|p| p.clamp(0.0, 1.0)).collect();
        let Ok(scored) = Scored::new(&means, &self.outcomes, Some(&self.weights)) else {
            return Ok(Score { log_loss: f64::NAN, auc: None });
        };
        Ok(Score { log_loss: Metric::LogLoss.of(&scored).unwrap_or(f64::NAN), auc: Metric::Auc.of(&scored).ok() })
    }
}

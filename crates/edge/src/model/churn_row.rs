//! One row of the most common model, a churn network in integers: scaled, multiplied out and calibrated in one call of a
//! kernel. Its loops are short, and calls with their preparations between them were two fifths of its time.
#![allow(clippy::inline_always, reason = "what is not inlined is not compiled for the kernel's instructions")]

use tenure_artifact::bundle::Answer;
use tenure_artifact::{Calibration, RawRow, RowFlags};

use super::Model;
use crate::kernel::{Job, Kernel, Lanes, forward_row};
use crate::network::{IntLayer, Layers};
use crate::{Prediction, Score, ScoreError, Workspace};

impl Model<'_> {
    /// The row's prediction, for a workspace that fits; none with another model.
    pub(super) fn predict_churn(
        &self,
        row: RawRow<'_>,
        workspace: &mut Workspace,
    ) -> Option<Result<Prediction, ScoreError>> {
        match (&self.layers, &self.answer) {
            (Some(Layers::Int { steps, layers }), Answer::Churn { calibration })
                if Kernel::HAS_ROW_JOB && self.shape.n_logits == 1 =>
            {
                let network = (steps.as_slice(), layers.as_slice());
                Some(self.predict_churn_with(network, calibration, row, workspace))
            }
            _ => None,
        }
    }

    fn predict_churn_with(
        &self,
        (steps, layers): (&[f32], &[IntLayer<'_>]),
        calibration: &Calibration,
        row: RawRow<'_>,
        workspace: &mut Workspace,
    ) -> Result<Prediction, ScoreError> {
        let ready = match row {
            RawRow::Numbers(numbers) if self.encoder.is_ready(numbers) => Some(numbers),
            _ => None,
        };
        let flags = if ready.is_some() { RowFlags::default() } else { self.gather(row, 0, workspace)? };
        let unusual = self.kernel.run(ChurnRow { model: self, steps, layers, calibration, ready, flags, workspace });
        if self.refuses(unusual) {
            return Err(ScoreError::Refused { flags: unusual });
        }
        Ok(Prediction { score: Score::Churn { probability: workspace.logits[0] }, unusual })
    }
}

/// From gathered magnitudes to the probability.
struct ChurnRow<'s, 'a> {
    model: &'s Model<'a>,
    steps: &'s [f32],
    layers: &'s [IntLayer<'a>],
    calibration: &'s Calibration,
    /// The raw row, where nothing had to be gathered.
    ready: Option<&'s [f32]>,
    /// What gathering found unusual.
    flags: RowFlags,
    workspace: &'s mut Workspace,
}

impl Job for ChurnRow<'_, '_> {
    type Output = RowFlags;

    /// Leaves the probability in place of the logit.
    #[inline(always)]
    fn run<L: Lanes>(self) -> RowFlags {
        let Self { model, steps, layers, calibration, ready, mut flags, workspace } = self;
        let (f, g, c) = model.encoder.widths();
        let (continuous, rest) = workspace.inputs[..model.n_inputs].split_at_mut(f);
        flags += match ready {
            Some(row) => model.encoder.scale_ready(row, &mut workspace.encode, continuous),
            None => model.encoder.scale(0, &mut workspace.encode, continuous),
        };
        model.categories.embed(&workspace.categorical[..c], &mut rest[g..]);
        forward_row::<L>(steps, layers, model.n_members, workspace);
        let mut logit = [workspace.logits[0]];
        calibration.apply_to_logits(&mut logit);
        workspace.logits[0] = logit[0];
        flags
    }
}

//! The most common model, a churn network in integers: one row, or a whole tile of rows, is scaled, multiplied out and
//! calibrated in one call of a kernel. Its loops are short: calls with their preparations between them were two fifths of
//! a row's time.
#![allow(clippy::inline_always, reason = "what is not inlined is not compiled for the kernel's instructions")]

use tenure_artifact::bundle::Answer;
use tenure_artifact::{Calibration, RowFlags};

use super::{Model, Rows};
use crate::kernel::{Job, Kernel, Lanes, TILE, forward_rows};
use crate::network::{IntLayer, Layers};
use crate::{Prediction, Score, ScoreError, Workspace};

/// What such a model is made of.
#[derive(Clone, Copy)]
struct Churn<'m, 'a> {
    steps: &'m [f32],
    layers: &'m [IntLayer<'a>],
    calibration: &'m Calibration,
}

impl<'a> Model<'a> {
    fn churn(&self) -> Option<Churn<'_, 'a>> {
        match (&self.layers, &self.answer) {
            (Some(Layers::Int { steps, layers }), Answer::Churn { calibration })
                if Kernel::HAS_ROW_JOB && self.shape.n_logits == 1 =>
            {
                Some(Churn { steps, layers, calibration })
            }
            _ => None,
        }
    }

    /// Predictions of a single row or of a full tile, in one call of the kernel; none with other models and other
    /// numbers of rows.
    #[inline]
    pub(super) fn predict_churn(
        &self,
        rows: Rows<'_>,
        first_row: usize,
        out: &mut [Prediction],
        workspace: &mut Workspace,
    ) -> Option<Result<(), ScoreError>> {
        let churn = self.churn()?;
        if let Ok(out) = <&mut [Prediction; 1]>::try_from(&mut *out) {
            return Some(self.predict_churn_rows(churn, rows, first_row, out, workspace));
        }
        let out = <&mut [Prediction; TILE]>::try_from(out).ok()?;
        Some(self.predict_churn_rows(churn, rows, first_row, out, workspace))
    }

    fn predict_churn_rows<const N: usize>(
        &self,
        churn: Churn<'_, '_>,
        rows: Rows<'_>,
        first_row: usize,
        out: &mut [Prediction; N],
        workspace: &mut Workspace,
    ) -> Result<(), ScoreError> {
        let ready = self.ready(rows, first_row, N);
        let mut flags = [RowFlags::default(); N];
        if ready.is_none() {
            self.gather_tile(rows, first_row, &mut flags, workspace)?;
        }
        let scored = self.kernel.run(ChurnRows { model: self, churn, ready, flags, workspace });
        for (prediction, (probability, unusual)) in out.iter_mut().zip(scored) {
            if self.refuses(unusual) {
                return Err(ScoreError::Refused { flags: unusual });
            }
            *prediction = Prediction { score: Score::Churn { probability }, unusual };
        }
        Ok(())
    }

    /// Raw rows in which nothing has to be gathered.
    fn ready<'r>(&self, rows: Rows<'r>, first_row: usize, n_rows: usize) -> Option<&'r [f32]> {
        let Rows::Numbers(numbers) = rows else { return None };
        let n_columns = self.encoder.inputs().len();
        self.encoder.is_ready().then(|| &numbers[first_row * n_columns..][..n_rows * n_columns])
    }
}

/// From gathered magnitudes to probabilities, of `N` rows.
struct ChurnRows<'s, 'm, 'a, const N: usize> {
    model: &'m Model<'a>,
    churn: Churn<'m, 'a>,
    /// The raw rows, where nothing had to be gathered.
    ready: Option<&'s [f32]>,
    /// What gathering found unusual.
    flags: [RowFlags; N],
    workspace: &'s mut Workspace,
}

impl<const N: usize> Job for ChurnRows<'_, '_, '_, N> {
    /// The probability of each row, and what is unusual in it.
    type Output = [(f64, RowFlags); N];

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let Self { model, churn: Churn { steps, layers, calibration }, ready, flags, workspace } = self;
        let (f, g, c) = model.encoder.widths();
        let n_columns = model.encoder.inputs().len();
        let mut out = flags.map(|flags| (0.0, flags));
        for (place, (_, flags)) in out.iter_mut().enumerate() {
            let inputs = &mut workspace.inputs[place * model.n_inputs..][..model.n_inputs];
            let (continuous, rest) = inputs.split_at_mut(f);
            *flags += match ready {
                Some(rows) => model.encoder.scale_ready(
                    &rows[place * n_columns..][..n_columns],
                    &mut workspace.encode,
                    continuous,
                ),
                None => model.encoder.scale(place, &mut workspace.encode, continuous),
            };
            model.categories.embed(&workspace.categorical[place * c..][..c], &mut rest[g..]);
        }
        forward_rows::<L>(steps, layers, model.n_members, N, workspace);
        let mut logits = [0.0; N];
        logits.copy_from_slice(&workspace.logits[..N]);
        calibration.apply_to_logits(&mut logits);
        for ((probability, _), calibrated) in out.iter_mut().zip(logits) {
            *probability = calibrated;
        }
        out
    }
}

//! A loaded bundle, and scoring with it.

#![allow(clippy::inline_always, reason = "what a caller cannot need is left out of it")]

mod churn;

use alloc::string::String;
use alloc::vec::Vec;

use tenure_artifact::bundle::{Action, Answer, Bundle, BundleError, LeSlice, Policy, Sample, Threshold};
use tenure_artifact::{
    ApplyError, ColumnValues, Encoder, RawRow, RawValue, RowBuffers, RowEncoder, RowFlags, TileBuffers,
};

use crate::answer::answer;
use crate::kernel::{Kernel, TILE, Tile, UnavailableKernel};
use crate::network::Layers;
use crate::workspace::Shape;
use crate::{BatchError, Prediction, Score, ScoreError, VerifyError, Workspace};

/// A bundle, ready to score.
#[derive(Debug)]
pub struct Model<'a> {
    encoder: RowEncoder,
    categories: Categories<'a>,
    n_inputs: usize,
    n_members: usize,
    n_outputs: usize,
    layers: Option<Layers<'a>>,
    answer: Answer<'a>,
    policy: Policy,
    kernel: Kernel,
    thresholds: Vec<Threshold>,
    samples: Vec<Sample>,
    metadata: Vec<(String, String)>,
    /// Of a workspace that fits.
    shape: Shape,
}

/// Embeddings of levels.
#[derive(Debug)]
struct Categories<'a> {
    width: usize,
    table: LeSlice<'a, f32>,
    /// For each category the first row of its embeddings.
    first_rows: Vec<usize>,
}

/// Rows to score, one after the other.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'r> {
    /// `[rows, columns]`
    Values(&'r [RawValue<'r>]),
    /// `[rows, columns]`, NaN where a number is missing; for models without levels.
    Numbers(&'r [f32]),
    /// Column by column, levels encoded already.
    Columns {
        /// One for each input.
        columns: &'r [ColumnValues<'r>],
        /// The first row to score.
        first_row: usize,
    },
}

impl<'r> Rows<'r> {
    /// How many values there are for so many rows; a shorter column counts as none.
    fn n_values(&self, n_rows: usize) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Numbers(numbers) => numbers.len(),
            Self::Columns { columns, first_row } => {
                let reaches = |column: &&ColumnValues<'_>| column.n_rows().saturating_sub(*first_row) >= n_rows;
                columns.iter().filter(reaches).count().saturating_mul(n_rows)
            }
        }
    }

    /// A number of a row, NaN where it is missing.
    fn number(&self, row_idx: usize, column: usize, n_columns: usize) -> f32 {
        let found = match self {
            Self::Values(values) => match values.get(row_idx * n_columns + column) {
                Some(RawValue::Number(number)) => Some(*number),
                _ => None,
            },
            Self::Numbers(numbers) => numbers.get(row_idx * n_columns + column).copied(),
            Self::Columns { columns, first_row } => match columns.get(column) {
                Some(ColumnValues::Numbers(numbers)) => numbers.get(first_row + row_idx).copied(),
                _ => None,
            },
        };
        found.unwrap_or(f32::NAN)
    }

    /// A row; none where rows are gathered column by column.
    fn row(&self, row_idx: usize, n_columns: usize) -> Option<RawRow<'r>> {
        let range = row_idx * n_columns..(row_idx + 1) * n_columns;
        match self {
            Self::Values(values) => Some(RawRow::Values(&values[range])),
            Self::Numbers(numbers) => Some(RawRow::Numbers(&numbers[range])),
            Self::Columns { .. } => None,
        }
    }
}

impl<'a> Model<'a> {
    /// Checks a bundle and makes it ready on the best kernel of this processor. Weights stay in `file`.
    pub fn from_bytes(file: &'a [u8]) -> Result<Self, BundleError> {
        Bundle::read(file).map(Self::new)
    }

    fn new(bundle: Bundle<'a>) -> Self {
        let mut first_rows = Vec::new();
        let mut n_rows = 0;
        for input in &bundle.inputs {
            if let Encoder::Embedding(embedding) = &input.encoder {
                first_rows.push(n_rows);
                n_rows += embedding.n_levels();
            }
        }
        let encoder = RowEncoder::new(bundle.inputs);
        let (f, g, _) = encoder.widths();
        let (mut n_inputs, mut n_members, mut n_outputs) = (f + g, 1, f + g);
        let mut categories = Categories { width: 0, table: LeSlice::default(), first_rows };
        let layers = bundle.network.map(|mut network| {
            (n_inputs, n_members, n_outputs) = (network.n_inputs, network.n_members, network.n_outputs());
            categories.width = network.category_width;
            categories.table = core::mem::take(&mut network.category_table);
            Layers::new(network)
        });
        let shape = Shape {
            n_inputs,
            n_gathered: (f, g),
            n_categorical: encoder.widths().2,
            width: layers.as_ref().map_or(0, Layers::width),
            is_integer: matches!(layers, Some(Layers::Int { .. })),
            n_logits: n_members * n_outputs,
        };
        Self {
            shape,
            encoder,
            categories,
            n_inputs,
            n_members,
            n_outputs,
            layers,
            answer: bundle.answer,
            policy: bundle.policy,
            kernel: Kernel::best(),
            thresholds: bundle.thresholds,
            samples: bundle.samples,
            metadata: bundle.metadata,
        }
    }

    /// The same model on another kernel; predictions do not change by a bit.
    pub fn with_kernel(mut self, kernel: Kernel) -> Result<Self, UnavailableKernel> {
        if !kernel.is_available() {
            return Err(UnavailableKernel { kernel });
        }
        self.kernel = kernel;
        Ok(self)
    }

    /// The kernel in use.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Columns and encoders, in the order of a row.
    pub fn encoder(&self) -> &RowEncoder {
        &self.encoder
    }

    /// `churn`, `value`, `churn+value` or `segment`.
    pub fn task(&self) -> &'static str {
        self.answer.name()
    }

    /// What is made of the network's logits.
    pub fn answer(&self) -> &Answer<'a> {
        &self.answer
    }

    /// Named thresholds of decisions.
    pub fn thresholds(&self) -> &[Threshold] {
        &self.thresholds
    }

    /// Rows that the bundle brings, with the scores expected of them.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Names and values.
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Scores a raw row. Allocates nothing.
    pub fn predict(&self, row: &[RawValue<'_>], workspace: &mut Workspace) -> Result<Prediction, ScoreError> {
        self.predict_row(RawRow::Values(row), row.len(), workspace)
    }

    /// Scores a row of numbers alone, NaN where one is missing. Allocates nothing.
    pub fn predict_numbers(&self, row: &[f32], workspace: &mut Workspace) -> Result<Prediction, ScoreError> {
        self.predict_row(RawRow::Numbers(row), row.len(), workspace)
    }

    fn predict_row(&self, row: RawRow<'_>, found: usize, workspace: &mut Workspace) -> Result<Prediction, ScoreError> {
        if workspace.shape != self.shape {
            return Err(ScoreError::Workspace);
        }
        let expected = self.encoder.inputs().len();
        if found != expected {
            return Err(ScoreError::Row(ApplyError::RowLength { expected, found }));
        }
        let rows = match row {
            RawRow::Values(values) => Rows::Values(values),
            RawRow::Numbers(numbers) => Rows::Numbers(numbers),
        };
        let mut out = [Prediction::default()];
        self.predict_tile(rows, 0, &mut out, workspace)?;
        Ok(out[0])
    }

    /// Scores from the logits `[rows, K, O]` of the rows from this one on.
    fn answer_rows(&self, rows: Rows<'_>, first_row: usize, out: &mut [Prediction], logits: &mut [f64]) {
        if let (Answer::Churn { calibration }, 1) = (&self.answer, self.n_members) {
            self.kernel.calibrate(calibration, logits);
            for (prediction, probability) in out.iter_mut().zip(logits) {
                prediction.score = Score::Churn { probability: *probability };
            }
            return;
        }
        let n_columns = self.encoder.inputs().len();
        let logits = logits.chunks_exact(self.n_members * self.n_outputs);
        for (place, (prediction, logits)) in out.iter_mut().zip(logits).enumerate() {
            let forecast = match self.answer.forecast() {
                Some(forecast) => forecast.of(rows.number(first_row + place, forecast.column, n_columns)),
                None => 1.0,
            };
            prediction.score = answer(&self.answer, logits, forecast);
        }
    }

    /// Scores as many rows as `out` has room for; faster per row than one at a time. Allocates nothing.
    pub fn predict_batch(
        &self,
        rows: Rows<'_>,
        out: &mut [Prediction],
        workspace: &mut Workspace,
    ) -> Result<(), BatchError> {
        let n_columns = self.encoder.inputs().len();
        let found = rows.n_values(out.len());
        if Some(found) != out.len().checked_mul(n_columns) {
            return Err(BatchError::Length { expected: out.len().saturating_mul(n_columns), found });
        }
        if workspace.shape != self.shape {
            return Err(BatchError::Row { row_idx: 0, error: ScoreError::Workspace });
        }
        for (tile_idx, out) in out.chunks_mut(TILE).enumerate() {
            let first_row = tile_idx * TILE;
            if self.predict_tile(rows, first_row, out, workspace).is_err() {
                self.predict_each(rows, first_row, out, workspace)?;
            }
        }
        Ok(())
    }

    /// Scores rows one at a time up to the first that has no score, and tells which that is.
    fn predict_each(
        &self,
        rows: Rows<'_>,
        first_row: usize,
        out: &mut [Prediction],
        workspace: &mut Workspace,
    ) -> Result<(), BatchError> {
        for (place, out) in out.chunks_mut(1).enumerate() {
            let row_idx = first_row + place;
            self.predict_tile(rows, row_idx, out, workspace).map_err(|error| BatchError::Row { row_idx, error })?;
        }
        Ok(())
    }

    /// Scores as many rows as there is room for, at most a tile, from `first_row` on; after an error, of whichever row,
    /// none of them counts as scored. Always inlined, as gathering is: who only ever brings numbers, as the browser does,
    /// then carries nothing that reads columns.
    #[inline(always)]
    fn predict_tile(
        &self,
        rows: Rows<'_>,
        first_row: usize,
        out: &mut [Prediction],
        workspace: &mut Workspace,
    ) -> Result<(), ScoreError> {
        if let Some(scored) = self.predict_churn(rows, first_row, out, workspace) {
            return scored;
        }
        let mut flags = [RowFlags::default(); TILE];
        let flags = &mut flags[..out.len()];
        self.gather_tile(rows, first_row, flags, workspace)?;
        self.finish_tile(rows, first_row, flags, out, workspace)
    }

    /// The same from gathered rows, with what gathering found unusual.
    fn finish_tile(
        &self,
        rows: Rows<'_>,
        first_row: usize,
        flags: &[RowFlags],
        out: &mut [Prediction],
        workspace: &mut Workspace,
    ) -> Result<(), ScoreError> {
        for (place, (prediction, flags)) in out.iter_mut().zip(flags).enumerate() {
            prediction.unusual = self.scale(place, *flags, workspace)?;
        }
        self.forward(out.len(), workspace);
        let n_logits = out.len() * workspace.shape.n_logits;
        self.answer_rows(rows, first_row, out, &mut workspace.logits[..n_logits]);
        Ok(())
    }

    /// The first half of encoding as many rows as there are flags, from `first_row` on.
    #[inline(always)]
    fn gather_tile(
        &self,
        rows: Rows<'_>,
        first_row: usize,
        flags: &mut [RowFlags],
        workspace: &mut Workspace,
    ) -> Result<(), ScoreError> {
        if let Rows::Columns { columns, first_row: before } = rows {
            return self.gather_columns(columns, before + first_row, workspace, flags);
        }
        let n_columns = self.encoder.inputs().len();
        for (place, flags) in flags.iter_mut().enumerate() {
            if let Some(row) = rows.row(first_row + place, n_columns) {
                *flags = self.gather(row, place, workspace)?;
            }
        }
        Ok(())
    }

    /// The first half of encoding a row into place `place` of the workspace's tile.
    #[inline]
    fn gather(&self, row: RawRow<'_>, place: usize, workspace: &mut Workspace) -> Result<RowFlags, ScoreError> {
        let (f, g, c) = self.encoder.widths();
        let (continuous, binary) = workspace.inputs[place * self.n_inputs..][..f + g].split_at_mut(f);
        let categorical = &mut workspace.categorical[place * c..][..c];
        let mut out = RowBuffers { continuous, binary, categorical };
        self.encoder.gather(row, place, &mut workspace.encode, &mut out).map_err(ScoreError::Row)
    }

    /// The same for a whole tile from columns.
    fn gather_columns(
        &self,
        columns: &[ColumnValues<'_>],
        first_row: usize,
        workspace: &mut Workspace,
        flags: &mut [RowFlags],
    ) -> Result<(), ScoreError> {
        let n_categorical = flags.len() * workspace.shape.n_categorical;
        let out = TileBuffers {
            inputs: &mut workspace.inputs,
            stride: self.n_inputs,
            categorical: &mut workspace.categorical[..n_categorical],
            flags,
        };
        self.encoder.gather_columns(columns, first_row, &mut workspace.encode, out).map_err(ScoreError::Row)
    }

    /// The second half of encoding the row at `place`, whose first half found `flags`.
    #[inline]
    fn scale(&self, place: usize, mut flags: RowFlags, workspace: &mut Workspace) -> Result<RowFlags, ScoreError> {
        let (f, g, c) = self.encoder.widths();
        let inputs = &mut workspace.inputs[place * self.n_inputs..(place + 1) * self.n_inputs];
        let (continuous, rest) = inputs.split_at_mut(f);
        let scaled = self.kernel.scale(&self.encoder, place, &mut workspace.encode, continuous);
        flags += scaled;
        self.categories.embed(&workspace.categorical[place * c..][..c], &mut rest[g..]);
        if self.refuses(flags) { Err(ScoreError::Refused { flags }) } else { Ok(flags) }
    }

    fn refuses(&self, flags: RowFlags) -> bool {
        let refuses = |action, n| action == Action::Refuse && n > 0;
        refuses(self.policy.missing, flags.n_missing)
            || refuses(self.policy.unseen, flags.n_unseen)
            || refuses(self.policy.out_of_range, flags.n_out_of_range)
    }

    /// Logits of the first `n_rows` encoded rows.
    fn forward(&self, n_rows: usize, workspace: &mut Workspace) {
        match &self.layers {
            Some(layers) => self.kernel.forward(layers, self.n_members, Tile::new(n_rows, workspace)),
            None => {
                for (logit, input) in workspace.logits.iter_mut().zip(&workspace.inputs) {
                    *logit = f64::from(*input);
                }
            }
        }
    }

    /// Logits of rows that a test has put into the workspace.
    #[cfg(test)]
    pub(crate) fn run_kernel(&self, n_rows: usize, workspace: &mut Workspace) {
        self.forward(n_rows, workspace);
    }

    /// Scores the bundle's own samples and compares to the last bit.
    pub fn verify(&self, workspace: &mut Workspace) -> Result<(), VerifyError> {
        for (sample_idx, sample) in self.samples.iter().enumerate() {
            let row: Vec<RawValue<'_>> = sample.cells.iter().map(|cell| cell.as_raw()).collect();
            let prediction =
                self.predict(&row, workspace).map_err(|error| VerifyError::Unscored { sample_idx, error })?;
            let (values, n) = prediction.score.values();
            if sample.expected.len() != n {
                return Err(VerifyError::Scores { sample_idx, expected: n, found: sample.expected.len() });
            }
            let mut pairs = sample.expected.iter().copied().zip(values);
            if let Some((expected, found)) = pairs.find(|(expected, found)| expected.to_bits() != found.to_bits()) {
                return Err(VerifyError::Differs { sample_idx, expected, found });
            }
        }
        Ok(())
    }
}

impl Categories<'_> {
    #[inline]
    fn embed(&self, levels: &[u32], out: &mut [f32]) {
        if self.width == 0 {
            return;
        }
        for ((level, first), out) in levels.iter().zip(&self.first_rows).zip(out.chunks_exact_mut(self.width)) {
            let start = (first + *level as usize) * self.width;
            out.iter_mut().enumerate().for_each(|(place, value)| *value = self.table.get(start + place));
        }
    }
}

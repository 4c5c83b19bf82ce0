//! Rows into the reasons for their scores: what each raw column adds to the log-odds of churn or to the expected value,
//! against the bundle's own rows.

use tenure_artifact::bundle::Cell;
use tenure_artifact::calibration::clipped_logit;
use tenure_artifact::{ColumnValues, EncodedLevels, RawValue};
use tenure_data::{RawBatch, RawCells, Reasons};
use tenure_edge::{Model, Prediction, Rows, Score, Workspace};
use tenure_explain::{Attribution, Design};
use tenure_table::MISSING_CODE;

/// The answer that is explained, in the unit in which contributions add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explicable {
    /// Churn, in log-odds.
    LogOdds,
    /// Expected value, in money.
    Money,
}

impl Explicable {
    /// NaN where a score does not have this answer.
    fn of(self, score: Score) -> f64 {
        match (self, score) {
            (Self::LogOdds, Score::Churn { probability } | Score::ChurnValue { probability, .. }) => {
                clipped_logit(probability)
            }
            (Self::Money, Score::Value { expected, .. } | Score::ChurnValue { expected, .. }) => expected,
            _ => f64::NAN,
        }
    }
}

/// How scores are explained.
#[derive(Clone, Copy, Debug)]
pub struct Explaining {
    /// The answer.
    pub answer: Explicable,
    /// Columns named for each row.
    pub n_reasons: usize,
    /// Orders of the columns, at least.
    pub n_orders: usize,
    /// Of the orders.
    pub seed: u64,
}

/// A model with what explains its scores. Background rows are the bundle's samples.
pub struct Explainer<'m> {
    model: &'m Model<'m>,
    n_reasons: usize,
    design: Design,
    /// For each column the places among the mixed rows that have the explained row's value.
    taken: Vec<Vec<usize>>,
    /// For each mixed row its background row.
    backgrounds: Vec<usize>,
    answer: Explicable,
    /// The background's mean answer.
    baseline: f64,
}

/// The reasons for the scores of consecutive rows.
#[derive(Debug, Default)]
pub struct Explained<'m> {
    n: usize,
    columns: Vec<&'m str>,
    contributions: Vec<f64>,
    others: Vec<f64>,
}

impl<'m> Explainer<'m> {
    /// None where the bundle has no samples to explain against, or no columns.
    pub fn new(model: &'m Model<'m>, explaining: Explaining) -> Option<Self> {
        let n_columns = model.encoder().inputs().len();
        let (answer, samples) = (explaining.answer, model.samples());
        if n_columns == 0 || samples.is_empty() || samples.iter().any(|sample| sample.cells.len() != n_columns) {
            return None;
        }
        let design = Design::new(n_columns, samples.len(), explaining.n_orders, explaining.seed);
        let mixed = |j: usize| design.mixtures().enumerate().filter(move |(_, m)| m.has(j)).map(|(place, _)| place);
        let taken = (0..n_columns).map(|j| mixed(j).collect()).collect();
        let backgrounds = design.mixtures().map(|mixture| mixture.background).collect();
        let mut workspace = Workspace::new(model);
        let mut total = 0.0;
        for sample in samples {
            let row: Vec<RawValue<'_>> = sample.cells.iter().map(Cell::as_raw).collect();
            total += answer.of(model.predict(&row, &mut workspace).ok()?.score);
        }
        let n_reasons = explaining.n_reasons.min(n_columns);
        Some(Self { model, n_reasons, design, taken, backgrounds, answer, baseline: total / samples.len() as f64 })
    }

    /// The answer that is explained.
    pub fn answer(&self) -> Explicable {
        self.answer
    }

    /// The mean answer to the background rows: what contributions start from.
    pub fn baseline(&self) -> f64 {
        self.baseline
    }

    /// Columns named for each row.
    pub fn n_reasons(&self) -> usize {
        self.n_reasons
    }

    /// The reasons for the scores of these rows of a batch; none for a place that stands for no row.
    pub fn explain(&self, batch: &RawBatch<'_>, rows: impl IntoIterator<Item = Option<usize>>) -> Explained<'m> {
        let mut mixer = Mixer::new(self, batch);
        let mut found = Explained { n: self.n_reasons, ..Explained::default() };
        for row_idx in rows {
            match row_idx {
                Some(row_idx) => found.push(self.model, &mixer.attribute(row_idx)),
                None => found.push_none(),
            }
        }
        found
    }
}

impl<'m> Explained<'m> {
    /// As they are written.
    pub fn as_reasons(&self) -> Reasons<'_> {
        Reasons { n: self.n, columns: &self.columns, contributions: &self.contributions, others: &self.others }
    }

    /// Name and contribution of each reason of a row, the strongest first.
    pub fn row(&self, row_idx: usize) -> impl Iterator<Item = (&'m str, f64)> {
        let range = row_idx * self.n..(row_idx + 1) * self.n;
        self.columns[range.clone()].iter().copied().zip(self.contributions[range].iter().copied())
    }

    /// What all other columns of a row add.
    pub fn others(&self, row_idx: usize) -> f64 {
        self.others[row_idx]
    }

    fn push_none(&mut self) {
        self.columns.extend(std::iter::repeat_n("", self.n));
        self.contributions.extend(std::iter::repeat_n(f64::NAN, self.n));
        self.others.push(f64::NAN);
    }

    fn push(&mut self, model: &'m Model<'m>, found: &Attribution) {
        let contributions = &found.contributions;
        let mut order: Vec<usize> = (0..contributions.len()).collect();
        order.sort_by(|&a, &b| contributions[b].abs().total_cmp(&contributions[a].abs()));
        let (named, others) = order.split_at(self.n);
        self.columns.extend(named.iter().map(|&j| model.encoder().inputs()[j].name.as_str()));
        self.contributions.extend(named.iter().map(|&j| contributions[j]));
        self.others.push(others.iter().map(|&j| contributions[j]).sum());
    }
}

/// Mixes the rows of one batch with the background and scores the mixtures.
struct Mixer<'e, 'b> {
    explainer: &'e Explainer<'e>,
    columns: Vec<Mixed<'b>>,
    out: Vec<Prediction>,
    scores: Vec<f64>,
    workspace: Workspace,
}

/// A column of mixed rows, of which those that the explained row gives its value are overwritten row after row.
enum Mixed<'b> {
    Numbers { of_rows: &'b [f32], mixed: Vec<f32> },
    Levels { of_rows: &'b [u32], mixed: Vec<u32>, levels: EncodedLevels },
}

impl<'e, 'b> Mixer<'e, 'b> {
    fn new(explainer: &'e Explainer<'e>, batch: &'b RawBatch<'_>) -> Self {
        let columns = batch.columns.iter().enumerate().map(|(j, cells)| Mixed::of(explainer, j, cells)).collect();
        let out = vec![Prediction::default(); explainer.design.n_mixtures()];
        Self { explainer, columns, out, scores: Vec::new(), workspace: Workspace::new(explainer.model) }
    }

    fn attribute(&mut self, row_idx: usize) -> Attribution {
        for (column, places) in self.columns.iter_mut().zip(&self.explainer.taken) {
            column.put(row_idx, places);
        }
        let columns: Vec<ColumnValues<'_>> = self.columns.iter().map(Mixed::values).collect();
        let rows = Rows::Columns { columns: &columns, first_row: 0 };
        let scored = self.explainer.model.predict_batch(rows, &mut self.out, &mut self.workspace);
        scored.expect("mixed rows have the model's columns, and its policy refuses none");
        self.scores.clear();
        self.scores.extend(self.out.iter().map(|prediction| self.explainer.answer.of(prediction.score)));
        self.explainer.design.attribute(&self.scores)
    }
}

impl<'b> Mixed<'b> {
    fn of(explainer: &Explainer<'_>, input_idx: usize, cells: &'b RawCells) -> Self {
        let samples = explainer.model.samples().iter().map(|sample| &sample.cells[input_idx]);
        match cells {
            RawCells::Numbers(of_rows) => {
                let numbers = samples.map(|cell| if let Cell::Number(number) = cell { *number } else { f32::NAN });
                let numbers: Vec<f32> = numbers.collect();
                Self::Numbers { of_rows, mixed: explainer.backgrounds.iter().map(|&b| numbers[b]).collect() }
            }
            RawCells::Levels(found) => {
                let mut levels = found.levels.clone();
                let code = |cell: &Cell| match cell {
                    Cell::Level(name) => {
                        levels.push(name.clone());
                        levels.len() as u32 - 1
                    }
                    _ => MISSING_CODE,
                };
                let codes: Vec<u32> = samples.map(code).collect();
                let levels = explainer.model.encoder().encode_levels(input_idx, &levels);
                Self::Levels {
                    of_rows: &found.codes,
                    mixed: explainer.backgrounds.iter().map(|&b| codes[b]).collect(),
                    levels: levels.expect("columns are read as their encoders need them"),
                }
            }
        }
    }

    fn put(&mut self, row_idx: usize, places: &[usize]) {
        match self {
            Self::Numbers { of_rows, mixed } => places.iter().for_each(|&place| mixed[place] = of_rows[row_idx]),
            Self::Levels { of_rows, mixed, .. } => places.iter().for_each(|&place| mixed[place] = of_rows[row_idx]),
        }
    }

    fn values(&self) -> ColumnValues<'_> {
        match self {
            Self::Numbers { mixed, .. } => ColumnValues::Numbers(mixed),
            Self::Levels { mixed, levels, .. } => ColumnValues::Levels { codes: mixed, levels },
        }
    }
}

//! All fitted encoders together, and their application to one row.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::category::missing_name;
use crate::magnitude::missing_indicator;
use crate::{
    ApplyError, CategoricalInput, ContinuousInput, Embedding, InputLayout, Magnitude, OneHot, RawValue, RowBuffers,
    RowFlags, Scale, SequenceLevels, SequenceScale, TargetStatistics, TwoValued,
};

/// The fitted encoders of a table: what turns a raw row into the inputs of a network, in training and at the edge alike.
///
/// ```
/// use tenure_artifact::*;
///
/// let scale = Scale::Robust { median: 20.0, width: 10.0 };
/// let spend = Encoder::Magnitude(Magnitude { scale, min: 0.0, max: 90.0, missing_indicator: true });
/// let plan = Encoder::Embedding(Embedding::new(Levels::new(vec!["basic".into(), "gold".into()])));
/// let prep = Preprocessor::new(
///     vec![InputColumn::new("spend", spend), InputColumn::new("plan", plan)],
///     vec![vec![-1.5; ContinuousInput::N_QUANTILES]],
///     vec![],
/// );
/// assert_eq!(prep.layout.widths(), (1, 1, 1));
///
/// let (mut continuous, mut binary, mut categorical) = ([9.0], [9.0], [9]);
/// let out = RowBuffers { continuous: &mut continuous, binary: &mut binary, categorical: &mut categorical };
/// let flags = prep.apply_row(&[RawValue::Missing, RawValue::Level("gold")], out).unwrap();
/// assert_eq!((continuous, binary, categorical), ([0.0], [1.0], [3]));
/// assert_eq!(flags.n_missing, 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Preprocessor {
    /// The columns it reads, in the order of a raw row.
    pub inputs: Vec<InputColumn>,
    /// Feature columns that hold nothing to learn from, and why.
    pub dropped: Vec<DroppedColumn>,
    /// What the encoded rows hold.
    pub layout: InputLayout,
    /// The scales of what each event before a row holds; empty without sequences of events.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub sequence: Vec<SequenceScale>,
    /// The levels of each such event.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub sequence_levels: Vec<SequenceLevels>,
}

/// A column and its encoder.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InputColumn {
    /// The table column.
    pub name: String,
    /// What is done with it.
    pub encoder: Encoder,
}

impl InputColumn {
    /// This column with this encoder.
    pub fn new(name: impl Into<String>, encoder: Encoder) -> Self {
        Self { name: name.into(), encoder }
    }
}

/// What is done with a column.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Encoder {
    /// A scaled magnitude.
    Magnitude(Magnitude),
    /// A number with two values.
    TwoValued(TwoValued),
    /// A number that is either missing or always the same: only an indicator of missing values.
    Presence,
    /// Indicators of levels.
    OneHot(OneHot),
    /// An embedding index.
    Embedding(Embedding),
    /// The target's mean by level.
    TargetStatistics(TargetStatistics),
}

impl Encoder {
    /// The widths `(continuous, binary, categorical)` of what it writes.
    pub fn widths(&self) -> (usize, usize, usize) {
        match self {
            Self::Magnitude(magnitude) => (1, usize::from(magnitude.missing_indicator), 0),
            Self::TwoValued(two) => (0, 1 + usize::from(two.missing_indicator), 0),
            Self::Presence => (0, 1, 0),
            Self::OneHot(one_hot) => (0, one_hot.width(), 0),
            Self::Embedding(_) => (0, 0, 1),
            Self::TargetStatistics(_) => (1, 0, 0),
        }
    }

    /// Its name in descriptions.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Magnitude(Magnitude { scale: Scale::Robust { .. }, .. }) => "magnitude, robust scale",
            Self::Magnitude(Magnitude { scale: Scale::Quantile { .. }, .. }) => "magnitude, quantile scale",
            Self::Magnitude(Magnitude { scale: Scale::Piecewise(_), .. }) => "magnitude, piecewise linear scale",
            Self::TwoValued(_) => "two values",
            Self::Presence => "presence",
            Self::OneHot(_) => "indicators of levels",
            Self::Embedding(_) => "embedded levels",
            Self::TargetStatistics(_) => "target statistics of levels",
        }
    }

    /// Whether it reads numbers; the others read levels.
    pub fn reads_numbers(&self) -> bool {
        matches!(self, Self::Magnitude(_) | Self::TwoValued(_) | Self::Presence)
    }

    /// Writes the binary inputs of a number, if it has any.
    pub fn write_number_indicators(&self, raw: f32, out: &mut [f32]) {
        match self {
            Self::Magnitude(magnitude) if magnitude.missing_indicator => out[0] = missing_indicator(raw),
            Self::TwoValued(two) => {
                out[0] = two.value(raw);
                if two.missing_indicator {
                    out[1] = missing_indicator(raw);
                }
            }
            Self::Presence => out[0] = missing_indicator(raw),
            _ => {}
        }
    }

    fn binary_names(&self, column: &str) -> Vec<String> {
        match self {
            Self::Presence | Self::Magnitude(Magnitude { missing_indicator: true, .. }) => {
                alloc::vec![missing_name(column)]
            }
            Self::TwoValued(two) => {
                let mut names = alloc::vec![String::from(column)];
                names.extend(two.missing_indicator.then(|| missing_name(column)));
                names
            }
            Self::OneHot(one_hot) => one_hot.input_names(column),
            _ => Vec::new(),
        }
    }
}

/// A feature column that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DroppedColumn {
    /// The table column.
    pub name: String,
    /// Why.
    pub reason: DropReason,
}

/// Why a feature column is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum DropReason {
    /// No training row has a value.
    AllMissing,
    /// Every training row has the same value, written here.
    Constant(String),
    /// No level is in this many training rows.
    OnlyRareLevels(usize),
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllMissing => f.write_str("missing in every training row"),
            Self::Constant(value) => write!(f, "`{value}` in every training row"),
            Self::OnlyRareLevels(min) => write!(f, "no level is in {min} or more training rows"),
        }
    }
}

impl Preprocessor {
    /// The preprocessor of these columns.
    ///
    /// `quantiles` has one entry for each continuous input, in order (see [`ContinuousInput::quantiles`]).
    ///
    /// # Panics
    /// When `quantiles` has another length than there are continuous inputs.
    pub fn new(inputs: Vec<InputColumn>, quantiles: Vec<Vec<f32>>, dropped: Vec<DroppedColumn>) -> Self {
        let mut layout = InputLayout::default();
        let mut quantiles = quantiles.into_iter();
        for InputColumn { name, encoder } in &inputs {
            if encoder.widths().0 == 1 {
                let quantiles = quantiles.next().expect("every continuous input has its quantiles");
                layout.continuous.push(ContinuousInput { name: name.clone(), source: name.clone(), quantiles });
            }
            layout.binary.extend(encoder.binary_names(name));
            if let Encoder::Embedding(embedding) = encoder {
                layout.categorical.push(CategoricalInput { name: name.clone(), n_levels: embedding.n_levels() });
            }
        }
        assert!(quantiles.next().is_none(), "there are more quantiles than continuous inputs");
        Self { inputs, dropped, layout, sequence: Vec::new(), sequence_levels: Vec::new() }
    }

    /// The same, with events before each row whose numbers are scaled and whose levels are embedded so.
    #[must_use]
    pub fn with_sequence(mut self, scales: Vec<SequenceScale>, levels: Vec<SequenceLevels>) -> Self {
        self.layout.sequence = scales.iter().map(|scale| scale.name.clone()).collect();
        let input = |of: &SequenceLevels| CategoricalInput { name: of.name.clone(), n_levels: of.embedding.n_levels() };
        self.layout.sequence_levels = levels.iter().map(input).collect();
        self.sequence = scales;
        self.sequence_levels = levels;
        self
    }

    /// The same without what it knows of events: what a single row is encoded by.
    #[must_use]
    pub fn without_sequence(&self) -> Self {
        self.clone().with_sequence(Vec::new(), Vec::new())
    }

    /// Encodes one row, with one value for each of `inputs`, into buffers of the layout's widths. Allocates nothing.
    pub fn apply_row(&self, row: &[RawValue<'_>], out: RowBuffers<'_>) -> Result<RowFlags, ApplyError> {
        if row.len() != self.inputs.len() {
            return Err(ApplyError::RowLength { expected: self.inputs.len(), found: row.len() });
        }
        self.check_buffers(&out)?;
        let mut flags = RowFlags::default();
        let RowBuffers { mut continuous, mut binary, mut categorical } = out;
        for (input_idx, (input, raw)) in self.inputs.iter().zip(row).enumerate() {
            let (f, g, c) = input.encoder.widths();
            let mut cells = RowBuffers {
                continuous: continuous.split_off_mut(..f).expect("buffers have the layout's widths"),
                binary: binary.split_off_mut(..g).expect("buffers have the layout's widths"),
                categorical: categorical.split_off_mut(..c).expect("buffers have the layout's widths"),
            };
            flags.n_missing += u32::from(raw.is_missing());
            match (input.encoder.reads_numbers(), raw) {
                (true, RawValue::Number(number)) => apply_number(&input.encoder, *number, &mut cells, &mut flags),
                (true, RawValue::Missing) => apply_number(&input.encoder, f32::NAN, &mut cells, &mut flags),
                (false, RawValue::Level(name)) => apply_level(&input.encoder, Some(name), &mut cells, &mut flags),
                (false, RawValue::Missing) => apply_level(&input.encoder, None, &mut cells, &mut flags),
                (true, RawValue::Level(_)) => return Err(ApplyError::WrongKind { input_idx, expected: "number" }),
                (false, RawValue::Number(_)) => return Err(ApplyError::WrongKind { input_idx, expected: "level" }),
            }
        }
        Ok(flags)
    }

    fn check_buffers(&self, out: &RowBuffers<'_>) -> Result<(), ApplyError> {
        let (f, g, c) = self.layout.widths();
        let checks = [
            ("continuous", f, out.continuous.len()),
            ("binary", g, out.binary.len()),
            ("categorical", c, out.categorical.len()),
        ];
        match checks.into_iter().find(|(_, expected, found)| expected != found) {
            Some((buffer, expected, found)) => Err(ApplyError::BufferLength { buffer, expected, found }),
            None => Ok(()),
        }
    }
}

pub(crate) fn apply_number(encoder: &Encoder, raw: f32, out: &mut RowBuffers<'_>, flags: &mut RowFlags) {
    let beyond = match encoder {
        Encoder::Magnitude(magnitude) => {
            out.continuous[0] = magnitude.value(raw);
            magnitude.is_out_of_range(raw)
        }
        Encoder::TwoValued(two) => two.is_out_of_range(raw),
        _ => false,
    };
    encoder.write_number_indicators(raw, out.binary);
    flags.n_out_of_range += u32::from(beyond);
}

pub(crate) fn apply_level(encoder: &Encoder, level: Option<&str>, out: &mut RowBuffers<'_>, flags: &mut RowFlags) {
    let levels = match encoder {
        Encoder::OneHot(one_hot) => {
            one_hot.write(level, out.binary);
            &one_hot.levels
        }
        Encoder::Embedding(embedding) => {
            out.categorical[0] = embedding.index(level);
            &embedding.levels
        }
        Encoder::TargetStatistics(statistics) => {
            out.continuous[0] = statistics.value(level);
            &statistics.levels
        }
        Encoder::Magnitude(_) | Encoder::TwoValued(_) | Encoder::Presence => return,
    };
    flags.n_unseen += u32::from(level.is_some_and(|name| levels.find(name).is_none()));
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::Levels;

    fn prep() -> Preprocessor {
        let levels = || Levels::new(vec!["a".into(), "b".into(), "c".into()]);
        let scale = Scale::Robust { median: 0.0, width: 1.0 };
        let statistics = TargetStatistics {
            levels: levels(),
            means: vec![0.1, 0.2, 0.3],
            missing: 0.4,
            prior: 0.0,
            scale: scale.clone(),
        };
        let encoders = [
            Encoder::Magnitude(Magnitude { scale, min: -1.0, max: 1.0, missing_indicator: false }),
            Encoder::TwoValued(TwoValued { low: 0.0, high: 1.0, missing_indicator: true }),
            Encoder::Presence,
            Encoder::OneHot(OneHot::new(levels(), false)),
            Encoder::Embedding(Embedding::new(levels())),
            Encoder::TargetStatistics(statistics),
        ];
        let inputs = encoders.into_iter().zip(["m", "t", "p", "o", "e", "s"]);
        let inputs = inputs.map(|(encoder, name)| InputColumn::new(name, encoder)).collect();
        Preprocessor::new(inputs, vec![vec![]; 2], vec![])
    }

    /// Flags, continuous, binary and categorical inputs.
    type Encoded = (RowFlags, [f32; 2], [f32; 6], [u32; 1]);

    fn apply(row: &[RawValue<'_>]) -> Result<Encoded, ApplyError> {
        let (mut continuous, mut binary, mut categorical) = ([9.0; 2], [9.0; 6], [9]);
        let out = RowBuffers { continuous: &mut continuous, binary: &mut binary, categorical: &mut categorical };
        prep().apply_row(row, out).map(|flags| (flags, continuous, binary, categorical))
    }

    #[test]
    fn every_encoder_writes_its_own_cells() {
        use RawValue::{Level, Number};
        let row = [Number(0.0), Number(1.0), Number(5.0), Level("b"), Level("c"), Level("a")];
        let (flags, continuous, binary, categorical) = apply(&row).expect("the row fits");
        assert_eq!(flags, RowFlags::default());
        assert_eq!(continuous[0], 0.0);
        assert!((continuous[1] - 0.1).abs() < 1e-3);
        assert_eq!(binary, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(categorical, [4]);
        assert_eq!(prep().layout.binary, ["t", "t is missing", "p is missing", "o = a", "o = b", "o = c"]);
    }

    #[test]
    fn missing_unseen_and_far_values_are_encoded_and_flagged() {
        use RawValue::{Level, Missing, Number};
        let row = [Number(2.0), Missing, Number(f32::INFINITY), Level("?"), Missing, Level("?")];
        let (flags, continuous, binary, categorical) = apply(&row).expect("the row fits");
        assert_eq!(flags, RowFlags { n_missing: 3, n_unseen: 2, n_out_of_range: 1 });
        assert_eq!(continuous[1], 0.0);
        assert_eq!(binary, [0.5, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(categorical, [crate::MISSING_INDEX]);
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        use RawValue::{Level, Missing, Number};
        assert_eq!(apply(&[Missing]), Err(ApplyError::RowLength { expected: 6, found: 1 }));
        let text = [Level("1"), Missing, Missing, Missing, Missing, Missing];
        assert_eq!(apply(&text), Err(ApplyError::WrongKind { input_idx: 0, expected: "number" }));
        let number = [Missing, Missing, Missing, Missing, Number(3.0), Missing];
        assert_eq!(apply(&number), Err(ApplyError::WrongKind { input_idx: 4, expected: "level" }));
        let out = RowBuffers { continuous: &mut [], binary: &mut [0.0; 6], categorical: &mut [0] };
        let found = prep().apply_row(&[Missing; 6], out);
        assert_eq!(found, Err(ApplyError::BufferLength { buffer: "continuous", expected: 2, found: 0 }));
    }
}

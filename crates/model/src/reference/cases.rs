//! Small networks of every kind with rows to run them on: written once, run on every device.

use tenure_artifact::{
    Activation, Backbone, CategoricalInput, ContinuousInput, Head, Hidden, InputLayout, JointHead, LabelStatistics,
    NetworkSpec, NumericSpec, SequenceSpec, Sharing, ValueFamily, ValueHead,
};

use super::Row;
use crate::{Batch, Device, Events};

/// A network and rows for it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What a failing test prints.
    pub name: String,
    /// The network.
    pub spec: NetworkSpec,
    /// Number of rows, `B`.
    pub n_rows: usize,
    /// `[B, F]`
    pub continuous: Vec<f32>,
    /// `[B, G]`
    pub binary: Vec<f32>,
    /// `[B, C]`
    pub categorical: Vec<u32>,
    /// Where each row's events begin, and the last one's end, `[B + 1]`.
    pub offsets: Vec<usize>,
    /// `[E, S + C]`
    pub events: Vec<f32>,
}

impl Case {
    /// The rows on a device.
    pub fn upload(&self, device: &Device) -> Batch {
        let sequence = self.spec.sequence.map(|_| {
            let events = Events::upload(&self.offsets, &self.events, &self.spec.inputs, device);
            events.batch(0..self.n_rows)
        });
        let batch = Batch::upload(self.n_rows, &self.continuous, &self.binary, &self.categorical, device);
        batch.with_sequence(sequence)
    }

    /// Calls `visit` with every row in turn.
    pub fn for_each_row(&self, mut visit: impl FnMut(&Row<'_>)) {
        let (f, g, c) = self.spec.inputs.widths();
        for row in 0..self.n_rows {
            let floats = |values: &[f32], width: usize| {
                values[row * width..(row + 1) * width].iter().map(|v| f64::from(*v)).collect::<Vec<f64>>()
            };
            let (continuous, binary) = (floats(&self.continuous, f), floats(&self.binary, g));
            let categorical: Vec<usize> =
                self.categorical[row * c..(row + 1) * c].iter().map(|i| *i as usize).collect();
            let s = self.spec.inputs.event_width();
            let events = &self.events[self.offsets[row] * s..self.offsets[row + 1] * s];
            let sequence: Vec<f64> = events.iter().map(|v| f64::from(*v)).collect();
            visit(&Row { continuous: &continuous, binary: &binary, categorical: &categorical, sequence: &sequence });
        }
    }
}

/// `n_continuous` magnitudes, `n_binary` indicators and a category per number of levels.
pub fn inputs(n_continuous: usize, n_binary: usize, levels: &[usize]) -> InputLayout {
    let magnitude = |i: usize| ContinuousInput { name: format!("x{i}"), source: format!("x{i}"), quantiles: vec![] };
    let category = |(i, n): (usize, &usize)| CategoricalInput { name: format!("c{i}"), n_levels: *n };
    InputLayout {
        continuous: (0..n_continuous).map(magnitude).collect(),
        binary: (0..n_binary).map(|i| format!("g{i}")).collect(),
        categorical: levels.iter().enumerate().map(category).collect(),
        sequence: vec![],
        sequence_levels: vec![],
    }
}

/// Every backbone, every way of sharing, every embedding and every non-linearity at least once; short and long batches,
/// so that scaled layers take both of their paths.
pub fn every_kind() -> Vec<Case> {
    let hidden = |activation| Hidden { blocks: 2, width: 7, activation, dropout: 0.1 };
    let tabm = |sharing| Backbone::Tabm { hidden: hidden(Activation::Relu), sharing, members: 3 };
    let mut cases = Vec::new();
    for (name, sharing) in [("full", Sharing::Full), ("mini", Sharing::Mini), ("packed", Sharing::Packed)] {
        cases.push(case(&format!("tabm {name}, pwl, short batch"), tabm(sharing), pwl(), 3));
        cases.push(case(&format!("tabm {name}, plain, long batch"), tabm(sharing), NumericSpec::Plain, 65));
    }
    let (plr, pbld) =
        (NumericSpec::Plr { n_frequencies: 5, width: 3 }, NumericSpec::Pbld { n_frequencies: 4, width: 4 });
    for (name, activation) in [("relu", Activation::Relu), ("silu", Activation::Silu), ("gelu", Activation::Gelu)] {
        cases.push(case(&format!("mlp {name}, plr"), Backbone::Mlp(hidden(activation)), plr.clone(), 9));
    }
    cases.push(case("realmlp, pbld", Backbone::Realmlp(hidden(Activation::Selu)), pbld, 9));
    cases.push(case("logistic", Backbone::Logistic, NumericSpec::Plain, 1));
    cases.push(only_indicators());
    cases.extend(value_heads());
    cases.extend(with_sequences());
    cases
}

/// Rows of no, some and many events; all without any; beside embeddings and alone with indicators.
fn with_sequences() -> Vec<Case> {
    let hidden = Hidden { blocks: 1, width: 5, activation: Activation::Silu, dropout: 0.0 };
    let tabm = Backbone::Tabm { hidden, sharing: Sharing::Mini, members: 2 };
    let with = |mut case: Case, (numbers, levels): (&[&str], &[usize]), n_events: &dyn Fn(usize) -> usize| {
        case.spec.inputs.sequence = numbers.iter().map(|name| (*name).to_string()).collect();
        let column = |(i, n): (usize, &usize)| CategoricalInput { name: format!("s{i}"), n_levels: *n };
        case.spec.inputs.sequence_levels = levels.iter().enumerate().map(column).collect();
        case.spec.sequence = Some(SequenceSpec { width: 3 });
        for row in 0..case.n_rows {
            case.offsets[row + 1] = case.offsets[row] + n_events(row);
        }
        for event in 0..case.offsets[case.n_rows] {
            let number = |s: usize| ((event * numbers.len() + s) as f32 * 0.377).cos() * 1.3;
            case.events.extend((0..numbers.len()).map(number));
            case.events.extend(levels.iter().enumerate().map(|(c, n)| ((event * 5 + c) % n) as f32));
        }
        case
    };
    let numbers: (&[&str], &[usize]) = (&["amount", "gap_days"], &[]);
    vec![
        with(case("tabm mini, pwl, sequences", tabm, pwl(), 9), numbers, &|row| row * 5 % 4),
        with(case("realmlp, plain, sequences", Backbone::Realmlp(hidden), NumericSpec::Plain, 4), numbers, &|row| {
            6 - row
        }),
        with(case("logistic, sequences without events", Backbone::Logistic, NumericSpec::Plain, 3), numbers, &|_| 0),
        with(case("tabm mini, pwl, sequences with levels", tabm, pwl(), 9), (&["amount"], &[4, 7]), &|row| row % 4),
        with(
            case("logistic, sequences of levels alone", Backbone::Logistic, NumericSpec::Plain, 5),
            (&[], &[3]),
            &|_| 2,
        ),
    ]
}

/// Heads with several outputs, on backbones whose last layers differ.
fn value_heads() -> Vec<Case> {
    let hidden = Hidden { blocks: 1, width: 6, activation: Activation::Relu, dropout: 0.0 };
    let tabm = Backbone::Tabm { hidden, sharing: Sharing::Full, members: 2 };
    let with = |name: &str, backbone, head| {
        let mut case = case(name, backbone, NumericSpec::Plain, 5);
        case.spec.head = head;
        case
    };
    vec![
        with("tabm full, ziln", tabm, Head::Value(ziln(1))),
        with("realmlp, ziln over three horizons", Backbone::Realmlp(hidden), Head::Value(ziln(3))),
        with("logistic, churn and ziln", Backbone::Logistic, Head::Joint(joint(ziln(1)))),
    ]
}

/// A zero-inflated log-normal over `n_horizons`.
pub fn ziln(n_horizons: usize) -> ValueHead {
    let statistics = |h: usize| LabelStatistics { rate: 0.3 + 0.1 * h as f32, log_mean: 0.2 * h as f32, log_sd: 0.9 };
    ValueHead {
        family: ValueFamily::Ziln,
        log_unit: 3.0,
        log_cap: 8.0,
        horizons: (0..n_horizons).map(statistics).collect(),
    }
}

/// Every other distribution of values, over one horizon.
pub fn other_families() -> Vec<(&'static str, ValueHead)> {
    let with = |family| ValueHead { family, ..ziln(1) };
    vec![
        ("mixture of three ziln", with(ValueFamily::ZilnMixture { components: 3 })),
        ("four buckets", with(ValueFamily::Ordinal { edges: vec![-8.0, -2.0, 0.0, 1.5, 6.0] })),
        ("one bucket", with(ValueFamily::Ordinal { edges: vec![-8.0, 6.0] })),
        ("zi_gamma", with(ValueFamily::ZiGamma)),
    ]
}

/// Churn beside value.
pub fn joint(value: ValueHead) -> JointHead {
    JointHead { churn_weight: 0.7, churn_rate: 0.4, value }
}

/// Magnitudes with as many, fewer and only one bin.
fn pwl() -> NumericSpec {
    NumericSpec::Pwl { edges: vec![vec![-1.0, -0.2, 0.3, 1.0], vec![-0.5, 0.5]], width: 4 }
}

fn case(name: &str, backbone: Backbone, numeric: NumericSpec, n_rows: usize) -> Case {
    let spec = NetworkSpec {
        inputs: inputs(2, 3, &[3, 5]),
        numeric,
        category_width: 2,
        sequence: None,
        backbone,
        head: Head::Binary,
    };
    let wave = |i: usize| (i as f32 * 0.731).sin() * 1.7;
    Case {
        name: name.into(),
        n_rows,
        offsets: vec![0; n_rows + 1],
        events: vec![],
        continuous: (0..2 * n_rows).map(wave).collect(),
        binary: (0..3 * n_rows).map(|i| f32::from(u8::from(i % 3 == i % 2))).collect(),
        categorical: (0..2 * n_rows).map(|i| ((i / 2 * 7 + i) % if i % 2 == 0 { 3 } else { 5 }) as u32).collect(),
        spec,
    }
}

fn only_indicators() -> Case {
    let mut only = case(
        "mlp selu, indicators only",
        Backbone::Mlp(Hidden { blocks: 1, width: 4, activation: Activation::Selu, dropout: 0.0 }),
        NumericSpec::Plain,
        4,
    );
    only.spec.inputs = inputs(0, 3, &[]);
    (only.continuous, only.categorical) = (vec![], vec![]);
    only
}

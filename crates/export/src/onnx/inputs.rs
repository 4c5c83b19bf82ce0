//! Encoders as nodes: raw columns `[N, 1]` into encoded rows `[N, I]`.
//!
//! Numbers are put side by side and encoded kind by kind; each level column becomes the place of its level
//! (0 unseen, 1 missing, then the levels) and with it a row of a table.

use tenure_artifact::bundle::Bundle;
use tenure_artifact::{Encoder, InputColumn, Levels, TwoValued, UNSEEN_INDEX};

use super::FORMAT;
use super::graph::{Attribute, Graph, Kind, Value, signed};
use super::scale;
use crate::ExportError;

/// Columns of `[N, n]`, and where in an encoded row they belong.
pub(super) struct Piece {
    pub(super) values: Value,
    pub(super) places: Vec<usize>,
}

/// Number columns side by side.
pub(super) struct Numbers {
    /// 0 where a value is missing.
    pub(super) finite: Value,
    /// Whether it is.
    pub(super) missing: Value,
    pub(super) n: usize,
}

/// The raw columns, which are the graph's inputs.
pub(super) fn columns(graph: &mut Graph, bundle: &Bundle<'_>) -> Vec<Value> {
    let inputs = bundle.inputs.iter().map(|input| {
        let (kind, missing) =
            if input.encoder.reads_numbers() { (Kind::Float, "NaN") } else { (Kind::Text, "the empty text") };
        let doc = format!("{}; {missing} where it is missing", input.encoder.kind());
        graph.input(&input.name, kind, &doc)
    });
    inputs.collect()
}

/// The encoded rows of these columns.
pub(super) fn encoded(graph: &mut Graph, bundle: &Bundle<'_>, inputs: &[Value]) -> Result<Value, ExportError> {
    let rows = Rows::of(bundle);
    let mut pieces = numbers(graph, bundle, inputs, &rows);
    for (input_idx, input) in bundle.inputs.iter().enumerate() {
        if !input.encoder.reads_numbers() {
            pieces.push(level(graph, bundle, input, &inputs[input_idx], rows.places[input_idx].clone())?);
        }
    }
    let order: Vec<usize> = pieces.iter().flat_map(|piece| piece.places.iter().copied()).collect();
    debug_assert_eq!(order.len(), rows.width, "every encoded input is written once");
    let values: Vec<Value> = pieces.into_iter().map(|piece| piece.values).collect();
    let joined = graph.concat(&values);
    let mut found = vec![0; rows.width];
    order.iter().enumerate().for_each(|(from, &place)| found[place] = from);
    Ok(graph.columns(&joined, &found, rows.width))
}

/// Where each column's encoded inputs stand.
struct Rows {
    width: usize,
    /// For each column: continuous, then binary, then embedded.
    places: Vec<Vec<usize>>,
}

impl Rows {
    fn of(bundle: &Bundle<'_>) -> Self {
        let e = bundle.network.as_ref().map_or(0, |network| network.category_width);
        let sizes = |input: &InputColumn| {
            let (f, g, c) = input.encoder.widths();
            [f, g, c * e]
        };
        let totals = bundle.inputs.iter().map(sizes).fold([0; 3], |sum, one| [0, 1, 2].map(|i| sum[i] + one[i]));
        let mut next = [0, totals[0], totals[0] + totals[1]];
        let place = |input: &InputColumn| {
            let mut places = Vec::new();
            for (start, n) in next.iter_mut().zip(sizes(input)) {
                places.extend(*start..*start + n);
                *start += n;
            }
            places
        };
        Self { width: totals.iter().sum(), places: bundle.inputs.iter().map(place).collect() }
    }
}

fn numbers(graph: &mut Graph, bundle: &Bundle<'_>, inputs: &[Value], rows: &Rows) -> Vec<Piece> {
    let columns: Vec<usize> =
        (0..inputs.len()).filter(|&input_idx| bundle.inputs[input_idx].encoder.reads_numbers()).collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let raw: Vec<Value> = columns.iter().map(|&input_idx| inputs[input_idx].clone()).collect();
    let raw = graph.concat(&raw);
    let (is_nan, is_infinite) = (graph.op("IsNaN", &[&raw]), graph.op("IsInf", &[&raw]));
    let missing = graph.op("Or", &[&is_nan, &is_infinite]);
    let zero = graph.scalar(0.0_f32);
    let finite = graph.op("Where", &[&missing, &zero, &raw]);
    let numbers = Numbers { finite, missing, n: columns.len() };

    let (mut magnitudes, mut two_valued, mut indicators) = (Vec::new(), Vec::new(), Vec::new());
    for (at, &input_idx) in columns.iter().enumerate() {
        let places = &rows.places[input_idx];
        let indicator = match &bundle.inputs[input_idx].encoder {
            Encoder::Magnitude(magnitude) => {
                magnitudes.push((at, places[0], &magnitude.scale));
                places.get(1)
            }
            Encoder::TwoValued(two) => {
                two_valued.push((at, places[0], two));
                places.get(1)
            }
            _ => places.first(),
        };
        indicators.extend(indicator.map(|&place| (at, place)));
    }
    let mut pieces = scale::pieces(graph, &numbers, &magnitudes);
    if !two_valued.is_empty() {
        pieces.push(between(graph, &numbers, &two_valued));
    }
    if !indicators.is_empty() {
        let (from, places): (Vec<usize>, Vec<usize>) = indicators.into_iter().unzip();
        let chosen = graph.columns(&numbers.missing, &from, numbers.n);
        pieces.push(Piece { values: graph.cast(&chosen, Kind::Float), places });
    }
    pieces
}

/// Two-valued numbers: the place between low and high, one half where it is missing.
fn between(graph: &mut Graph, numbers: &Numbers, columns: &[(usize, usize, &TwoValued)]) -> Piece {
    let from: Vec<usize> = columns.iter().map(|(at, ..)| *at).collect();
    let low: Vec<f32> = columns.iter().map(|(.., two)| two.low).collect();
    let width: Vec<f32> = columns
        .iter()
        .map(|(.., two)| (f64::from(two.high) - f64::from(two.low)).min(f64::from(f32::MAX)) as f32)
        .collect();
    let (low, width) = (graph.constant(&[low.len()], &low), graph.constant(&[width.len()], &width));
    let values = graph.columns(&numbers.finite, &from, numbers.n);
    let above = graph.op("Sub", &[&values, &low]);
    let share = graph.op("Div", &[&above, &width]);
    let share = graph.within(&share, 0.0_f32, 1.0);
    let missing = graph.columns(&numbers.missing, &from, numbers.n);
    let half = graph.scalar(0.5_f32);
    let values = graph.op("Where", &[&missing, &half, &share]);
    Piece { values, places: columns.iter().map(|(_, place, _)| *place).collect() }
}

/// A column of levels: its row of a table that the bundle's own encoder has filled.
fn level(
    graph: &mut Graph,
    bundle: &Bundle<'_>,
    input: &InputColumn,
    column: &Value,
    places: Vec<usize>,
) -> Result<Piece, ExportError> {
    let levels = match &input.encoder {
        Encoder::OneHot(one_hot) => &one_hot.levels,
        Encoder::Embedding(embedding) => &embedding.levels,
        Encoder::TargetStatistics(statistics) => &statistics.levels,
        Encoder::Magnitude(_) | Encoder::TwoValued(_) | Encoder::Presence => unreachable!("it reads levels"),
    };
    check_spelling(input, levels)?;
    let mut keys: Vec<&str> = levels.names().iter().map(String::as_str).collect();
    keys.push("");
    let width = places.len();
    let n_rows = levels.len() + 2;
    let mut table = vec![0.0_f32; n_rows * width];
    // A name that no level can have: longer than the longest.
    let longest = levels.names().iter().map(String::len).max().unwrap_or(0);
    let unseen = "?".repeat(longest + 1);
    let names = [Some(unseen.as_str()), None].into_iter().chain(levels.names().iter().map(|name| Some(name.as_str())));
    for (row, name) in table.chunks_exact_mut(width.max(1)).zip(names) {
        write_row(bundle, input, name, row);
    }
    let table = graph.constant(&[n_rows, width], &table);
    let indices: Vec<i64> = (2..signed(n_rows)).chain([1]).collect();
    let place = graph.op_with(
        "LabelEncoder",
        &[column],
        &[
            ("keys_strings", Attribute::Texts(keys)),
            ("values_int64s", Attribute::Ints(indices)),
            ("default_int64", Attribute::Int(i64::from(UNSEEN_INDEX))),
        ],
    );
    let place = graph.squeeze(&place, 1);
    let values = graph.op("Gather", &[&table, &place]);
    Ok(Piece { values, places })
}

/// What the bundle's encoder writes for a level.
fn write_row(bundle: &Bundle<'_>, input: &InputColumn, level: Option<&str>, row: &mut [f32]) {
    match &input.encoder {
        Encoder::OneHot(one_hot) => one_hot.write(level, row),
        Encoder::TargetStatistics(statistics) => row[0] = statistics.value(level),
        Encoder::Embedding(embedding) => {
            let network = bundle.network.as_ref().expect("embeddings belong to a network");
            let before = bundle.inputs.iter().take_while(|other| *other != input);
            let first: usize = before
                .map(|other| if let Encoder::Embedding(embedding) = &other.encoder { embedding.n_levels() } else { 0 })
                .sum();
            let start = (first + embedding.index(level) as usize) * row.len();
            row.iter_mut().enumerate().for_each(|(at, value)| *value = network.category_table.get(start + at));
        }
        Encoder::Magnitude(_) | Encoder::TwoValued(_) | Encoder::Presence => {}
    }
}

/// The empty text stands for a missing value.
fn check_spelling(input: &InputColumn, levels: &Levels) -> Result<(), ExportError> {
    if levels.names().iter().all(|name| !name.is_empty()) {
        return Ok(());
    }
    Err(ExportError::Unsayable {
        format: FORMAT,
        what: format!("a level of `{}` that is the empty text, which stands for a missing value", input.name),
        hint: "name the level in the data and train again",
    })
}

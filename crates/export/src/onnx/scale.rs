//! Magnitudes onto their scales, all columns of a kind at once.

use tenure_artifact::math::quantile;
use tenure_artifact::{Piecewise, Scale};

use super::graph::{Graph, Kind, Value};
use super::inputs::{Numbers, Piece};

/// Beyond this many widths from the median the smooth clip is 3 in single precision.
const FAR: f32 = 1e6;
/// Shares nearer than this to 0 or 1 are moved there, as [`Scale::Quantile`] does.
const MIN_SHARE: f64 = 1e-7;

/// A column of the numbers, its place in an encoded row, and its scale.
type Column<'s> = (usize, usize, &'s Scale);

type IsKind = fn(&Scale) -> bool;
/// Scales the values of columns of one kind.
type ScaleAll = fn(&mut Graph, &Value, &[Column<'_>]) -> Value;

pub(super) fn pieces(graph: &mut Graph, numbers: &Numbers, columns: &[Column<'_>]) -> Vec<Piece> {
    let kinds: [(IsKind, ScaleAll); 3] = [
        (|scale| matches!(scale, Scale::Robust { .. }), robust),
        (|scale| matches!(scale, Scale::Quantile { .. }), quantiles),
        (|scale| matches!(scale, Scale::Piecewise(_)), piecewise),
    ];
    let mut pieces = Vec::new();
    for (is_kind, scale) in kinds {
        let chosen: Vec<Column<'_>> = columns.iter().copied().filter(|(.., scale)| is_kind(scale)).collect();
        if chosen.is_empty() {
            continue;
        }
        let from: Vec<usize> = chosen.iter().map(|(at, ..)| *at).collect();
        let values = graph.columns(&numbers.finite, &from, numbers.n);
        let scaled = scale(graph, &values, &chosen);
        let missing = graph.columns(&numbers.missing, &from, numbers.n);
        let zero = graph.scalar(0.0_f32);
        let values = graph.op("Where", &[&missing, &zero, &scaled]);
        pieces.push(Piece { values, places: chosen.iter().map(|(_, place, _)| *place).collect() });
    }
    pieces
}

/// `y / sqrt(1 + (y/3)²)` of `y = (x − median) / width`; 0 where the width is.
fn robust(graph: &mut Graph, values: &Value, columns: &[Column<'_>]) -> Value {
    let parts = columns.iter().map(|(.., scale)| match scale {
        Scale::Robust { median, width } if *width > 0.0 => (*median, *width, 1.0),
        Scale::Robust { median, .. } => (*median, 1.0, 0.0),
        Scale::Quantile { .. } | Scale::Piecewise(_) => unreachable!("columns of this kind"),
    });
    let parts: Vec<(f32, f32, f32)> = parts.collect();
    let [median, width, gain] = [
        parts.iter().map(|p| p.0).collect::<Vec<f32>>(),
        parts.iter().map(|p| p.1).collect(),
        parts.iter().map(|p| p.2).collect(),
    ]
    .map(|numbers| graph.constant(&[numbers.len()], &numbers));
    let [three, one] = [3.0_f32, 1.0].map(|number| graph.scalar(number));
    let distance = graph.op("Sub", &[values, &median]);
    let y = graph.op("Div", &[&distance, &width]);
    let y = graph.within(&y, -FAR, FAR);
    let third = graph.op("Div", &[&y, &three]);
    let square = graph.op("Mul", &[&third, &third]);
    let risen = graph.op("Add", &[&square, &one]);
    let root = graph.op("Sqrt", &[&risen]);
    let clipped = graph.op("Div", &[&y, &root]);
    graph.op("Mul", &[&clipped, &gain])
}

/// `s_0 + Σ_j rise_j · min(max(x − k_j, 0), k_{j+1} − k_j)`, columns padded to eight segments that rise by nothing.
fn piecewise(graph: &mut Graph, values: &Value, columns: &[Column<'_>]) -> Value {
    const N: usize = Piecewise::MAX_SEGMENTS;
    let (mut starts, mut widths, mut rises, mut first) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (.., scale) in columns {
        let Scale::Piecewise(line) = scale else { unreachable!("columns of this kind") };
        let (knots, scores) = (line.knots(), line.scores());
        first.push(scores[0]);
        for segment in 0..N {
            let is_there = segment + 1 < knots.len();
            let end = |numbers: &[f32]| numbers.get(segment + 1).copied().unwrap_or_default();
            let start = |numbers: &[f32]| if is_there { numbers[segment] } else { 0.0 };
            let width = end(knots) - start(knots);
            starts.push(start(knots));
            widths.push(if is_there { width } else { 0.0 });
            rises.push(if is_there { (end(scores) - start(scores)) / width } else { 0.0 });
        }
    }
    let shape = [1, columns.len(), N];
    let [starts, widths, rises] = [starts, widths, rises].map(|numbers| graph.constant(&shape, &numbers));
    let (first, zero) = (graph.constant(&[columns.len()], &first), graph.scalar(0.0_f32));
    let values = graph.unsqueeze(values, 2);
    let inside = graph.op("Sub", &[&values, &starts]);
    let inside = graph.op("Max", &[&inside, &zero]);
    let inside = graph.op("Min", &[&inside, &widths]);
    let climbed = graph.op("Mul", &[&inside, &rises]);
    let sum = graph.sum(&climbed, 2, false);
    graph.op("Add", &[&sum, &first])
}

/// The normal score of the share of training rows below, in double precision.
fn quantiles(graph: &mut Graph, values: &Value, columns: &[Column<'_>]) -> Value {
    let knots: Vec<&[f32]> = columns
        .iter()
        .map(|(.., scale)| match scale {
            Scale::Quantile { knots } => knots.as_slice(),
            Scale::Robust { .. } | Scale::Piecewise(_) => unreachable!("columns of this kind"),
        })
        .collect();
    let share = share_below(graph, values, &knots);
    let share = graph.within(&share, MIN_SHARE, 1.0 - MIN_SHARE);
    let score = normal_quantile(graph, &share);
    graph.cast(&score, Kind::Float)
}

/// The share of knots below each value, half of those equal to it counted, interpolated between two.
fn share_below(graph: &mut Graph, values: &Value, knots: &[&[f32]]) -> Value {
    let longest = knots.iter().map(|knots| knots.len()).max().unwrap_or(0);
    // No comparison with NaN holds: it pads columns with fewer knots.
    let padded =
        knots.iter().flat_map(|k| k.iter().map(|x| f64::from(*x)).chain(std::iter::repeat(f64::NAN)).take(longest));
    let padded: Vec<f64> = padded.collect();
    let counts = |f: fn(usize) -> f64| knots.iter().map(|k| f(k.len())).collect::<Vec<f64>>();
    let (last, n_knots) = (counts(|n| n as f64 - 1.0), counts(|n| n as f64));
    let [last, n_knots] = [last, n_knots].map(|numbers| graph.constant(&[numbers.len()], &numbers));
    let padded = graph.constant(&[1, knots.len(), longest], &padded);
    let [zero, half, one, far] = [0.0, 0.5, 1.0, f64::MAX].map(|number| graph.scalar(number));
    let minus_far = graph.scalar(f64::MIN);

    let values = graph.cast(values, Kind::Double);
    let values = graph.unsqueeze(&values, 2);
    let (is_below, is_above) = (graph.op("Less", &[&padded, &values]), graph.op("Greater", &[&padded, &values]));
    let is_equal = graph.op("Equal", &[&padded, &values]);
    let n_below = count(graph, &is_below);
    let n_equal = count(graph, &is_equal);
    // The share of a value that knots have: the middle of theirs.
    let less = graph.op("Sub", &[&n_equal, &one]);
    let middle = graph.op("Mul", &[&less, &half]);
    let at_knots = graph.op("Add", &[&n_below, &middle]);
    // Between two knots: the nearest below and above.
    let low = graph.op("Where", &[&is_below, &padded, &minus_far]);
    let low = graph.reduce("ReduceMax", &low, 2, false);
    let high = graph.op("Where", &[&is_above, &padded, &far]);
    let high = graph.reduce("ReduceMin", &high, 2, false);
    let values = graph.squeeze(&values, 2);
    let (inside, width) = (graph.op("Sub", &[&values, &low]), graph.op("Sub", &[&high, &low]));
    let part = graph.op("Div", &[&inside, &width]);
    let before = graph.op("Sub", &[&n_below, &one]);
    let between = graph.op("Add", &[&before, &part]);
    // Outside of all: 0 or 1.
    let is_first = graph.op("Equal", &[&n_below, &zero]);
    let between = graph.op("Where", &[&is_first, &zero, &between]);
    let is_last = graph.op("Equal", &[&n_below, &n_knots]);
    let between = graph.op("Where", &[&is_last, &last, &between]);
    let is_knot = graph.op("Greater", &[&n_equal, &zero]);
    let rank = graph.op("Where", &[&is_knot, &at_knots, &between]);
    graph.op("Div", &[&rank, &last])
}

fn count(graph: &mut Graph, holds: &Value) -> Value {
    let holds = graph.cast(holds, Kind::Double);
    graph.sum(&holds, 2, false)
}

/// The standard normal quantile of a share within (0, 1): Wichura's three ratios of polynomials.
fn normal_quantile(graph: &mut Graph, p: &Value) -> Value {
    let constants = [0.5, 0.425, 0.180_625, 1.0, 1.6, 5.0, 0.0].map(|number| graph.scalar(number));
    let [half, centre, offset, one, near, far, zero] = &constants;
    let q = graph.op("Sub", &[p, half]);
    let square = graph.op("Mul", &[&q, &q]);
    let r = graph.op("Sub", &[offset, &square]);
    let inner = ratio(graph, &r, &quantile::CENTRE_TOP, &quantile::CENTRE_BOTTOM);
    let inner = graph.op("Mul", &[&q, &inner]);

    let upper = graph.op("Sub", &[one, p]);
    let tail = graph.op("Min", &[p, &upper]);
    let log = graph.op("Log", &[&tail]);
    let log = graph.op("Neg", &[&log]);
    let r = graph.op("Sqrt", &[&log]);
    let (r_near, r_far) = (graph.op("Sub", &[&r, near]), graph.op("Sub", &[&r, far]));
    let z_near = ratio(graph, &r_near, &quantile::MIDDLE_TOP, &quantile::MIDDLE_BOTTOM);
    let z_far = ratio(graph, &r_far, &quantile::FAR_TOP, &quantile::FAR_BOTTOM);
    let is_far = graph.op("Greater", &[&r, far]);
    let z = graph.op("Where", &[&is_far, &z_far, &z_near]);
    let minus = graph.op("Neg", &[&z]);
    let is_low = graph.op("Less", &[&q, zero]);
    let outer = graph.op("Where", &[&is_low, &minus, &z]);

    let size = graph.op("Abs", &[&q]);
    let is_outer = graph.op("Greater", &[&size, centre]);
    graph.op("Where", &[&is_outer, &outer, &inner])
}

fn ratio(graph: &mut Graph, x: &Value, top: &[f64; 8], bottom: &[f64; 8]) -> Value {
    let (top, bottom) = (horner(graph, x, top), horner(graph, x, bottom));
    graph.op("Div", &[&top, &bottom])
}

fn horner(graph: &mut Graph, x: &Value, ascending: &[f64; 8]) -> Value {
    let mut sum = graph.scalar(ascending[7]);
    for coefficient in ascending[..7].iter().rev() {
        let product = graph.op("Mul", &[&sum, x]);
        let coefficient = graph.scalar(*coefficient);
        sum = graph.op("Add", &[&product, &coefficient]);
    }
    sum
}

//! From logits to the answer: calibration, value, the nearest centroid.

use tenure_artifact::Calibration;
use tenure_artifact::bundle::{Answer, Centroids, Forecast, Nearness, OUTPUTS_PER_PANEL, ValueScale};
use tenure_artifact::calibration::PROBABILITY_FLOOR;

use super::graph::{Attribute, Graph, Kind, Value, signed};

/// Directions of rows shorter than this are not told apart.
const LEAST_LENGTH: f32 = 1e-30;

/// The outputs of the task, from the raw columns and the logits `[N, O]` of each member.
pub(super) fn answer(graph: &mut Graph, answer: &Answer<'_>, columns: &[Value], logits: &[Value]) {
    let forecast = answer.forecast().map(|by| forecast(graph, by, &columns[by.column]));
    match answer {
        Answer::Churn { calibration } => {
            let probability = churn(graph, calibration, logits);
            graph.output("probability", &probability, Kind::Float, true);
        }
        Answer::Value(scale) => value(graph, scale, (logits, 0), forecast.as_ref()),
        Answer::ChurnValue { calibration, value: scale } => {
            let of_churn: Vec<Value> = logits.iter().map(|member| graph.columns(member, &[0], 4)).collect();
            let probability = churn(graph, calibration, &of_churn);
            graph.output("probability", &probability, Kind::Float, true);
            value(graph, scale, (logits, 1), forecast.as_ref());
        }
        Answer::Segment(centroids) => segment(graph, centroids, logits),
    }
}

/// What expected values are multiplied by, from its raw column.
fn forecast(graph: &mut Graph, by: Forecast, raw: &Value) -> Value {
    let (is_nan, is_infinite) = (graph.op("IsNaN", &[raw]), graph.op("IsInf", &[raw]));
    let is_missing = graph.op("Or", &[&is_nan, &is_infinite]);
    let [least, missing] = [by.least, by.missing].map(|number| graph.scalar(number as f32));
    let kept = graph.op("Max", &[raw, &least]);
    graph.op("Where", &[&is_missing, &missing, &kept])
}

/// In double precision: a probability near 1 has no digits left in single precision.
fn churn(graph: &mut Graph, calibration: &Calibration, logits: &[Value]) -> Value {
    let all = graph.concat(logits);
    let all = graph.cast(&all, Kind::Double);
    let members = graph.op("Sigmoid", &[&all]);
    let raw = graph.reduce("ReduceMean", &members, 1, true);
    let calibrated = match calibration {
        Calibration::Identity => raw,
        Calibration::Isotonic { x, y } => interpolated(graph, x, y, &raw),
        Calibration::Temperature { t } => logistic(graph, &raw, 1.0 / t, 1.0 / t, 0.0),
        Calibration::Platt { a, b } => logistic(graph, &raw, *a, *a, *b),
        Calibration::Beta { a, b, c } => logistic(graph, &raw, *a, *b, *c),
    };
    graph.cast(&calibrated, Kind::Float)
}

/// `sigmoid(a ln p - b ln(1 - p) + c)`
fn logistic(graph: &mut Graph, p: &Value, a: f64, b: f64, c: f64) -> Value {
    let p = graph.within(p, PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR);
    let [one, a, b, c] = [1.0, a, b, c].map(|number| graph.scalar(number));
    let q = graph.op("Sub", &[&one, &p]);
    let (ln_p, ln_q) = (graph.op("Log", &[&p]), graph.op("Log", &[&q]));
    let (ln_p, ln_q) = (graph.op("Mul", &[&ln_p, &a]), graph.op("Mul", &[&ln_q, &b]));
    let logit = graph.op("Sub", &[&ln_p, &ln_q]);
    let logit = graph.op("Add", &[&logit, &c]);
    graph.op("Sigmoid", &[&logit])
}

/// Straight lines between knots, flat outside.
fn interpolated(graph: &mut Graph, x: &[f64], y: &[f64], p: &Value) -> Value {
    if x.is_empty() {
        return p.clone();
    }
    let knots = graph.constant(&[1, x.len()], x);
    let below = graph.op("Less", &[&knots, p]);
    let below = graph.cast(&below, Kind::Int64);
    let right = graph.sum(&below, 1, true);
    let [one, first, last] = [1, 0, signed(x.len()) - 1].map(|place| graph.places(&[place]));
    let left = graph.op("Sub", &[&right, &one]);
    let (left, right) = (graph.op("Max", &[&left, &first]), graph.op("Min", &[&right, &last]));
    let (x, y) = (graph.constant(&[x.len()], x), graph.constant(&[y.len()], y));
    let [x_left, x_right] = [&left, &right].map(|at| graph.op("Gather", &[&x, at]));
    let [y_left, y_right] = [&left, &right].map(|at| graph.op("Gather", &[&y, at]));
    let (width, rise) = (graph.op("Sub", &[&x_right, &x_left]), graph.op("Sub", &[&y_right, &y_left]));
    // Outside both ends are one knot: the rise is 0, and the width must not be.
    let (zero, unit) = (graph.scalar(0.0_f64), graph.scalar(1.0_f64));
    let is_flat = graph.op("Equal", &[&width, &zero]);
    let width = graph.op("Where", &[&is_flat, &unit, &width]);
    let inside = graph.op("Sub", &[p, &x_left]);
    let share = graph.op("Div", &[&inside, &width]);
    let climbed = graph.op("Mul", &[&share, &rise]);
    graph.op("Add", &[&y_left, &climbed])
}

/// Zero-inflated log-normal: `P(buys) = σ(l0)`, `E = σ(l0) exp(l1 + ½ softplus(l2)²)`, both averaged over members, in
/// the scale's unit, times the forecast; the lowest expected values as one. `first` is the place of the first of the three
/// logits, the last ones.
fn value(graph: &mut Graph, scale: &ValueScale, (logits, first): (&[Value], usize), forecast: Option<&Value>) {
    let [half, top, unit] = [0.5, scale.log_cap, scale.log_unit].map(|number| graph.scalar(number as f32));
    let (mut bought, mut expected) = (Vec::new(), Vec::new());
    for member in logits {
        let [l0, l1, l2] = [0, 1, 2].map(|place| graph.columns(member, &[first + place], first + 3));
        let p = graph.op("Sigmoid", &[&l0]);
        let sigma = graph.op("Softplus", &[&l2]);
        let variance = graph.op("Mul", &[&sigma, &sigma]);
        let half_variance = graph.op("Mul", &[&variance, &half]);
        let log_value = graph.op("Add", &[&l1, &half_variance]);
        let log_value = graph.op("Min", &[&log_value, &top]);
        let log_value = graph.op("Add", &[&log_value, &unit]);
        let conditional = graph.op("Exp", &[&log_value]);
        expected.push(graph.op("Mul", &[&p, &conditional]));
        bought.push(p);
    }
    let [expected, bought] = [expected, bought].map(|members| {
        let members = graph.concat(&members);
        graph.reduce("ReduceMean", &members, 1, true)
    });
    let expected = match forecast {
        Some(forecast) => graph.op("Mul", &[&expected, forecast]),
        None => expected,
    };
    let expected = match scale.pool {
        None => expected,
        Some(pool) => {
            let [up_to, pooled] = [pool.up_to, pool.value].map(|number| graph.scalar(number as f32));
            let is_low = graph.op("LessOrEqual", &[&expected, &up_to]);
            graph.op("Where", &[&is_low, &pooled, &expected])
        }
    };
    graph.output("expected", &expected, Kind::Float, true);
    graph.output("p_buys", &bought, Kind::Float, true);
}

/// The nearest centroid to the mean of the members' outputs, and how far it is.
fn segment(graph: &mut Graph, centroids: &Centroids<'_>, points: &[Value]) {
    let (k, d) = (centroids.n_segments, centroids.n_dims);
    let point = match points {
        [one] => one.clone(),
        many => {
            let many: Vec<&Value> = many.iter().collect();
            graph.op("Mean", &many)
        }
    };
    let is_cosine = centroids.nearness == Nearness::Cosine;
    let point = if is_cosine { direction(graph, &point) } else { point };
    let at = |segment: usize, dim: usize| {
        (segment / OUTPUTS_PER_PANEL * d + dim) * OUTPUTS_PER_PANEL + segment % OUTPUTS_PER_PANEL
    };
    let centres: Vec<f32> =
        (0..k).flat_map(|s| (0..d).map(move |dim| at(s, dim))).map(|at| centroids.panels.get(at)).collect();
    let centres = graph.constant(&[1, k, d], &centres);
    let point = graph.unsqueeze(&point, 1);
    let gaps = graph.op("Sub", &[&point, &centres]);
    let squares = graph.reduce("ReduceSumSquare", &gaps, 2, false);
    let keep = ("keepdims", Attribute::Int(0));
    let nearest = graph.op_with("ArgMin", &[&squares], &[("axis", Attribute::Int(1)), keep]);
    let least = graph.reduce("ReduceMin", &squares, 1, false);
    let distance = if is_cosine {
        // Between directions the squared distance is 2 (1 - cos).
        let half = graph.scalar(0.5_f32);
        graph.op("Mul", &[&least, &half])
    } else {
        graph.op("Sqrt", &[&least])
    };
    graph.output("segment", &nearest, Kind::Int64, false);
    graph.output("distance", &distance, Kind::Float, false);
}

/// Rows of length 1.
fn direction(graph: &mut Graph, point: &Value) -> Value {
    let square = graph.reduce("ReduceSumSquare", point, 1, true);
    let length = graph.op("Sqrt", &[&square]);
    let least = graph.scalar(LEAST_LENGTH);
    let length = graph.op("Max", &[&length, &least]);
    graph.op("Div", &[point, &length])
}

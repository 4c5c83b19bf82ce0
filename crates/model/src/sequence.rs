//! A gated recurrent unit over the events before each row of a batch.
//!
//! Rows have different numbers of events. They are put in order of how many, all end at the last step, and a step computes
//! only the rows that have an event by then: nothing is padded, and a customer with thirty purchases does not make those
//! with two wait.

use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::{Device, Int, Tensor, TensorData};
use tenure_artifact::InputLayout;

/// All events of a data set on a device.
#[derive(Clone, Debug)]
pub struct Events {
    /// None where no row has an event.
    values: Option<Values>,
    /// `[N + 1]`
    offsets: Vec<usize>,
    device: Device,
}

/// What is known of some events.
#[derive(Clone, Debug)]
struct Values {
    /// `[E, S]`; none where events have no numbers.
    numbers: Option<Tensor<2>>,
    /// Rows of the table of levels, `[E, C]`; none where events have no levels.
    levels: Option<Tensor<2, Int>>,
}

/// The events of a batch's rows, step by step.
#[derive(Clone, Debug)]
pub struct SequenceBatch {
    /// Events in the order of the steps, as many as the rows of all steps; none where no row has an event.
    events: Option<Values>,
    /// Rows that each step computes; they never get fewer.
    steps: Vec<usize>,
    /// Where each row stands among those that have events, the longest first, `[B]`; rows without events share a place of
    /// their own after these.
    places: Tensor<1, Int>,
    has_empty: bool,
}

/// Which events each step of a batch reads.
#[derive(Debug, PartialEq, Eq)]
struct Course {
    steps: Vec<usize>,
    events: Vec<i32>,
    places: Vec<i32>,
    has_empty: bool,
}

impl Events {
    /// Uploads the events of a data set.
    ///
    /// # Shapes
    /// `offsets [N + 1]`, `values [E, S + C]`, row-major: the layout's `S` numbers of an event and its `C` indices of levels
    pub fn upload(offsets: &[usize], values: &[f32], inputs: &InputLayout, device: &Device) -> Self {
        let is_any = !values.is_empty();
        let values = is_any.then(|| Values::upload(values, inputs, device));
        Self { values, offsets: offsets.to_vec(), device: device.clone() }
    }

    /// The events of these rows.
    pub fn batch(&self, rows: impl Iterator<Item = usize>) -> SequenceBatch {
        let ranges: Vec<_> = rows.map(|row| (self.offsets[row], self.offsets[row + 1])).collect();
        let course = Course::new(&ranges);
        let indices = |values: Vec<i32>| {
            let n = values.len();
            Tensor::<1, Int>::from_data(TensorData::new(values, [n]), &self.device)
        };
        let values = self.values.as_ref().filter(|_| !course.events.is_empty());
        SequenceBatch {
            events: values.map(|values| values.select(&indices(course.events))),
            steps: course.steps,
            places: indices(course.places),
            has_empty: course.has_empty,
        }
    }
}

impl Values {
    fn upload(values: &[f32], inputs: &InputLayout, device: &Device) -> Self {
        let (s, c) = (inputs.sequence.len(), inputs.sequence_levels.len());
        let (mut numbers, mut levels) = (Vec::new(), Vec::new());
        // Where each column's rows begin in the table that all of them share.
        let mut first_rows = vec![0; c];
        for column in 1..c {
            first_rows[column] = first_rows[column - 1] + inputs.sequence_levels[column - 1].n_levels;
        }
        for event in values.chunks_exact(s + c) {
            let (of_event, indices) = event.split_at(s);
            numbers.extend_from_slice(of_event);
            levels.extend(indices.iter().zip(&first_rows).map(|(level, first)| index(first + *level as usize)));
        }
        let n_events = values.len() / (s + c);
        Self {
            numbers: (s > 0).then(|| Tensor::from_data(TensorData::new(numbers, [n_events, s]), device)),
            levels: (c > 0).then(|| Tensor::from_data(TensorData::new(levels, [n_events, c]), device)),
        }
    }

    fn select(&self, events: &Tensor<1, Int>) -> Self {
        Self {
            numbers: self.numbers.clone().map(|numbers| numbers.select(0, events.clone())),
            levels: self.levels.clone().map(|levels| levels.select(0, events.clone())),
        }
    }

    fn narrow(&self, start: usize, n_rows: usize) -> Self {
        Self {
            numbers: self.numbers.clone().map(|numbers| numbers.narrow(0, start, n_rows)),
            levels: self.levels.clone().map(|levels| levels.narrow(0, start, n_rows)),
        }
    }

    /// What events add to the gates: products of their numbers, and their levels' rows of the table.
    ///
    /// # Shapes
    /// → `[B, 3Q]`
    fn weigh(self, weights: &GruWeights) -> Tensor<2> {
        let bias = weights.bias.clone().unsqueeze();
        let from_numbers = self.numbers.zip(weights.input.clone()).map(|(x, input)| x.matmul(input));
        let from_levels = self.levels.zip(weights.levels.clone()).map(|(indices, table)| {
            let ([b, c], [_, n]) = (indices.dims(), table.dims());
            let rows = table.select(0, indices.reshape([b * c]));
            if c == 1 { rows } else { rows.reshape([b, c, n]).sum_dim(1).reshape([b, n]) }
        });
        match (from_numbers, from_levels) {
            (Some(from_numbers), Some(from_levels)) => from_numbers + from_levels + bias,
            (Some(sums), None) | (None, Some(sums)) => sums + bias,
            (None, None) => unreachable!("an event has a number or a level"),
        }
    }
}

impl Course {
    /// `ranges` say where each row's events begin and end.
    fn new(ranges: &[(usize, usize)]) -> Self {
        let length = |row: usize| ranges[row].1 - ranges[row].0;
        let mut by_length: Vec<usize> = (0..ranges.len()).collect();
        by_length.sort_by_key(|&row| std::cmp::Reverse(length(row)));
        let n_with_events = by_length.partition_point(|&row| length(row) > 0);
        let n_steps = by_length.first().map_or(0, |&row| length(row));
        let (mut steps, mut events) = (Vec::with_capacity(n_steps), Vec::new());
        for left in (1..=n_steps).rev() {
            let n_rows = by_length.partition_point(|&row| length(row) >= left);
            steps.push(n_rows);
            events.extend(by_length[..n_rows].iter().map(|&row| index(ranges[row].1 - left)));
        }
        let mut places = vec![0; ranges.len()];
        by_length.iter().enumerate().for_each(|(place, &row)| places[row] = index(place.min(n_with_events)));
        Self { steps, events, places, has_empty: n_with_events < ranges.len() }
    }
}

fn index(place: usize) -> i32 {
    i32::try_from(place).expect("fewer than 2³¹ events")
}

/// Weights of the unit; the columns are those of `r`, `z` and `n`.
pub(crate) struct GruWeights {
    /// `[S, 3Q]`; none where events have no numbers.
    pub(crate) input: Option<Tensor<2>>,
    /// One row for each level of each column, `[levels, 3Q]`; none where events have no levels.
    pub(crate) levels: Option<Tensor<2>>,
    /// `[Q, 3Q]`
    pub(crate) state: Tensor<2>,
    /// `[3Q]`
    pub(crate) bias: Tensor<1>,
    /// `[Q]`
    pub(crate) candidate_bias: Tensor<1>,
}

/// The state after each row's last event; 0 for a row without events.
///
/// # Shapes
/// rows `B` → `[B, Q]`
pub(crate) fn gru(weights: &GruWeights, batch: &SequenceBatch) -> Tensor<2> {
    let ([q, _], device) = (weights.state.dims(), batch.places.device());
    let zeros = |n_rows: usize| Tensor::<2>::zeros([n_rows, q], &device);
    let Some(events) = &batch.events else {
        let [n_rows] = batch.places.dims();
        return zeros(n_rows);
    };
    let (mut h, mut n_before, mut start) = (None, 0, 0);
    for &n_rows in &batch.steps {
        let x = events.narrow(start, n_rows).weigh(weights);
        let before = match h.take() {
            None => zeros(n_rows),
            Some(h) if n_rows == n_before => h,
            Some(h) => Tensor::cat(vec![h, zeros(n_rows - n_before)], 0),
        };
        h = Some(step(weights, x, before));
        (start, n_before) = (start + n_rows, n_rows);
    }
    let states = h.expect("there is an event, so there is a step");
    let states = if batch.has_empty { Tensor::cat(vec![states, zeros(1)], 0) } else { states };
    states.select(0, batch.places.clone())
}

/// # Shapes
/// `from_x [B, 3Q]`, `h [B, Q]` → `[B, Q]`
fn step(weights: &GruWeights, from_x: Tensor<2>, h: Tensor<2>) -> Tensor<2> {
    let [_, q] = h.dims();
    let from_h = h.clone().matmul(weights.state.clone());
    let gates = sigmoid(from_x.clone().narrow(1, 0, 2 * q) + from_h.clone().narrow(1, 0, 2 * q));
    let (r, z) = (gates.clone().narrow(1, 0, q), gates.narrow(1, q, q));
    let from_h = from_h.narrow(1, 2 * q, q) + weights.candidate_bias.clone().unsqueeze();
    let candidate = tanh(from_x.narrow(1, 2 * q, q) + r * from_h);
    candidate.clone() + z * (h - candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_join_when_their_first_event_comes_and_all_end_together() {
        // Rows of 1, 0, 3 and 2 events.
        let course = Course::new(&[(0, 1), (1, 1), (1, 4), (4, 6)]);
        let expected =
            Course { steps: vec![1, 2, 3], events: vec![1, 2, 4, 3, 5, 0], places: vec![2, 3, 0, 1], has_empty: true };
        assert_eq!(course, expected);
    }

    #[test]
    fn no_events_are_no_steps() {
        let course = Course::new(&[(7, 7), (7, 7)]);
        assert_eq!((course.steps.len(), course.places, course.has_empty), (0, vec![0, 0], true));
    }
}

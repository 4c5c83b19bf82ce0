//! Curves with fewer points and the same shape.

use std::collections::BinaryHeap;

/// At most `max_points` of `curve` (never fewer than its two ends), chosen greedily: the point farthest from the chord
/// of its stretch goes in first (Douglas and Peucker 1973, with a budget of points instead of a tolerance). Each axis is
/// measured in its own range.
pub(crate) fn thin<T: Copy>(curve: &[T], max_points: usize, xy: impl Fn(&T) -> (f64, f64)) -> Vec<T> {
    if curve.len() <= 2 {
        return curve.to_vec();
    }
    let points = unit_square(&curve.iter().map(xy).collect::<Vec<_>>());
    let mut kept = vec![0, curve.len() - 1];
    let mut stretches = BinaryHeap::from_iter(Stretch::new(&points, 0, curve.len() - 1));
    while kept.len() < max_points.max(2)
        && let Some(stretch) = stretches.pop()
    {
        kept.push(stretch.farthest);
        stretches.extend(Stretch::new(&points, stretch.first, stretch.farthest));
        stretches.extend(Stretch::new(&points, stretch.farthest, stretch.last));
    }
    kept.sort_unstable();
    kept.into_iter().map(|i| curve[i]).collect()
}

/// A stretch between two kept points, and its point farthest from the chord.
struct Stretch {
    first: usize,
    last: usize,
    farthest: usize,
    distance: f64,
}

impl Stretch {
    /// None where no inner point lies off the chord.
    fn new(points: &[(f64, f64)], first: usize, last: usize) -> Option<Self> {
        let mut stretch = Self { first, last, farthest: first, distance: 1e-12 };
        for i in first + 1..last {
            let distance = distance_to_chord(points[i], points[first], points[last]);
            if distance > stretch.distance {
                (stretch.farthest, stretch.distance) = (i, distance);
            }
        }
        (stretch.farthest > first).then_some(stretch)
    }
}

impl Ord for Stretch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Of equal distances the earlier stretch is the greater one, so that the choice never depends on the heap.
        self.distance.total_cmp(&other.distance).then(other.first.cmp(&self.first))
    }
}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Stretch {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Stretch {}

/// The distance of `p` from the segment `a`–`b`.
fn distance_to_chord(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length_squared = dx * dx + dy * dy;
    let (px, py) = (p.0 - a.0, p.1 - a.1);
    let along = if length_squared > 0.0 { ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (px - along * dx).hypot(py - along * dy)
}

fn unit_square(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        (low, if high > low { high - low } else { 1.0 })
    };
    let (x_low, x_span) = range(&mut points.iter().map(|p| p.0));
    let (y_low, y_span) = range(&mut points.iter().map(|p| p.1));
    points.iter().map(|p| ((p.0 - x_low) / x_span, (p.1 - y_low) / y_span)).collect()
}

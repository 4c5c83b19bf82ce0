//! The bins of piecewise-linear embeddings: which one every magnitude lies in, found once, and the ramp across each.

use super::Embedding;

/// The bin of every magnitude of a table, `[N, F]`. A table is as large as all else that trains: bins of most networks
/// take a byte each, and what the ramp gives at a magnitude is computed again rather than kept.
#[derive(Debug)]
pub(super) enum Bins {
    /// Magnitudes are not embedded piecewise-linearly.
    None,
    /// At most 256 bins of any magnitude.
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

impl Bins {
    /// Of row-major `magnitudes`.
    pub(super) fn new(embedding: &Embedding, magnitudes: &[f32]) -> Self {
        let Embedding::PiecewiseLinear { edges, .. } = embedding else { return Self::None };
        let all = magnitudes.iter().zip(edges.iter().cycle()).map(|(x, edges)| bin_of(edges, *x));
        if n_bins(edges) <= 1 << u8::BITS {
            return Self::Narrow(all.map(|bin| bin as u8).collect());
        }
        Self::Wide(all.map(|bin| bin as u16).collect())
    }

    /// The bin at a place.
    #[inline]
    pub(super) fn at(&self, place: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Narrow(bins) => usize::from(bins[place]),
            Self::Wide(bins) => usize::from(bins[place]),
        }
    }
}

/// The most bins of any magnitude.
pub(super) fn n_bins(edges: &[Vec<f32>]) -> usize {
    edges.iter().map(|edges| edges.len() - 1).max().unwrap_or(0)
}

/// The bin of a magnitude: all ramps before it are 1, all after it 0.
fn bin_of(edges: &[f32], x: f32) -> usize {
    let last = edges.len() - 2;
    edges[1..=last].partition_point(|edge| *edge <= x)
}

/// The ramp across a bin: `clip((x − start)·slope, low, high)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ramp {
    start: f32,
    slope: f32,
    low: f32,
    high: f32,
}

impl Ramp {
    /// Those of every bin, `[F, J]`, filled up where a magnitude has fewer than J bins.
    pub(super) fn all(edges: &[Vec<f32>]) -> Vec<Self> {
        let n_bins = n_bins(edges);
        let of = |edges: &Vec<f32>| {
            let last = edges.len() - 2;
            let mut ramps: Vec<Self> = (0..=last).map(|bin| Self::across(edges, bin)).collect();
            ramps.resize(n_bins, Self::default());
            ramps
        };
        edges.iter().flat_map(of).collect()
    }

    /// The first ramp goes on below its bin, the last one above.
    fn across(edges: &[f32], bin: usize) -> Self {
        Self {
            start: edges[bin],
            slope: 1.0 / (edges[bin + 1] - edges[bin]),
            low: if bin == 0 { f32::NEG_INFINITY } else { 0.0 },
            high: if bin == edges.len() - 2 { f32::INFINITY } else { 1.0 },
        }
    }

    /// The ramp at a magnitude of its bin.
    #[inline]
    pub(super) fn at(self, x: f32) -> f32 {
        ((x - self.start) * self.slope).max(self.low).min(self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(edges: Vec<Vec<f32>>) -> Embedding {
        Embedding::PiecewiseLinear { edges, width: 1, weight: 0, bias: 0 }
    }

    #[test]
    fn a_magnitude_is_found_in_its_bin_and_the_outer_ramps_are_unbounded() {
        let edges = vec![vec![0.0, 1.0, 3.0, 4.0], vec![-1.0, 1.0]];
        let magnitudes = [-2.0, -2.0, 0.0, 0.0, 1.0, 1.0, 2.0, 5.0, 5.0, 0.5];
        let bins = Bins::new(&embedding(edges.clone()), &magnitudes);
        let ramps = Ramp::all(&edges);
        let found: Vec<(usize, f32)> = (0..magnitudes.len())
            .map(|place| (bins.at(place), ramps[place % 2 * 3 + bins.at(place)].at(magnitudes[place])))
            .collect();
        let first = [(0, -2.0), (0, 0.0), (1, 0.0), (1, 0.5), (2, 2.0)];
        let second = [(0, -0.5), (0, 0.5), (0, 1.0), (0, 3.0), (0, 0.75)];
        let expected: Vec<(usize, f32)> = first.into_iter().zip(second).flat_map(|(a, b)| [a, b]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn bins_beyond_a_byte_are_kept_whole() {
        let edges: Vec<f32> = (0..=300_u16).map(f32::from).collect();
        let bins = Bins::new(&embedding(vec![edges]), &[0.5, 255.5, 256.5, 299.5]);
        assert_eq!([0, 1, 2, 3].map(|place| bins.at(place)), [0, 255, 256, 299]);
    }
}

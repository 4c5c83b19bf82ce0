//! What the network is given: names, order and sizes of its inputs.

use alloc::string::String;
use alloc::vec::Vec;

/// The inputs of a network, in the order in which an encoded row holds them.
///
/// # Shapes
/// An encoded data set of `B` rows has `continuous [B, F]`, `binary [B, G]` and `categorical [B, C]`, where `F`, `G` and
/// `C` are the lengths of the three lists; each of its events before a row holds `S` numbers, the length of the fourth, and
/// behind them as many embedding indices as the fifth is long.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InputLayout {
    /// Scaled magnitudes.
    pub continuous: Vec<ContinuousInput>,
    /// Names of inputs in `[0, 1]`: indicators of levels and of missing values, and two-valued columns.
    pub binary: Vec<String>,
    /// Embedding indices.
    pub categorical: Vec<CategoricalInput>,
    /// The numbers that each event before a row holds; empty without sequences of events.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub sequence: Vec<String>,
    /// The embedding indices behind them.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub sequence_levels: Vec<CategoricalInput>,
}

/// One scaled magnitude.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ContinuousInput {
    /// The input's name, for reports.
    pub name: String,
    /// The table column it is made of.
    pub source: String,
    /// [`ContinuousInput::N_QUANTILES`] evenly spaced quantiles of the scaled magnitude over the training rows where it
    /// is not missing, ascending, ties kept; ask [`ContinuousInput::bin_edges`] for the edges of bins.
    pub quantiles: Vec<f32>,
}

/// One embedding index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CategoricalInput {
    /// The table column it is made of.
    pub name: String,
    /// Indices are below this: 0 is unseen or rare, 1 is missing, 2 and up are levels.
    pub n_levels: usize,
}

impl InputLayout {
    /// The widths `(F, G, C)` of the three kinds of input.
    pub fn widths(&self) -> (usize, usize, usize) {
        (self.continuous.len(), self.binary.len(), self.categorical.len())
    }

    /// How many numbers and indices an event has.
    pub fn event_width(&self) -> usize {
        self.sequence.len() + self.sequence_levels.len()
    }

    /// Names of an event's numbers, then of its indices.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        self.sequence.iter().map(String::as_str).chain(self.sequence_levels.iter().map(|levels| levels.name.as_str()))
    }
}

impl ContinuousInput {
    /// Length of [`ContinuousInput::quantiles`]. One less, 192, has many divisors: bins of 8, 12, 16, 24, 32, 48, 64 and
    /// 96 quantiles are exact, others fall on the nearest quantile kept.
    pub const N_QUANTILES: usize = 193;

    /// The distinct edges of at most `n_bins` bins of equal training share, strictly ascending.
    ///
    /// A magnitude with few distinct values has fewer bins; there are always two edges at least, one bin.
    ///
    /// ```
    /// use tenure_artifact::ContinuousInput;
    ///
    /// let uniform = (0..ContinuousInput::N_QUANTILES).map(|j| j as f32 / 192.0).collect();
    /// let input = ContinuousInput { name: "x".into(), source: "x".into(), quantiles: uniform };
    /// assert_eq!(input.bin_edges(4), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// ```
    pub fn bin_edges(&self, n_bins: usize) -> Vec<f32> {
        let last = self.quantiles.len().saturating_sub(1);
        let n_bins = n_bins.max(1);
        let mut edges = Vec::with_capacity(n_bins + 1);
        if last > 0 {
            edges.extend((0..=n_bins).map(|bin| self.quantiles[(2 * bin * last + n_bins) / (2 * n_bins)]));
            edges.dedup();
        }
        widen_to_one_bin(&mut edges);
        edges
    }
}

/// Gives a magnitude without spread one bin around its value, so that no bin has width 0.
fn widen_to_one_bin(edges: &mut Vec<f32>) {
    if edges.len() < 2 {
        let centre = edges.pop().unwrap_or(0.0);
        edges.extend([centre - 0.5, centre + 0.5]);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn input(quantiles: Vec<f32>) -> ContinuousInput {
        ContinuousInput { name: "x".into(), source: "x".into(), quantiles }
    }

    #[test]
    fn ties_take_bins_away() {
        let mut quantiles = vec![0.0; 100];
        quantiles.extend((1..=93).map(|j| j as f32));
        let edges = input(quantiles).bin_edges(8);
        assert_eq!(edges, [0.0, 21.0, 45.0, 69.0, 93.0]);
    }

    #[test]
    fn a_magnitude_without_spread_has_one_bin_around_it() {
        assert_eq!(input(vec![2.0; 193]).bin_edges(16), [1.5, 2.5]);
        assert_eq!(input(vec![]).bin_edges(16), [-0.5, 0.5]);
    }

    #[test]
    fn more_bins_than_quantiles_give_every_distinct_quantile() {
        let quantiles: Vec<f32> = (0..193).map(|j| j as f32).collect();
        assert_eq!(input(quantiles.clone()).bin_edges(1000), quantiles);
    }
}

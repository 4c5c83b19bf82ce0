//! Plots of segments, one file for each kind.

pub(crate) mod choice;
pub(crate) mod later;
pub(crate) mod migration;
pub(crate) mod profile;
pub(crate) mod projection;
pub(crate) mod rfm;
pub(crate) mod silhouette;
pub(crate) mod sizes;
pub(crate) mod tiers;
pub(crate) mod told;

/// Colours of the style sheet, `s1` to `s10`; more segments than that share them.
const N_COLOURS: usize = 10;

/// The class of a segment's colour by its place, from 0.
pub(crate) fn colour(place: usize) -> String {
    format!("s{}", place % N_COLOURS + 1)
}

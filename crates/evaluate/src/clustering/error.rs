//! Why a clustering cannot be judged.

use thiserror::Error;

/// Why a clustering cannot be judged. An undefined measure is always one of these, never a zero.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ClusteringError {
    /// The cells do not make whole rows.
    #[error("{n_cells} cells are no whole number of rows of {n_columns} columns")]
    Shape {
        /// Cells given.
        n_cells: usize,
        /// Columns of a row.
        n_columns: usize,
    },
    /// A vector that describes the rows has another length.
    #[error("{what}: expected {expected} values, one for each row, found {found}")]
    Lengths {
        /// Which vector.
        what: &'static str,
        /// Rows.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A cell is NaN or infinite.
    #[error("row {row_idx}, column {column_idx}: expected a finite number, found {found}")]
    NotFinite {
        /// The first such row.
        row_idx: usize,
        /// Its column.
        column_idx: usize,
        /// The value.
        found: f64,
    },
    /// The measure compares clusters, or needs more rows than clusters.
    #[error(
        "{measure} is undefined: expected 2 clusters or more and more rows than clusters, found {n_clusters} clusters in {n_rows} rows"
    )]
    Clusters {
        /// The measure.
        measure: &'static str,
        /// Clusters with a row.
        n_clusters: usize,
        /// Rows.
        n_rows: usize,
    },
    /// The measure divides by a spread that is zero.
    #[error("{measure} is undefined: {reason}")]
    NoSpread {
        /// The measure.
        measure: &'static str,
        /// Which spread is zero.
        reason: &'static str,
    },
    /// Rows that are not in memory could not be read again.
    #[error("the rows could not be read again: {reason}")]
    Read {
        /// What the system said.
        reason: String,
    },
}

impl ClusteringError {
    /// The stable code of this error; [`crate::explain`] has a page for each.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "EVC0001",
            Self::Lengths { .. } => "EVC0002",
            Self::NotFinite { .. } => "EVC0003",
            Self::Clusters { .. } => "EVC0004",
            Self::NoSpread { .. } => "EVC0005",
            Self::Read { .. } => "EVC0006",
        }
    }
}

/// One page for each code, ascending.
pub(crate) const PAGES: [(&str, &str); 6] = [
    (
        "EVC0001",
        "The cells do not make whole rows.

A matrix of points is row-major: its length must be the number of rows times the number of columns, with at least one
column. This is a mistake of the calling program, not of the data.",
    ),
    (
        "EVC0002",
        "A vector that describes the rows has another length.

Labels and values must have one entry for each row, in the same order. This is a mistake of the calling program, not of
the data.",
    ),
    (
        "EVC0003",
        "A cell is NaN or infinite.

Distances to such a row would be NaN or infinite, and so would every measure. The encoders give finite numbers for every
raw value, missing ones included; look at what was done to the matrix after encoding.",
    ),
    (
        "EVC0004",
        "There are too few clusters, or too few rows.

Silhouette, Calinski-Harabasz and Davies-Bouldin compare a cluster with its neighbours: with one cluster there is none.
They also need more rows than clusters. Set `segments.k` or `segments.k_min` to 2 or more, and `segments.k_max` well below the
number of distinct customers.",
    ),
    (
        "EVC0005",
        "A measure divides by a spread that is zero.

All rows of every cluster are equal, or all rows are equal altogether, or the values to be explained are. Look for features
with very few values; a clustering of copies needs no measure.",
    ),
    (
        "EVC0006",
        "Rows that are not in memory could not be read again.

With `segments.memory` the encoded customers lie in a scratch file without a name, which nothing but a failing disk or
network drive can damage. Look at the system's log, or set the folder of `run.dir` to another disk.",
    ),
];

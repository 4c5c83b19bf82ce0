//! What can be wrong with rows or settings.

use thiserror::Error;

/// Why rows could not be clustered.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// There are no rows.
    #[error("there are no rows to cluster")]
    NoRows,
    /// Rows without columns.
    #[error("rows have no columns")]
    NoColumns,
    /// The values do not fill whole rows.
    #[error("{n_values} values do not fill rows of {n_columns} columns")]
    Ragged {
        /// Values found.
        n_values: usize,
        /// Columns of each row.
        n_columns: usize,
    },
    /// A file of rows ends within a row.
    #[error("{n_bytes} bytes do not fill rows of {n_columns} columns of 4 bytes each")]
    NotWholeRows {
        /// Bytes found.
        n_bytes: u64,
        /// Columns of each row.
        n_columns: usize,
    },
    /// Rows, centroids or problems of one call have different widths.
    #[error("{what}: expected {expected} columns, found {found}")]
    Width {
        /// Which rows.
        what: String,
        /// Columns expected.
        expected: usize,
        /// Columns found.
        found: usize,
    },
    /// Weights do not match the rows.
    #[error("expected {expected} weights, one for each row, found {found}")]
    Weights {
        /// Rows.
        expected: usize,
        /// Weights.
        found: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("row {row_idx}: expected a weight that is finite and not negative, found {found}")]
    BadWeight {
        /// The first such row.
        row_idx: usize,
        /// Its weight.
        found: f32,
    },
    /// No row counts.
    #[error("the weights of all {n_rows} rows are zero")]
    ZeroWeight {
        /// Rows.
        n_rows: usize,
    },
    /// A value is NaN or infinite.
    #[error("row {row_idx}, column {column_idx}: expected a finite number, found {found}")]
    NotFinite {
        /// The first such row.
        row_idx: usize,
        /// Its first such column.
        column_idx: usize,
        /// The value.
        found: f32,
    },
    /// Squares of the values leave the range of `f32`.
    #[error(
        "column {column_idx}: values spread over more than {limit:e}, too far for squares in f32; scale the columns"
    )]
    TooFar {
        /// The first such column.
        column_idx: usize,
        /// Largest standard deviation that is taken.
        limit: f64,
    },
    /// A row at the origin has no direction.
    #[error("row {row_idx} is all zeros: cosine distance needs a direction")]
    ZeroRow {
        /// The first such row.
        row_idx: usize,
    },
    /// A setting is out of range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What is taken.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// Fewer rows than clusters.
    #[error("{k} clusters were asked for, but there are only {n_rows} rows")]
    TooFewRows {
        /// Clusters asked for.
        k: usize,
        /// Rows.
        n_rows: usize,
    },
    /// Fewer different rows than clusters.
    #[error("{k} clusters were asked for, but only {n_distinct} rows of positive weight are different")]
    TooFewDistinct {
        /// Clusters asked for.
        k: usize,
        /// Different rows.
        n_distinct: usize,
    },
    /// The smallest size asked for cannot hold for every cluster.
    #[error("{k} clusters of at least {min_size} rows need {} rows, found {n_rows}", k * min_size)]
    MinSize {
        /// Clusters.
        k: usize,
        /// Smallest size asked for.
        min_size: usize,
        /// Rows.
        n_rows: usize,
    },
    /// Passes over one source saw different rows.
    #[error("the source gave {first} rows in its first pass and {later} in a later one; every pass must give the same")]
    SourceChanged {
        /// Rows of the first pass.
        first: usize,
        /// Rows of the later pass.
        later: usize,
    },
    /// The source could not give its rows.
    #[error("rows could not be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The scratch file could not be written, such as on a full disk.
    #[error("rows could not be written to the scratch file")]
    Scratch(#[source] std::io::Error),
    /// The device could not compute.
    #[error("the GPU could not cluster the rows: {message}")]
    Device {
        /// What it said.
        message: String,
    },
    /// One of several problems failed.
    #[error("problem {problem_idx}")]
    Problem {
        /// Which.
        problem_idx: usize,
        /// Why.
        #[source]
        cause: Box<ClusterError>,
    },
}

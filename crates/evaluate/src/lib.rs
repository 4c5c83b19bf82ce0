//! Scores and outcomes into metrics with intervals, in plain f64.

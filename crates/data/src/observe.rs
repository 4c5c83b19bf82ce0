//! Progress, told to whoever asked: the library itself prints nothing.

/// Hears how far a load has come.
pub trait Observer {
    /// A phase begins, such as `reading events`; `total` is its number of rows where that is known beforehand.
    fn begin(&mut self, phase: &'static str, total: Option<u64>);

    /// `done` rows of the current phase are finished.
    fn progress(&mut self, done: u64);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _phase: &'static str, _total: Option<u64>) {}

    fn progress(&mut self, _done: u64) {}
}

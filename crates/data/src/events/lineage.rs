//! What each feature was measured to read.

use tenure_table::{Span, Timestamp};

/// What one feature read, over the rows seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reads {
    latest_us: i64,
    min_slack_us: i64,
}

impl Reads {
    /// Nothing read yet.
    pub(crate) const NONE: Self = Self { latest_us: i64::MIN, min_slack_us: i64::MAX };

    /// A row with this cutoff read events up to and including `latest_us`.
    pub(crate) fn add(&mut self, cutoff_us: i64, latest_us: i64) {
        self.latest_us = self.latest_us.max(latest_us);
        self.min_slack_us = self.min_slack_us.min(cutoff_us - latest_us);
    }

    /// What was read by either.
    pub(crate) fn merge(self, other: Self) -> Self {
        Self { latest_us: self.latest_us.max(other.latest_us), min_slack_us: self.min_slack_us.min(other.min_slack_us) }
    }

    /// The latest event and the least slack, where anything was read.
    pub(crate) fn measured(self) -> Option<(Timestamp, Span)> {
        (self != Self::NONE).then_some((Timestamp(self.latest_us), Span(self.min_slack_us)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keep_the_latest_event_and_the_least_slack_apart() {
        let mut reads = Reads::NONE;
        assert_eq!(reads.measured(), None);
        reads.add(100, 90);
        reads.add(200, 150);
        assert_eq!(reads.measured(), Some((Timestamp(150), Span(10))));
        let mut other = Reads::NONE;
        other.add(300, 299);
        assert_eq!(reads.merge(other).measured(), Some((Timestamp(299), Span(1))));
    }
}

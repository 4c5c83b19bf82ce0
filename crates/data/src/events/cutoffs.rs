//! The plan's cutoffs into instants whose labels the data can answer.

use tenure_config::{Cutoffs, Segments, Time};
use tenure_table::{Span, Timestamp};

use super::EventsError;

/// First and last event and the step of the clock that wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TimeRange {
    /// The first event.
    pub first: Timestamp,
    /// The last event.
    pub last: Timestamp,
    /// The longest of day, hour, minute, second and microsecond that every time is a whole number of (UTC).
    pub resolution: Span,
}

/// Clock steps, longest first.
const RESOLUTIONS: [Span; 5] =
    [Span::DAY, Span(3_600 * Span::SECOND.0), Span(60 * Span::SECOND.0), Span::SECOND, Span(1)];

impl TimeRange {
    /// The range of these times, or none where there is no time.
    pub fn scan(times_us: &[i64]) -> Option<Self> {
        let (&first, rest) = times_us.split_first()?;
        let start = Self { first: Timestamp(first), last: Timestamp(first), resolution: resolution_of(first, 0) };
        Some(rest.iter().fold(start, |range, &time_us| range.with(time_us)))
    }

    fn with(self, time_us: i64) -> Self {
        let finest = RESOLUTIONS.iter().position(|&step| step == self.resolution).unwrap_or(0);
        Self {
            first: self.first.min(Timestamp(time_us)),
            last: self.last.max(Timestamp(time_us)),
            resolution: resolution_of(time_us, finest),
        }
    }

    /// The range of both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            resolution: self.resolution.min(other.resolution),
        }
    }

    /// Where the data end (exclusive): a log of dates covers all of its last day, one of seconds its last second.
    pub fn end(self) -> Timestamp {
        self.last + self.resolution
    }
}

fn resolution_of(time_us: i64, at_least: usize) -> Span {
    let step = RESOLUTIONS[at_least..].iter().find(|step| time_us.rem_euclid(step.0) == 0);
    *step.expect("every time is a whole number of microseconds")
}

/// A cutoff and the two windows around it, all half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResolvedCutoff {
    /// Features read events before it.
    pub cutoff: Timestamp,
    /// Features read events from here on; [`i64::MIN`] where the plan sets no lookback.
    pub features_from: Timestamp,
    /// A customer needs an event from here on, before the cutoff, to be a row.
    pub active_from: Timestamp,
    /// The label reads events from here on.
    pub label_start: Timestamp,
    /// The label reads events before it.
    pub label_end: Timestamp,
}

impl ResolvedCutoff {
    /// The windows around `cutoff`, with a label's window of this length.
    pub fn new(cutoff: Timestamp, time: &Time, label: Span) -> Self {
        let back = |span: Option<Span>| span.map_or(Timestamp(i64::MIN), |span| cutoff - span);
        let label_start = cutoff + time.gap;
        let features_from = back(time.lookback);
        Self {
            cutoff,
            features_from,
            // A customer whom no feature can see would be a row of nothing but missing values.
            active_from: back(time.active_within).max(features_from),
            label_start,
            label_end: label_start + label,
        }
    }
}

/// Ascending cutoffs; the last one is the test cutoff and no other label window reaches past it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResolvedCutoffs {
    cutoffs: Vec<ResolvedCutoff>,
}

impl ResolvedCutoffs {
    /// All cutoffs, ascending.
    pub fn all(&self) -> &[ResolvedCutoff] {
        &self.cutoffs
    }

    /// The test cutoff.
    pub fn test(&self) -> &ResolvedCutoff {
        self.cutoffs.last().expect("a plan has at least one cutoff")
    }

    /// The training cutoffs, ascending.
    pub fn train(&self) -> &[ResolvedCutoff] {
        &self.cutoffs[..self.cutoffs.len() - 1]
    }
}

/// The dates at which customers are pictured for segments, ascending: `segments.at` (else the end of the data), and
/// `segments.compare_back` before it, where given. Nothing is labelled, so the label's window is empty.
///
/// # Errors
/// [`EventsError::NoHistory`], [`EventsError::AfterEnd`] and [`EventsError::CutoffOrder`].
pub fn resolve_snapshots(segments: &Segments, time: &Time, range: TimeRange) -> Result<ResolvedCutoffs, EventsError> {
    let at = segments.at.unwrap_or(range.end());
    let instants: Vec<Timestamp> = segments.compare_back.map(|back| at - back).into_iter().chain([at]).collect();
    if !instants.is_sorted_by(|a, b| a < b) {
        return Err(EventsError::CutoffOrder);
    }
    if at > range.end() {
        return Err(EventsError::AfterEnd { at, end: range.end() });
    }
    if let Some(&cutoff) = instants.iter().find(|&&cutoff| cutoff <= range.first) {
        return Err(EventsError::NoHistory { cutoff, first_event: range.first, n_fit: 0 });
    }
    let back = |cutoff: Timestamp, span: Option<Span>| span.map_or(Timestamp(i64::MIN), |span| cutoff - span);
    let picture = |cutoff: Timestamp| {
        let features_from = back(cutoff, time.lookback);
        ResolvedCutoff {
            cutoff,
            features_from,
            active_from: back(cutoff, time.active_within).max(features_from),
            label_start: cutoff,
            label_end: cutoff,
        }
    };
    Ok(ResolvedCutoffs { cutoffs: instants.into_iter().map(picture).collect() })
}

/// The cutoffs of a plan, checked against the data.
///
/// `Auto`: the test cutoff is the latest instant whose label window ends within the data, rounded down to midnight UTC
/// where the horizon is a day or more; training cutoffs go back from `test - gap - train horizon` in steps.
///
/// # Errors
/// [`EventsError::TooShort`], [`EventsError::NoHistory`], [`EventsError::LabelPastEnd`], [`EventsError::OverlapsTest`]
/// and [`EventsError::CutoffOrder`], as each describes.
pub fn resolve_cutoffs(time: &Time, range: TimeRange) -> Result<ResolvedCutoffs, EventsError> {
    let instants = match &time.cutoffs {
        Cutoffs::Auto { n_train, step } => auto(time, *n_train, *step, range)?,
        Cutoffs::At(instants) => instants.clone(),
    };
    if instants.is_empty() || !instants.is_sorted_by(|a, b| a < b) {
        return Err(EventsError::CutoffOrder);
    }
    let last = instants.len() - 1;
    let label = |idx: usize| if idx == last { time.horizon } else { time.label_span_of_training() };
    let windows = |(idx, cutoff)| ResolvedCutoff::new(cutoff, time, label(idx));
    let cutoffs: Vec<_> = instants.into_iter().enumerate().map(windows).collect();
    check(&cutoffs, range)?;
    Ok(ResolvedCutoffs { cutoffs })
}

fn auto(time: &Time, n_train: usize, step: Span, range: TimeRange) -> Result<Vec<Timestamp>, EventsError> {
    let label = time.gap + time.horizon;
    let latest = range.end() - label;
    let test = if time.horizon >= Span::DAY { floor_to_day(latest) } else { latest };
    if test <= range.first {
        return Err(EventsError::TooShort {
            needed_days: whole_days(label),
            available_days: whole_days(range.end() - range.first),
            first_event: range.first,
            last_event: range.last,
        });
    }
    let n_train = i64::try_from(n_train).unwrap_or(i64::MAX);
    let train_label = time.gap + time.label_span_of_training();
    let back = |idx: i64| test - train_label - Span(step.0.saturating_mul(idx));
    Ok((0..n_train).rev().map(back).chain([test]).collect())
}

fn check(cutoffs: &[ResolvedCutoff], range: TimeRange) -> Result<(), EventsError> {
    let test = cutoffs[cutoffs.len() - 1].cutoff;
    let n_fit = cutoffs.iter().filter(|c| c.cutoff > range.first && c.cutoff < test).count();
    for (idx, c) in cutoffs.iter().enumerate() {
        if c.cutoff <= range.first {
            return Err(EventsError::NoHistory { cutoff: c.cutoff, first_event: range.first, n_fit });
        }
        if c.label_end > range.end() {
            return Err(EventsError::LabelPastEnd {
                cutoff: c.cutoff,
                needed: c.label_end,
                available: range.end(),
                last_event: range.last,
            });
        }
        if idx + 1 < cutoffs.len() && c.label_end > test {
            return Err(EventsError::OverlapsTest { cutoff: c.cutoff, label_end: c.label_end, test });
        }
    }
    Ok(())
}

fn floor_to_day(time: Timestamp) -> Timestamp {
    Timestamp(time.0.div_euclid(Span::DAY.0) * Span::DAY.0)
}

fn whole_days(span: Span) -> i64 {
    -(-span.0).div_euclid(Span::DAY.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(n: i64) -> Timestamp {
        Timestamp(Span::days(n).0)
    }

    fn time(cutoffs: Cutoffs) -> Time {
        Time {
            cutoffs,
            horizon: Span::days(30),
            train_horizon: None,
            gap: Span::days(5),
            lookback: None,
            active_within: None,
            returns: tenure_config::Returns::Ignore,
        }
    }

    fn daily(first: i64, last: i64) -> TimeRange {
        TimeRange { first: days(first), last: days(last), resolution: Span::DAY }
    }

    #[test]
    fn the_clock_step_is_the_longest_that_fits_every_time() {
        let scan = |times: &[i64]| TimeRange::scan(times).expect("times").resolution;
        assert_eq!(scan(&[0, Span::days(3).0, -Span::days(2).0]), Span::DAY);
        assert_eq!(scan(&[0, 7_200_000_000]), RESOLUTIONS[1]);
        assert_eq!(scan(&[60_000_000, 0]), RESOLUTIONS[2]);
        assert_eq!(scan(&[1_000_000, 0]), Span::SECOND);
        assert_eq!(scan(&[1_000_001, 0]), Span(1));
        assert_eq!(TimeRange::scan(&[]), None);
    }

    #[test]
    fn a_range_is_the_same_in_one_piece_or_in_two() {
        let times = [5_000_000, 86_400_000_000, -60_000_000];
        let whole = TimeRange::scan(&times);
        let parts = TimeRange::scan(&times[..1]).zip(TimeRange::scan(&times[1..]));
        assert_eq!(whole, parts.map(|(a, b)| a.merge(b)));
    }

    #[test]
    fn auto_puts_the_last_label_at_the_end_of_the_data_and_rolls_back() {
        let plan = time(Cutoffs::Auto { n_train: 3, step: Span::days(10) });
        let found = resolve_cutoffs(&plan, daily(0, 199)).expect("the log is long enough");
        // Data end at day 200; 200 - 35 = 165; first training cutoff 165 - 35 = 130.
        let instants: Vec<_> = found.all().iter().map(|c| c.cutoff).collect();
        assert_eq!(instants, [days(110), days(120), days(130), days(165)]);
        assert_eq!((found.test().label_start, found.test().label_end), (days(170), days(200)));
        assert_eq!(found.train()[2].label_end, found.test().cutoff);
    }

    #[test]
    fn auto_rounds_down_to_midnight_where_the_clock_is_finer() {
        let plan = time(Cutoffs::Auto { n_train: 1, step: Span::days(10) });
        let last = days(199) + Span(7_000_000_000);
        let range = TimeRange { first: days(0), last, resolution: Span::SECOND };
        assert_eq!(resolve_cutoffs(&plan, range).expect("fits").test().cutoff, days(164));
    }

    #[test]
    fn a_label_past_the_end_is_refused_with_the_dates() {
        let at = |n| time(Cutoffs::At(vec![days(10), days(n)]));
        assert!(resolve_cutoffs(&at(165), daily(0, 199)).is_ok(), "the window ends where the data end");
        let error = resolve_cutoffs(&at(166), daily(0, 199)).expect_err("a day is missing");
        assert_eq!(
            error.to_string(),
            "the label of cutoff 1970-06-16 needs data up to 1970-07-21, \
             but the last event is at 1970-07-19 (data end 1970-07-20)"
        );
    }

    #[test]
    fn a_training_label_may_touch_but_not_enter_the_test_period() {
        let at = |n| time(Cutoffs::At(vec![days(n), days(100)]));
        assert!(resolve_cutoffs(&at(65), daily(0, 199)).is_ok());
        let error = resolve_cutoffs(&at(66), daily(0, 199)).expect_err("one day of overlap");
        assert_eq!(error, EventsError::OverlapsTest { cutoff: days(66), label_end: days(101), test: days(100) });
    }

    #[test]
    fn cutoffs_before_the_log_and_short_logs_are_refused() {
        let plan = time(Cutoffs::Auto { n_train: 4, step: Span::days(50) });
        let error = resolve_cutoffs(&plan, daily(0, 199)).expect_err("130 - 150 < 0");
        assert_eq!(error, EventsError::NoHistory { cutoff: days(-20), first_event: days(0), n_fit: 3 });
        assert!(matches!(resolve_cutoffs(&plan, daily(0, 20)), Err(EventsError::TooShort { needed_days: 35, .. })));
        let unsorted = time(Cutoffs::At(vec![days(50), days(50)]));
        assert_eq!(resolve_cutoffs(&unsorted, daily(0, 199)), Err(EventsError::CutoffOrder));
    }

    #[test]
    fn training_labels_may_be_shorter_and_then_reach_closer_to_the_test() {
        let mut plan = time(Cutoffs::Auto { n_train: 2, step: Span::days(10) });
        plan.train_horizon = Some(Span::days(10));
        let found = resolve_cutoffs(&plan, daily(0, 199)).expect("fits");
        let windows: Vec<_> = found.all().iter().map(|c| (c.cutoff, c.label_start, c.label_end)).collect();
        let window = |cutoff, end| (days(cutoff), days(cutoff + 5), days(end));
        assert_eq!(windows, [window(140, 155), window(150, 165), window(165, 200)]);
    }

    #[test]
    fn lookback_bounds_both_features_and_activity() {
        let mut plan = time(Cutoffs::At(vec![days(100)]));
        plan.lookback = Some(Span::days(20));
        plan.active_within = Some(Span::days(60));
        let c = *resolve_cutoffs(&plan, daily(0, 199)).expect("fits").test();
        assert_eq!((c.features_from, c.active_from), (days(80), days(80)));
    }
}

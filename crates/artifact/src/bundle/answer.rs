//! What a bundle answers: the task, its calibration or centroids, thresholds, and the policy for unusual rows.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::BundleError;
use super::file::Section;
use super::layer::{OUTPUTS_PER_PANEL, padded, panels_of};
use super::numbers::LeSlice;
use super::reader::Reader;
use super::writer::Writer;
use crate::Calibration;

const CHURN: u8 = 1;
const VALUE: u8 = 2;
const SEGMENT: u8 = 3;
// Since version 2.
const SCALED_VALUE: u8 = 4;
const CHURN_VALUE: u8 = 5;
const COSINE_SEGMENT: u8 = 6;
// Since version 3.
const FORECAST_VALUE: u8 = 7;
const CHURN_FORECAST_VALUE: u8 = 8;
/// `e` to this is the largest expected value that a bundle may state.
const MAX_LOG: f64 = 700.0;
/// The same before it is multiplied by a forecast, which is a single-precision number.
const MAX_RELATIVE_LOG: f64 = 600.0;

/// What is made of the network's logits.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<'a> {
    /// One logit: the probability of leaving, the mean of the members' sigmoids, calibrated.
    Churn {
        /// From the mean probability to the calibrated one.
        calibration: Calibration,
    },
    /// Three logits of a zero-inflated log-normal: probability of buying and expected value, means over members.
    Value(ValueScale),
    /// A logit of churn, then three of value.
    ChurnValue {
        /// From the mean probability of churn to the calibrated one.
        calibration: Calibration,
        /// From the logits of value to money.
        value: ValueScale,
    },
    /// The nearest centroid to the network's outputs, or to the encoded row where there is no network.
    Segment(Centroids<'a>),
}

/// From the logits of a zero-inflated log-normal to money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueScale {
    /// Natural logarithm of the unit in which the network counts values.
    pub log_unit: f64,
    /// No log-normal has a mean above `exp(log_cap)` units.
    pub log_cap: f64,
    /// What becomes of the lowest expected values; none where each is told as it is.
    pub pool: Option<ValuePool>,
    /// What the network's value of a row is multiplied by; none where it says money itself.
    pub forecast: Option<Forecast>,
}

/// A forecast that is one of the raw columns, and that the network corrects: it says value / forecast.
///
/// ```
/// use tenure_artifact::bundle::Forecast;
///
/// let forecast = Forecast { column: 0, least: 0.5, missing: 20.0 };
/// assert_eq!([30.0, 0.1, f32::NAN].map(|raw| forecast.of(raw)), [30.0, 0.5, 20.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Forecast {
    /// The place of its column in a row.
    pub column: usize,
    /// A forecast below this counts as this: whoever it gives up may come back all the same.
    pub least: f64,
    /// What a missing, NaN or infinite one counts as.
    pub missing: f64,
}

/// The lowest expected values are told as one: among customers who hardly differ, order is noise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ValuePool {
    /// Expected values up to here are pooled.
    pub up_to: f64,
    /// What is told in their place, in money.
    pub value: f64,
}

/// How near a row is to a centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nearness {
    /// Euclidean distance.
    #[default]
    Euclidean,
    /// One less the cosine of the angle; centres have length 1.
    Cosine,
}

/// Centres of segments.
#[derive(Clone, Debug, PartialEq)]
pub struct Centroids<'a> {
    /// What "nearest" means.
    pub nearness: Nearness,
    /// Segments, K.
    pub n_segments: usize,
    /// Width of a centre, D.
    pub n_dims: usize,
    /// `[K/16, D, 16]`, K padded with zeros.
    pub panels: LeSlice<'a, f32>,
}

/// A named threshold of a decision.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Threshold {
    /// What it is for, such as `profit`.
    pub name: String,
    /// A score at or above it is acted on.
    pub at: f64,
}

/// What is done with a row that holds something unusual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Action {
    /// It is scored by each encoder's documented policy, and flagged.
    #[default]
    Score,
    /// It is refused.
    Refuse,
}

/// What is done with unusual rows. Scoring them is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Policy {
    /// A missing, NaN or infinite value.
    pub missing: Action,
    /// A level that training did not see often enough.
    pub unseen: Action,
    /// A number outside of what training saw.
    pub out_of_range: Action,
}

impl Answer<'_> {
    /// `churn`, `value`, `churn+value` or `segment`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Churn { .. } => "churn",
            Self::Value(_) => "value",
            Self::ChurnValue { .. } => "churn+value",
            Self::Segment(_) => "segment",
        }
    }

    /// The forecast that expected values are multiplied by.
    pub const fn forecast(&self) -> Option<Forecast> {
        match self {
            Self::Value(scale) | Self::ChurnValue { value: scale, .. } => scale.forecast,
            Self::Churn { .. } | Self::Segment(_) => None,
        }
    }

    /// Logits that it needs from each member.
    pub const fn n_outputs(&self) -> usize {
        match self {
            Self::Churn { .. } => 1,
            Self::Value(_) => 3,
            Self::ChurnValue { .. } => 4,
            Self::Segment(centroids) => centroids.n_dims,
        }
    }

    /// The oldest format version that can say it: what older readers can read is written for them.
    pub(super) fn version(&self) -> u32 {
        match self {
            Self::Churn { .. } | Self::Segment(Centroids { nearness: Nearness::Euclidean, .. }) => 1,
            Self::Value(scale) if *scale == ValueScale::PLAIN => 1,
            _ if self.forecast().is_some() => 3,
            _ => 2,
        }
    }
}

impl ValueScale {
    /// Values in the network's own unit, capped only where single precision ends.
    pub const PLAIN: Self = Self { log_unit: 0.0, log_cap: 88.0, pool: None, forecast: None };

    fn write(&self, out: &mut Writer) {
        out.number(self.log_unit);
        out.number(self.log_cap);
        out.flag(self.pool.is_some());
        let pool = self.pool.unwrap_or(ValuePool { up_to: 0.0, value: 0.0 });
        out.number(pool.up_to);
        out.number(pool.value);
        if let Some(forecast) = self.forecast {
            out.u32(forecast.column);
            out.number(forecast.least);
            out.number(forecast.missing);
        }
    }

    fn read(from: &mut Reader<'_>, has_forecast: bool) -> Result<Self, BundleError> {
        let (log_unit, log_cap, is_pooled) = (from.finite_f64()?, from.finite_f64()?, from.flag()?);
        let pool = ValuePool { up_to: from.finite_f64()?, value: from.finite_f64()? };
        if log_unit + log_cap > if has_forecast { MAX_RELATIVE_LOG } else { MAX_LOG } {
            return Err(from.invalid("a cap on values within double precision", log_cap.to_bits()));
        }
        let forecast = if has_forecast { Some(Forecast::read(from)?) } else { None };
        Ok(Self { log_unit, log_cap, pool: is_pooled.then_some(pool), forecast })
    }
}

impl Forecast {
    /// What a row with this raw value has its expected value multiplied by.
    #[inline]
    pub fn of(&self, raw: f32) -> f64 {
        if raw.is_finite() { f64::from(raw).max(self.least) } else { self.missing }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, BundleError> {
        let forecast = Self { column: from.u32()? as usize, least: from.finite_f64()?, missing: from.finite_f64()? };
        let is_single = |x: f64| (0.0..=f64::from(f32::MAX)).contains(&x);
        if is_single(forecast.least) && is_single(forecast.missing) {
            Ok(forecast)
        } else {
            Err(from.invalid("forecasts of 0 or more", forecast.least.to_bits()))
        }
    }
}

impl Centroids<'static> {
    /// Centres from a row-major matrix `[K, D]`.
    ///
    /// # Panics
    /// When the length is not a multiple of `n_dims`.
    pub fn new(centres: &[f32], n_dims: usize) -> Self {
        let n_segments = centres.len() / n_dims;
        assert_eq!(centres.len(), n_segments * n_dims, "centres have K x D numbers");
        let transposed: Vec<f32> =
            (0..n_dims).flat_map(|d| (0..n_segments).map(move |k| centres[k * n_dims + d])).collect();
        let panels = LeSlice::owned(panels_of(n_dims, n_segments, 1, &transposed, 0.0));
        Self { nearness: Nearness::Euclidean, n_segments, n_dims, panels }
    }
}

impl Centroids<'_> {
    /// The same centres, compared by their direction.
    #[must_use]
    pub fn by_cosine(self) -> Self {
        Self { nearness: Nearness::Cosine, ..self }
    }
}

pub(super) fn write(answer: &Answer<'_>) -> Vec<u8> {
    let mut out = Writer::default();
    match answer {
        Answer::Churn { calibration } => {
            out.number(CHURN);
            write_calibration(&mut out, calibration);
        }
        Answer::Value(scale) if answer.version() > 1 => {
            out.number(if scale.forecast.is_some() { FORECAST_VALUE } else { SCALED_VALUE });
            scale.write(&mut out);
        }
        Answer::Value(_) => out.number(VALUE),
        Answer::ChurnValue { calibration, value } => {
            out.number(if value.forecast.is_some() { CHURN_FORECAST_VALUE } else { CHURN_VALUE });
            write_calibration(&mut out, calibration);
            value.write(&mut out);
        }
        Answer::Segment(centroids) => {
            out.number(if centroids.nearness == Nearness::Cosine { COSINE_SEGMENT } else { SEGMENT });
            out.u32(centroids.n_segments);
            out.u32(centroids.n_dims);
            out.align();
            out.slice(&centroids.panels);
        }
    }
    out.into_bytes()
}

pub(super) fn read(bytes: &[u8], version: u32) -> Result<Answer<'_>, BundleError> {
    let mut from = Reader::new(Section::Answer, bytes);
    let code = from.u8()?;
    let has_forecast = matches!(code, FORECAST_VALUE | CHURN_FORECAST_VALUE);
    let answer = match code {
        CHURN => Answer::Churn { calibration: read_calibration(&mut from)? },
        VALUE => Answer::Value(ValueScale::PLAIN),
        SCALED_VALUE | FORECAST_VALUE => Answer::Value(ValueScale::read(&mut from, has_forecast)?),
        CHURN_VALUE | CHURN_FORECAST_VALUE => {
            let calibration = read_calibration(&mut from)?;
            Answer::ChurnValue { calibration, value: ValueScale::read(&mut from, has_forecast)? }
        }
        SEGMENT => Answer::Segment(read_centroids(&mut from)?),
        COSINE_SEGMENT => Answer::Segment(read_centroids(&mut from)?.by_cosine()),
        other => return Err(from.invalid("the code of a task", u64::from(other))),
    };
    // Every writer has written the oldest version that holds a file's contents; another number is damage, which the digest
    // does not cover.
    if answer.version() != version {
        return Err(from.invalid("a task of the file's own format", u64::from(version)));
    }
    from.end()?;
    Ok(answer)
}

fn read_centroids<'a>(from: &mut Reader<'a>) -> Result<Centroids<'a>, BundleError> {
    let (n_segments, n_dims) = (from.u32()? as usize, from.u32()? as usize);
    from.align()?;
    if n_segments == 0 || n_dims == 0 || n_segments > (1 << 20) || n_dims > (1 << 16) {
        return Err(from.invalid("1 to 2^20 centroids of 1 to 2^16 numbers", n_segments as u64));
    }
    let panels = from.slice::<f32>(padded(n_segments) * n_dims)?;
    debug_assert_eq!(panels.len() % OUTPUTS_PER_PANEL, 0);
    if !panels.iter().all(f32::is_finite) {
        return Err(from.invalid("finite centroids", 0));
    }
    Ok(Centroids { nearness: Nearness::Euclidean, n_segments, n_dims, panels })
}

fn write_calibration(out: &mut Writer, calibration: &Calibration) {
    match calibration {
        Calibration::Identity => out.number(0_u8),
        Calibration::Temperature { t } => {
            out.number(1_u8);
            out.number(*t);
        }
        Calibration::Platt { a, b } => {
            out.number(2_u8);
            out.number(*a);
            out.number(*b);
        }
        Calibration::Beta { a, b, c } => {
            out.number(3_u8);
            out.number(*a);
            out.number(*b);
            out.number(*c);
        }
        Calibration::Isotonic { x, y } => {
            out.number(4_u8);
            out.u32(x.len());
            x.iter().chain(y).for_each(|p| out.number(*p));
        }
    }
}

fn read_calibration(from: &mut Reader<'_>) -> Result<Calibration, BundleError> {
    match from.u8()? {
        0 => Ok(Calibration::Identity),
        1 => {
            let t = from.finite_f64()?;
            if t <= 0.0 {
                return Err(from.invalid("a temperature above 0", t.to_bits()));
            }
            Ok(Calibration::Temperature { t })
        }
        2 => Ok(Calibration::Platt { a: from.finite_f64()?, b: from.finite_f64()? }),
        3 => Ok(Calibration::Beta { a: from.finite_f64()?, b: from.finite_f64()?, c: from.finite_f64()? }),
        4 => {
            let n_knots = from.count(16)?;
            let x = (0..n_knots).map(|_| from.finite_f64()).collect::<Result<Vec<f64>, _>>()?;
            let y = (0..n_knots).map(|_| from.finite_f64()).collect::<Result<Vec<f64>, _>>()?;
            if !x.is_sorted() || !y.is_sorted() {
                return Err(from.invalid("ascending knots", n_knots as u64));
            }
            Ok(Calibration::Isotonic { x, y })
        }
        other => Err(from.invalid("the code of a calibration", u64::from(other))),
    }
}

pub(super) fn write_thresholds(thresholds: &[Threshold]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(thresholds.len());
    for threshold in thresholds {
        out.text(&threshold.name);
        out.number(threshold.at);
    }
    out.into_bytes()
}

pub(super) fn read_thresholds(bytes: &[u8]) -> Result<Vec<Threshold>, BundleError> {
    let mut from = Reader::new(Section::Thresholds, bytes);
    let n = from.count(12)?;
    let mut thresholds = Vec::with_capacity(n);
    for _ in 0..n {
        thresholds.push(Threshold { name: from.string()?, at: from.finite_f64()? });
    }
    from.end()?;
    Ok(thresholds)
}

pub(super) fn write_policy(policy: Policy) -> Vec<u8> {
    let refuses = |action| u8::from(action == Action::Refuse);
    [policy.missing, policy.unseen, policy.out_of_range].map(refuses).into()
}

pub(super) fn read_policy(bytes: &[u8]) -> Result<Policy, BundleError> {
    let mut from = Reader::new(Section::Policy, bytes);
    let mut action = || from.flag().map(|refuses| if refuses { Action::Refuse } else { Action::Score });
    let policy = Policy { missing: action()?, unseen: action()?, out_of_range: action()? };
    from.end()?;
    Ok(policy)
}

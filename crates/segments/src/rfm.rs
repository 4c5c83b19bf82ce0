//! The classical segments: recency, frequency and money, each scored from 1 to 5.

use serde::{Deserialize, Serialize};

/// The scores of one customer, each from 1 to 5; 5 is the best fifth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RfmScores {
    /// Recency: 5 bought last.
    pub recency: u8,
    /// Frequency: 5 buys most often.
    pub frequency: u8,
    /// Money: 5 spends most; none where the data have no amounts.
    pub monetary: Option<u8>,
}

impl RfmScores {
    /// Frequency and money as one score: their mean, halves rounded up.
    pub fn frequency_and_money(self) -> u8 {
        self.monetary.map_or(self.frequency, |monetary| (self.frequency + monetary).div_ceil(2))
    }

    /// The segment's name by recency and [`RfmScores::frequency_and_money`].
    ///
    /// Tables of this kind differ between books and products; this one covers each of the 25 cells once:
    ///
    /// | frequency and money | R = 1 | 2 | 3 | 4 | 5 |
    /// |---|---|---|---|---|---|
    /// | 5 | cannot lose | cannot lose | loyal | loyal | champions |
    /// | 4 | at risk | at risk | loyal | loyal | champions |
    /// | 3 | at risk | at risk | need attention | potential loyalists | potential loyalists |
    /// | 2 | lost | hibernating | about to sleep | potential loyalists | potential loyalists |
    /// | 1 | lost | hibernating | about to sleep | promising | new |
    pub fn segment(self) -> ClassicSegment {
        use ClassicSegment::{
            AboutToSleep, AtRisk, CannotLose, Champions, Hibernating, Lost, Loyal, NeedAttention, New,
            PotentialLoyalists, Promising,
        };
        match (self.recency, self.frequency_and_money()) {
            (5, 4..) => Champions,
            (3 | 4, 4..) => Loyal,
            (4 | 5, 2 | 3) => PotentialLoyalists,
            (5, _) => New,
            (4, _) => Promising,
            (3, 3) => NeedAttention,
            (3, _) => AboutToSleep,
            (_, 5) => CannotLose,
            (_, 3 | 4) => AtRisk,
            (2, _) => Hibernating,
            _ => Lost,
        }
    }
}

/// The usual names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassicSegment {
    /// Bought lately, often and for much.
    Champions,
    /// Buy often and for much.
    Loyal,
    /// Bought lately, and more than once.
    PotentialLoyalists,
    /// Bought very lately, and little.
    New,
    /// Bought lately, and little.
    Promising,
    /// In the middle of everything.
    NeedAttention,
    /// Not so lately, and little.
    AboutToSleep,
    /// Used to buy, and have not for long.
    AtRisk,
    /// Used to be the best, and have not bought for long.
    CannotLose,
    /// Long ago, and little.
    Hibernating,
    /// Longest ago, and little.
    Lost,
}

impl ClassicSegment {
    /// Every segment, best first.
    pub const ALL: [Self; 11] = [
        Self::Champions,
        Self::Loyal,
        Self::PotentialLoyalists,
        Self::New,
        Self::Promising,
        Self::NeedAttention,
        Self::AboutToSleep,
        Self::AtRisk,
        Self::CannotLose,
        Self::Hibernating,
        Self::Lost,
    ];

    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Champions => "Champions",
            Self::Loyal => "Loyal",
            Self::PotentialLoyalists => "Potential loyalists",
            Self::New => "New",
            Self::Promising => "Promising",
            Self::NeedAttention => "Need attention",
            Self::AboutToSleep => "About to sleep",
            Self::AtRisk => "At risk",
            Self::CannotLose => "Cannot lose",
            Self::Hibernating => "Hibernating",
            Self::Lost => "Lost",
        }
    }
}

/// RFM of all customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rfm {
    /// One for each customer.
    pub scores: Vec<RfmScores>,
    /// One for each customer.
    pub segments: Vec<ClassicSegment>,
}

/// One classical segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassicSummary {
    /// Which.
    pub segment: ClassicSegment,
    /// Its name.
    pub name: String,
    /// Customers in it.
    pub n_customers: usize,
    /// Their share of all customers.
    pub share: f64,
    /// Their share of all money; none without amounts.
    pub value_share: Option<f64>,
}

/// Scores and segments of customers by days since the last purchase (NaN for never), purchases, and money.
///
/// A score is the fifth in which a customer's rank falls, `1 + floor(5 · (below + (equal - 1) / 2) / n)`, with `below` and
/// `equal` the customers below and equal to it. Equal figures get equal scores, so with heavy ties (a third of all customers
/// bought once) some scores stay empty, where cutting sorted rows into fifths would tear equals apart at random.
pub fn rfm(recency_days: &[f64], frequency: &[f64], monetary: Option<&[f64]>) -> Rfm {
    // The longer ago, the lower; never is the longest.
    let recent: Vec<f64> =
        recency_days.iter().map(|days| if days.is_nan() { f64::NEG_INFINITY } else { -days }).collect();
    let (r, f, m) = (fifths(&recent), fifths(frequency), monetary.map(fifths));
    let scores: Vec<RfmScores> = (0..r.len())
        .map(|i| RfmScores { recency: r[i], frequency: f[i], monetary: m.as_ref().map(|m| m[i]) })
        .collect();
    let segments = scores.iter().map(|scores| scores.segment()).collect();
    Rfm { scores, segments }
}

fn fifths(values: &[f64]) -> Vec<u8> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0; n];
    let mut start = 0;
    for equals in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        // In halves, so that the arithmetic is exact.
        let twice_rank = 2 * start + equals.len() - 1;
        let score = 1 + (5 * twice_rank / (2 * n)).min(4) as u8;
        for &i in equals {
            scores[i] = score;
        }
        start += equals.len();
    }
    scores
}

impl Rfm {
    /// Each segment that has a customer, best first.
    pub fn summaries(&self, value: Option<&[f64]>) -> Vec<ClassicSummary> {
        let n = self.segments.len() as f64;
        let total: Option<f64> = value.map(|value| value.iter().sum());
        let summary = |segment: ClassicSegment| {
            let rows: Vec<usize> = (0..self.segments.len()).filter(|&i| self.segments[i] == segment).collect();
            let of_value = |value: &[f64]| rows.iter().map(|&i| value[i]).sum::<f64>();
            let value_share = value.zip(total).filter(|(_, total)| *total > 0.0).map(|(v, total)| of_value(v) / total);
            ClassicSummary {
                segment,
                name: segment.name().into(),
                n_customers: rows.len(),
                share: rows.len() as f64 / n,
                value_share,
            }
        };
        ClassicSegment::ALL.into_iter().map(summary).filter(|summary| summary.n_customers > 0).collect()
    }

    /// Customers by recency (1 to 5) and by frequency and money (1 to 5): `grid[recency - 1][frequency and money - 1]`.
    pub fn grid(&self) -> [[usize; 5]; 5] {
        let mut grid = [[0; 5]; 5];
        for scores in &self.scores {
            grid[usize::from(scores.recency) - 1][usize::from(scores.frequency_and_money()) - 1] += 1;
        }
        grid
    }

    /// Each customer's segment as a number, for comparison with other clusterings.
    pub fn labels(&self) -> Vec<u32> {
        self.segments.iter().map(|&segment| segment as u32).collect()
    }
}

//! Levels into indicators, embedding indices and target statistics.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Scale;

/// The embedding index of a level that too few training rows had, or none.
pub const UNSEEN_INDEX: u32 = 0;
/// The embedding index of a missing value.
pub const MISSING_INDEX: u32 = 1;
/// The embedding index of the first level.
const FIRST_LEVEL_INDEX: u32 = 2;

/// The levels that enough training rows had, in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Levels(Vec<String>);

impl Levels {
    /// These levels, sorted; their order in the data does not matter.
    pub fn new(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// These levels, which are sorted and distinct already.
    pub(crate) fn from_sorted(names: Vec<String>) -> Self {
        debug_assert!(names.is_sorted_by(|a, b| a < b), "levels are sorted and distinct");
        Self(names)
    }

    /// The names in order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of a level, or none for one that is unseen or rare.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|level| level.as_str().cmp(name)).ok()
    }
}

/// One indicator for each level, and one for a missing value where training rows had any.
///
/// Of two levels without missing training values only the second has an indicator. Policy: an unseen, rare or missing
/// level (where missing has no indicator) sets none of several indicators, and sets the single one to one half.
///
/// ```
/// use tenure_artifact::{Levels, OneHot};
///
/// let contract = OneHot::new(Levels::new(vec!["year".into(), "month".into(), "two years".into()]), true);
/// let mut row = [9.0; 4];
/// contract.write(Some("two years"), &mut row);
/// assert_eq!(row, [0.0, 1.0, 0.0, 0.0]); // month, two years, year, missing
/// contract.write(None, &mut row);
/// assert_eq!(row, [0.0, 0.0, 0.0, 1.0]);
///
/// let paperless = OneHot::new(Levels::new(vec!["Yes".into(), "No".into()]), false);
/// let mut single = [9.0];
/// paperless.write(Some("Yes"), &mut single);
/// assert_eq!(single, [1.0]);
/// paperless.write(Some("sometimes"), &mut single);
/// assert_eq!(single, [0.5]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OneHot {
    /// Levels with an indicator.
    pub levels: Levels,
    /// Whether training rows had missing values.
    pub missing_indicator: bool,
}

impl OneHot {
    /// Indicators of these levels.
    pub fn new(levels: Levels, missing_indicator: bool) -> Self {
        Self { levels, missing_indicator }
    }

    /// How many binary inputs it writes.
    pub fn width(&self) -> usize {
        if self.is_single() { 1 } else { self.levels.len() + usize::from(self.missing_indicator) }
    }

    /// Writes the indicators of one value, `[width]`.
    pub fn write(&self, level: Option<&str>, out: &mut [f32]) {
        let found = level.and_then(|name| self.levels.find(name));
        if self.is_single() {
            out[0] = found.map_or(0.5, |place| place as f32);
            return;
        }
        out.fill(0.0);
        match found {
            Some(place) => out[place] = 1.0,
            None if level.is_none() && self.missing_indicator => out[self.levels.len()] = 1.0,
            None => {}
        }
    }

    /// Names of the binary inputs, in order.
    pub fn input_names(&self, column: &str) -> Vec<String> {
        let skipped = usize::from(self.is_single());
        let mut names: Vec<String> =
            self.levels.names().iter().skip(skipped).map(|level| alloc::format!("{column} = {level}")).collect();
        if self.missing_indicator {
            names.push(missing_name(column));
        }
        names
    }

    fn is_single(&self) -> bool {
        self.levels.len() == 2 && !self.missing_indicator
    }
}

/// The name of a column's missing indicator.
pub(crate) fn missing_name(column: &str) -> String {
    alloc::format!("{column} is missing")
}

/// Levels into embedding indices: 0 unseen or rare, 1 missing, then the levels in alphabetical order.
///
/// ```
/// use tenure_artifact::{Embedding, Levels};
///
/// let city = Embedding::new(Levels::new(vec!["Oslo".into(), "Bergen".into()]));
/// assert_eq!(city.n_levels(), 4);
/// assert_eq!([Some("Bergen"), Some("Oslo"), Some("Paris"), None].map(|name| city.index(name)), [2, 3, 0, 1]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Embedding {
    /// Levels with an index of their own.
    pub levels: Levels,
}

impl Embedding {
    /// Indices of these levels.
    pub fn new(levels: Levels) -> Self {
        Self { levels }
    }

    /// Every index is below this.
    pub fn n_levels(&self) -> usize {
        self.levels.len() + FIRST_LEVEL_INDEX as usize
    }

    /// The index of one value.
    pub fn index(&self, level: Option<&str>) -> u32 {
        match level {
            None => MISSING_INDEX,
            Some(name) => self.levels.find(name).map_or(UNSEEN_INDEX, |place| place as u32 + FIRST_LEVEL_INDEX),
        }
    }
}

/// Levels into the shrunken mean of the target among training rows of the level.
///
/// `(sum of targets + weight · prior) / (rows + weight)`, `prior` being the mean over all training rows. Unseen, rare
/// and (where training rows had none) missing levels get the prior. Training rows themselves must not be given this
/// value, which knows their own target: they get the ordered statistic, which the fit computes.
///
/// Source: `CatBoost`, Prokhorenkova et al., arXiv 1706.09516, section 3.
///
/// ```
/// use tenure_artifact::{Levels, Scale, TargetStatistics};
///
/// let shop = TargetStatistics {
///     levels: Levels::new(vec!["a".into(), "b".into()]),
///     means: vec![0.4, 0.1],
///     missing: 0.25,
///     prior: 0.25,
///     scale: Scale::Robust { median: 0.25, width: 0.1 },
/// };
/// assert_eq!(shop.mean(Some("b")), 0.1);
/// assert_eq!(shop.mean(Some("never seen")), 0.25);
/// assert_eq!(shop.value(None), 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TargetStatistics {
    /// Levels with a mean of their own.
    pub levels: Levels,
    /// The shrunken mean of each level, in the order of `levels`.
    pub means: Vec<f32>,
    /// The shrunken mean of missing values; the prior where training rows had none.
    pub missing: f32,
    /// The target's mean over all training rows.
    pub prior: f32,
    /// From a mean to a scaled magnitude.
    pub scale: Scale,
}

impl TargetStatistics {
    /// The shrunken mean of one value.
    pub fn mean(&self, level: Option<&str>) -> f32 {
        match level {
            None => self.missing,
            Some(name) => self.levels.find(name).map_or(self.prior, |place| self.means[place]),
        }
    }

    /// The scaled magnitude of one value.
    pub fn value(&self, level: Option<&str>) -> f32 {
        self.scale.apply(self.mean(level))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn levels(names: &[&str]) -> Levels {
        Levels::new(names.iter().map(|&name| name.into()).collect())
    }

    #[test]
    fn two_levels_need_one_indicator_unless_values_are_missing() {
        let single = OneHot::new(levels(&["no", "yes"]), false);
        assert_eq!((single.width(), single.input_names("churn")), (1, vec!["churn = yes".into()]));
        let with_missing = OneHot::new(levels(&["no", "yes"]), true);
        let names = with_missing.input_names("churn");
        assert_eq!(names, ["churn = no", "churn = yes", "churn is missing"]);
        assert_eq!(with_missing.width(), names.len());
    }

    #[test]
    fn one_level_beside_rare_ones_has_its_indicator() {
        let one = OneHot::new(levels(&["common"]), false);
        let mut out = [9.0];
        one.write(Some("rare"), &mut out);
        assert_eq!((one.width(), out), (1, [0.0]));
    }

    #[test]
    fn repeated_levels_count_once() {
        assert_eq!(levels(&["b", "a", "b"]).names(), ["a", "b"]);
    }
}

//! Dealing units out to parts at random, class by class.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::units::Units;

/// No row of the unit was among those dealt.
const NOT_DEALT: usize = usize::MAX;

/// The classes of a unit's rows: all negative, both, all positive.
const N_STRATA: usize = 3;

/// Deals the units of `rows` out to `shares.len()` parts and gives each part's rows, ascending as in `rows`.
///
/// Units are shuffled within their stratum, then each goes to the part that is furthest behind its share, counted in
/// rows. Where units are rows, each part has its share of either class to within a row (two parts, or parts alike);
/// otherwise to within the largest unit.
pub(crate) fn deal(
    units: &Units,
    rows: &[u32],
    positives: &[bool],
    shares: &[f64],
    rng: &mut ChaCha8Rng,
) -> Vec<Vec<u32>> {
    let mut size = vec![0_u32; units.count];
    let mut n_positive = vec![0_u32; units.count];
    for &row_idx in rows {
        let unit = units.of_row[row_idx as usize] as usize;
        size[unit] += 1;
        n_positive[unit] += u32::from(positives[row_idx as usize]);
    }
    let mut part_of = vec![NOT_DEALT; units.count];
    for stratum in 0..N_STRATA {
        let in_stratum = |&unit: &usize| size[unit] > 0 && stratum_of(size[unit], n_positive[unit]) == stratum;
        let mut members: Vec<usize> = (0..units.count).filter(in_stratum).collect();
        members.shuffle(rng);
        let mut given = vec![0.0; shares.len()];
        for unit in members {
            let part = furthest_behind(&given, shares, f64::from(size[unit]));
            given[part] += f64::from(size[unit]);
            part_of[unit] = part;
        }
    }
    let mut parts = vec![Vec::new(); shares.len()];
    for &row_idx in rows {
        parts[part_of[units.of_row[row_idx as usize] as usize]].push(row_idx);
    }
    parts
}

const fn stratum_of(size: u32, n_positive: u32) -> usize {
    if n_positive == 0 {
        0
    } else if n_positive < size {
        1
    } else {
        2
    }
}

/// The part that would be least filled, in proportion to its share, by half of the next unit (Webster's rule).
fn furthest_behind(given: &[f64], shares: &[f64], size: f64) -> usize {
    let fill = |part: usize| (given[part] + size / 2.0) / shares[part];
    (0..shares.len()).min_by(|&a, &b| fill(a).total_cmp(&fill(b))).expect("there is at least one part")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 units dealt 80 to 20: after every unit both parts are within one of their share.
    #[test]
    fn shares_are_kept_at_every_step() {
        let shares = [0.8, 0.2];
        let mut given = [0.0, 0.0];
        for n in 1..=1000 {
            given[furthest_behind(&given, &shares, 1.0)] += 1.0;
            assert!((given[0] - 0.8 * f64::from(n)).abs() <= 1.0);
        }
    }
}

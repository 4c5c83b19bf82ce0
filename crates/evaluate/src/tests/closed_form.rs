//! Cases small enough to work out by hand.

use super::{assert_near, made};
use crate::{
    Binning, Metric, Profit, Ranked, Reliability, Scored, best_threshold, deciles, evaluate_ranked, histogram,
    precision_recall_curve, profit_curve, roc_curve,
};

fn scored(rows: &[(f64, bool)]) -> Scored {
    let (p, y): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    Scored::new(&p, &y, None).expect("valid rows")
}

#[test]
fn a_constant_score_ranks_nothing() {
    let constant = scored(&[(0.25, true), (0.25, false), (0.25, false), (0.25, false)]);
    assert_eq!(Metric::Auc.of(&constant), Ok(0.5));
    assert_eq!(Metric::AveragePrecision.of(&constant), Ok(0.25));
    assert_eq!(Metric::Ks.of(&constant), Ok(0.0));
    assert_eq!(Metric::TopLift { share: 0.1 }.of(&constant), Ok(1.0));
    assert_eq!(Metric::BrierSkill.of(&constant), Ok(0.0));
    assert_eq!(Metric::Ece { bins: 15 }.of(&constant), Ok(0.0));
    assert!(deciles(&constant).expect("both classes").iter().all(|decile| (decile.lift - 1.0).abs() < 1e-12));
}

#[test]
fn a_perfect_ranking_reaches_the_ends() {
    let perfect = scored(&[(0.9, true), (0.8, true), (0.3, false), (0.2, false), (0.1, false)]);
    assert_eq!(Metric::Auc.of(&perfect), Ok(1.0));
    assert_eq!(Metric::AveragePrecision.of(&perfect), Ok(1.0));
    assert_eq!(Metric::Ks.of(&perfect), Ok(1.0));
    assert_near("lift", Metric::TopLift { share: 0.4 }.of(&perfect).expect("positives"), 2.5, 1e-15);
}

#[test]
fn weights_count_like_repeated_rows() {
    let (p, y, w) = ([0.8, 0.6, 0.6, 0.1], [true, false, true, false], [1.0, 3.0, 2.0, 2.0]);
    let weighted = Scored::new(&p, &y, Some(&w)).expect("valid rows");
    let copies = [(0, 1), (1, 3), (2, 2), (3, 2)];
    let rows: Vec<_> = copies.into_iter().flat_map(|(i, n)| std::iter::repeat_n((p[i], y[i]), n)).collect();
    let repeated = scored(&rows);
    for metric in
        [Metric::Auc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier, Metric::Ks, Metric::Ece { bins: 3 }]
    {
        let value = |set: &Scored| metric.of(set).expect("defined");
        assert_near(metric.name(), value(&weighted), value(&repeated), 1e-15);
    }
}

#[test]
fn log_loss_of_a_certain_mistake_is_the_clip() {
    let wrong = scored(&[(1.0, false)]);
    assert_near("log loss", Metric::LogLoss.of(&wrong).expect("any rows"), -(1e-15_f64.ln()), 0.05);
    assert_eq!(Metric::LogLoss.of(&scored(&[(1.0, true), (0.0, false)])).expect("any rows").to_bits() >> 52, 0x3cd);
}

#[test]
fn murphys_terms_add_up_with_unequal_probabilities_in_a_bin() {
    for (set, binning, bins) in [
        (made().plain(), Binning::EqualMass, 7),
        (made().weighted(), Binning::EqualWidth, 10),
        (made().weighted(), Binning::EqualMass, 1),
    ] {
        let murphy = Reliability::new(&set, binning, bins, 0.95).expect("bins").decomposition;
        let sum = murphy.reliability - murphy.resolution + murphy.uncertainty + murphy.within_variance
            - murphy.within_covariance;
        assert_near("Brier", sum, murphy.brier, 1e-14);
        assert!(murphy.within_variance > 0.0);
    }
}

#[test]
fn one_score_in_each_bin_leaves_no_within_terms() {
    let set = scored(&[(0.2, false), (0.2, true), (0.7, true), (0.7, true)]);
    let murphy = Reliability::new(&set, Binning::EqualWidth, 10, 0.95).expect("bins").decomposition;
    assert_near("reliability", murphy.reliability, 0.5 * 0.09 + 0.5 * 0.09, 1e-15);
    assert_near("resolution", murphy.resolution, 0.0625, 1e-15);
    assert_near("uncertainty", murphy.uncertainty, 0.1875, 1e-15);
    assert_near("within", murphy.within_variance.abs() + murphy.within_covariance.abs(), 0.0, 1e-15);
}

#[test]
fn an_honest_model_is_near_its_noise_floor() {
    // Within each block of 100 rows the share of positives is the probability itself.
    let rows: Vec<_> = (0..1000).map(|i| (f64::from(i / 100) / 10.0 + 0.05, i % 100 < (i / 100) * 10 + 5)).collect();
    let reliability = Reliability::new(&scored(&rows), Binning::EqualMass, 10, 0.95).expect("bins");
    assert_near("ECE", reliability.expected_error, 0.0, 1e-12);
    // √(2/π) times the mean standard error of ten rates of 100 rows.
    let errors = (0..10).map(|k| f64::from(k) / 10.0 + 0.05).map(|p| (p * (1.0 - p) / 100.0).sqrt());
    let expected = (2.0 / std::f64::consts::PI).sqrt() * errors.sum::<f64>() / 10.0;
    assert_near("noise floor", reliability.expected_error_if_calibrated, expected, 1e-12);
    assert_eq!(reliability.curve.len(), 10);
    assert!(reliability.curve.windows(2).all(|pair| pair[0].p_max < pair[1].p_min));
    assert!(reliability.curve.iter().all(|bin| bin.low < bin.observed_rate && bin.observed_rate < bin.high));
}

#[test]
fn ties_across_a_decile_border_are_shared_out() {
    // 20 rows; the two positives are tied with two negatives at the top: half of each falls into the first decile.
    let rows: Vec<_> =
        (0..20).map(|i| if i < 4 { (0.9, i % 2 == 0) } else { (0.5 - f64::from(i) / 100.0, false) }).collect();
    let table = deciles(&scored(&rows)).expect("both classes");
    assert_eq!(table.len(), 10);
    assert_eq!((table[0].mass, table[0].positive, table[1].positive, table[2].positive), (2.0, 1.0, 1.0, 0.0));
    assert_near("lift", table[0].lift, 5.0, 1e-12);
    assert_near("gain", table[1].cumulative_gain, 1.0, 1e-12);
    assert_near("last lift", table[9].cumulative_lift, 1.0, 1e-12);
    assert_eq!((table[0].score_max, table[0].score_min, table[1].score_min), (0.9, 0.9, 0.9));
}

#[test]
fn curves_of_four_rows() {
    let set = scored(&[(0.9, true), (0.7, false), (0.7, true), (0.2, false)]);
    let roc: Vec<_> = roc_curve(&set, 500)
        .expect("both classes")
        .into_iter()
        .map(|point| (point.false_positive_rate, point.true_positive_rate, point.threshold))
        .collect();
    assert_eq!(roc, [(0.0, 0.0, None), (0.0, 0.5, Some(0.9)), (0.5, 1.0, Some(0.7)), (1.0, 1.0, Some(0.2))]);
    let pr: Vec<_> = precision_recall_curve(&set, 500)
        .expect("both classes")
        .into_iter()
        .map(|point| (point.recall, point.precision, point.threshold))
        .collect();
    assert_eq!(pr, [(0.5, 1.0, 0.9), (1.0, 2.0 / 3.0, 0.7), (1.0, 0.5, 0.2)]);
    let bars = histogram(&set, 2).expect("bins");
    assert_eq!((bars.positive, bars.negative), (vec![0.0, 2.0], vec![1.0, 1.0]));
}

#[test]
fn thinning_keeps_the_shape() {
    let n = 20_000;
    let score = |i: u32| f64::from(i) / f64::from(n);
    let rows: Vec<_> =
        (0..n).map(|i| (score(i), f64::from((i * 7919) % 10_007) / 10_007.0 < score(i).powi(2))).collect();
    let set = scored(&rows);
    let full = roc_curve(&set, usize::MAX).expect("both classes");
    let thin = roc_curve(&set, 500).expect("both classes");
    assert!(full.len() > 5000 && thin.len() == 500);
    let area = |curve: &[crate::RocPoint]| {
        let width = |pair: &[crate::RocPoint]| pair[1].false_positive_rate - pair[0].false_positive_rate;
        let height = |pair: &[crate::RocPoint]| 0.5 * (pair[0].true_positive_rate + pair[1].true_positive_rate);
        curve.windows(2).map(|pair| width(pair) * height(pair)).sum::<f64>()
    };
    assert_near("area", area(&thin), area(&full), 1e-4);
    // No full point is far from the thinned polyline.
    let nearest = |point: &crate::RocPoint| thin.windows(2).map(|pair| gap(point, pair)).fold(1.0, f64::min);
    assert!(full.iter().map(nearest).fold(0.0, f64::max) < 0.001);
}

/// The distance of a point from the segment between two.
fn gap(point: &crate::RocPoint, pair: &[crate::RocPoint]) -> f64 {
    let xy = |p: &crate::RocPoint| (p.false_positive_rate, p.true_positive_rate);
    let ((x, y), (ax, ay), (bx, by)) = (xy(point), xy(&pair[0]), xy(&pair[1]));
    let length_squared = (bx - ax).powi(2) + (by - ay).powi(2);
    let along = (((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length_squared.max(1e-300)).clamp(0.0, 1.0);
    (x - ax - along * (bx - ax)).hypot(y - ay - along * (by - ay))
}

#[test]
fn profit_by_hand() {
    let set = scored(&[(0.9, true), (0.6, false), (0.5, true), (0.1, false)]);
    let profit = Profit { contact_cost: 10.0, customer_value: 100.0, success_rate: 0.25 };
    let curve = profit_curve(&set, profit, 500).expect("sound costs");
    let points: Vec<_> = curve.points.iter().map(|point| (point.contacted_share, point.profit)).collect();
    assert_eq!(points, [(0.0, 0.0), (0.25, 15.0), (0.5, 5.0), (0.75, 20.0), (1.0, 10.0)]);
    assert_eq!((curve.best.contacted_share, curve.break_even), (0.75, Some(0.4)));
    assert_near("threshold", curve.best.threshold, 0.3, 1e-15);
    let at = Metric::ProfitPerRow { threshold: curve.best.threshold, profit };
    assert_eq!(at.of(&set), Ok(5.0));
}

#[test]
fn when_no_contact_pays_nobody_is_contacted() {
    let set = scored(&[(1.0, true), (0.5, false)]);
    let profit = Profit { contact_cost: 30.0, customer_value: 100.0, success_rate: 0.25 };
    let best = best_threshold(&set, profit).expect("sound costs");
    assert_eq!((best.contacted_share, best.profit), (0.0, 0.0));
    assert_eq!(Metric::FlaggedShare { threshold: best.threshold }.of(&set), Ok(0.0));
    assert_eq!(profit.break_even(), Ok(1.2));
}

#[test]
fn scores_that_only_rank_have_rank_metrics() {
    let days = [400.0, 5.0, 90.0, 1.0, f64::INFINITY];
    let ranked = Ranked::new(&days, &[true, false, true, false, false], None).expect("valid rows");
    let evaluation = evaluate_ranked(&ranked, &crate::Settings::default()).expect("both classes");
    assert_near("AUC", evaluation.auc.value, 4.0 / 6.0, 1e-15);
    assert_eq!(evaluation.counts.n_positive, 2);
}

#[test]
fn negative_zero_ties_with_zero() {
    let ranked = Ranked::new(&[0.0, -0.0], &[true, false], None).expect("valid rows");
    assert_eq!(Metric::Auc.of(&ranked), Ok(0.5));
}

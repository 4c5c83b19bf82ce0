//! What holds for any scores.

use proptest::prelude::*;

use super::assert_near;
use crate::{Binning, Metric, Ranked, Reliability, Scored, deciles, profit_curve, roc_curve};

/// Scores on a grid of 21 (so that ties are common), outcomes with both classes, and weights.
fn rows() -> impl Strategy<Value = (Vec<f64>, Vec<bool>, Vec<f64>)> {
    let row = (0_u32..=20, any::<bool>(), 1_u32..5);
    prop::collection::vec(row, 2..60).prop_filter_map("both classes", |rows| {
        let outcomes: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let both = outcomes.contains(&true) && outcomes.contains(&false);
        let scores = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
        both.then(|| (scores, outcomes, rows.iter().map(|row| f64::from(row.2)).collect()))
    })
}

proptest! {
    #[test]
    fn auc_sees_only_the_order((scores, outcomes, weights) in rows()) {
        let auc = |scores: &[f64]| {
            Metric::Auc.of(&Ranked::new(scores, &outcomes, Some(&weights)).expect("valid")).expect("both classes")
        };
        let moved: Vec<f64> = scores.iter().map(|s| 3.0 * s.exp() - 7.0).collect();
        prop_assert_eq!(auc(&scores), auc(&moved));
        let negated: Vec<f64> = scores.iter().map(|s| -s).collect();
        assert_near("AUC of the negated score", auc(&negated), 1.0 - auc(&scores), 1e-12);
    }

    #[test]
    fn auc_is_the_share_of_ordered_pairs((scores, outcomes, weights) in rows()) {
        let (mut won, mut pairs) = (0.0, 0.0);
        for (i, p) in scores.iter().enumerate().filter(|(i, _)| outcomes[*i]) {
            for (j, q) in scores.iter().enumerate().filter(|(j, _)| !outcomes[*j]) {
                let pair = weights[i] * weights[j];
                pairs += pair;
                won += pair * if p > q { 1.0 } else if p == q { 0.5 } else { 0.0 };
            }
        }
        let ranked = Ranked::new(&scores, &outcomes, Some(&weights)).expect("valid");
        assert_near("AUC", Metric::Auc.of(&ranked).expect("both classes"), won / pairs, 1e-12);
    }

    #[test]
    fn the_order_of_rows_does_not_matter((scores, outcomes, weights) in rows(), turn in 0_usize..60) {
        let turn = turn % scores.len();
        let turned = |mut scores: Vec<f64>, mut outcomes: Vec<bool>, mut weights: Vec<f64>| {
            scores.rotate_left(turn);
            outcomes.rotate_left(turn);
            weights.rotate_left(turn);
            Scored::new(&scores, &outcomes, Some(&weights)).expect("valid")
        };
        let original = Scored::new(&scores, &outcomes, Some(&weights)).expect("valid");
        let turned = turned(scores, outcomes, weights);
        for metric in [Metric::Auc, Metric::AveragePrecision, Metric::Ks, Metric::TopLift { share: 0.1 }, Metric::Ece { bins: 5 }] {
            prop_assert_eq!(metric.of(&original), metric.of(&turned));
        }
        prop_assert_eq!(deciles(&original), deciles(&turned));
    }

    #[test]
    fn murphys_terms_add_up((scores, outcomes, weights) in rows(), bins in 1_usize..20) {
        let scored = Scored::new(&scores, &outcomes, Some(&weights)).expect("valid");
        for binning in [Binning::EqualMass, Binning::EqualWidth] {
            let reliability = Reliability::new(&scored, binning, bins, 0.9).expect("bins");
            let m = reliability.decomposition;
            let sum = m.reliability - m.resolution + m.uncertainty + m.within_variance - m.within_covariance;
            assert_near("Brier", sum, m.brier, 1e-12);
            prop_assert_eq!(m.brier, Metric::Brier.of(&scored).expect("any rows"));
            let share: f64 = reliability.curve.iter().map(|bin| bin.share).sum();
            assert_near("shares", share, 1.0, 1e-12);
            prop_assert_eq!(reliability.curve.iter().map(|bin| bin.n_rows).sum::<usize>(), scores.len());
        }
    }

    #[test]
    fn curves_and_tables_end_where_they_must((scores, outcomes, weights) in rows(), max_points in 2_usize..30) {
        let scored = Scored::new(&scores, &outcomes, Some(&weights)).expect("valid");
        let roc = roc_curve(&scored, max_points).expect("both classes");
        prop_assert!(roc.len() <= max_points);
        let ends = [roc[0], roc[roc.len() - 1]].map(|p| (p.false_positive_rate, p.true_positive_rate));
        prop_assert_eq!(ends, [(0.0, 0.0), (1.0, 1.0)]);
        prop_assert!(roc.windows(2).all(|w| w[0].true_positive_rate <= w[1].true_positive_rate));
        let table = deciles(&scored).expect("both classes");
        let mass: f64 = table.iter().map(|decile| decile.mass).sum();
        assert_near("mass", mass, weights.iter().sum(), 1e-9);
        assert_near("gain", table[9].cumulative_gain, 1.0, 1e-9);
        let tenth = mass / 10.0;
        prop_assert!(table.iter().all(|decile| (decile.mass - tenth).abs() < 1e-9));
    }

    #[test]
    fn the_best_threshold_earns_what_the_curve_says((scores, outcomes, weights) in rows(), cost in 1.0..40.0) {
        let scored = Scored::new(&scores, &outcomes, Some(&weights)).expect("valid");
        let profit = crate::Profit { contact_cost: cost, customer_value: 100.0, success_rate: 0.4 };
        let curve = profit_curve(&scored, profit, 500).expect("sound costs");
        let metric = Metric::ProfitPerRow { threshold: curve.best.threshold, profit };
        let earned = metric.of(&scored).expect("always defined") * weights.iter().sum::<f64>();
        assert_near("profit", earned, curve.best.profit, 1e-6);
        prop_assert!(curve.points.iter().all(|point| point.profit <= curve.best.profit));
    }
}

//! The same figures as scikit-learn 1.9 and `SciPy` 1.17 on the same 400 rows (see [`super::made`]).

use super::{assert_near, made};
use crate::{Confusion, Metric, delong, roc_curve, wilson_interval};

const THRESHOLD: f64 = 0.6;

/// Metric, value without weights, value with weights. `roc_auc_score`, `average_precision_score`, `log_loss`,
/// `brier_score_loss`, the largest `|tpr − fpr|` of `roc_curve`, and `precision_score` to `accuracy_score` at `p >= .6`,
/// each with `sample_weight`; calibration errors and lift from `NumPy` by their definitions.
const FIGURES: [(Metric, f64, f64); 14] = [
    (Metric::Auc, 0.678_683_573_073_357_5, 0.683_250_252_877_514_7),
    (Metric::AveragePrecision, 0.444_743_005_209_475_8, 0.454_685_696_298_723_9),
    (Metric::LogLoss, 0.729_610_058_437_522_1, 0.725_133_151_259_793),
    (Metric::Brier, 0.252_523_036_957_161_05, 0.250_993_316_245_059),
    (Metric::Ks, 0.283_860_163_282_394_83, 0.297_922_768_231_972_65),
    (Metric::EceEqualWidth { bins: 10 }, 0.203_094_059_405_940_6, 0.202_916_621_937_423_08),
    (Metric::Ece { bins: 10 }, 0.203_094_059_405_940_6, 0.206_335_312_430_325_63),
    (Metric::Mce { bins: 10 }, 0.412_702_245_834_339_57, 0.407_404_218_682_737_9),
    (Metric::TopLift { share: 0.1 }, 1.722_689_075_630_252, 1.723_747_166_960_463_4),
    (Metric::Precision { threshold: THRESHOLD }, 0.442_307_692_307_692_3, 0.453_389_830_508_474_6),
    (Metric::Recall { threshold: THRESHOLD }, 0.579_831_932_773_109_3, 0.592_797_783_933_518),
    (Metric::F1 { threshold: THRESHOLD }, 0.501_818_181_818_181_8, 0.513_805_522_208_883_5),
    (Metric::Accuracy { threshold: THRESHOLD }, 0.6575, 0.662_218_515_429_524_6),
    (Metric::Specificity { threshold: THRESHOLD }, 0.690_391_459_074_733_1, 0.692_124_105_011_933_2),
];

#[test]
fn metrics_agree_with_scikit_learn() {
    let made = made();
    let (plain, weighted) = (made.plain(), made.weighted());
    for (metric, without, with) in FIGURES {
        assert_near(metric.name(), metric.of(&plain).expect("defined"), without, 1e-13);
        assert_near(metric.name(), metric.of(&weighted).expect("defined"), with, 1e-13);
    }
}

/// `psi = pos > neg + (pos == neg) / 2`; `sqrt(var(rows) / P + var(columns) / N)`, divisor n − 1.
#[test]
fn delong_agrees_with_the_pairwise_definition() {
    let scored = made().plain();
    let interval = delong(scored.ranked(), 0.95).expect("both classes, no weights");
    assert_near("DeLong", interval.standard_error, 0.029_009_242_661_350_087, 1e-14);
    assert_near(
        "low",
        interval.low,
        0.678_683_573_073_357_5 - 1.959_963_984_540_054 * 0.029_009_242_661_350_087,
        1e-12,
    );
}

/// `binomtest(6, 20).proportion_ci(method="wilson")`.
#[test]
fn wilson_agrees_with_scipy() {
    let (low, high) = wilson_interval(0.3, 20.0, 0.95);
    assert_near("low", low, 0.145_477_244_867_604_33, 1e-14);
    assert_near("high", high, 0.518_972_818_353_523_4, 1e-14);
}

#[test]
fn the_full_roc_curve_has_the_area_of_the_auc() {
    let scored = made().weighted();
    let curve = roc_curve(&scored, usize::MAX).expect("both classes");
    let trapezoids = curve.windows(2).map(|pair| {
        let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
        0.5 * width * (pair[0].true_positive_rate + pair[1].true_positive_rate)
    });
    assert_near("area", trapezoids.sum(), Metric::Auc.of(&scored).expect("both classes"), 1e-12);
}

#[test]
fn the_confusion_matrix_adds_up_to_the_weights() {
    let made = made();
    let confusion = Confusion::at(&made.weighted(), THRESHOLD);
    let total = confusion.true_positive + confusion.false_positive + confusion.true_negative + confusion.false_negative;
    assert_near("total", total, made.weights.iter().sum(), 1e-9);
}

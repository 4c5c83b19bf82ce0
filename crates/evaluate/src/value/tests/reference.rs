//! The same figures as `NumPy` 2, `SciPy` 1.17 and scikit-learn 1.9 on the same 400 rows (see [`super::made`]).

use super::made;
use crate::ValueMetric;
use crate::tests::assert_near;

/// Metric, value without weights, value with weights. `scipy.stats.spearmanr`, `pearsonr` (unweighted),
/// `mean_absolute_error`, `mean_squared_error`, `mean_squared_log_error` with `sample_weight`; the Gini coefficients by
/// summing over all pairs of rows, which 2,000 random orders of the ties confirm (.25047, standard error .00001); weighted
/// correlations and deciles from `NumPy` by their definitions.
const FIGURES: [(ValueMetric, f64, f64); 13] = [
    (ValueMetric::MeanActual, 30.154_375, 30.035_863_219_349_46),
    (ValueMetric::MeanPredicted, 71.722_5, 72.057_547_956_630_53),
    (ValueMetric::NonzeroShare, 0.437_5, 0.436_196_830_692_243_5),
    (ValueMetric::TotalRatio, 2.378_510_580_968_765, 2.399_050_342_931_719),
    (ValueMetric::RawGini, 0.250_460_546_769_747_4, 0.257_279_521_918_54),
    (ValueMetric::NormalizedGini, 0.376_220_349_106_824_84, 0.383_819_104_295_345),
    (ValueMetric::Spearman, 0.259_494_929_461_294_7, 0.258_203_841_163_563_1),
    (ValueMetric::SpearmanNonzero, 0.770_183_491_537_775_4, 0.787_333_591_517_552),
    (ValueMetric::Pearson, 0.333_438_514_097_793_3, 0.339_178_475_219_988_4),
    (ValueMetric::Mae, 48.018_125, 48.048_373_644_703_92),
    (ValueMetric::Rmse, 62.576_931_402_474_51, 62.788_136_486_145_5),
    (ValueMetric::Msle, 9.335_088_274_872_032, 9.412_184_794_464_967),
    (ValueMetric::DecileMape, 1.289_506_142_393_021_2, 1.323_733_763_461_546_7),
];

#[test]
fn figures_agree_with_other_programs() {
    let (plain, weighted) = (made().plain(), made().weighted());
    for (metric, unweighted, with_weights) in FIGURES {
        assert_near(metric.name(), metric.of(&plain).expect("defined"), unweighted, 1e-12);
        assert_near(metric.name(), metric.of(&weighted).expect("defined"), with_weights, 1e-12);
    }
}

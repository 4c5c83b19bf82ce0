//! Special functions, quadrature and likelihoods against values computed with thirty digits.
#![allow(clippy::excessive_precision, reason = "constants stand as they were computed elsewhere")]

use super::{assert_close, assert_near};
use crate::customers::{History, UniqueRow};
use crate::hypergeometric::ln_hypergeometric;
use crate::quadrature::{GAUSS_8, GAUSS_16, beta_expectation, integrate};
use crate::special::{Rising, digamma, ln_add_exp, ln_gamma, mean_residence, trigamma};
use crate::{ModelKind, PurchaseModel};

#[test]
fn digamma_and_trigamma() {
    let table = [
        (1e-3, -1_000.575_571_931_810_3, 1_000_001.642_533_195_9),
        (0.5, -1.963_510_026_021_423_5, 4.934_802_200_544_679_3),
        (1.0, -0.577_215_664_901_532_86, 1.644_934_066_848_226_4),
        (7.25, 1.910_453_526_883_736, 0.147_879_233_158_932_17),
        (123.4, 4.811_373_775_116_277_4, 0.008_136_651_610_865_263_7),
        (1e6, 13.815_510_057_964_191, 1.000_000_500_000_166_7e-6),
    ];
    for (x, first, second) in table {
        assert_close("digamma", digamma(x), first, 2e-15);
        assert_close("trigamma", trigamma(x), second, 2e-15);
    }
    assert_near("digamma at its root", digamma(1.461_632_1), -4.351_463_705_620_705e-8, 1e-15);
}

#[test]
fn rising_factorials_agree_where_the_two_ways_meet() {
    // 24 factors are summed, 25 are a difference of gamma functions: (x)₂₅ = (x)₂₄ (x + 24).
    for x in [0.01, 0.6, 3.0, 250.0] {
        let (summed, differenced) = (Rising::new(x, 24), Rising::new(x, 25));
        let last = x + 24.0;
        assert_close("ln", differenced.ln, summed.ln + last.ln(), 1e-13);
        assert_close("first", differenced.first, summed.first + 1.0 / last, 1e-12);
        assert_close("second", differenced.second, summed.second - 1.0 / (last * last), 1e-12);
    }
    assert_eq!(Rising::new(2.0, 0), Rising { ln: 0.0, first: 0.0, second: 0.0 });
    assert_close("5!", Rising::new(1.0, 5).ln, 120.0_f64.ln(), 1e-15);
    assert_close("ln Γ(1/2)", ln_gamma(0.5), 0.5 * std::f64::consts::PI.ln(), 1e-15);
}

#[test]
fn sums_of_exponentials_do_not_overflow() {
    assert_close("equal", ln_add_exp(1000.0, 1000.0), 1000.0 + std::f64::consts::LN_2, 1e-15);
    assert_eq!(ln_add_exp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
    assert_eq!(ln_add_exp(-5000.0, 3.0), 3.0);
}

#[test]
fn residence_is_smooth_through_shape_one() {
    let at = |shape| mean_residence(shape, 3.0, 40.0);
    assert_close("logarithm", at(1.0), 3.0 * (40.0_f64 / 3.0).ln_1p(), 1e-15);
    assert_close("just above", at(1.0 + 1e-9), at(1.0), 1e-8);
    assert_close("shape 2", at(2.0), 3.0 * (1.0 - 3.0 / 43.0), 1e-14);
}

#[test]
fn hypergeometric_series() {
    let table = [
        ([0.3, 2.5, 1.2, 0.5], 0.508_130_601_577_610_46),
        ([120.0, 3.0, 7.0, 0.8], 174.390_456_555_844_81),
        ([1.0, 40.0, 41.5, 0.95], 2.556_871_730_683_170_4),
        ([2.2, 0.7, 9.0, 0.1], 0.017_440_229_454_062_404),
    ];
    for ([a, b, c, z], expected) in table {
        assert_close("ln 2F1", ln_hypergeometric(a, b, c, z), expected, 2e-14);
    }
    assert_eq!(ln_hypergeometric(2.0, 3.0, 4.0, 0.0), 0.0);
    // ₂F₁(a, b; b; z) = (1 − z)^−a, far beyond the largest f64.
    assert_close("scaled", ln_hypergeometric(2000.0, 3.0, 3.0, 0.7), -2000.0 * 0.3_f64.ln(), 1e-13);
}

#[test]
fn gauss_rules_are_exact_for_polynomials() {
    for power in 0..16 {
        let sum: f64 = GAUSS_8.nodes.iter().zip(&GAUSS_8.weights).map(|(x, w)| w * x.powi(power)).sum();
        assert_close("8 nodes", sum, 1.0 / f64::from(power + 1), 1e-14);
    }
    for power in 0..32 {
        let sum: f64 = GAUSS_16.nodes.iter().zip(&GAUSS_16.weights).map(|(x, w)| w * x.powi(power)).sum();
        assert_close("16 nodes", sum, 1.0 / f64::from(power + 1), 1e-14);
    }
    assert_close("panels", integrate(0.0, 30.0, 10, |x| (-x).exp()), 1.0 - (-30.0_f64).exp(), 1e-14);
}

#[test]
fn beta_expectations_have_their_moments() {
    for (a, b) in [(0.02, 3.0), (0.8, 2.4), (1.0, 1.0), (30.0, 0.4), (2.0, 900.0), (400.0, 300.0)] {
        assert_close("mean", beta_expectation(a, b, |p| p), a / (a + b), 1e-12);
        let second = a * (a + 1.0) / ((a + b) * (a + b + 1.0));
        assert_close("second moment", beta_expectation(a, b, |p| p * p), second, 1e-12);
    }
}

/// Frequency, recency, age.
type Bought = (u32, f64, f64);

/// Parameters, history, log-likelihood and P(alive).
const PARETO_NBD: [([f64; 4], Bought, f64, f64); 7] = [
    ([0.55, 10.6, 0.61, 11.7], (3, 20.0, 39.0), -12.029_406_862_319_222, 0.522_439_955_511_205_09),
    ([0.55, 10.6, 0.61, 11.7], (0, 0.0, 1e6), -0.668_195_248_988_808_81, 3.513_172_540_379_359_2e-6),
    ([2.0, 0.001, 0.4, 500.0], (700, 30.0, 40.0), 1_484.660_002_400_956_2, 6.069_425_976_298_053_6e-84),
    ([0.3, 800.0, 1.5, 0.02], (12, 3.0, 900.0), -70.710_084_518_889_315, 2.045_325_177_343_337_1e-8),
    ([1.0, 5.0, 1.0, 5.0], (4, 9.0, 10.0), -9.769_362_712_943_359_8, 0.921_263_816_112_730_65),
    ([0.05, 3.0, 20.0, 4.0], (0, 0.0, 52.0), -0.003_276_739_765_059_106, 1.036_812_643_727_482e-23),
    ([5.0, 50.0, 0.01, 1e4], (30, 1.0, 100.0), -46.061_310_888_647_552, 2.665_257_974_564_098_2e-11),
];

#[test]
fn pareto_nbd_keeps_its_digits_at_the_extremes() {
    for (parameters, (frequency, recency, age), log_likelihood, p_alive) in PARETO_NBD {
        let model = PurchaseModel::new(ModelKind::ParetoNbd, parameters).unwrap();
        let history = History { frequency, recency, age };
        let row = UniqueRow { history, weight: 1.0, count: 1 };
        assert_near(
            "log-likelihood",
            model.log_likelihood_of(&row),
            log_likelihood,
            2e-14 * log_likelihood.abs().max(10.0),
        );
        assert_close("P(alive)", model.p_alive_after(history), p_alive, 1e-11);
    }
}

#[test]
fn expected_transactions_of_bg_nbd() {
    let table = [
        ([0.2426, 4.414, 0.793, 2.426], 39.0, 1.194_926_935_765_305_5),
        ([3.2, 44.0, 1.0, 5.4], 39.0, 2.244_030_435_648_047_7), // a = 1: the closed form is 0/0
        ([3.2, 2.0, 0.9999, 5.4], 5000.0, 39.070_279_623_749_875),
        ([60.0, 50.0, 2.5, 70.0], 20.0, 16.777_535_000_704_542),
    ];
    for (parameters, t, expected) in table {
        let model = PurchaseModel::new(ModelKind::BgNbd, parameters).unwrap();
        assert_close("expected", model.expected(t), expected, 1e-11);
    }
}

#[test]
fn discounted_expected_transactions_of_pareto_nbd() {
    let table = [
        ([2.0, 10.0, 0.6, 11.7], 0.0027, 15.352_006_794_660_085),
        ([2.0, 10.0, 3.0, 50.0], 0.5, 0.358_433_890_325_069_01),
        ([2.0, 10.0, 1.0, 0.5], 1e-3, 0.702_769_970_368_326_41),
    ];
    for (parameters, rate, expected) in table {
        let prior = PurchaseModel::new(ModelKind::ParetoNbd, parameters).unwrap().prior();
        assert_close("DERT", prior.discounted(rate, f64::INFINITY), expected, 1e-12);
    }
}

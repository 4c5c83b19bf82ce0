//! Fits against other implementations, and the automatic choice.

use proptest::prelude::*;
use tenure_artifact::Calibration;
use tenure_artifact::math::{logit, sigmoid};

use super::{Method, choose_calibration, fit_calibration};
use crate::tests::{assert_near, made};
use crate::{Metric, Scored};

/// Parameters of each family, without and with weights: `scipy.optimize.minimize(method="BFGS", gtol=1e-12)` of the
/// weighted cross-entropy with Platt's targets.
#[test]
fn parametric_fits_agree_with_scipy() {
    let made = made();
    let expected = [
        (
            made.plain(),
            2.688_082_837_151_592,
            [0.432_134_987, -0.922_284_284],
            [0.564_044_209, 0.322_956_006, -0.705_909_485],
        ),
        (
            made.weighted(),
            2.624_270_590_037_077,
            [0.447_118_455, -0.914_597_697],
            [0.607_040_656, 0.317_409_990, -0.655_913_854],
        ),
    ];
    for (scored, temperature, platt, beta) in expected {
        let fit = |method| fit_calibration(&scored, method).expect("both classes");
        let Calibration::Temperature { t } = fit(Method::Temperature) else { panic!("a temperature") };
        assert_near("t", t, temperature, 1e-6);
        let Calibration::Platt { a, b } = fit(Method::Platt) else { panic!("Platt") };
        for (found, expected) in [(a, platt[0]), (b, platt[1])] {
            assert_near("Platt", found, expected, 1e-6);
        }
        let Calibration::Beta { a, b, c } = fit(Method::Beta) else { panic!("beta") };
        for (found, expected) in [(a, beta[0]), (b, beta[1]), (c, beta[2])] {
            assert_near("beta", found, expected, 1e-6);
        }
    }
}

/// `IsotonicRegression(out_of_bounds="clip")` of scikit-learn.
#[test]
fn isotonic_agrees_with_scikit_learn() {
    let made = made();
    let expected = [
        (made.plain(), 23, [0.230_769_230_769_230_78, 0.243_243_243_243_243_26, 0.515_789_473_684_210_6]),
        (made.weighted(), 24, [0.227_450_980_392_156_86, 0.242_990_654_205_607_48, 0.519_031_141_868_512_1]),
    ];
    for (scored, n_knots, values) in expected {
        let map = fit_calibration(&scored, Method::Isotonic).expect("both classes");
        for (p, value) in [0.2, 0.5, 0.77].into_iter().zip(values) {
            assert_near("isotonic", map.apply(p), value, 1e-14);
        }
        // Where scikit-learn says 0, a block of some of 400 rows says 1 in 402.
        assert_near("lowest", map.apply(0.0), 1.0 / 402.0, 1e-15);
        let Calibration::Isotonic { x, .. } = map else { panic!("isotonic") };
        assert_eq!(x.len(), n_knots);
    }
}

#[test]
fn beta_without_a_falling_side() {
    // Mirrored at the low end: more positive rows below .1 than above it, so the slope of ln p wants to be negative.
    let p: Vec<f64> = (1..200).map(|i| f64::from(i) / 200.0).collect();
    let y: Vec<bool> = p
        .iter()
        .enumerate()
        .map(|(i, &p)| if p < 0.1 { i % 2 == 0 } else { (i * 7) % 10 < (p * 8.0) as usize })
        .collect();
    let map = fit_calibration(&Scored::new(&p, &y, None).expect("valid"), Method::Beta).expect("rises on the whole");
    let Calibration::Beta { a, b, .. } = map else { panic!("beta") };
    assert!(a == 0.0 && b > 0.0, "{a} {b}");
}

#[test]
fn separated_and_saturated_rows_have_a_finite_fit() {
    let p: Vec<f64> = (0..40).map(|i| if i < 20 { 0.0 } else { 1.0 }).collect();
    let y: Vec<bool> = (0..40).map(|i| i >= 20).collect();
    let scored = Scored::new(&p, &y, None).expect("valid");
    for method in [Method::Temperature, Method::Platt, Method::Beta, Method::Isotonic] {
        let map = fit_calibration(&scored, method).expect("both classes");
        let (low, high) = (map.apply(0.0), map.apply(1.0));
        assert!(low > 0.0 && low < 0.06 && high > 0.94 && high < 1.0, "{method:?}: {low} {high}");
    }
}

/// Rows whose logits are `stretch` times too far out, on a fixed grid; shares of outcomes follow the true probability.
fn overconfident(n: u32, stretch: f64, shift: f64) -> Scored {
    let part = |i: u32, step: f64| (f64::from(i) * step).fract();
    let truth: Vec<f64> = (0..n).map(|i| sigmoid(6.0 * part(i, 0.754_877_666_246_692_7) - 3.0)).collect();
    let y: Vec<bool> = (0..n).map(|i| part(i, 0.569_840_290_998_053_2) < truth[i as usize]).collect();
    let p: Vec<f64> = truth.iter().map(|&p| sigmoid(stretch * logit(p) + shift)).collect();
    Scored::new(&p, &y, None).expect("valid")
}

#[test]
fn the_choice_undoes_what_was_done() {
    let stretched = overconfident(4000, 2.5, 0.0);
    let choice = choose_calibration(&stretched, 1).expect("both classes");
    let calibrated = stretched.mapped(|p| choice.map.apply(p)).expect("probabilities");
    let ece = |scored: &Scored| Metric::Ece { bins: 10 }.of(scored).expect("bins");
    assert!(ece(&stretched) > 0.08 && ece(&calibrated) < 0.01, "{} {}", ece(&stretched), ece(&calibrated));
    let temperature = &choice.candidates[1];
    assert!(temperature.log_loss_change.expect("tried") < -5.0 * temperature.standard_error.expect("tried"));
    let shifted = choose_calibration(&overconfident(4000, 1.0, 1.5), 1).expect("both classes");
    assert!(shifted.method != Method::None && shifted.method != Method::Temperature);
}

#[test]
fn tiny_sets_exclude_hungry_families_with_the_reason() {
    let choice = choose_calibration(&overconfident(60, 2.5, 0.0), 1).expect("both classes");
    let excluded = |i: usize| choice.candidates[i].excluded.as_ref().map(|excluded| excluded.reason.as_str());
    assert_eq!(excluded(1), None);
    let reason = excluded(4).expect("isotonic needs more");
    assert!(reason.starts_with("isotonic calibration needs at least 200 rows of each class, found "), "{reason}");
    let single = Scored::new(&[0.2; 30], &[false; 30], None).expect("valid");
    let choice = choose_calibration(&single, 1).expect("no map is always possible");
    assert_eq!((choice.method, choice.map), (Method::None, Calibration::Identity));
    assert!(choice.candidates[1..].iter().all(|candidate| candidate.excluded.is_some()));
}

#[test]
fn an_honest_model_is_hardly_touched() {
    let honest = overconfident(3000, 1.0, 0.0);
    let choice = choose_calibration(&honest, 1).expect("both classes");
    for p in [0.05, 0.2, 0.5, 0.8, 0.95] {
        assert_near("map", choice.map.apply(p), p, 0.03);
    }
}

#[test]
fn the_choice_depends_on_the_seed_alone() {
    let scored =
        made().plain().in_clusters(&(0..400).map(|row| row / 2).collect::<Vec<_>>()).expect("one for each row");
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool");
        pool.install(|| choose_calibration(&scored, 5).expect("both classes"))
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn names_are_those_of_the_maps() {
    for method in Method::ALL {
        let map = fit_calibration(&made().plain(), method).expect("both classes");
        assert_eq!(map.name(), method.name());
    }
}

proptest! {
    #[test]
    fn every_map_rises(rows in prop::collection::vec((0_u32..=50, any::<bool>(), 1_u32..4), 4..80)) {
        let p: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 50.0).collect();
        let y: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let w: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
        let scored = Scored::new(&p, &y, Some(&w)).expect("valid");
        for method in Method::ALL {
            // One class, or scores that fall with the outcome, have no map.
            let Ok(map) = fit_calibration(&scored, method) else { continue };
            let curve: Vec<f64> = (0..=200).map(|i| map.apply(f64::from(i) / 200.0)).collect();
            prop_assert!(curve.windows(2).all(|pair| pair[0] <= pair[1] + 1e-15), "{map:?}");
            prop_assert!(curve.iter().all(|p| (0.0..=1.0).contains(p)), "{map:?}");
        }
    }
}

//! Losses of value heads on every device against the readable reference, closed forms, and wild rows.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};
use tenure_artifact::Head;
use tenure_model::reference::cases::{joint, other_families, ziln};
use tenure_model::reference::loss::{loss, ziln_gradient};
use tenure_model::{ChosenDevice, TargetColumns, value_losses};

use super::{devices, floats};

/// Largest difference of a loss or a slope, relative to `1 + |expected|`.
const TOLERANCE: f64 = 1e-5;

/// Values from 1e-6 to 1e9.
const EVERY_DECADE: Range<f32> = -6.0..9.0;

fn heads() -> Vec<(&'static str, Head)> {
    let mut heads = vec![
        ("ziln", Head::Value(ziln(1))),
        ("ziln over three horizons", Head::Value(ziln(3))),
        ("churn and ziln", Head::Joint(joint(ziln(1)))),
        ("churn and ziln over two horizons", Head::Joint(joint(ziln(2)))),
    ];
    heads.extend(other_families().into_iter().map(|(name, head)| (name, Head::Value(head))));
    heads.extend(other_families().into_iter().map(|(name, head)| (name, Head::Joint(joint(head)))));
    heads
}

/// Outputs of `K` members for `B` rows, and what happened.
struct Rows {
    head: Head,
    k: usize,
    b: usize,
    /// `[K, B, O]`
    outputs: Vec<f32>,
    /// `[B, T]`
    targets: Vec<f32>,
}

impl Rows {
    /// Outputs within `±spread`, values of 0 and over these decades that do not fall from horizon to horizon.
    fn made(head: &Head, [k, b]: [usize; 2], spread: f32, decades: Range<f32>) -> Self {
        let wave = |i: usize| ((i as f32 * 0.618_034).fract() - 0.5) * 2.0 * spread;
        let n_churn = usize::from(head.has_churn());
        let targets = (0..b).flat_map(|row| {
            let churn = std::iter::repeat_n(f32::from(u8::from(row % 2 == 0)), n_churn);
            let value = |horizon: usize| match (row + horizon) % 3 {
                0 if horizon == 0 => 0.0,
                _ => 10_f32.powf(decades.start + (decades.end - decades.start) * row as f32 / b as f32),
            };
            churn.chain((0..head.n_targets() - n_churn).map(value).collect::<Vec<_>>())
        });
        let targets = targets.collect();
        Self { k, b, outputs: (0..k * b * head.n_outputs()).map(wave).collect(), targets, head: head.clone() }
    }

    /// Losses `[K, B]` and the slopes of their sum in every output `[K, B, O]`.
    fn on(&self, chosen: &ChosenDevice) -> (Vec<f32>, Vec<f32>) {
        let columns = TargetColumns::new(&self.head, 0.0);
        let mut targets = Vec::new();
        for row in self.targets.chunks_exact(self.head.n_targets()) {
            columns.push(row, &mut targets);
        }
        let targets = Tensor::from_data(TensorData::new(targets, [self.b, columns.width()]), &chosen.device);
        let shape = [self.k, self.b, self.head.n_outputs()];
        let outputs = Tensor::<3>::from_data(TensorData::new(self.outputs.clone(), shape), &chosen.device);
        let outputs = outputs.autodiff().require_grad();
        let losses = value_losses(&self.head, &outputs, &targets);
        let gradients = losses.clone().sum().backward();
        (floats(losses.inner()), floats(outputs.grad(&gradients).expect("every output counts")))
    }

    fn outputs_of(&self, place: usize) -> Vec<f64> {
        let o = self.head.n_outputs();
        self.outputs[place * o..(place + 1) * o].iter().map(|v| f64::from(*v)).collect()
    }

    fn targets_of(&self, place: usize) -> Vec<f64> {
        let (t, row) = (self.head.n_targets(), place % self.b);
        self.targets[row * t..(row + 1) * t].iter().map(|v| f64::from(*v)).collect()
    }
}

fn assert_close(found: f32, expected: f64, what: &str) {
    let error = (f64::from(found) - expected).abs() / (1.0 + expected.abs());
    assert!(error < TOLERANCE, "{what}: {found}, expected {expected}");
}

#[test]
fn losses_and_slopes_are_the_reference_s_on_every_device() {
    for chosen in devices() {
        for (name, head) in heads() {
            let rows = Rows::made(&head, [2, 30], 2.0, -1.0..4.0);
            let (losses, slopes) = rows.on(&chosen);
            let what = format!("{name} on {}", chosen.info.backend);
            for place in 0..rows.k * rows.b {
                let (outputs, targets) = (rows.outputs_of(place), rows.targets_of(place));
                assert_close(losses[place], loss(&head, &outputs, &targets), &format!("{what}, loss {place}"));
                for o in 0..outputs.len() {
                    let at = |distance: f64| {
                        let mut moved = outputs.clone();
                        moved[o] += distance;
                        loss(&head, &moved, &targets)
                    };
                    let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                    let found = slopes[place * outputs.len() + o];
                    assert_close(found, slope, &format!("{what}, slope {o} of {place} at {outputs:?}, {targets:?}"));
                }
            }
        }
    }
}

#[test]
fn slopes_of_ziln_are_the_closed_forms_on_every_device() {
    for chosen in devices() {
        let head = ziln(1);
        let unit = f64::from(head.log_unit).exp();
        let rows = Rows::made(&Head::Value(head), [3, 40], 3.0, EVERY_DECADE);
        let (_, slopes) = rows.on(&chosen);
        for place in 0..rows.k * rows.b {
            let outputs = rows.outputs_of(place).try_into().expect("three logits");
            let expected = ziln_gradient(outputs, rows.targets_of(place)[0] / unit);
            for (found, expected) in slopes[3 * place..3 * place + 3].iter().zip(expected) {
                assert_close(*found, expected, &format!("place {place} on {}", chosen.info.backend));
            }
        }
    }
}

/// Logits that no trained network has, so that every guard is needed.
#[test]
fn ten_thousand_wild_rows_give_finite_losses_and_slopes() {
    for chosen in devices().iter().filter(|chosen| !chosen.info.software) {
        for (name, head) in heads() {
            let (losses, slopes) = Rows::made(&head, [1, 10_000], 60.0, EVERY_DECADE).on(chosen);
            let is_finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
            assert!(is_finite(&losses) && is_finite(&slopes), "{name} on {}", chosen.info.backend);
        }
    }
}

//! Gradients against the reference, the same bits on every number of threads and every set, ten steps by the recurrences.

use super::*;
use crate::Simd;
use crate::adamw::AdamW;
use crate::loss::{Loss, ValueLoss};

const ADAMW: AdamW = AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const DRAWS: usize = 8192;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sharing {
    None,
    Full,
    Mini,
    Packed,
    Real,
}

struct Case {
    name: String,
    network: Network,
    loss: Loss,
    table: Table<'static>,
    weights: Vec<f32>,
}

/// Parameters placed one after the other.
#[derive(Default)]
struct Places(usize);

impl Places {
    fn take(&mut self, n: usize) -> usize {
        let start = self.0;
        self.0 += n;
        start
    }
}

fn embedding(kind: &str, f: usize, places: &mut Places) -> Embedding {
    let mut periodic = |n_in: usize, n: usize, width: usize| Periodic {
        n_frequencies: n,
        width,
        frequency: places.take(f * n),
        weight: places.take(f * n_in * width),
        bias: places.take(f * width),
    };
    match kind {
        "pwl" => {
            let edges = vec![vec![-1.0, -0.2, 0.3, 1.0], vec![-0.5, 0.5]];
            Embedding::PiecewiseLinear { edges, width: 5, weight: places.take(f * 4 * 5), bias: places.take(f * 5) }
        }
        "plr" => Embedding::Periodic(periodic(10, 5, 4)),
        "pbld" => {
            let periodic = periodic(18, 18, 3);
            Embedding::PhasedPeriodic { periodic, phase: places.take(f * 18) }
        }
        _ => Embedding::Plain,
    }
}

fn case(sharing: Sharing, kind: &str, activation: Activation, widths: &[usize], n_rows: usize, loss: Loss) -> Case {
    let mut places = Places::default();
    let (f, g, levels, e) = (2, 3, vec![3, 5], 2);
    let embedding = embedding(kind, f, &mut places);
    let category_table = places.take(8 * e);
    let n_in = f * embedding.width() + g + 2 * e;
    let front_scale = (sharing == Sharing::Real).then(|| places.take(n_in));
    let members = if matches!(sharing, Sharing::None | Sharing::Real) { 1 } else { 3 };
    let inputs =
        Inputs { n_magnitudes: f, embedding, n_binary: g, levels, category_width: e, category_table, front_scale };
    let mut width = n_in;
    let mut layers = Vec::new();
    for (i, d) in widths.iter().enumerate() {
        let (n, d) = (width, *d);
        let own = |own: bool| if own { members } else { 1 };
        let own_weight = sharing == Sharing::Packed;
        let own_bias = matches!(sharing, Sharing::Packed | Sharing::Full);
        let scaled = sharing == Sharing::Full || (sharing == Sharing::Mini && i == 0);
        layers.push(Layer {
            n_in: n,
            n_out: d,
            weight: places.take(own(own_weight) * n * d),
            own_weight,
            factor: if sharing == Sharing::Real { 1.0 / (n as f32).sqrt() } else { 1.0 },
            input_scale: scaled.then(|| places.take(members * n)),
            output_scale: (sharing == Sharing::Full).then(|| places.take(members * d)),
            bias: places.take(own(own_bias) * d),
            own_bias,
            activation,
            mix: (sharing == Sharing::Real).then(|| places.take(d)),
        });
        width = d;
    }
    let n_out = loss.n_outputs();
    let head = Head {
        n_in: width,
        n_out,
        weight: places.take(members * width * n_out),
        bias: places.take(members * n_out),
        factor: if sharing == Sharing::Real { 1.0 / (width as f32).sqrt() } else { 1.0 },
    };
    let network = Network { inputs, members, layers, head, n_weights: places.0 };
    let wave = |i: usize, salt: usize| ((i * 37 + salt * 101) as f32 * 0.731).sin();
    let table = Table {
        n_rows,
        magnitudes: (0..f * n_rows).map(|i| 1.7 * wave(i, 1)).collect(),
        binary: (0..g * n_rows).map(|i| f32::from(u8::from(wave(i, 2) > 0.0))).collect(),
        categorical: (0..2 * n_rows).map(|i| ((i * 7 + i / 2) % if i % 2 == 0 { 3 } else { 5 }) as u32).collect(),
        targets: (0..n_rows * loss.n_targets())
            .map(|i| if i % 2 == 0 { f32::from(u8::from(i % 6 == 0)) } else { wave(i, 4) })
            .collect(),
        weights: (0..n_rows).map(|i| 1.0 + 0.5 * wave(i, 5)).collect(),
    };
    let weights = (0..network.n_weights).map(|i| 0.6 * wave(i, 6) + if i % 3 == 0 { 0.3 } else { 0.0 }).collect();
    let name = format!("{sharing:?}, {kind}, {activation:?}, {widths:?}, {n_rows} rows, {loss:?}");
    Case { name, network, loss, table, weights }
}

fn cases() -> Vec<Case> {
    let ziln = Loss { churn: Some(0.5), value: Some(ValueLoss::Ziln { n_horizons: 2 }) };
    vec![
        case(Sharing::Full, "pwl", Activation::Relu, &[7, 7], 19, Loss::CHURN),
        case(Sharing::Full, "plain", Activation::Relu, &[33, 16, 40], 41, ziln),
        case(Sharing::Mini, "pwl", Activation::Relu, &[20, 34], 9, Loss::CHURN),
        case(Sharing::Packed, "pwl", Activation::Relu, &[12, 9], 26, Loss::CHURN),
        case(Sharing::None, "plr", Activation::Relu, &[35], 8, ziln),
        case(Sharing::None, "plain", Activation::Silu, &[8, 8], 13, Loss::CHURN),
        case(Sharing::None, "plain", Activation::Gelu, &[8, 8], 13, Loss::CHURN),
        case(Sharing::Real, "pbld", Activation::Selu, &[10, 11], 17, Loss::CHURN),
        case(Sharing::Full, "pbld", Activation::Selu, &[10, 11], 17, Loss::CHURN),
        case(Sharing::None, "pwl", Activation::Relu, &[], 11, ziln),
    ]
}

impl Case {
    fn trainer(&self, simd: Simd, n_threads: usize) -> (Trainer, Rows<'static>) {
        self.cut_trainer(simd, n_threads, Execution::KEPT_BYTES)
    }

    fn cut_trainer(&self, simd: Simd, n_threads: usize, kept_bytes: usize) -> (Trainer, Rows<'static>) {
        let n = self.network.n_weights;
        let groups = vec![
            Group { weights: 0..n / 2, rate: 1.0, decays: true },
            Group { weights: n / 2..n, rate: 0.5, decays: false },
        ];
        let settings = Settings { loss: self.loss, adamw: ADAMW, clip_norm: 0.3, groups };
        let execution = Execution { simd, n_threads, batch: self.table.n_rows, kept_bytes };
        let mut trainer = Trainer::new(self.network.clone(), settings, execution);
        trainer.start(&self.weights);
        (trainer, self.rows())
    }

    fn rows(&self) -> Rows<'static> {
        Rows::new(&self.network.inputs, self.table.clone())
    }
}

fn draws() -> Vec<f32> {
    (0..DRAWS).map(|i| if (i * 7919) % 10 < 3 { 0.0 } else { 1.0 / 0.7 }).collect()
}

#[test]
fn losses_and_gradients_are_those_of_the_reference() {
    let run = draws();
    for case in cases() {
        let starts: Vec<usize> = (0..case.network.layers.len()).map(|i| 13 + 101 * i).collect();
        let mask = |layer: usize, member: usize, row: usize, unit: usize| {
            let d = case.network.layers[layer].n_out;
            f64::from(run[starts[layer] + (member * case.table.n_rows + row) * d + unit])
        };
        let weights: Vec<f64> = case.weights.iter().map(|w| f64::from(*w)).collect();
        let (expected, slopes) = reference::loss(&case.network, &case.loss, &weights, &case.table, &mask);
        let objective = |weights: &[f64]| -> f64 {
            let rows = 0..case.table.n_rows;
            let of_row = |row: usize| {
                (0..case.network.members)
                    .flat_map(move |member| [(row, member)])
                    .flat_map(|(row, member)| {
                        reference::outputs(&case.network, weights, &case.table, row, member, &mask)
                    })
                    .collect::<Vec<f64>>()
            };
            rows.flat_map(of_row).zip(&slopes).map(|(output, slope)| output * slope).sum()
        };
        let (mut trainer, rows) = case.trainer(Simd::detect(), 2);
        let dropout = Dropout { run: &run, kept: 1.0 / 0.7 };
        let (loss, gradient) = trainer.gradient_of(&rows, Some(dropout), &starts);
        assert!((loss - expected).abs() < 3e-6 * (1.0 + expected.abs()), "{}: {loss} {expected}", case.name);
        let mut moved = weights.clone();
        for (i, found) in gradient.iter().enumerate() {
            let mut at = |step: f64| {
                moved[i] = weights[i] + step;
                let value = objective(&moved);
                moved[i] = weights[i];
                value
            };
            let expected = (at(1e-6) - at(-1e-6)) / 2e-6;
            let error = (f64::from(*found) - expected).abs();
            assert!(error < 2e-5 * (1.0 + expected.abs()), "{}, weight {i}: {found} {expected}", case.name);
        }
    }
}

/// The bits of ten steps.
fn ten_steps(case: &Case, simd: Simd, n_threads: usize) -> (Vec<f64>, Vec<u32>) {
    let run = draws();
    let (mut trainer, rows) = case.trainer(simd, n_threads);
    let n = case.table.n_rows;
    let order: Vec<u32> = (0..n as u32).map(|i| (i * 5 + 3) % n as u32).collect();
    let steps = |epoch: usize| -> Vec<Step> {
        [0..n / 2, n / 2..n]
            .into_iter()
            .map(|rows| Step {
                rows,
                learning_rate: 1e-2,
                decay: 1e-2,
                mask_starts: (0..case.network.layers.len()).map(|i| 29 * epoch + 7 * i).collect(),
            })
            .collect()
    };
    let dropout = Dropout { run: &run, kept: 1.0 / 0.7 };
    let losses = (0..5).map(|epoch| trainer.epoch(&rows, &order, &steps(epoch), Some(dropout))).collect();
    (losses, trainer.state()[0].iter().map(|w| w.to_bits()).collect())
}

#[test]
fn ten_steps_give_the_same_bits_on_any_number_of_threads() {
    for case in cases() {
        let (losses, weights) = ten_steps(&case, Simd::detect(), 1);
        assert!(losses[4] < 0.97 * losses[0], "{}: {losses:?}", case.name);
        for n_threads in [2, 3, 5] {
            assert_eq!(ten_steps(&case, Simd::detect(), n_threads), (losses.clone(), weights.clone()), "{}", case.name);
        }
    }
}

#[test]
fn sets_with_fused_products_give_the_same_bits_and_the_portable_one_the_same_losses() {
    for case in cases() {
        let expected = ten_steps(&case, Simd::detect(), 1);
        for simd in Simd::available() {
            let found = ten_steps(&case, simd, 1);
            if simd.level() == crate::kmeans::cpu::Level::Portable {
                for (found, expected) in found.0.iter().zip(&expected.0) {
                    assert!((found / expected - 1.0).abs() < 1e-4, "{}: {found} {expected}", case.name);
                }
            } else {
                assert_eq!(found, expected, "{}, {simd:?}", case.name);
            }
        }
    }
}

#[test]
fn a_trainer_goes_on_from_its_state() {
    let case = &cases()[0];
    let (mut whole, rows) = case.trainer(Simd::detect(), 2);
    let order: Vec<u32> = (0..case.table.n_rows as u32).collect();
    let step = || Step { rows: 0..order.len(), learning_rate: 1e-2, decay: 0.0, mask_starts: vec![] };
    whole.epoch(&rows, &order, &[step(), step()], None);
    let saved = whole.state().map(<[f32]>::to_vec);
    let (mut broken, _) = case.trainer(Simd::detect(), 1);
    broken.set_state([&saved[0], &saved[1], &saved[2]], whole.steps());
    assert_eq!(broken.epoch(&rows, &order, &[step()], None), whole.epoch(&rows, &order, &[step()], None));
    assert_eq!(broken.state()[0], whole.state()[0]);
}

#[test]
fn rows_are_scored_as_the_reference_scores_them() {
    for case in cases() {
        let (mut trainer, rows) = case.trainer(Simd::detect(), 2);
        let found = trainer.outputs(&rows);
        let weights: Vec<f64> = case.weights.iter().map(|w| f64::from(*w)).collect();
        let (n, o) = (case.table.n_rows, case.network.head.n_out);
        for member in 0..case.network.members {
            for row in 0..n {
                let expected = reference::outputs(&case.network, &weights, &case.table, row, member, &|_, _, _, _| 1.0);
                for (found, expected) in found[(member * n + row) * o..][..o].iter().zip(expected) {
                    let error = (f64::from(*found) - expected).abs();
                    assert!(error < 1e-5 * (1.0 + expected.abs()), "{}: {found} {expected}", case.name);
                }
            }
        }
    }
}

/// Batches cut by members, and by rows of one member.
#[test]
fn a_cut_batch_has_the_same_gradient() {
    for case in [case(Sharing::Full, "pwl", Activation::Relu, &[33, 16], 77, Loss::CHURN), cases().remove(7)] {
        let (expected_loss, expected) = case.trainer(Simd::detect(), 1).0.gradient_of(&case.rows(), None, &[]);
        for kept_bytes in [1, 1 << 15, 1 << 16] {
            let (mut trainer, rows) = case.cut_trainer(Simd::detect(), 2, kept_bytes);
            let (loss, gradient) = trainer.gradient_of(&rows, None, &[]);
            assert!((loss / expected_loss - 1.0).abs() < 1e-12, "{}: {loss} {expected_loss}", case.name);
            for (found, expected) in gradient.iter().zip(&expected) {
                assert!((found - expected).abs() < 2e-6, "{}, {kept_bytes} bytes: {found} {expected}", case.name);
            }
        }
    }
}

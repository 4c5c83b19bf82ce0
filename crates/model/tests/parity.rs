//! Every network on every device against the readable reference, values and gradients.

#[path = "parity/losses.rs"]
mod losses;

use tenure_config as plan;
use tenure_model::reference::{Reference, cases};
use tenure_model::{
    AdapterInfo, ChosenDevice, Graph, Network, adapters, initial_weights, numeric_check, select_device,
};

/// Largest difference of an output, relative to `1 + |output|`. Sums of at most 30 products in 32 bits, twice over.
const TOLERANCE: f64 = 2e-5;

/// flex, ndarray, and a GPU where a driver offers one, imitated or not.
fn devices() -> Vec<ChosenDevice> {
    let device = |kind| select_device(&plan::Device { kind, adapter: None, allow_software: true });
    let mut list = vec![
        device(plan::DeviceKind::Cpu).expect("the CPU is always there"),
        device(plan::DeviceKind::Ndarray).expect("the CPU is always there"),
    ];
    if adapters().iter().any(AdapterInfo::usable) {
        list.push(device(plan::DeviceKind::Gpu).expect("an adapter that is listed comes up"));
    } else {
        assert!(std::env::var_os("TENURE_REQUIRE_GPU").is_none(), "a GPU is required, and no driver offers one");
    }
    list
}

/// A GPU that the CPU imitates needs seconds per kernel: it computes the cases that reach the most kernels.
fn runs_on(case: &cases::Case, chosen: &ChosenDevice) -> bool {
    !chosen.info.software || ["tabm full, pwl, short batch", "realmlp, pbld"].contains(&case.name.as_str())
}

#[test]
fn outputs_are_the_reference_s_on_every_device() {
    let devices = devices();
    for case in cases::every_kind() {
        let weights = initial_weights(&case.spec, 0.1, 11);
        let exact: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
        let reference = Reference::new(&case.spec, &exact);
        let mut expected = Vec::new();
        case.for_each_row(|row| expected.extend(reference.outputs(row)));
        for chosen in devices.iter().filter(|chosen| runs_on(&case, chosen)) {
            let network = Network::from_weights(&case.spec, &weights, &chosen.device).expect("as many as drawn");
            let batch = case.upload(&chosen.device);
            let found = floats(network.outputs(&batch).swap_dims(0, 1));
            if case.spec.head.n_outputs() == 1 {
                assert_eq!(found, floats(network.forward(&batch)), "{}", case.name);
            }
            assert_eq!(found.len(), expected.len(), "{}", case.name);
            for (f, e) in found.iter().zip(&expected) {
                let error = (f64::from(*f) - e).abs() / (1.0 + e.abs());
                assert!(error < TOLERANCE, "{} on {}: {f}, expected {e}", case.name, chosen.info.backend);
            }
        }
    }
}

/// The gradient of `Σ sin(output)`, which has no flat places, against central differences of the reference.
#[test]
fn gradients_are_the_reference_s_slopes_on_every_device() {
    let devices = devices();
    for case in cases::every_kind() {
        let weights = initial_weights(&case.spec, 0.1, 12);
        let exact: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
        let slopes: Vec<f64> = (0..exact.len()).map(|i| slope(&case, &exact, i)).collect();
        for chosen in devices.iter().filter(|chosen| runs_on(&case, chosen)) {
            let found = gradient(&case, &weights, chosen);
            for (i, (f, e)) in found.iter().zip(&slopes).enumerate() {
                let error = (f64::from(*f) - e).abs() / (1.0 + e.abs());
                assert!(error < 2e-4, "{} on {}, weight {i}: {f}, expected {e}", case.name, chosen.info.backend);
            }
        }
    }
}

fn floats<const D: usize>(tensor: burn::tensor::Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().expect("floats")
}

fn objective(case: &cases::Case, weights: &[f64]) -> f64 {
    let reference = Reference::new(&case.spec, weights);
    let mut sum = 0.0;
    case.for_each_row(|row| sum += reference.outputs(row).into_iter().map(f64::sin).sum::<f64>());
    sum
}

fn slope(case: &cases::Case, weights: &[f64], i: usize) -> f64 {
    let at = |distance: f64| {
        let mut moved = weights.to_vec();
        moved[i] += distance;
        objective(case, &moved)
    };
    (at(1e-6) - at(-1e-6)) / 2e-6
}

fn gradient(case: &cases::Case, weights: &[f32], chosen: &ChosenDevice) -> Vec<f32> {
    let network = Network::from_weights(&case.spec, weights, &chosen.device).expect("as many as drawn");
    let graph = Graph::new(&case.spec, &chosen.device);
    let flat = burn::tensor::Tensor::from_data(
        burn::tensor::TensorData::new(network.weights().expect("readable"), [weights.len()]),
        &chosen.device,
    );
    let leaves: Vec<_> = graph.leaves(&flat).into_iter().map(|leaf| leaf.autodiff().require_grad()).collect();
    let gradients = graph.outputs(&leaves, &case.upload(&chosen.device), &[]).sin().sum().backward();
    let read = |leaf: &burn::tensor::Tensor<1>| match leaf.grad(&gradients) {
        Some(gradient) => gradient.into_data().try_to_vec::<f32>().expect("floats"),
        None => vec![0.0; leaf.dims()[0]],
    };
    leaves.iter().flat_map(read).collect()
}

#[test]
fn every_device_passes_the_numeric_check() {
    for chosen in devices() {
        let result = numeric_check(&chosen.device).expect("the device computes");
        assert!(result.passed(), "{}: {result:?}", chosen.info.backend);
    }
}

#[test]
fn one_seed_draws_one_start() {
    for case in cases::every_kind() {
        assert_eq!(initial_weights(&case.spec, 0.1, 5), initial_weights(&case.spec, 0.1, 5), "{}", case.name);
        assert_ne!(initial_weights(&case.spec, 0.1, 5), initial_weights(&case.spec, 0.1, 6), "{}", case.name);
    }
}

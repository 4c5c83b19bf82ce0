//! `tenure bench`: what this machine does in a second, of features, training, k-means and scoring; nothing leaves it.

mod compare;
mod features;
mod kmeans;
mod machine;
mod result;
mod score;
mod training;

use std::fs;
use std::path::Path;

use serde_json::json;
use tenure_config::DeviceKind;
use tenure_model::{ChosenDevice, cards, select_device};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use machine::Machine;
use result::{Measurement, Results};

/// Something that is timed again and again, on data made before.
trait Workload {
    /// What it is and how large: `train/mlp-32-128-128-1/B256`.
    fn id(&self) -> &str;
    /// Where it runs.
    fn device(&self) -> &str;
    /// What its amount counts: `rows`.
    fn counts(&self) -> &'static str;
    /// Runs once.
    fn round(&mut self) -> Result<Round, Failure>;
}

/// One timed run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Round {
    /// How much was done, in what the workload counts.
    amount: f64,
    /// How long it took.
    seconds: f64,
    /// What a broken run would change: a loss, an inertia, a checksum.
    check: f64,
}

/// Times the machine, or sets two results side by side.
pub fn run(args: &args::Bench, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    if let [before, after] = args.compare.as_slice() {
        let comparison = compare::Comparison::of(&read(before)?, &read(after)?);
        output.result(|| comparison.text(), || json!(comparison));
        return Ok(Exit::Done);
    }
    let machine = Machine::now();
    let mut workloads = workloads(args, progress)?;
    let measurements = time(&mut workloads, args.rounds, progress)?;
    let results = Results::new(machine.at_the_end(), args.rounds, measurements);
    if let Some(path) = &args.result {
        write(path, &format!("{:#}\n", json!(results)))?;
    }
    if let Some(path) = &args.markdown {
        write(path, &results.markdown())?;
    }
    output.result(|| results.text(), || json!(results));
    Ok(Exit::Done)
}

/// Everything that was asked for, its data made.
fn workloads(args: &args::Bench, progress: &mut Progress) -> Result<Vec<Box<dyn Workload>>, Failure> {
    progress.begin("make data", None);
    let is_wanted = |id: &str| args.only.is_empty() || args.only.iter().any(|part| id.contains(part.as_str()));
    let mut all: Vec<Box<dyn Workload>> = Vec::new();
    if is_wanted(features::ID) {
        all.push(Box::new(features::Features::made()?));
    }
    for device in devices(&args.device)? {
        for shape in training::SHAPES.iter().filter(|shape| is_wanted(&shape.id())) {
            all.push(Box::new(training::Training::made(shape, device.clone())?));
        }
        // ndarray trains: k-means on the CPU has kernels of its own.
        if device.info.kind == DeviceKind::Ndarray {
            continue;
        }
        for shape in kmeans::SHAPES.iter().filter(|shape| is_wanted(&shape.id())) {
            all.push(Box::new(kmeans::Lloyd::made(*shape, &device)?));
        }
    }
    for case in score::CASES.iter().filter(|case| is_wanted(case.id())) {
        all.push(Box::new(score::Scoring::made(*case)?));
    }
    progress.end();
    if all.is_empty() {
        let hint = "leave `--only` out to see every workload's id";
        return Err(Failure::usage(format!("no workload's id contains {}", args.only.join(" or ")), hint));
    }
    Ok(all)
}

/// The devices to train on: those named, or the CPU and every GPU that is one.
fn devices(wanted: &[args::BenchDevice]) -> Result<Vec<ChosenDevice>, Failure> {
    let select = |kind, adapter: Option<String>, allow_software| {
        select_device(&tenure_config::Device { kind, adapter, allow_software })
    };
    let mut devices = Vec::new();
    let named = |device| wanted.contains(&device);
    if wanted.is_empty() || named(args::BenchDevice::Cpu) {
        devices.push(select(DeviceKind::Cpu, None, false)?);
    }
    if named(args::BenchDevice::Ndarray) {
        devices.push(select(DeviceKind::Ndarray, None, false)?);
    }
    let software = named(args::BenchDevice::Software);
    if wanted.is_empty() || named(args::BenchDevice::Gpu) || software {
        let found = cards().into_iter().filter(|card| card.software == software);
        let found = found.map(|card| select(DeviceKind::Gpu, Some(card.name), software));
        devices.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    if devices.is_empty() {
        let hint = "`tenure doctor` lists the adapters; `--device software` takes one that computes on the CPU";
        return Err(Failure::usage("there is no such device here", hint));
    }
    Ok(devices)
}

/// One round to warm up, then `n_rounds`; workloads take turns, so that a noisy machine is noisy for all.
fn time(
    workloads: &mut [Box<dyn Workload>],
    n_rounds: usize,
    progress: &mut Progress,
) -> Result<Vec<Measurement>, Failure> {
    let n_workloads = workloads.len();
    let mut rounds = vec![Vec::with_capacity(n_rounds); n_workloads];
    progress.begin("measure", Some(((n_rounds + 1) * n_workloads) as u64));
    for round_idx in 0..=n_rounds {
        for (place, workload) in workloads.iter_mut().enumerate() {
            progress.detail(workload.id());
            let round = workload.round()?;
            if round_idx > 0 {
                rounds[place].push(round);
            }
            progress.at((round_idx * n_workloads + place + 1) as u64);
        }
    }
    progress.end();
    Ok(workloads.iter().zip(&rounds).map(|(workload, rounds)| Measurement::of(workload.as_ref(), rounds)).collect())
}

fn read(path: &Path) -> Result<Results, Failure> {
    let hint = "give two files that `tenure bench --result` wrote";
    let text =
        fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display()), hint))?;
    let results: Results =
        serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display()), hint))?;
    if results.format == result::FORMAT {
        return Ok(results);
    }
    let (path, found, expected) = (path.display(), results.format, result::FORMAT);
    Err(Failure::usage(format!("{path}: expected a result of format {expected}, found {found}"), hint))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let hint = "name a file in a folder that exists and can be written";
    fs::write(path, text).map_err(|error| Failure::usage(format!("{}: {error}", path.display()), hint))
}

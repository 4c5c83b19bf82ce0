//! What a row costs: 64 numbers in, a 64-128-64-1 churn network, one thread.
//!
//!     cargo bench -p tenure-edge                      the table
//!     cargo bench -p tenure-edge -- --only TEXT       the cases whose names hold this text
//!     cargo bench -p tenure-edge -- --rounds N        so many rounds: on a busy machine the least of many says most
//!     cargo bench -p tenure-edge -- --export FOLDER   the same network and rows, for `benches/peers/edge.py`
//!
//! Every figure is the median of 31 rounds, with the least beside it; the cases of a round take turns, so that a noisy machine is noisy for all.
#![allow(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../tests/it/made.rs"]
mod made;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use made::{Scaling, dense, numeric_bundle, numeric_rows};
use tenure_artifact::{RawValue, bundle};
use tenure_edge::{Kernel, Model, Prediction, Rows, Workspace};

const WIDTHS: [usize; 4] = [64, 128, 64, 1];
const N_COLUMNS: usize = WIDTHS[0];
const N_ROWS: usize = 4096;
const N_ROUNDS: usize = 31;
/// Single rows of one timing: enough to hide the clock.
const N_SINGLE: usize = 512;

/// Sixty-four-byte aligned, as a mapped file is.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line([u8; 64]);

/// A named closure and how many rows one call scores.
struct Case<'c> {
    name: String,
    n_rows: usize,
    call: Box<dyn FnMut() + 'c>,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--export") {
        export(Path::new(&arguments[place + 1]));
        return;
    }
    let rows = numeric_rows(N_ROWS, N_COLUMNS, 42);
    let files: Vec<(String, Vec<Line>, usize)> = bundles();
    let mut cases = Vec::new();
    for (name, lines, size_bytes) in &files {
        println!("{name}: bundle of {size_bytes} bytes");
        push_cases(&mut cases, name, &bytes(lines)[..*size_bytes], &rows);
    }
    if let Some(place) = arguments.iter().position(|argument| argument == "--only") {
        cases.retain(|case| case.name.contains(&arguments[place + 1]));
    }
    let n_rounds = match arguments.iter().position(|argument| argument == "--rounds") {
        Some(place) => arguments[place + 1].parse().expect("a number of rounds"),
        None => N_ROUNDS,
    };
    let mut seconds = vec![Vec::new(); cases.len()];
    for _ in 0..n_rounds {
        for (case, seconds) in cases.iter_mut().zip(&mut seconds) {
            // Once untimed, as passes of other runtimes come one after the other: caches and clock are this case's own then.
            (case.call)();
            let start = Instant::now();
            (case.call)();
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    println!("{:<44} {:>10} {:>10}", "case", "ns a row", "least");
    for (case, mut seconds) in cases.iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let ns = |seconds: f64| seconds * 1e9 / case.n_rows as f64;
        println!("{:<44} {:>10.0} {:>10.0}", case.name, ns(seconds[n_rounds / 2]), ns(seconds[0]));
    }
}

fn bundles() -> Vec<(String, Vec<Line>, usize)> {
    let scalings = [
        ("robust", Scaling::Robust),
        ("piecewise", Scaling::Piecewise),
        ("quantile100", Scaling::Quantile(100)),
        ("quantile1000", Scaling::Quantile(1000)),
    ];
    let mut files = Vec::new();
    for (name, scaling) in scalings {
        for (precision, bits) in [("int8", 8), ("f32", 32)] {
            let file = numeric_bundle(&WIDTHS, bits, scaling).to_bytes();
            files.push((format!("{precision}/{name}"), aligned(&file), file.len()));
        }
    }
    files
}

fn aligned(file: &[u8]) -> Vec<Line> {
    let line = |chunk: &[u8]| {
        let mut line = Line([0; 64]);
        line.0[..chunk.len()].copy_from_slice(chunk);
        line
    };
    file.chunks(64).map(line).collect()
}

#[allow(unsafe_code)]
fn bytes(lines: &[Line]) -> &[u8] {
    // SAFETY: a line is 64 bytes without padding.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * 64) }
}

fn push_cases<'c>(cases: &mut Vec<Case<'c>>, name: &str, file: &'c [u8], rows: &'c [f32]) {
    for kernel in Kernel::available() {
        let load = || Model::from_bytes(file).expect("it reads").with_kernel(kernel).expect("it is available");
        let name = format!("{name}/{}", kernel.name());
        let model = load();
        let mut workspace = Workspace::new(&model);
        let single = move || {
            for row in rows.chunks_exact(N_COLUMNS).take(N_SINGLE) {
                black_box(model.predict_numbers(black_box(row), &mut workspace).expect("the row fits"));
            }
        };
        cases.push(Case { name: format!("{name}/single"), n_rows: N_SINGLE, call: Box::new(single) });

        let model = load();
        let mut workspace = Workspace::new(&model);
        let values: Vec<RawValue<'_>> = rows.iter().map(|value| RawValue::Number(*value)).collect();
        let single = move || {
            for row in values.chunks_exact(N_COLUMNS).take(N_SINGLE) {
                black_box(model.predict(black_box(row), &mut workspace).expect("the row fits"));
            }
        };
        cases.push(Case { name: format!("{name}/single, tagged values"), n_rows: N_SINGLE, call: Box::new(single) });

        let model = load();
        let mut workspace = Workspace::new(&model);
        let mut out = vec![Prediction::default(); N_ROWS];
        let batch = move || {
            model.predict_batch(Rows::Numbers(black_box(rows)), &mut out, &mut workspace).expect("the rows fit");
            black_box(&mut out);
        };
        cases.push(Case { name: format!("{name}/batch of {N_ROWS}"), n_rows: N_ROWS, call: Box::new(batch) });
    }
    let model = Model::from_bytes(file).expect("it reads");
    let (mut scratch, (f, _, _)) = (model.encoder().scratch(1), model.encoder().widths());
    let mut continuous = vec![0.0; f];
    let encode = move || {
        for row in rows.chunks_exact(N_COLUMNS).take(N_SINGLE) {
            let out =
                tenure_artifact::RowBuffers { continuous: &mut continuous, binary: &mut [], categorical: &mut [] };
            let row = tenure_artifact::RawRow::Numbers(black_box(row));
            black_box(model.encoder().encode(row, &mut scratch, out).expect("the row fits"));
        }
    };
    cases.push(Case {
        name: format!("{name}/encode alone, build's vectors"),
        n_rows: N_SINGLE,
        call: Box::new(encode),
    });
    let load = || {
        for _ in 0..16 {
            black_box(Model::from_bytes(black_box(file)).expect("it reads"));
        }
    };
    cases.push(Case { name: format!("{name}/load"), n_rows: 16, call: Box::new(load) });
    let sum = || {
        for _ in 0..16 {
            black_box(bundle::digest(black_box(file)));
        }
    };
    cases.push(Case { name: format!("{name}/digest alone"), n_rows: 16, call: Box::new(sum) });
}

/// Bundles, raw rows `[4096, 64]`, encoded rows, and the network's matrices and biases, as little-endian floats.
fn export(folder: &Path) {
    fs::create_dir_all(folder).expect("the folder can be made");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("the folder can be written");
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    for (precision, bits) in [("int8", 8), ("f32", 32)] {
        for (scaling, scale) in [("robust", Scaling::Robust), ("piecewise", Scaling::Piecewise)] {
            write(&format!("{precision}-{scaling}.tenure"), &numeric_bundle(&WIDTHS, bits, scale).to_bytes());
        }
    }
    let rows = numeric_rows(N_ROWS, N_COLUMNS, 42);
    write("rows.f32", &floats(&rows));
    let encoder = tenure_artifact::RowEncoder::new(numeric_bundle(&WIDTHS, 32, Scaling::Robust).inputs);
    let (mut scratch, mut encoded) = (encoder.scratch(1), vec![0.0; rows.len()]);
    for (row, continuous) in rows.chunks_exact(N_COLUMNS).zip(encoded.chunks_exact_mut(N_COLUMNS)) {
        let out = tenure_artifact::RowBuffers { continuous, binary: &mut [], categorical: &mut [] };
        encoder.encode(tenure_artifact::RawRow::Numbers(row), &mut scratch, out).expect("the row fits");
    }
    write("encoded.f32", &floats(&encoded));
    for (place, layer) in dense(&WIDTHS, 7).iter().enumerate() {
        let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
        write(&format!("weights{place}.f32"), &floats(&single(&layer.weights)));
        write(&format!("bias{place}.f32"), &floats(&single(&layer.bias)));
    }
    println!("exported to {}", folder.display());
}

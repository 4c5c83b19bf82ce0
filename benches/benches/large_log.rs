//! Time and peak memory of each phase of reading a large log into point-in-time features. The log is made on first use.
//! `TENURE_CUSTOMERS=10000000 cargo bench --bench large_log` for another size than a million customers.
#![allow(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tenure_config::{Overrides, Plan, SyntheticKind, parse};
use tenure_data::synth::{SynthFormat, SynthOptions, generate, roles};
use tenure_data::{Observer, Silent, load_at};
use tenure_table::{Span, Timestamp};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2026-01-01T00:00:00Z, after the last event.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

/// Says how long each phase took.
struct Stopwatch {
    phase: &'static str,
    begun: Instant,
}

impl Observer for Stopwatch {
    fn begin(&mut self, phase: &'static str, _total: Option<u64>) {
        println!("{:>8.2} s  {:>6} MB so far  {}", self.begun.elapsed().as_secs_f64(), peak_mb(), self.phase);
        (self.phase, self.begun) = (phase, Instant::now());
    }

    fn progress(&mut self, _done: u64) {}
}

fn main() {
    let asked = std::env::var("TENURE_CUSTOMERS").ok().and_then(|n| n.parse().ok());
    let folder = made(asked.unwrap_or(1_000_000));
    println!("made, {} MB", peak_mb());
    let started = Instant::now();
    let mut watch = Stopwatch { phase: "start", begun: started };
    let loaded = load_at(&plan(&folder), NOW, &mut watch).expect("a good log");
    watch.begin("end", None);
    let info = loaded.events.expect("a log");
    println!(
        "{} events of {} customers: {} rows x {} features in {:.1} s, peak {} MB",
        info.n_events,
        info.n_customers,
        loaded.table.n_rows(),
        loaded.table.features().count(),
        started.elapsed().as_secs_f64(),
        peak_mb()
    );
}

/// A log of so many customers among the temporary files, made once.
fn made(n_customers: u64) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tenure-scale-{n_customers}"));
    if !folder.join("made").exists() {
        let options = SynthOptions {
            kind: SyntheticKind::Events,
            n_customers,
            start: Timestamp(Span::days(19_358).0),
            span: Span::days(720),
            horizon: Span::days(90),
            mean_events: 35.0,
            n_measures: 0,
            missing: 0.02,
            dirty: 0.0,
            seed: 1,
            format: SynthFormat::Parquet,
        };
        generate(&options, &folder, &mut Silent).expect("room on disk");
        fs::write(folder.join("made"), "").expect("room on disk");
    }
    folder
}

fn plan(folder: &Path) -> Plan {
    let columns: String =
        roles(SyntheticKind::Events).into_iter().map(|(name, role)| format!("{name} = \"{role}\"\n")).collect();
    let find = |part: &str| {
        let mut entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.find(|path| path.to_string_lossy().contains(part)).expect("a made file").to_string_lossy().into_owned()
    };
    let text = format!(
        "[data]\nsource = \"events\"\nfiles = [\"{}\"]\nattributes = [\"{}\"]\n[data.columns]\n{columns}[time]\nn_train = 1\nhorizon = \"90d\"\n",
        find("events"),
        find("attributes")
    );
    match parse(&text, "bench.toml", &Overrides::default()) {
        Ok(plan) => plan,
        Err(errors) => panic!("{}", errors.render()),
    }
}

/// The largest resident size of this process until now; 0 where the system does not tell.
fn peak_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
}

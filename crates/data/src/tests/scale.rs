//! How long a large log takes, and how much memory; run by hand:
//! `TENURE_CUSTOMERS=1000000 cargo test --release -p tenure-data -- --ignored --nocapture large_log`

use std::path::{Path, PathBuf};
use std::time::Instant;

use tenure_config::SyntheticKind;
use tenure_table::{Span, Timestamp};

use super::{Files, NOW};
use crate::synth::{SynthFormat, SynthOptions, generate};
use crate::{Observer, Silent, load_at};

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

/// The largest resident size of this process until now.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
}

/// A log of so many customers in the target folder's neighbourhood, made once.
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
            missing: 0.02,
            dirty: 0.0,
            seed: 1,
            format: SynthFormat::Parquet,
        };
        generate(&options, &folder, &mut Silent).expect("room on disk");
        std::fs::write(folder.join("made"), "").expect("room on disk");
    }
    folder
}

fn plan(folder: &Path) -> String {
    let columns: String = crate::synth::roles(SyntheticKind::Events)
        .into_iter()
        .map(|(name, role)| format!("{name} = \"{role}\"\n"))
        .collect();
    let find = |part: &str| {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let path = entries.into_iter().find(|path| path.to_string_lossy().contains(part)).expect("a made file");
        path.to_string_lossy().into_owned()
    };
    format!(
        "[data]\nsource = \"events\"\nfiles = [\"{}\"]\nattributes = [\"{}\"]\n[data.columns]\n{columns}[time]\nn_train = 1\nhorizon = \"90d\"\n",
        find("events"),
        find("attributes")
    )
}

#[test]
#[ignore = "minutes and gigabytes; run by hand"]
fn large_log() {
    let n_customers = std::env::var("TENURE_CUSTOMERS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = made(n_customers);
    println!("made, {} MB", peak_mb());
    let files = Files::new(&[]);
    let started = Instant::now();
    let mut watch = Stopwatch { phase: "start", begun: started };
    let loaded = load_at(&files.plan(&plan(&folder)), NOW, &mut watch).expect("a good log");
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
    assert!(info.n_customers <= n_customers && info.n_customers > n_customers / 2);
}

//! The machine that a result was measured on: without it a figure means nothing.

use std::fs;

use serde::{Deserialize, Serialize};

/// Hardware, software and how busy it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's own name; the architecture where the system does not tell it.
    pub processor: String,
    /// Threads that can run at once.
    pub n_threads: usize,
    /// Main memory in bytes, where the system tells it.
    pub memory_bytes: Option<u64>,
    /// Operating system and architecture.
    pub system: String,
    /// When it began, ISO 8601 UTC.
    pub started_at: String,
    /// Tenure's version, with the revision it was built from.
    pub tenure: String,
    /// Mean number of processes that wanted a processor in the minute before the start, where the system tells it.
    pub load_before: Option<f64>,
    /// The same at the end; the benchmark itself is among them.
    pub load_after: Option<f64>,
}

impl Machine {
    /// This machine, as it is.
    pub fn now() -> Self {
        let revision = env!("TENURE_GIT_REVISION");
        let of = if revision == "unknown" { String::new() } else { format!(" ({revision})") };
        Self {
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            n_threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_bytes(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            started_at: chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            tenure: format!("{}{of}", env!("CARGO_PKG_VERSION")),
            load_before: load(),
            load_after: None,
        }
    }

    /// The same machine after the work.
    pub fn at_the_end(self) -> Self {
        Self { load_after: load(), ..self }
    }

    /// In one line.
    pub fn text(&self) -> String {
        let memory = self.memory_bytes.map(|bytes| format!(", {:.0} GB", bytes as f64 / 1e9)).unwrap_or_default();
        let load = match (self.load_before, self.load_after) {
            (Some(before), Some(after)) => format!("; load {before:.2} before, {after:.2} after"),
            _ => String::new(),
        };
        format!(
            "{}, {} threads{memory}, {}; Tenure {}, {}{load}",
            self.processor, self.n_threads, self.system, self.tenure, self.started_at
        )
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

//! `tenure doctor`: what this machine can compute on, and whether it computes right.

use comfy_table::{Table, presets};
use serde::Serialize;
use tenure_config::DeviceKind;
use tenure_model::{AdapterInfo, CheckResult, ChosenDevice, adapters, cards, numeric_check, select_device};

use crate::progress::Progress;

/// Everything `tenure doctor` finds.
#[derive(Debug, Serialize)]
pub struct Findings {
    version: &'static str,
    system: String,
    n_threads: usize,
    adapters: Vec<AdapterInfo>,
    auto: String,
    checks: Vec<Checked>,
}

/// One device and how it did.
#[derive(Debug, Serialize)]
struct Checked {
    device: String,
    driver: String,
    software: bool,
    result: Option<CheckResult>,
    error: Option<String>,
}

/// Lists adapters, says what `auto` takes, and checks each device against the CPU in double precision.
pub fn examine(progress: &mut Progress) -> Findings {
    let adapters = adapters();
    let mut devices = vec![device(DeviceKind::Cpu, None), device(DeviceKind::Ndarray, None)];
    devices.extend(cards().into_iter().map(|card| device(DeviceKind::Gpu, Some(card.name))));
    progress.begin("numeric check", Some(devices.len() as u64));
    let mut checks: Vec<Checked> = Vec::new();
    for device in devices {
        checks.push(check(&device));
        progress.at(checks.len() as u64);
    }
    progress.end();
    let auto = match select_device(&device(DeviceKind::Auto, None)) {
        Ok(chosen) => format!("{} ({}): {}", chosen.info.backend, chosen.info.adapter, chosen.info.reason),
        Err(error) => error.to_string(),
    };
    Findings {
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        n_threads: std::thread::available_parallelism().map_or(1, usize::from),
        adapters,
        auto,
        checks,
    }
}

fn device(kind: DeviceKind, adapter: Option<String>) -> tenure_config::Device {
    tenure_config::Device { kind, adapter, allow_software: kind == DeviceKind::Gpu }
}

fn check(wanted: &tenure_config::Device) -> Checked {
    let attempt = || -> Result<(ChosenDevice, CheckResult), tenure_model::DeviceError> {
        let chosen = select_device(wanted)?;
        let result = numeric_check(&chosen.device)?;
        Ok((chosen, result))
    };
    match attempt() {
        Ok((chosen, result)) => Checked {
            device: format!("{} ({})", chosen.info.backend, chosen.info.adapter),
            driver: chosen.info.driver,
            software: chosen.info.software,
            result: Some(result),
            error: None,
        },
        Err(error) => Checked {
            device: wanted.adapter.clone().unwrap_or_else(|| wanted.kind.to_string()),
            driver: String::new(),
            software: false,
            result: None,
            error: Some(error.to_string()),
        },
    }
}

impl Findings {
    /// Whether every device computes what it should.
    pub fn healthy(&self) -> bool {
        self.checks.iter().all(|checked| checked.result.is_some_and(|result| result.passed()))
    }

    /// The findings as text.
    pub fn render(&self) -> String {
        let mut text = format!(
            "tenure {} on {}, {} threads\ndevice.kind = \"auto\" takes {}\n\n",
            self.version, self.system, self.n_threads, self.auto
        );
        text.push_str(&format!("{}\n", self.checks_table()));
        if self.adapters.is_empty() {
            text.push_str("\nNo graphics adapter: install your card's Vulkan driver and its loader (libvulkan1).\n");
        } else {
            text.push_str(&format!("\n{}\n", self.adapters_table()));
        }
        text
    }

    fn checks_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["device", "driver", "GFLOP/s", "largest relative error", "verdict"]);
        for checked in &self.checks {
            let (speed, error, verdict) = match (&checked.result, &checked.error) {
                (Some(result), _) => (
                    format!("{:.0}", result.gflops),
                    format!("{:.1e}", result.max_relative_error),
                    if result.passed() { "agrees with the CPU in f64".to_owned() } else { "WRONG".to_owned() },
                ),
                (None, error) => (String::new(), String::new(), error.clone().unwrap_or_default()),
            };
            table.add_row([checked.device.clone(), checked.driver.clone(), speed, error, verdict]);
        }
        table
    }

    fn adapters_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["adapter", "API", "kind", "buffer", "shared", "workgroup", "subgroup", "features"]);
        for adapter in &self.adapters {
            let limits = &adapter.limits;
            table.add_row([
                adapter.name.clone(),
                adapter.backend.clone(),
                format!("{:?}", adapter.kind).to_lowercase(),
                format!("{:.1} GiB", limits.max_buffer_bytes as f64 / f64::from(1 << 30)),
                format!("{} KiB", limits.max_shared_bytes / 1024),
                limits.max_workgroup_invocations.to_string(),
                format!("{}–{}", limits.subgroup_min, limits.subgroup_max),
                adapter.features.join(" "),
            ]);
        }
        table
    }
}

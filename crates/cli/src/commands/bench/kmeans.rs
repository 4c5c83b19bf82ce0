//! Lloyd iterations from given centroids, on the CPU and on GPUs.

use std::time::Instant;

use tenure_cluster::{Device, Init, KMeans, Rows};
use tenure_model::ChosenDevice;

use super::{Round, Workload};
use crate::clustering::ClusteringDevice;
use crate::failure::Failure;

/// Rows, columns, centroids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    n_rows: usize,
    n_columns: usize,
    k: usize,
}

/// What is clustered: one shape that memory bounds, one that arithmetic does.
pub const SHAPES: [Shape; 2] =
    [Shape { n_rows: 200_000, n_columns: 16, k: 16 }, Shape { n_rows: 200_000, n_columns: 64, k: 64 }];
/// Made rows can be clustered: anything else is Tenure's mistake.
const HINT: &str = "this is a mistake of Tenure's own: please report it";
/// Iterations of one round.
const N_ITERATIONS: usize = 10;

impl Shape {
    /// `kmeans/200000x16/K16`.
    pub fn id(&self) -> String {
        format!("kmeans/{}x{}/K{}", self.n_rows, self.n_columns, self.k)
    }
}

/// Rows around `k` centres, and where to begin.
pub struct Lloyd {
    id: String,
    shape: Shape,
    x: Vec<f32>,
    device: Device,
    device_name: String,
}

impl Lloyd {
    /// Makes the rows.
    pub fn made(shape: Shape, chosen: &ChosenDevice) -> Result<Self, Failure> {
        let noise = |i: usize| ((i.wrapping_mul(2_654_435_761) >> 7) % 2_039) as f32 / 2_039.0 - 0.5;
        let centre = |row: usize, column: usize| ((row % shape.k * 31 + column * 17) % 13) as f32;
        let cell = |i: usize| centre(i / shape.n_columns, i % shape.n_columns) + 4.0 * noise(i);
        let x = (0..shape.n_rows * shape.n_columns).map(cell).collect();
        let ClusteringDevice { device, .. } = ClusteringDevice::of(chosen)?;
        let device_name = match &device {
            Device::Cpu => "CPU".into(),
            _ => format!("{} ({})", chosen.info.adapter, chosen.info.backend),
        };
        Ok(Self { id: shape.id(), shape, x, device, device_name })
    }
}

impl Workload for Lloyd {
    fn id(&self) -> &str {
        &self.id
    }

    fn device(&self) -> &str {
        &self.device_name
    }

    fn counts(&self) -> &'static str {
        "row visits"
    }

    fn round(&mut self) -> Result<Round, Failure> {
        let Shape { n_rows, n_columns, k } = self.shape;
        let first = self.x[..k * n_columns].iter().map(|&value| f64::from(value)).collect();
        let settings =
            KMeans { n_init: 1, max_iter: N_ITERATIONS, tolerance: 0.0, init: Init::Given(first), ..KMeans::new(k) };
        let settings = KMeans { device: self.device.clone(), ..settings };
        let rows = Rows { x: &self.x, weights: None, n_columns };
        let begun = Instant::now();
        let fitted = settings.fit(rows).map_err(|error| Failure::integrity(error.to_string(), HINT))?;
        let seconds = begun.elapsed().as_secs_f64();
        let n_iterations: usize = fitted.restarts.iter().map(|restart| restart.n_iter).sum();
        Ok(Round { amount: (n_rows * n_iterations) as f64, seconds, check: fitted.inertia })
    }
}

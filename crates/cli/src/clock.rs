//! How long each stage took.

use std::time::Instant;

/// Wall-clock seconds of a run's stages, in the order they ran.
pub struct Clock {
    stages: Vec<(&'static str, f64)>,
    last: Instant,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self { stages: Vec::new(), last: Instant::now() }
    }

    /// The stage that ran since the last call ends now.
    pub fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.stages.push((stage, now.duration_since(self.last).as_secs_f64()));
        self.last = now;
    }

    /// Stages with their seconds.
    pub fn stages(&self) -> &[(&'static str, f64)] {
        &self.stages
    }
}

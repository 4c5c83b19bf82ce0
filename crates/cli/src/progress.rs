//! Progress on stderr: a bar where a person looks on, a line a phase where nobody does, nothing with `--quiet`.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Below this a phase is over before anybody wonders.
const WORTH_A_LINE: Duration = Duration::from_secs(2);

/// How much the user wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Progress and messages.
    Normal,
    /// Errors alone.
    Quiet,
}

/// Shows progress of one phase after the other.
pub struct Progress {
    verbosity: Verbosity,
    live: bool,
    bar: ProgressBar,
    phase: Option<Phase>,
    /// Whether the bar is that of several who go on side by side.
    is_part: bool,
}

struct Phase {
    name: String,
    started: Instant,
    total: Option<u64>,
    done: u64,
}

impl Progress {
    /// Progress on stderr.
    pub fn new(verbosity: Verbosity) -> Self {
        let live = verbosity == Verbosity::Normal && io::stderr().is_terminal();
        Self { verbosity, live, bar: ProgressBar::hidden(), phase: None, is_part: false }
    }

    /// One of several who go on side by side: the steps of its phases move the bar of the phase at hand, and what it is at
    /// is told there.
    pub fn part(&self) -> Self {
        Self { verbosity: self.verbosity, live: self.live, bar: self.bar.clone(), phase: None, is_part: true }
    }

    /// Begins a phase of `total` steps, ending the one before.
    pub fn begin(&mut self, name: impl Into<String>, total: Option<u64>) {
        self.end();
        let name = name.into();
        if self.is_part {
            self.bar.set_message(name.clone());
        } else if self.live {
            let target = ProgressDrawTarget::stderr_with_hz(8);
            self.bar = ProgressBar::with_draw_target(total, target).with_style(style(total)).with_message(name.clone());
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
        self.phase = Some(Phase { name, started: Instant::now(), total, done: 0 });
    }

    /// `done` steps of the phase are finished.
    pub fn at(&mut self, done: u64) {
        if !self.is_part {
            self.bar.set_position(done);
        } else if let Some(phase) = &mut self.phase {
            self.bar.inc(done.saturating_sub(phase.done));
            phase.done = done;
        }
    }

    /// Says more about the phase than its position.
    pub fn detail(&mut self, text: &str) {
        if let Some(phase) = &self.phase {
            self.bar.set_message(format!("{}  {text}", phase.name));
        }
    }

    /// Ends the phase.
    pub fn end(&mut self) {
        if self.is_part {
            let left = self.phase.take().and_then(|phase| Some(phase.total?.saturating_sub(phase.done)));
            return self.bar.inc(left.unwrap_or(0));
        }
        self.bar.finish_and_clear();
        let Some(phase) = self.phase.take() else { return };
        let elapsed = phase.started.elapsed();
        if elapsed >= WORTH_A_LINE {
            self.say(&format!("{}: {:.1} s", phase.name, elapsed.as_secs_f64()));
        }
    }

    /// A line for the user.
    pub fn say(&self, line: &str) {
        if self.verbosity == Verbosity::Normal {
            self.bar.suspend(|| anstream::eprintln!("{line}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if !self.is_part {
            self.bar.finish_and_clear();
        }
    }
}

fn style(total: Option<u64>) -> ProgressStyle {
    let template = match total {
        Some(_) => "{msg:28} {bar:24.cyan/black} {human_pos}/{human_len}  {elapsed} gone, {eta} left",
        None => "{msg:28} {spinner}  {human_pos}  {elapsed}",
    };
    ProgressStyle::with_template(template).expect("the template is well formed")
}

impl tenure_data::Observer for Progress {
    fn begin(&mut self, phase: &'static str, total: Option<u64>) {
        Self::begin(self, phase, total);
    }

    fn progress(&mut self, done: u64) {
        self.at(done);
    }
}

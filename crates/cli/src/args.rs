//! What the user typed.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  a gate of the experiment file failed
  2  usage or experiment file
  3  data
  4  device
  5  integrity: a run, a checkpoint or a rerun does not match what it should

Start with:
  tenure run configs/first-run.toml        a churn model on made data, with its report
  tenure init customers.csv                an experiment file for your own data";

/// Customer modelling from one experiment file.
#[derive(Debug, Parser)]
#[command(name = "tenure", version, styles = STYLES, after_help = AFTER_HELP, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print results as JSON on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    /// Show no progress.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The program's verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented experiment file from a data file's own columns.
    Init(Init),
    /// Show every resolved value with its origin, the realised splits and the memory needed; train nothing.
    Plan(Experiment),
    /// Run an experiment to its report.
    Run(Run),
    /// Run an experiment again from a run's lock files and check that it gives the same metrics.
    Rerun(Rerun),
    /// Write a run's report again.
    Report(Report),
    /// Set runs side by side, with paired intervals where they share a test set.
    Compare(Compare),
    /// Distil a finished run into one small file that scores anywhere.
    Compress(Compress),
    /// Show what a bundle holds.
    Inspect(Bundle),
    /// Check a bundle's digest and signature, and score its sample rows again to the same bits.
    Verify(Verify),
    /// Sign a bundle, or make a key to sign with.
    Sign(Sign),
    /// Write a bundle as other programs read it: ONNX, safetensors, a C header.
    Export(Export),
    /// Score rows of customers with a bundle.
    Score(Score),
    /// List devices, drivers and limits, with a one-second numeric check of each against the CPU.
    Doctor,
    /// Time this machine on features, training, k-means and scoring, or set two results side by side.
    Bench(Bench),
    /// Make customers with known truth.
    Synth(Synth),
    /// Explain an error code.
    Explain(Explain),
    /// Print the JSON schema of experiment files.
    Schema,
    /// Print a completion script.
    Completions(Completions),
    /// Write the manual pages.
    Man(Man),
}

/// `tenure init`
#[derive(Debug, Args)]
pub struct Init {
    /// A CSV or Parquet file.
    pub data: PathBuf,
    /// Where to write the experiment file; `-` is stdout.
    #[arg(long, short, default_value = "experiment.toml")]
    pub output: PathBuf,
    /// What to do with the customers.
    #[arg(long, value_enum, default_value = "churn")]
    pub task: Task,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
}

/// What an experiment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Who will leave.
    Churn,
    /// What customers will be worth.
    Clv,
    /// Both, by one network.
    #[value(name = "churn+clv")]
    ChurnClv,
    /// Groups of customers, named and told.
    Segments,
}

impl From<Task> for tenure_config::Task {
    fn from(task: Task) -> Self {
        match task {
            Task::Churn => Self::Churn,
            Task::Clv => Self::Clv,
            Task::ChurnClv => Self::ChurnClv,
            Task::Segments => Self::Segments,
        }
    }
}

/// An experiment file and what overrides it.
#[derive(Debug, Args)]
pub struct Experiment {
    /// The experiment file.
    pub file: PathBuf,
    /// Override one value, such as `train.learning_rate=1e-3`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `tenure run`
#[derive(Debug, Args)]
pub struct Run {
    /// The experiment file.
    #[arg(required_unless_present = "resume")]
    pub file: Option<PathBuf>,
    /// Override one value, such as `train.learning_rate=1e-3`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "resume")]
    pub set: Vec<String>,
    /// Run once for each value, such as `model.members=8,16,32`; several sweeps multiply.
    #[arg(long, value_name = "KEY=A,B,C", conflicts_with = "resume")]
    pub sweep: Vec<String>,
    /// Go on with an unfinished run from its last checkpoint.
    #[arg(long, value_name = "RUN", conflicts_with = "file")]
    pub resume: Option<PathBuf>,
}

/// `tenure rerun`
#[derive(Debug, Args)]
pub struct Rerun {
    /// The run's folder.
    pub run: PathBuf,
}

/// `tenure report`
#[derive(Debug, Args)]
pub struct Report {
    /// The run's folder.
    pub run: PathBuf,
}

/// `tenure compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// Two or more run folders; the first is what the others are compared with.
    #[arg(required = true, num_args = 2..)]
    pub runs: Vec<PathBuf>,
    /// Also write the comparison as an HTML page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// `tenure compress`
#[derive(Debug, Args)]
pub struct Compress {
    /// The folder of a finished run.
    pub run: PathBuf,
    /// Where to write the bundle; without it, `bundle.tenure` in the run.
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// Which fold's networks are distilled, from 1; the student learns from that fold's training rows alone.
    #[arg(long, default_value_t = 1)]
    pub fold: usize,
    /// Override one value of the run, such as `quantize.precision=f32`; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `tenure inspect`
#[derive(Debug, Args)]
pub struct Bundle {
    /// The bundle.
    pub bundle: PathBuf,
    /// Also show the sample rows with their expected scores, one JSON object a line.
    #[arg(long)]
    pub samples: bool,
}

/// `tenure verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The bundle.
    pub bundle: PathBuf,
    /// Also require that this key's owner has signed it: a public key in PEM.
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
}

/// `tenure sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// The bundle.
    #[arg(required_unless_present = "new_key", requires = "key")]
    pub bundle: Option<PathBuf>,
    /// Sign with this key: an Ed25519 private key in PEM, as `--new-key` or OpenSSL writes it.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Where to write the signed bundle; without it, the bundle itself.
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// Make a new key instead: the private half into this file, which only you may read, the public half beside it with
    /// `.pub` at the end.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bundle", "key", "output"])]
    pub new_key: Option<PathBuf>,
}

/// What `tenure export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// ONNX in single precision, encoders and calibration inside; for bundles in single precision.
    Onnx,
    /// ONNX with the bundle's integers between `QuantizeLinear` and `DequantizeLinear`.
    #[value(name = "onnx-int8")]
    OnnxInt8,
    /// Weights by name; encoders and calibration as JSON in the metadata.
    Safetensors,
    /// The bundle's bytes as a C array, for firmware.
    Header,
}

/// `tenure export`
#[derive(Debug, Args)]
pub struct Export {
    /// The bundle.
    pub bundle: PathBuf,
    /// What to write.
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Where to write it; without it, beside the bundle.
    #[arg(long, short)]
    pub output: Option<PathBuf>,
}

/// `tenure score`
#[derive(Debug, Args)]
pub struct Score {
    /// The bundle.
    pub bundle: PathBuf,
    /// CSV or Parquet files, or patterns of them, with the bundle's input columns; `-` reads standard input and answers on
    /// standard output: JSON objects, one a line, or an Arrow IPC stream, batch by batch.
    #[arg(required = true)]
    pub files: Vec<String>,
    /// Where to write the scores: `.parquet`, or CSV.
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// The column of ids to carry along; without it, the run's own where the files have it, else row numbers.
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// Where to write rows that cannot be scored, with reasons; without it, beside the scores.
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    /// What standard input is; without it, its first bytes tell.
    #[arg(long, value_enum)]
    pub input_format: Option<InputFormat>,
    /// Also tell which columns moved each score most, and by how much: Shapley values against the bundle's sample rows, of
    /// churn in log-odds, of value in money. Where a bundle answers both, `--explain=value` asks for the latter.
    #[arg(long, value_enum, value_name = "ANSWER", num_args = 0..=1, require_equals = true, default_missing_value = "any")]
    pub explain: Option<Explained>,
    /// Columns named for each row.
    #[arg(long, default_value_t = 3, requires = "explain", value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub reasons: usize,
    /// Orders of the columns that contributions are the mean over, at least; more are slower and nearer to the exact values.
    /// Up to eight columns are exact.
    #[arg(long, default_value_t = 32, requires = "explain", value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(2..=100_000))]
    pub orders: usize,
    /// Of the orders.
    #[arg(long, default_value_t = 0, requires = "explain")]
    pub seed: u64,
}

/// Which answer `tenure score` explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Explained {
    /// Churn where the bundle answers it, else value.
    Any,
    /// The probability of churn.
    Churn,
    /// The expected value.
    Value,
}

/// What `tenure score -` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// An Arrow IPC stream; answered by one.
    Ipc,
    /// JSON objects, one a line; each answered by a line.
    Jsonl,
}

/// Which table `tenure synth` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SynthKind {
    /// A transaction log and a table of attributes.
    Events,
    /// A customer table with its churn label.
    Customers,
}

/// The file format of made data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SynthFormat {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated text.
    Csv,
}

/// `tenure synth`
#[derive(Debug, Args)]
pub struct Synth {
    /// The folder to write to; made when missing.
    pub output: PathBuf,
    /// Which table.
    #[arg(long, value_enum, default_value = "events")]
    pub kind: SynthKind,
    /// The file format.
    #[arg(long, value_enum, default_value = "parquet")]
    pub format: SynthFormat,
    /// How many customers.
    #[arg(long, default_value_t = 10_000)]
    pub customers: u64,
    /// Mean purchases per customer before dropout.
    #[arg(long, default_value_t = 20.0)]
    pub mean_events: f64,
    /// Further numeric columns of a customer table; half of them tell of churn.
    #[arg(long, default_value_t = 0)]
    pub measures: usize,
    /// Days watched.
    #[arg(long, default_value_t = 730)]
    pub days: i64,
    /// Share of attribute values that are missing.
    #[arg(long, default_value_t = 0.02)]
    pub missing: f64,
    /// Share of rows that are dirty.
    #[arg(long, default_value_t = 0.0)]
    pub dirty: f64,
    /// Every random choice is derived from it.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Overwrite existing files.
    #[arg(long)]
    pub force: bool,
}

/// `tenure bench`
#[derive(Debug, Args)]
pub struct Bench {
    /// Only workloads whose id contains this, such as `train`; may be repeated.
    #[arg(long, value_name = "PART")]
    pub only: Vec<String>,
    /// Train on this device; may be repeated. Without it: the CPU, and every GPU that is one.
    #[arg(long, value_enum)]
    pub device: Vec<BenchDevice>,
    /// Timed rounds of each workload, after one that warms up.
    #[arg(long, default_value_t = 5, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    pub rounds: usize,
    /// Also write the result as JSON, for `--compare`.
    #[arg(long, value_name = "FILE")]
    pub result: Option<PathBuf>,
    /// Also write the result as a Markdown table.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Set two result files side by side and measure nothing.
    #[arg(long, num_args = 2, value_names = ["FIRST", "SECOND"], conflicts_with_all = ["only", "device", "rounds", "result", "markdown"])]
    pub compare: Vec<PathBuf>,
}

/// Where `tenure bench` trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchDevice {
    /// The CPU.
    Cpu,
    /// The CPU through burn's ndarray backend.
    Ndarray,
    /// Every GPU.
    Gpu,
    /// Every graphics adapter that computes on the CPU.
    Software,
}

/// `tenure explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// An error code such as `CFG0012`; without one, all codes are listed.
    pub code: Option<String>,
}

/// `tenure completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell.
    pub shell: Shell,
}

/// `tenure man`
#[derive(Debug, Args)]
pub struct Man {
    /// The folder to write the pages to.
    #[arg(default_value = "man")]
    pub output: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}

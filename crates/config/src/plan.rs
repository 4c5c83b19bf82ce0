//! The checked plan: what every later stage reads, and nothing validates again.

use serde::{Deserialize, Serialize};
use tenure_table::{Role, Span, Timestamp};

/// A checked experiment. Only this crate makes one, from an experiment file or from its lock.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Plan {
    /// Name, seed, task.
    pub experiment: Experiment,
    /// Where tensors live.
    pub device: Device,
    /// Which files, and what their columns mean.
    pub data: Data,
    /// Cutoffs and label windows; only for events.
    pub time: Time,
    /// Point-in-time features; only for events.
    pub features: Features,
    /// Made data; only for `data.source = "synthetic"`.
    pub synthetic: Synthetic,
    /// Which rows train, validate and test.
    pub split: Split,
    /// How raw columns become network inputs.
    pub encode: Encode,
    /// The network.
    pub model: Model,
    /// How it is trained.
    pub train: Train,
    /// How it is judged.
    pub evaluate: Evaluate,
    /// What the report shows.
    pub report: Report,
    /// Bounds a run must meet.
    pub gates: Gates,
    /// Where the run goes.
    pub run: Run,
}

macro_rules! choices {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every choice, as spelled in an experiment file.
            pub const NAMES: &[&str] = &[$($text),+];

            /// The choice as spelled in an experiment file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.name()) }
        }

        impl crate::kind::Choice for $name {
            const ALL: &[Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str { self.name() }

            fn schema() -> serde_json::Value { crate::kind::choice_schema::<Self>() }
        }
    };
}

/// `[experiment]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Experiment {
    /// Names the run's folder: letters, digits, `-`, `_`. Where it is not given, the experiment file's own name.
    pub name: String,
    /// Every random choice of the run is derived from it.
    pub seed: u64,
    /// What is predicted.
    pub task: Task,
}

choices! {
    /// What is predicted.
    Task {
        /// The probability that a customer leaves.
        Churn = "churn",
    }
}

/// `[device]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Device {
    /// Which kind of device.
    pub kind: DeviceKind,
    /// Part of the adapter's name, where there are several.
    pub adapter: Option<String>,
    /// Whether a software adapter (llvmpipe, SwiftShader, WARP) counts as a GPU.
    pub allow_software: bool,
}

choices! {
    /// Which kind of device.
    DeviceKind {
        /// A real GPU where there is one, else the CPU.
        Auto = "auto",
        /// A GPU, or an error.
        Gpu = "gpu",
        /// The CPU through flex.
        Cpu = "cpu",
        /// The CPU through ndarray.
        Ndarray = "ndarray",
    }
}

/// `[data]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Data {
    /// What the files hold.
    pub source: Source,
    /// Files or globs; relative ones start at the experiment file's folder. Empty only for made data.
    pub files: Vec<String>,
    /// For events: files or globs of a table with one row per customer, joined on the id.
    pub attributes: Vec<String>,
    /// Column name to role. Unlisted columns of a customer table take the role that their type suggests; unlisted
    /// columns of an event log are ignored.
    #[schemars(with = "Vec<String>")]
    pub columns: Vec<(String, Role)>,
    /// The two columns whose product is the amount of an event, written `"Quantity * UnitPrice"`; none where a column
    /// has the role `amount`, or where nothing does.
    pub amount: Option<Product>,
    /// Column name to type, where the inferred one is wrong.
    pub types: Vec<(String, ColumnType)>,
    /// The value of the target that counts as churned; none where the target is 0/1 or true/false.
    pub positive: Option<String>,
    /// Texts that mean "missing", besides a field that is empty or blank.
    pub missing: Vec<String>,
    /// CSV only.
    pub csv: Csv,
    /// How timestamps are written, in strftime's letters; none means ISO 8601 in any of its forms.
    pub time_format: Option<String>,
    /// The offset or IANA zone of timestamps that carry none.
    pub time_zone: String,
    /// A file whose bytes key the hash that replaces every id; none keeps ids as they are.
    pub id_key_file: Option<String>,
    /// The share of rows that may be rejected before the load fails.
    pub max_rejected: f64,
    /// Whether identical event rows are one event.
    pub deduplicate: bool,
}

/// A product of two numeric columns, each named as in the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Product {
    /// The first factor.
    pub left: String,
    /// The second factor.
    pub right: String,
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} * {}", self.left, self.right)
    }
}

choices! {
    /// What the files hold.
    Source {
        /// One row per event (a transaction log).
        Events = "events",
        /// One row per customer.
        Customers = "customers",
        /// Nothing: the data are made from `[synthetic]`.
        Synthetic = "synthetic",
    }
}

choices! {
    /// The type of a column.
    ColumnType {
        /// A magnitude.
        Numeric = "numeric",
        /// Levels.
        Category = "category",
        /// An instant.
        Time = "time",
        /// Free text.
        Text = "text",
    }
}

/// `[data.csv]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Csv {
    /// What stands between fields: one character, or `"whitespace"` for any run of blanks.
    pub delimiter: Delimiter,
    /// Whether the first line names the columns.
    pub header: bool,
    /// The columns' names, in order, where there is no header or it is not to be used.
    pub names: Vec<String>,
}

/// What stands between the fields of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delimiter {
    /// One byte, such as `,` `;` `|` or a tab.
    Byte(u8),
    /// Any run of blanks, `"whitespace"` in the file.
    Whitespace,
}

/// `[time]`. With cutoff `c`, features see events with `t < c`; the label sees `[c + gap, c + gap + horizon)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Time {
    /// Where the cutoffs lie: `"auto"`, or ascending dates, of which the last one tests.
    pub cutoffs: Cutoffs,
    /// Length of the label's window.
    #[schemars(with = "String")]
    pub horizon: Span,
    /// Time between the cutoff and the label's window.
    #[schemars(with = "String")]
    pub gap: Span,
    /// How far back features look; none means to the beginning.
    #[schemars(with = "Option<String>")]
    pub lookback: Option<Span>,
    /// A customer is in the data set of a cutoff when an event lies within this span before it; none means ever.
    #[schemars(with = "Option<String>")]
    pub active_within: Option<Span>,
}

/// Where the cutoffs lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cutoffs {
    /// The test cutoff is the last one whose label fits in the data; `n_train` training cutoffs roll back from
    /// `test - gap - horizon`, `step` apart.
    Auto {
        /// How many training cutoffs.
        n_train: usize,
        /// The time between them.
        #[schemars(with = "String")]
        step: Span,
    },
    /// Ascending; the last one is the test cutoff.
    At(#[schemars(with = "Vec<String>")] Vec<Timestamp>),
}

/// `[features]`, computed from events before the cutoff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Features {
    /// Trailing windows for counts, sums and trends, ascending.
    #[schemars(with = "Vec<String>")]
    pub windows: Vec<Span>,
    /// Half-lives of exponentially decayed counts and sums, ascending.
    #[schemars(with = "Vec<String>")]
    pub half_lives: Vec<Span>,
    /// Length of one lag period.
    #[schemars(with = "String")]
    pub lag_period: Span,
    /// How many lag periods back from the cutoff.
    pub n_lags: usize,
    /// Whether the breadth of each column of role `category` (distinct levels, share of the top one) is a feature.
    pub breadth: bool,
    /// Whether month, weekday and season of the cutoff and of the last event are features.
    pub calendar: bool,
}

/// `[synthetic]`: customers with known truth.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Synthetic {
    /// Which table is made: events or customers.
    pub kind: SyntheticKind,
    /// How many customers.
    pub n_customers: u64,
    /// How long they are watched.
    #[schemars(with = "String")]
    pub span: Span,
    /// Mean purchases per customer over the span, before dropout.
    pub mean_events: f64,
    /// Share of attribute values that are missing.
    pub missing: f64,
    /// Share of rows that are dirty: returns, repeated rows, unreadable times, missing ids.
    pub dirty: f64,
}

choices! {
    /// Which table is made.
    SyntheticKind {
        /// A transaction log and a table of attributes.
        Events = "events",
        /// A customer table with its churn label.
        Customers = "customers",
    }
}

/// `[split]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Split {
    /// How rows are told apart.
    pub kind: SplitKind,
    /// The share of rows (of groups) kept for the test; unused with `folds` and with `temporal`.
    pub test: f64,
    /// The share of the training rows (of customers, where they repeat) kept for early stopping and calibration.
    pub validation: f64,
    /// Cross-validation folds; 0 is one holdout. Each fold is the test set once.
    pub folds: usize,
    /// `group`: rows that share this column's value stay together.
    pub group: Option<String>,
    /// `column`: this column says `train`, `validation` or `test`.
    pub column: Option<String>,
}

choices! {
    /// How rows are told apart.
    SplitKind {
        /// The last cutoff tests, earlier ones train.
        Temporal = "temporal",
        /// At random, with the target's share kept.
        Stratified = "stratified",
        /// At random by group.
        Group = "group",
        /// As a column says.
        Column = "column",
    }
}

/// `[encode]`, fitted on training rows only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Encode {
    /// How magnitudes are scaled.
    pub numeric: NumericEncoding,
    /// Categories with at most this many levels become indicators.
    pub one_hot_max: usize,
    /// Categories with at least this many levels become ordered target statistics; those between are embedded.
    pub target_statistics_min: usize,
    /// A level seen fewer times than this in training is treated like one never seen.
    pub min_level_count: usize,
}

choices! {
    /// How magnitudes are scaled.
    NumericEncoding {
        /// Median and interquartile range, then a smooth clip (RealMLP).
        Robust = "robust",
        /// Empirical quantiles mapped to the normal distribution (TabM).
        Quantile = "quantile",
    }
}

/// `[model]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Model {
    /// The architecture.
    pub kind: ModelKind,
    /// A bundle of defaults for `[model]` and `[train]`; keys that are given win.
    pub preset: Preset,
    /// How TabM's members share weights.
    pub variant: TabmVariant,
    /// TabM's members, K.
    pub members: usize,
    /// Hidden layers.
    pub blocks: usize,
    /// Width of each hidden layer, D.
    pub width: usize,
    /// Dropout after each hidden layer.
    pub dropout: f64,
    /// The non-linearity.
    pub activation: Activation,
    /// How magnitudes enter the network.
    pub numeric_embedding: NumericEmbedding,
    /// Width of one magnitude's embedding (`pbld`: the magnitude itself is one of them).
    pub numeric_embedding_width: usize,
    /// `pwl`: quantile bins per magnitude.
    pub n_bins: usize,
    /// `plr` and `pbld`: frequencies per magnitude.
    pub n_frequencies: usize,
    /// `plr` and `pbld`: standard deviation of the initial frequencies.
    pub frequency_scale: f64,
}

choices! {
    /// The architecture.
    ModelKind {
        /// Parameter-efficient ensemble of MLPs (arXiv 2410.24210).
        Tabm = "tabm",
        /// Plain multilayer perceptron.
        Mlp = "mlp",
        /// MLP in the manner of RealMLP-TD (arXiv 2407.04491).
        Realmlp = "realmlp",
        /// Logistic regression.
        Logistic = "logistic",
    }
}

choices! {
    /// Bundles of defaults for `[model]` and `[train]`.
    Preset {
        /// A first look.
        Fast = "fast",
        /// What to use.
        Default = "default",
        /// When minutes do not count.
        Best = "best",
    }
}

choices! {
    /// How TabM's members share weights.
    TabmVariant {
        /// Every layer has per-member input and output scalings.
        Full = "full",
        /// One per-member input scaling in front of a shared MLP.
        Mini = "mini",
        /// Independent MLPs as batched products.
        Packed = "packed",
    }
}

choices! {
    /// The non-linearity.
    Activation {
        /// max(x, 0)
        Relu = "relu",
        /// x · sigmoid(x)
        Silu = "silu",
        /// x · Phi(x)
        Gelu = "gelu",
        /// Scaled exponential linear unit.
        Selu = "selu",
    }
}

choices! {
    /// How magnitudes enter the network.
    NumericEmbedding {
        /// As they are.
        None = "none",
        /// Piecewise-linear over quantile bins, then linear.
        Pwl = "pwl",
        /// Periodic, linear, ReLU.
        Plr = "plr",
        /// Periodic with bias, linear, and the value itself.
        Pbld = "pbld",
    }
}

/// `[train]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Train {
    /// At most this many passes over the training rows.
    pub epochs: usize,
    /// Rows per step.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Decoupled weight decay of matrices (biases, scalings and embeddings of frequencies have none).
    pub weight_decay: f64,
    /// AdamW's β₂.
    pub beta2: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Gradient norm is clipped to this; 0 clips nothing.
    pub clip_norm: f64,
    /// Epochs without a better validation loss before training stops.
    pub patience: usize,
    /// Share of the label given to the other class.
    pub label_smoothing: f64,
    /// How the classes are weighted.
    pub class_weight: ClassWeight,
    /// Networks trained from different seeds on each partition; their probabilities are averaged.
    pub seeds: usize,
    /// A checkpoint is written after so many epochs; 0 writes none.
    pub checkpoint_every: usize,
}

choices! {
    /// How the learning rate moves.
    Schedule {
        /// It does not.
        Constant = "constant",
        /// Linear warm-up over a twentieth, then a half cosine to zero.
        Cosine = "cosine",
        /// ½(1 − cos(2π log₂(1 + 15 t))), RealMLP's.
        Coslog4 = "coslog4",
    }
}

choices! {
    /// How the classes are weighted.
    ClassWeight {
        /// Alike.
        None = "none",
        /// By inverse frequency.
        Balanced = "balanced",
    }
}

/// `[evaluate]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Evaluate {
    /// Bootstrap resamples.
    pub bootstrap: usize,
    /// Coverage of the intervals.
    pub confidence: f64,
    /// Bins of the reliability curve and of the expected calibration error.
    pub bins: usize,
    /// The map from raw to calibrated probability, fitted on validation rows.
    pub calibration: Calibration,
    /// Columns whose levels are judged apart.
    pub slices: Vec<String>,
    /// A level with fewer rows is not judged apart.
    pub min_slice_rows: usize,
    /// Repeats of permutation importance; 0 leaves it out.
    pub permutations: usize,
    /// What an action costs and brings.
    pub profit: Profit,
}

choices! {
    /// The map from raw to calibrated probability.
    Calibration {
        /// The candidate with the lowest cross-validated log loss on validation rows.
        Auto = "auto",
        /// None.
        None = "none",
        /// Logit divided by one temperature.
        Temperature = "temperature",
        /// Logistic in the logit.
        Platt = "platt",
        /// Beta calibration (Kull et al. 2017).
        Beta = "beta",
        /// Isotonic regression.
        Isotonic = "isotonic",
    }
}

/// `[evaluate.profit]`: profit of contacting a customer = p(churn) · success · value − contact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Profit {
    /// Cost of contacting one customer.
    pub contact_cost: f64,
    /// Value of a customer who stays.
    pub customer_value: f64,
    /// Probability that a contacted churner stays.
    pub success_rate: f64,
}

/// `[report]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// Whether `report.html` and `model_card.md` are written.
    pub html: bool,
    /// Features shown with importance and partial dependence.
    pub top_features: usize,
}

/// `[gates]`: a run that misses one ends with exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Gates {
    /// Area under the ROC curve, at least.
    pub min_auc: Option<f64>,
    /// Log loss, at most.
    pub max_log_loss: Option<f64>,
    /// Expected calibration error, at most.
    pub max_ece: Option<f64>,
}

/// `[run]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Run {
    /// The folder of runs.
    pub dir: String,
    /// Rows scored at once; bounds memory, changes nothing else.
    pub score_batch: usize,
}

//! `[encode]`, `[model]` and `[train]`: the network, what it reads and how it learns.

use serde::{Deserialize, Serialize};

/// `[encode]`, fitted on training rows only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Encode {
    /// How magnitudes are scaled; task `segments` scales them robustly where the file does not say.
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
    /// What the network says of a customer. Where it is not given, the task decides: `binary` for churn, `ziln` for value.
    pub head: ModelHead,
    /// For churn and value at once: the loss is that of value plus this times the cross-entropy of churn.
    pub churn_weight: f64,
    /// `ziln_mixture`: log-normals in the mixture.
    pub n_components: usize,
    /// `ordinal`: buckets, with equal shares of the training values above 0.
    pub n_buckets: usize,
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
    /// `pwl`: quantile bins per magnitude; 0 takes one for each thousand training rows, at least 16 and at most 48.
    pub n_bins: usize,
    /// `plr` and `pbld`: frequencies per magnitude.
    pub n_frequencies: usize,
    /// `plr` and `pbld`: standard deviation of the initial frequencies.
    pub frequency_scale: f64,
    /// The forecast that a value network corrects: it learns value / forecast of the row's own window, which carries
    /// over from one length of window to another.
    pub offset: Offset,
    /// An encoder of each customer's last purchases, whose state stands beside the features. Only for events.
    pub sequence: Sequence,
}

impl Model {
    /// Quantile bins of a magnitude that `n_rows` training rows have: with more of them a threshold anywhere is met nearer.
    pub fn bins(&self, n_rows: usize) -> usize {
        const ROWS_PER_BIN: usize = 1_000;
        if self.n_bins == 0 { (n_rows / ROWS_PER_BIN).clamp(16, 48) } else { self.n_bins }
    }
}

/// `[model.sequence]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Sequence {
    /// What reads the last purchases before a cutoff, the oldest first.
    pub kind: SequenceKind,
    /// How many purchases are read at most, the last ones.
    pub length: usize,
    /// Width of the state.
    pub width: usize,
    /// What is known of each purchase. What grows with the age of the log, as `age` does, may have other values at the test
    /// cutoff than at any training cutoff; levels (`category`) want many customers.
    pub inputs: Vec<SequenceInput>,
}

impl Sequence {
    /// Whether purchases are read one by one.
    pub fn is_on(&self) -> bool {
        self.kind != SequenceKind::None
    }

    /// Whether levels of purchases are read.
    pub fn reads_levels(&self) -> bool {
        self.is_on() && self.inputs.contains(&SequenceInput::Category)
    }
}

choices! {
    /// What reads the last purchases of a customer.
    SequenceKind {
        /// Nothing: a customer is their features.
        None = "none",
        /// A gated recurrent unit (arXiv 1406.1078); its last state is an input of the first layer.
        Gru = "gru",
    }
}

choices! {
    /// What is known of a purchase.
    SequenceInput {
        /// Its money; left out where the log has no amounts.
        Amount = "amount",
        /// Days since the purchase before it.
        Gap = "gap",
        /// Days from it to the cutoff.
        Age = "age",
        /// Of each column of role `category` the level on which most of the money went, embedded; the 32 most frequent levels
        /// are told apart. Left out where the log has no such columns.
        Category = "category",
    }
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
        /// No network: Pareto/NBD with Gamma-Gamma (Schmittlein, Morrison, Colombo 1987; Fader, Hardie, Lee 2005).
        ParetoNbd = "pareto_nbd",
        /// No network: BG/NBD with Gamma-Gamma (Fader, Hardie, Lee 2005).
        BgNbd = "bg_nbd",
    }
}

impl ModelKind {
    /// Whether a network is trained; the others are fitted by maximum likelihood to the events alone.
    pub const fn is_network(self) -> bool {
        !matches!(self, Self::ParetoNbd | Self::BgNbd)
    }
}

choices! {
    /// The forecast that a value network corrects.
    Offset {
        /// None: the network predicts the value itself.
        None = "none",
        /// Pareto/NBD with Gamma-Gamma, fitted at each cutoff to the events before it.
        ParetoNbd = "pareto_nbd",
        /// BG/NBD with Gamma-Gamma, fitted in the same way.
        BgNbd = "bg_nbd",
    }
}

choices! {
    /// What the network says of a customer.
    ModelHead {
        /// The probability that the customer leaves.
        Binary = "binary",
        /// Value as a zero-inflated log-normal (arXiv 1912.07753).
        Ziln = "ziln",
        /// Value as a zero-inflated mixture of log-normals (after arXiv 2408.08585).
        ZilnMixture = "ziln_mixture",
        /// Value as zero or one of ordered buckets, with a density in each (after arXiv 2208.13358).
        Ordinal = "ordinal",
        /// Value as a zero-inflated gamma variable.
        ZiGamma = "zi_gamma",
    }
}

impl ModelHead {
    /// Whether it says something of value.
    pub const fn predicts_value(self) -> bool {
        !matches!(self, Self::Binary)
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
    /// Passes are fewer where they would make more steps than this, but one is made; 0 sets no limit, and neither does a
    /// preset where `epochs` is given.
    pub max_steps: usize,
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
    /// A checkpoint is written after so many epochs, but not within two seconds of the last; 0 writes none.
    pub checkpoint_every: usize,
    /// What computes a training step. Both learn the same up to rounding.
    pub kernels: Kernels,
}

impl Train {
    /// Passes over `n_rows` training rows.
    pub fn passes(&self, n_rows: usize) -> usize {
        let steps_per_pass = n_rows.div_ceil(self.batch_size.max(1)).max(1);
        if self.max_steps == 0 { self.epochs } else { self.epochs.min(self.max_steps / steps_per_pass).max(1) }
    }
}

choices! {
    /// What computes a training step.
    Kernels {
        /// Fused kernels on the CPU, else plain ones; the run says which, and why.
        Auto = "auto",
        /// The tensor library's, operation by operation.
        Plain = "plain",
        /// Whole steps in one parallel region; on the CPU only.
        Fused = "fused",
    }
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

//! The checked plan: what every later stage reads, and nothing validates again.

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

mod compress;
mod data;
mod network;
mod outcome;
mod rows;
mod run;
mod segments;

use serde::Serialize;

pub use compress::*;
pub use data::*;
pub use network::*;
pub use outcome::*;
pub use rows::*;
pub use run::*;
pub use segments::*;

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
    /// How customers are put into segments.
    pub segments: Segments,
    /// The small network that learns from the run's networks.
    pub distill: Distill,
    /// What is shipped of the small network.
    pub quantize: Quantize,
    /// How it is judged.
    pub evaluate: Evaluate,
    /// What the report shows.
    pub report: Report,
    /// Bounds a run must meet.
    pub gates: Gates,
    /// Where the run goes.
    pub run: Run,
}

//! Which kernels compute a training step, and why.

use serde::Serialize;
use tenure_config::{DeviceKind, Kernels};
use tenure_model::ChosenDevice;

use crate::TrainError;

/// What computes a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KernelsUsed {
    /// The tensor library, operation by operation.
    Plain,
    /// Whole steps in one parallel region.
    Fused,
}

impl std::fmt::Display for KernelsUsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Fused => "fused",
        })
    }
}

/// What was chosen, with the reason in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KernelsChoice {
    /// What computes.
    pub used: KernelsUsed,
    /// Why this and not the other.
    pub reason: String,
}

/// Chooses between fused and plain kernels. Every network and every loss that can be described has fused kernels, but for
/// encoders of sequences; what they need is the CPU.
///
/// # Errors
/// [`TrainError::FusedElsewhere`] where fused kernels are insisted on for another device, [`TrainError::FusedSequence`]
/// where for a network that reads purchases one by one.
pub fn choose_kernels(
    wanted: Kernels,
    reads_sequences: bool,
    device: &ChosenDevice,
) -> Result<KernelsChoice, TrainError> {
    let choice = |used, reason: String| Ok(KernelsChoice { used, reason });
    let on_cpu = device.info.kind == DeviceKind::Cpu;
    match wanted {
        Kernels::Plain => choice(KernelsUsed::Plain, "the experiment asks for plain kernels".into()),
        Kernels::Fused if reads_sequences => Err(TrainError::FusedSequence),
        Kernels::Auto if reads_sequences => {
            choice(KernelsUsed::Plain, "there are no fused kernels for sequences of purchases".into())
        }
        Kernels::Fused if on_cpu => choice(KernelsUsed::Fused, "the experiment asks for fused kernels".into()),
        Kernels::Fused => Err(TrainError::FusedElsewhere { backend: device.info.backend.clone() }),
        Kernels::Auto if on_cpu => choice(KernelsUsed::Fused, "fused kernels serve the CPU".into()),
        Kernels::Auto => choice(KernelsUsed::Plain, format!("there are no fused kernels for {}", device.info.backend)),
    }
}

//! Why there is no device.

/// Why a device could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No driver offers any adapter.
    #[error("no GPU driver offers an adapter")]
    NoAdapter,
    /// Only adapters that imitate a GPU on the CPU were found, or ones that cannot be used.
    #[error("only software adapters were found ({})", found.join(", "))]
    OnlySoftware {
        /// Names of the adapters.
        found: Vec<String>,
    },
    /// No adapter has the wanted name.
    #[error("no adapter's name contains {wanted:?} (found: {})", found.join(", "))]
    NoSuchAdapter {
        /// The part of a name that was asked for.
        wanted: String,
        /// Names of the adapters.
        found: Vec<String>,
    },
    /// The driver refused to make a device.
    #[error("the adapter {adapter:?} could not be brought up")]
    BringUp {
        /// The adapter's name.
        adapter: String,
        /// What the driver said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The device failed while it computed.
    #[error("the device failed while computing: {message}")]
    Compute {
        /// What the driver said.
        message: String,
    },
}

impl DeviceError {
    /// Every code of this crate, for `tenure explain`.
    pub const CODES: &[(&str, &str)] = &[
        (
            "DEV0001",
            "device.kind = \"gpu\" insists on a GPU, and no driver (Vulkan, Metal, DirectX 12) offers an adapter. \
             Install the card's driver (on Linux its Vulkan part), see `tenure doctor`, or set device.kind = \"auto\".",
        ),
        (
            "DEV0002",
            "The only adapters found imitate a GPU on the CPU (llvmpipe, SwiftShader, WARP), hundreds of times slower \
             than the CPU path. Set device.kind = \"cpu\", or device.allow_software = true to test with one.",
        ),
        (
            "DEV0003",
            "device.adapter must be part of the name of one adapter on this machine, in any case. \
             `tenure doctor` lists the names.",
        ),
        (
            "DEV0004",
            "The driver listed the adapter but refused to make a device: often another process holds it, its memory is \
             full, or the driver is older than Vulkan 1.2. Try another adapter or device.kind = \"cpu\".",
        ),
        (
            "DEV0005",
            "The device was brought up but failed while computing; out of memory is the usual cause. \
             Use a smaller train.batch_size or run.score_batch, or another device.",
        ),
    ];

    /// The code under which `tenure explain` tells more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAdapter => "DEV0001",
            Self::OnlySoftware { .. } => "DEV0002",
            Self::NoSuchAdapter { .. } => "DEV0003",
            Self::BringUp { .. } => "DEV0004",
            Self::Compute { .. } => "DEV0005",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_text_of_its_own() {
        let errors = [
            DeviceError::NoAdapter,
            DeviceError::OnlySoftware { found: vec![] },
            DeviceError::NoSuchAdapter { wanted: String::new(), found: vec![] },
            DeviceError::BringUp { adapter: String::new(), source: "x".into() },
            DeviceError::Compute { message: String::new() },
        ];
        let codes: Vec<&str> = errors.iter().map(DeviceError::code).collect();
        let known: Vec<&str> = DeviceError::CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, known);
    }
}

//! Labels that wait, in as few bytes as they need.

/// Labels below a known number.
pub(crate) enum Packed {
    /// Below 257.
    Bytes(Vec<u8>),
    /// As they came.
    Words(Vec<u32>),
}

impl Packed {
    /// Labels below `k`.
    pub(crate) fn new(labels: Vec<u32>, k: usize) -> Self {
        if k <= 256 { Self::Bytes(labels.into_iter().map(|label| label as u8).collect()) } else { Self::Words(labels) }
    }

    /// The labels.
    pub(crate) fn unpack(self) -> Vec<u32> {
        match self {
            Self::Bytes(labels) => labels.into_iter().map(u32::from).collect(),
            Self::Words(labels) => labels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_back() {
        for k in [2, 256, 257] {
            let labels: Vec<u32> = (0..600).map(|i| (i * 7) % k).collect();
            assert_eq!(Packed::new(labels.clone(), k as usize).unpack(), labels, "{k}");
        }
    }
}

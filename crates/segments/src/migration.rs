//! Who moved from which segment to which between two dates.

use serde::{Deserialize, Serialize};

/// Customers by their segment at an earlier and at the later date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// `counts[from][to]`; the last `from` are customers who were none at the earlier date.
    pub counts: Vec<Vec<usize>>,
}

/// Counts moves between `k` segments; `earlier` is none for customers who were none then.
pub fn migration(earlier: &[Option<u32>], later: &[u32], k: usize) -> Migration {
    let mut counts = vec![vec![0; k]; k + 1];
    for (from, &to) in earlier.iter().zip(later) {
        counts[from.map_or(k, |from| from as usize)][to as usize] += 1;
    }
    Migration { counts }
}

impl Migration {
    /// The share of customers of both dates who are in the same segment at both; none where there are none.
    pub fn stayed_share(&self) -> Option<f64> {
        let k = self.counts.len() - 1;
        let stayed: usize = (0..k).map(|i| self.counts[i][i]).sum();
        let both: usize = self.counts[..k].iter().flatten().sum();
        (both > 0).then(|| stayed as f64 / both as f64)
    }
}

//! Many independent problems in one call: one clustering for each segment, shop or tenant.

use rayon::prelude::*;
use tenure_kernels::kmeans::Rows;

use crate::device::Device;
use crate::error::ClusterError;
use crate::fit::Fitted;
use crate::settings::KMeans;

impl KMeans {
    /// Fits each problem by itself, all in parallel on the CPU. Problem `i` draws its random numbers from seed `seed + i`, so that a
    /// result depends neither on the thread count nor on the other problems.
    ///
    /// # Errors
    /// [`ClusterError::Width`] where problems differ in columns; [`ClusterError::Problem`] names the first that failed.
    pub fn fit_batch(&self, problems: &[Rows<'_>]) -> Result<Vec<Fitted>, ClusterError> {
        let Some(first) = problems.first() else { return Ok(Vec::new()) };
        for (problem_idx, problem) in problems.iter().enumerate() {
            if problem.n_columns != first.n_columns {
                let (expected, found) = (first.n_columns, problem.n_columns);
                return Err(ClusterError::Width { what: format!("problem {problem_idx}"), expected, found });
            }
        }
        let fitted: Vec<(usize, Result<Fitted, ClusterError>)> = largest_first(problems)
            .into_par_iter()
            .with_max_len(1)
            .map(|i| (i, self.fit_one(i, problems[i])))
            .collect();
        in_order(fitted)
    }

    fn fit_one(&self, problem_idx: usize, rows: Rows<'_>) -> Result<Fitted, ClusterError> {
        let seed = self.seed.wrapping_add(problem_idx as u64);
        let settings = KMeans { seed, device: Device::Cpu, ..self.clone() };
        settings.fit(rows).map_err(|cause| ClusterError::Problem { problem_idx, cause: Box::new(cause) })
    }
}

/// Problems by falling size: a large one that starts last would keep one thread busy alone.
fn largest_first(problems: &[Rows<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..problems.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(problems[i].len()));
    order
}

fn in_order(mut fitted: Vec<(usize, Result<Fitted, ClusterError>)>) -> Result<Vec<Fitted>, ClusterError> {
    fitted.sort_by_key(|&(problem_idx, _)| problem_idx);
    fitted.into_iter().map(|(_, fitted)| fitted).collect()
}

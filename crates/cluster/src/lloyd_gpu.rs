//! Lloyd iterations on a GPU: enqueued several at a time, with a look at the restarts between.

use rayon::prelude::*;
use tenure_kernels::kmeans::Rows;
use tenure_kernels::kmeans::gpu::{Gpu, GpuError, Resident, Restarts, State, Stop};

use crate::centroids::Centroids;
use crate::error::ClusterError;
use crate::fit::{Fitted, Labelled, best};
use crate::lloyd::Lloyd;
use crate::observe::{Iteration, Observer};
use crate::restart::Restart;

/// Iterations between two looks: reading states costs about one small iteration, an iteration too many likewise.
const BETWEEN_LOOKS: usize = 8;

/// Runs every restart to its end and labels the rows by the best.
pub(crate) fn fit(
    lloyd: &Lloyd<'_>,
    gpu: &Gpu,
    rows: Rows<'_>,
    mut restarts: Vec<Restart>,
    observer: &mut dyn Observer,
) -> Result<Fitted, ClusterError> {
    let resident = gpu.upload(rows, &lloyd.survey.frame)?;
    let stop = Stop { enough: lloyd.enough() as f32, max_iter: lloyd.settings.max_iter };
    let starts: Vec<Vec<f64>> = restarts.iter().map(|restart| restart.centroids.clone()).collect();
    let course = Course { lloyd, rows, on_device: resident.restarts(&starts, stop)? };
    course.run(&mut restarts, observer)?;
    let restart_idx = best(&restarts);
    let centroids =
        Centroids::framed(restarts[restart_idx].centroids.clone(), lloyd.n_columns, lloyd.survey.frame.clone());
    let labelled = label(&resident, &centroids, rows, lloyd.chunk_rows)?;
    Ok(labelled.fitted(centroids, restart_idx, &restarts))
}

/// Restarts on their way.
struct Course<'a> {
    lloyd: &'a Lloyd<'a>,
    rows: Rows<'a>,
    on_device: Restarts<'a>,
}

impl Course<'_> {
    fn run(mut self, restarts: &mut [Restart], observer: &mut dyn Observer) -> Result<(), ClusterError> {
        let max_iter = self.lloyd.settings.max_iter;
        // What the host found out last is not on the device.
        let mut ended_here = vec![false; restarts.len()];
        loop {
            self.on_device.enqueue(BETWEEN_LOOKS.min(max_iter));
            let mut states = self.on_device.states()?;
            let sums = self.on_device.sums()?;
            let present = restarts.iter_mut().zip(&states).zip(&sums).zip(&ended_here);
            for (((restart, &(state, n_iter)), sums), _) in present.filter(|(_, ended)| !**ended) {
                restart.n_iter = n_iter;
                restart.converged = state == State::Converged;
                if state != State::Empty {
                    restart.move_to_means(sums, self.lloyd.n_columns, self.lloyd.settings.metric);
                    restart.inertia = self.lloyd.inertia(restart, sums);
                }
            }
            if states.iter().any(|(state, _)| *state == State::Empty) {
                self.refill(restarts, &mut states, &mut ended_here)?;
            }
            let n_running = states.iter().filter(|(state, _)| *state == State::Running).count();
            let n_iter = states.iter().map(|&(_, n_iter)| n_iter).max().unwrap_or(0);
            let inertia = restarts.iter().map(|restart| restart.inertia).fold(f64::INFINITY, f64::min);
            observer.iterated(&Iteration { n_iter, n_running, inertia });
            if n_running == 0 {
                return Ok(());
            }
        }
    }

    /// One iteration on the CPU for restarts with an empty cluster, which needs the farthest rows.
    fn refill(
        &mut self,
        restarts: &mut [Restart],
        states: &mut [(State, usize)],
        ended_here: &mut [bool],
    ) -> Result<(), ClusterError> {
        let mut centroids = self.on_device.centroids()?;
        for (i, (state, n_iter)) in states.iter_mut().enumerate() {
            if *state != State::Empty {
                continue;
            }
            let restart = &mut restarts[i];
            restart.centroids.clone_from(&centroids[i]);
            // The device has iterated since.
            restart.given = None;
            *n_iter += 1;
            self.lloyd.iterate(&mut { self.rows }, &mut [&mut *restart], *n_iter)?;
            centroids[i].clone_from(&restart.centroids);
            *state = match restart.converged {
                true => State::Converged,
                false if *n_iter >= self.lloyd.settings.max_iter => State::Exhausted,
                false => State::Running,
            };
            ended_here[i] = *state != State::Running;
        }
        self.on_device.set(&centroids, states);
        Ok(())
    }
}

/// Labels of the device, distances in `f64`.
fn label(
    resident: &Resident,
    centroids: &Centroids,
    rows: Rows<'_>,
    chunk_rows: usize,
) -> Result<Labelled, ClusterError> {
    let labels = resident.label(centroids.values(), false)?.nearest;
    let distances: Vec<Vec<f64>> = labels
        .par_chunks(chunk_rows)
        .enumerate()
        .map(|(i, labels)| {
            let start = i * chunk_rows;
            centroids.own_distances(rows.slice(start, start + labels.len()), labels)
        })
        .collect();
    let mut labelled = Labelled::new(rows.len(), centroids.k());
    for (i, (labels, distances)) in labels.chunks(chunk_rows).zip(&distances).enumerate() {
        let start = i * chunk_rows;
        labelled.take(start, rows.slice(start, start + labels.len()), labels, distances);
    }
    Ok(labelled)
}

impl From<GpuError> for ClusterError {
    fn from(error: GpuError) -> ClusterError {
        ClusterError::Device { message: error.to_string() }
    }
}

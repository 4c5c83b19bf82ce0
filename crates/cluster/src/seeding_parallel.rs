//! k-means‖ (Bahmani, Moseley, Vattani, Kumar, Vassilvitskii 2012, algorithm 2).

use tenure_kernels::kmeans::cpu::{Level, Panel, accumulate_all};
use tenure_kernels::kmeans::{Rows, Sums, chunk_rows};

use crate::error::ClusterError;
use crate::nearest::Nearest;
use crate::observe::{Observer, Silent};
use crate::random::Stream;
use crate::seeding::{Draws, gather, plus_plus};
use crate::source::{RowSource, for_each_block};
use crate::survey::{Survey, survey};

/// Rows drawn in each round, as a multiple of `K`; the paper finds 2 enough.
const OVERSAMPLING: usize = 2;

/// Initial centroids, `[K, D]` for each restart: candidates from a few rounds of independent draws, each weighted by the
/// rows nearest to it, then greedy k-means++ among them.
pub(crate) fn parallel(
    k: usize,
    n_rounds: usize,
    source: &mut dyn RowSource,
    survey: &Survey,
    streams: &mut [Stream],
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<f64>>, ClusterError> {
    let draws = Draws::new(survey);
    let first: Vec<Vec<usize>> = streams.iter_mut().map(|stream| vec![draws.row(stream)]).collect();
    let mut latest = gather(source, &first, survey.frame.metric)?;
    let mut candidates = latest.clone();
    let mut nearest = Nearest::new(survey, streams.len(), chunk_rows(k));
    for round in 0..n_rounds {
        observer.seeded(round * k / n_rounds, k);
        nearest.lower(source, &latest)?;
        let drawn: Vec<Vec<usize>> =
            streams.iter_mut().enumerate().map(|(restart, stream)| draw(&nearest, restart, k, stream)).collect();
        latest = gather(source, &drawn, survey.frame.metric)?;
        candidates.iter_mut().zip(&latest).for_each(|(all, new)| all.extend_from_slice(new));
    }
    let weights = weigh(source, survey, &candidates, chunk_rows(k))?;
    let restarts = candidates.iter().zip(&weights).zip(streams);
    let chosen = restarts.map(|((points, weights), stream)| reduce(k, source, survey, (points, weights), stream));
    let chosen = chosen.collect();
    observer.seeded(k, k);
    chosen
}

/// Rows drawn independently, each with probability `2·K·w·D² / potential`.
fn draw(nearest: &Nearest<'_>, restart: usize, k: usize, stream: &mut Stream) -> Vec<usize> {
    let rate = (OVERSAMPLING * k) as f64 / nearest.potential(restart);
    let terms = (0..nearest.n_chunks()).flat_map(|chunk| nearest.terms(chunk, restart));
    terms.filter(|&(_, term)| stream.unit() < term * rate).map(|(row_idx, _)| row_idx).collect()
}

/// Weight of the rows nearest to each candidate, `[R][candidates]`.
fn weigh(
    source: &mut dyn RowSource,
    survey: &Survey,
    candidates: &[Vec<f64>],
    chunk_rows: usize,
) -> Result<Vec<Vec<f64>>, ClusterError> {
    let d = source.n_columns();
    let panel = |points: &Vec<f64>| Panel::scores(Level::detect(), &survey.frame, points, d);
    let panels: Vec<Panel> = candidates.iter().map(panel).collect();
    let mut sums: Vec<Sums> = candidates.iter().map(|points| Sums::zeros(points.len() / d, d)).collect();
    for_each_block(source, chunk_rows, |_, rows| {
        accumulate_all(&panels, rows, chunk_rows, &mut sums);
        Ok(())
    })?;
    Ok(sums.into_iter().map(|sums| sums.weights).collect())
}

/// `K` of the weighted candidates of one restart. Where the rounds found fewer than `K` different rows, k-means++ on all
/// rows takes over.
fn reduce(
    k: usize,
    source: &mut dyn RowSource,
    all: &Survey,
    (points, weights): (&[f64], &[f64]),
    stream: &mut Stream,
) -> Result<Vec<f64>, ClusterError> {
    let x: Vec<f32> = points.iter().map(|&x| x as f32).collect();
    let weights: Vec<f32> = weights.iter().map(|&weight| weight as f32).collect();
    let mut rows = Rows { x: &x, weights: Some(&weights), n_columns: source.n_columns() };
    let streams = std::slice::from_mut(stream);
    let chosen = match survey(&mut rows, k, chunk_rows(k), all.frame.metric) {
        Ok(candidates) => plus_plus(k, &mut rows, &candidates, streams, &mut Silent)?,
        Err(_too_few) => plus_plus(k, source, all, streams, &mut Silent)?,
    };
    Ok(chosen.concat())
}

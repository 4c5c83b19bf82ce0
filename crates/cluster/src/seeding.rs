//! Initial centroids of all restarts at once.

use std::ops::Range;

use tenure_kernels::kmeans::{Metric, chunk_rows};

use crate::centroids::to_unit;
use crate::error::ClusterError;
use crate::nearest::Nearest;
use crate::observe::Observer;
use crate::random::Stream;
use crate::settings::{Init, KMeans};
use crate::source::RowSource;
use crate::survey::Survey;

/// Initial centroids of these restarts, `[K, D]` each.
pub(crate) fn seed(
    settings: &KMeans,
    of: Range<usize>,
    source: &mut dyn RowSource,
    survey: &Survey,
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<f64>>, ClusterError> {
    let mut streams: Vec<Stream> = of.map(|restart| Stream::new(settings.seed, restart as u64)).collect();
    match &settings.init {
        Init::Given(centroids) => Ok(vec![centroids.clone()]),
        Init::Random => random(settings, source, survey, &mut streams),
        Init::KMeansPlusPlus => plus_plus(settings.k, source, survey, &mut streams, observer),
        Init::KMeansParallel { n_rounds } => {
            crate::seeding_parallel::parallel(settings.k, *n_rounds, source, survey, &mut streams, observer)
        }
    }
}

/// Rows by index for each restart, as centres (of length 1 under cosine): `[restart][rows, D]`.
pub(crate) fn gather(
    source: &mut dyn RowSource,
    row_idxs: &[Vec<usize>],
    metric: Metric,
) -> Result<Vec<Vec<f64>>, ClusterError> {
    let d = source.n_columns();
    let mut sorted: Vec<usize> = row_idxs.concat();
    sorted.sort_unstable();
    sorted.dedup();
    let values = source.gather(&sorted)?;
    if values.len() != sorted.len() * d {
        return Err(ClusterError::SourceChanged { first: sorted.len(), later: values.len() / d });
    }
    let row = |row_idx: &usize| -> Vec<f64> {
        let at = sorted.binary_search(row_idx).expect("every index is among the sorted ones");
        let mut centre: Vec<f64> = values[at * d..(at + 1) * d].iter().map(|&x| f64::from(x)).collect();
        if metric == Metric::Cosine {
            to_unit(&mut centre);
        }
        centre
    };
    Ok(row_idxs.iter().map(|row_idxs| row_idxs.iter().flat_map(row).collect()).collect())
}

/// `K` rows drawn by weight, all different in value.
fn random(
    settings: &KMeans,
    source: &mut dyn RowSource,
    survey: &Survey,
    streams: &mut [Stream],
) -> Result<Vec<Vec<f64>>, ClusterError> {
    let (k, d) = (settings.k, source.n_columns());
    let draws = Draws::new(survey);
    // Drawn with room to spare, so that repeats can be passed over in one reading of the rows.
    let drawn: Vec<Vec<usize>> =
        streams.iter_mut().map(|stream| (0..4 * k + 16).map(|_| draws.row(stream)).collect()).collect();
    let candidates = gather(source, &drawn, survey.frame.metric)?;
    let chosen: Vec<Option<Vec<f64>>> = candidates.iter().map(|rows| first_distinct(rows, d, k)).collect();
    if let Some(chosen) = chosen.into_iter().collect() {
        return Ok(chosen);
    }
    // Few different rows, or few that weigh anything: D² finds them all.
    plus_plus(k, source, survey, streams, &mut crate::observe::Silent)
}

fn first_distinct(rows: &[f64], d: usize, k: usize) -> Option<Vec<f64>> {
    let mut chosen: Vec<&[f64]> = Vec::with_capacity(k);
    for row in rows.chunks_exact(d) {
        if chosen.len() < k && !chosen.contains(&row) {
            chosen.push(row);
        }
    }
    (chosen.len() == k).then(|| chosen.concat())
}

/// Rows drawn in proportion to their weights.
pub(crate) struct Draws<'a> {
    n_rows: usize,
    cumulative: Option<Vec<f64>>,
    weights: Option<&'a [f32]>,
}

impl<'a> Draws<'a> {
    pub(crate) fn new(survey: &'a Survey) -> Draws<'a> {
        let weights = survey.weights.as_deref();
        let running = |total: &mut f64, weight: &f32| {
            *total += f64::from(*weight);
            Some(*total)
        };
        let cumulative = weights.map(|weights| weights.iter().scan(0.0, running).collect());
        Draws { n_rows: survey.n_rows, cumulative, weights }
    }

    pub(crate) fn row(&self, stream: &mut Stream) -> usize {
        let (Some(cumulative), Some(weights)) = (&self.cumulative, self.weights) else {
            return stream.below(self.n_rows);
        };
        let target = stream.unit() * cumulative[cumulative.len() - 1];
        let at = cumulative.partition_point(|&total| total <= target);
        // A product that rounds up to the total would fall behind the last row that weighs anything.
        if at < weights.len() { at } else { weights.iter().rposition(|&weight| weight > 0.0).unwrap_or(0) }
    }
}

/// Greedy k-means++: of `2 + ln K` rows drawn by D², the one that leaves the lowest potential.
pub(crate) fn plus_plus(
    k: usize,
    source: &mut dyn RowSource,
    survey: &Survey,
    streams: &mut [Stream],
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<f64>>, ClusterError> {
    let d = source.n_columns();
    let n_candidates = 2 + (k as f64).ln() as usize;
    let draws = Draws::new(survey);
    let first: Vec<Vec<usize>> = streams.iter_mut().map(|stream| vec![draws.row(stream)]).collect();
    let mut latest = gather(source, &first, survey.frame.metric)?;
    let mut centroids = latest.clone();
    let mut nearest = Nearest::new(survey, streams.len(), chunk_rows(k));
    for n_chosen in 1..k {
        observer.seeded(n_chosen, k);
        nearest.lower(source, &latest)?;
        let drawn =
            nearest.draw(streams, n_candidates).ok_or(ClusterError::TooFewDistinct { k, n_distinct: n_chosen })?;
        let candidates = gather(source, &drawn, survey.frame.metric)?;
        let potentials = nearest.potentials(source, &candidates)?;
        for (restart, potentials) in potentials.iter().enumerate() {
            let best = lowest(potentials);
            latest[restart] = candidates[restart][best * d..(best + 1) * d].to_vec();
            centroids[restart].extend_from_slice(&latest[restart]);
        }
    }
    observer.seeded(k, k);
    Ok(centroids)
}

/// Index of the lowest value, the first of equals.
fn lowest(values: &[f64]) -> usize {
    (0..values.len()).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0)
}

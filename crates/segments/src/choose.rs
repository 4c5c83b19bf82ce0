//! How many segments: each number tried, measured in six ways, and one rule that picks.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use tenure_evaluate::{
    ClusteringError, Gap, Labelled, Points, calinski_harabasz, davies_bouldin, gap, gap_choice, silhouette,
    uniform_reference, within_sum_of_squares,
};

use crate::SegmentError;
use crate::clusterer::{Clusterer, Clustering, Restarts};
use crate::packed::Packed;
use crate::stability::{Stability, Study};

/// What decides between numbers of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The highest mean silhouette (Rousseeuw 1987).
    Silhouette,
    /// The highest Calinski-Harabasz ratio.
    CalinskiHarabasz,
    /// The lowest Davies-Bouldin ratio.
    DaviesBouldin,
    /// The first gap within a standard error of the next (Tibshirani et al. 2001).
    Gap,
    /// The highest mean adjusted Rand index over bootstraps.
    Stability,
}

impl Criterion {
    /// All, in the order of the report.
    pub const ALL: [Self; 5] =
        [Self::Silhouette, Self::CalinskiHarabasz, Self::DaviesBouldin, Self::Gap, Self::Stability];

    /// Its name in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silhouette => "silhouette",
            Self::CalinskiHarabasz => "Calinski-Harabasz",
            Self::DaviesBouldin => "Davies-Bouldin",
            Self::Gap => "gap statistic",
            Self::Stability => "stability",
        }
    }

    /// A candidate's figure, turned so that more is better; none where it is undefined.
    fn score(self, candidate: &Candidate) -> Option<f64> {
        match self {
            Self::Silhouette => candidate.silhouette,
            Self::CalinskiHarabasz => candidate.calinski_harabasz,
            Self::DaviesBouldin => candidate.davies_bouldin.map(|ratio| -ratio),
            Self::Gap => candidate.gap.map(|gap| gap.gap),
            Self::Stability => candidate.stability.as_ref().map(|stability| stability.mean),
        }
    }
}

/// How numbers of segments are tried and judged.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceSettings {
    /// Fewest segments, at least 1.
    pub k_min: usize,
    /// Most segments.
    pub k_max: usize,
    /// What decides.
    pub criterion: Criterion,
    /// Starts of each fit.
    pub n_init: usize,
    /// Customers that every segment must have.
    pub min_size: usize,
    /// Refits on bootstraps, and as many on other seeds, for each number of segments.
    pub n_refits: usize,
    /// References of the gap statistic; 0 where it has no meaning, as with angles.
    pub n_references: usize,
    /// Segments whose mean adjusted Rand index is below this count as unstable.
    pub min_stability: f64,
    /// Refits, references and silhouettes look at no more rows than this.
    pub max_rows: usize,
    /// Seeds everything.
    pub seed: u64,
}

/// One number of segments and what was found about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The number of segments.
    pub k: usize,
    /// Sum of squared distances to the centroids, all customers.
    pub inertia: f64,
    /// Mean silhouette of (a sample of) customers; none with one segment.
    pub silhouette: Option<f64>,
    /// More is better; none with one segment.
    pub calinski_harabasz: Option<f64>,
    /// Less is better; none with one segment.
    pub davies_bouldin: Option<f64>,
    /// The gap statistic; none where a clustering is perfect.
    pub gap: Option<Gap>,
    /// Whether the segments come back; none with one segment.
    pub stability: Option<Stability>,
    /// Customers in the smallest segment.
    pub smallest: usize,
    /// Whether every segment is large enough.
    pub large_enough: bool,
    /// Whether the segments are stable enough.
    pub stable_enough: bool,
}

/// The number of segments chosen, and the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChosenK {
    /// The number chosen.
    pub k: usize,
    /// What decided.
    pub criterion: Criterion,
    /// Why, in one or two sentences.
    pub reason: String,
    /// Everything tried, ascending in k.
    pub candidates: Vec<Candidate>,
    /// The numbers that were in question, best first; the first is the one chosen.
    pub ranking: Vec<usize>,
    /// What each criterion alone would have chosen.
    pub by_criterion: Vec<(Criterion, Option<usize>)>,
}

impl ChosenK {
    /// What was found about the number chosen.
    pub fn candidate(&self) -> &Candidate {
        self.candidates.iter().find(|candidate| candidate.k == self.k).expect("the number chosen was tried")
    }
}

/// The random numbers of one purpose.
pub(crate) fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// Tries every number of segments and picks one; hands back its clustering of all rows.
///
/// The rule: among the numbers whose segments all have `min_size` customers and come back from bootstraps with a mean
/// adjusted Rand index of `min_stability` or more, the best by `criterion`; of equals the smaller. Where none is stable
/// enough, the most stable one. The gap statistic picks by its own rule, the first gap within a standard error of the
/// next; where that picks none of those in question, their largest gap. With one number to try there is no choice, and
/// it is taken whatever its measures.
///
/// Of rows that are not in memory it keeps 4 bytes each for the labels at work, and 1 for each number tried (4 above 256
/// segments).
///
/// # Errors
/// [`SegmentError::TooFewDistinct`], [`SegmentError::TooSmall`], [`SegmentError::Clustering`], [`SegmentError::Measure`].
pub fn choose_k(
    points: Points<'_>,
    clusterer: &dyn Clusterer,
    settings: &ChoiceSettings,
    tried: &mut dyn FnMut(usize),
) -> Result<(ChosenK, Clustering), SegmentError> {
    let bench = Bench::new(points, clusterer, settings)?;
    let (mut candidates, mut clusterings) = (Vec::new(), Vec::new());
    for k in settings.k_min..=settings.k_max {
        let (candidate, clustering) = bench.candidate(k)?;
        candidates.push(candidate);
        let Clustering { labels, centroids, inertia } = clustering;
        clusterings.push((Packed::new(labels, k), centroids, inertia));
        tried(k);
    }
    let (chosen, place) = pick(candidates, settings)?;
    let (labels, centroids, inertia) = clusterings.swap_remove(place);
    drop(clusterings);
    Ok((chosen, Clustering { labels: labels.unpack(), centroids, inertia }))
}

/// What stays the same from one number of segments to the next.
struct Bench<'a> {
    points: Points<'a>,
    /// The rows that refits look at.
    sample: Vec<f32>,
    /// References of the gap statistic, of the sample's extent.
    references: Vec<Vec<f32>>,
    clusterer: &'a dyn Clusterer,
    settings: &'a ChoiceSettings,
}

impl<'a> Bench<'a> {
    fn new(
        points: Points<'a>,
        clusterer: &'a dyn Clusterer,
        settings: &'a ChoiceSettings,
    ) -> Result<Self, SegmentError> {
        let sample = sample(points, settings)?;
        let of_sample = Points::new(&sample, points.n_columns())?;
        let reference = |i: usize| uniform_reference(&of_sample, settings.seed.wrapping_add(i as u64));
        let references = (0..settings.n_references).map(reference).collect::<Result<_, _>>()?;
        Ok(Self { points, sample, references, clusterer, settings })
    }

    fn candidate(&self, k: usize) -> Result<(Candidate, Clustering), SegmentError> {
        let settings = self.settings;
        let d = self.points.n_columns();
        let restarts = Restarts { n_init: settings.n_init, seed: settings.seed };
        let clustering = self.clusterer.fit(self.points, k, restarts)?;
        let labelled = Labelled::new(self.points, &clustering.labels)?;
        let smallest = labelled.sizes.iter().copied().min().unwrap_or(0);
        let sampled = self.clusterer.assign(&self.sample, d, &clustering.centroids)?;
        let study = Study {
            cells: &self.sample,
            n_columns: d,
            labels: &sampled,
            k,
            n_bootstraps: settings.n_refits,
            n_init: self.n_init_of_refits(),
            seed: settings.seed,
        };
        let stability = if k > 1 && settings.n_refits > 0 { Some(study.stability(self.clusterer)?) } else { None };
        let candidate = Candidate {
            k,
            inertia: clustering.inertia,
            // Undefined with one segment, or where all customers of each segment are equal: then it decides nothing.
            silhouette: defined(silhouette(&labelled, settings.max_rows, settings.seed))?.map(|found| found.mean),
            calinski_harabasz: defined(calinski_harabasz(&labelled))?,
            davies_bouldin: defined(davies_bouldin(&labelled))?,
            gap: self.gap(k, &sampled)?,
            large_enough: smallest >= settings.min_size,
            stable_enough: stability.as_ref().is_none_or(|found| found.mean >= settings.min_stability),
            stability,
            smallest,
        };
        Ok((candidate, clustering))
    }

    /// Refits are many, so each starts less often.
    fn n_init_of_refits(&self) -> usize {
        self.settings.n_init.div_ceil(3)
    }

    fn gap(&self, k: usize, sampled: &[u32]) -> Result<Option<Gap>, SegmentError> {
        let d = self.points.n_columns();
        let within = within_sum_of_squares(&Labelled::new(Points::new(&self.sample, d)?, sampled)?)?;
        let mut references = Vec::with_capacity(self.references.len());
        for (i, cells) in self.references.iter().enumerate() {
            let restarts =
                Restarts { n_init: self.n_init_of_refits(), seed: self.settings.seed.wrapping_add(i as u64) };
            let points = Points::new(cells, d)?;
            let clustering = self.clusterer.fit(points, k, restarts)?;
            references.push(within_sum_of_squares(&Labelled::new(points, &clustering.labels)?)?);
        }
        Ok(gap(within, &references).ok())
    }
}

/// What a measure found; none where it is undefined. That rows cannot be read is no measure's matter.
fn defined<T>(found: Result<T, ClusteringError>) -> Result<Option<T>, SegmentError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error @ ClusteringError::Read { .. }) => Err(error.into()),
        Err(_undefined) => Ok(None),
    }
}

/// At most `max_rows` rows, without replacement, in their order.
fn sample(points: Points<'_>, settings: &ChoiceSettings) -> Result<Vec<f32>, SegmentError> {
    use rand_chacha::rand_core::Rng;
    let n_rows = points.n_rows();
    let mut random = stream(settings.seed, u64::MAX);
    // Floyd's method would need a set; selection sampling (Knuth, Algorithm S) needs one pass and keeps the order.
    let (mut wanted, mut sample) =
        (settings.max_rows as u64, Vec::with_capacity(settings.max_rows.min(n_rows) * points.n_columns()));
    points.each_row(|row_idx, row| {
        let left = (n_rows - row_idx) as u64;
        if n_rows <= settings.max_rows || random.next_u64() % left < wanted {
            sample.extend_from_slice(row);
            wanted = wanted.saturating_sub(1);
        }
    })?;
    Ok(sample)
}

/// Picks by the rule of [`choose_k`]; gives the place of the pick too.
fn pick(candidates: Vec<Candidate>, settings: &ChoiceSettings) -> Result<(ChosenK, usize), SegmentError> {
    let criterion = settings.criterion;
    let by_criterion: Vec<_> = Criterion::ALL.into_iter().map(|c| (c, best(&candidates, c, |_| true))).collect();
    let k_of = |place: Option<usize>| place.map(|place| candidates[place].k);
    let alone: Vec<_> = by_criterion.iter().map(|&(c, place)| (c, k_of(place))).collect();
    let is_single = candidates.len() == 1;
    let large = |candidate: &Candidate| is_single || candidate.large_enough;
    let in_question = |candidate: &Candidate| large(candidate) && (is_single || candidate.stable_enough);
    let (place, ranking, reason) = if is_single {
        (0, vec![candidates[0].k], format!("{} segments were asked for.", candidates[0].k))
    } else if let Some(place) = best(&candidates, criterion, in_question) {
        (place, ranking(&candidates, criterion, place, in_question), reason(&candidates, place, settings))
    } else if let Some(place) = best(&candidates, Criterion::Stability, large) {
        let stability = Criterion::Stability;
        let reason = format!(
            "No number of segments comes back from bootstraps with a mean adjusted Rand index of {:.2}; {} segments come \
             back best ({:.2}).",
            settings.min_stability,
            candidates[place].k,
            stability.score(&candidates[place]).unwrap_or(f64::NAN),
        );
        (place, ranking(&candidates, stability, place, large), reason)
    } else {
        let (k_min, k_max, min_size) = (settings.k_min, settings.k_max, settings.min_size);
        let found = candidates.iter().map(|candidate| candidate.smallest).max().unwrap_or(0);
        return Err(SegmentError::TooSmall { k_min, k_max, min_size, found });
    };
    let k = candidates[place].k;
    Ok((ChosenK { k, criterion, reason, candidates, ranking, by_criterion: alone }, place))
}

/// The place of the best candidate among those that `may` be chosen, the first of equals.
fn best(candidates: &[Candidate], criterion: Criterion, may: impl Fn(&Candidate) -> bool) -> Option<usize> {
    if criterion == Criterion::Gap {
        let gaps: Vec<Gap> = candidates.iter().map_while(|candidate| candidate.gap).collect();
        if let Some(place) = gap_choice(&gaps).filter(|&place| may(&candidates[place])) {
            return Some(place);
        }
    }
    let scored = candidates.iter().enumerate().filter(|(_, candidate)| may(candidate));
    let scored = scored.filter_map(|(place, candidate)| Some((place, criterion.score(candidate)?)));
    scored.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(place, _)| place)
}

/// The candidate at `first`, then the others that were in question, best first.
fn ranking(
    candidates: &[Candidate],
    criterion: Criterion,
    first: usize,
    may: impl Fn(&Candidate) -> bool,
) -> Vec<usize> {
    let mut others: Vec<&Candidate> = candidates.iter().filter(|c| may(c) && c.k != candidates[first].k).collect();
    let score = |candidate: &Candidate| criterion.score(candidate).unwrap_or(f64::NEG_INFINITY);
    others.sort_by(|a, b| score(b).total_cmp(&score(a)));
    [candidates[first].k].into_iter().chain(others.into_iter().map(|candidate| candidate.k)).collect()
}

fn reason(candidates: &[Candidate], place: usize, settings: &ChoiceSettings) -> String {
    let (criterion, candidate) = (settings.criterion, &candidates[place]);
    let figure = match criterion {
        Criterion::Silhouette => format!("the highest silhouette ({:.3})", candidate.silhouette.unwrap_or(f64::NAN)),
        Criterion::CalinskiHarabasz => {
            format!("the highest Calinski-Harabasz ratio ({:.0})", candidate.calinski_harabasz.unwrap_or(f64::NAN))
        }
        Criterion::DaviesBouldin => {
            format!("the lowest Davies-Bouldin ratio ({:.3})", candidate.davies_bouldin.unwrap_or(f64::NAN))
        }
        Criterion::Gap => {
            format!("the pick of the gap statistic ({:.3})", candidate.gap.map_or(f64::NAN, |gap| gap.gap))
        }
        Criterion::Stability => format!(
            "the highest stability ({:.2})",
            candidate.stability.as_ref().map_or(f64::NAN, |stability| stability.mean)
        ),
    };
    let n_small = candidates.iter().filter(|candidate| !candidate.large_enough).count();
    let n_unstable = candidates.iter().filter(|c| c.large_enough && !c.stable_enough).count();
    let left_out = |n: usize, why: String| (n > 0).then(|| format!("{n} {why}"));
    let left_out: Vec<String> = [
        left_out(n_small, format!("with a segment of fewer than {} customers", settings.min_size)),
        left_out(
            n_unstable,
            format!(
                "whose segments come back from bootstraps with a mean adjusted Rand index below {:.2}",
                settings.min_stability
            ),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let but = if left_out.is_empty() { String::new() } else { format!(", leaving out {}", left_out.join(" and ")) };
    format!("{} segments have {figure} of {} to {} segments{but}.", candidate.k, settings.k_min, settings.k_max)
}

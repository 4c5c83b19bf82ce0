//! Who the segments are: names, profiles, silhouettes, the classical segments beside them.

use tenure_config::Plan;
use tenure_evaluate::{Labelled, adjusted_rand};
use tenure_report::segments::{MigrationFacts, Projection, RfmFacts, SilhouetteStrip};
use tenure_segments::{
    ChosenK, ClassicSegment, Clusterer, Population, Rfm, RfmScores, Segment, SegmentError, TierSummary, describe,
    migration, renumber, rfm, tiers,
};

use super::cells::{Cells, to_directions};
use super::cluster::{Clusters, Driver};
use super::customers::Customers;
use super::encode::{self, Encoded, EncodedFigures};
use super::picture;
use crate::failure::Failure;
use crate::seeds;

/// Everything that was found out about the segments.
pub struct Findings {
    /// The number of segments and why.
    pub choice: ChosenK,
    /// Named, most valuable customers first.
    pub segments: Vec<Segment>,
    /// The encoders of what was clustered.
    pub encoded: EncodedNames,
    /// `[K, D]` in the order of the segments.
    pub centroids: Vec<f64>,
    /// The place of each customer's segment, from 0.
    pub labels: Vec<u32>,
    /// What was clustered: the encoded rows, or their directions.
    pub cells: Cells,
    /// The driver, for other rows.
    pub driver: Driver,
    /// Silhouettes; none with one segment.
    pub silhouette: Option<Vec<SilhouetteStrip>>,
    /// Customers in two dimensions.
    pub projection: Option<Projection>,
    /// The classical segments; only for events.
    pub rfm: Option<(Rfm, RfmFacts)>,
    /// Ends of the tiers, as shares of customers.
    pub tops: Vec<f64>,
    /// The tier of each customer and what is in each; none where the value is not known.
    pub tiers: Option<(Vec<u32>, Vec<TierSummary>)>,
    /// Who moved.
    pub migration: Option<MigrationFacts>,
}

/// What of the encoders later stages need.
pub struct EncodedNames {
    /// The encoders.
    pub preprocessor: tenure_artifact::Preprocessor,
    /// Names of the encoded columns.
    pub columns: Vec<String>,
}

/// Finds it out.
pub fn findings(
    plan: &Plan,
    customers: &Customers<'_>,
    encoded: &Encoded,
    clusters: Clusters,
) -> Result<Findings, Failure> {
    let Clusters { choice, clustering, cells, driver } = clusters;
    let d = encoded.n_columns();
    let figures = EncodedFigures { customers, rows: &customers.now, encoded };
    let value = customers.values(&customers.now)?;
    let outcome = customers.outcome(&customers.now);
    let population = Population {
        figures: &figures,
        encoded: encoded.cells.points(d)?,
        value: value.as_deref(),
        outcome: outcome.as_ref().map(|(name, values)| (*name, values.as_slice())),
    };
    let (order, segments) = describe(&population, &clustering.labels)?;
    drop(outcome);
    let labels = renumber(&clustering.labels, &order);
    let centroids: Vec<f64> =
        order.iter().flat_map(|&old| clustering.centroids[old as usize * d..][..d].to_vec()).collect();

    let points = cells.points(d)?;
    let labelled = Labelled::new(points, &labels).map_err(SegmentError::from)?;
    let seed = seeds::derive(plan.experiment.seed, "segments", 0);
    let silhouette = tenure_evaluate::silhouette(&labelled, plan.segments.max_sample, seed).ok();
    let silhouette = silhouette.map(|found| picture::strips(&found, segments.len()));
    let projection = picture::projection(&labelled, &encoded.columns)?;
    let tiers = value.as_deref().map(|value| tiers(value, &plan.segments.tiers));
    let rfm = classical(customers, &customers.now, value.as_deref(), &labels)?;
    let migration = moves(customers, encoded, &driver, &centroids, &labels)?;
    let encoded = EncodedNames { preprocessor: encoded.preprocessor.clone(), columns: encoded.columns.clone() };
    Ok(Findings {
        choice,
        segments,
        encoded,
        centroids,
        labels,
        cells,
        driver,
        silhouette,
        projection,
        rfm,
        tops: plan.segments.tiers.clone(),
        tiers,
        migration,
    })
}

/// The classical segments of these rows; none for a customer table.
pub fn scores(customers: &Customers<'_>, rows: &[u32]) -> Result<Option<Rfm>, Failure> {
    let Some(recency) = customers.figure("recency_days", rows)? else { return Ok(None) };
    let Some(frequency) = customers.figure("n_purchases", rows)? else { return Ok(None) };
    Ok(Some(rfm(&recency, &frequency, customers.figure("spend_sum", rows)?.as_deref())))
}

fn classical(
    customers: &Customers<'_>,
    rows: &[u32],
    value: Option<&[f64]>,
    labels: &[u32],
) -> Result<Option<(Rfm, RfmFacts)>, Failure> {
    let Some(found) = scores(customers, rows)? else { return Ok(None) };
    let has_money = found.scores.first().is_some_and(|scores| scores.monetary.is_some());
    let name = |recency: usize, score: usize| {
        let cell = RfmScores { recency: recency as u8 + 1, frequency: score as u8 + 1, monetary: None };
        ClassicSegment::name(cell.segment()).to_owned()
    };
    let facts = RfmFacts {
        has_money,
        summaries: found.summaries(value),
        grid: found.grid(),
        names: std::array::from_fn(|recency| std::array::from_fn(|score| name(recency, score))),
        agreement: adjusted_rand(labels, &found.labels()).ok(),
    };
    Ok(Some((found, facts)))
}

/// The segments of today applied to both dates.
fn moves(
    customers: &Customers<'_>,
    encoded: &Encoded,
    driver: &Driver,
    centroids: &[f64],
    labels: &[u32],
) -> Result<Option<MigrationFacts>, Failure> {
    let (Some(from), Some(to)) = (customers.earlier_at, customers.at) else { return Ok(None) };
    let d = encoded.n_columns();
    let mut cells = encode::apply(customers, encoded, &customers.earlier)?;
    if driver.is_cosine() {
        to_directions(&mut cells, d);
    }
    let before = driver.assign(&cells, d, centroids)?;
    let earlier: Vec<Option<u32>> = customers.places_earlier().into_iter().map(|place| Some(before[place?])).collect();
    let migration = migration(&earlier, labels, centroids.len() / d);
    Ok(Some(MigrationFacts { from, to, migration }))
}

//! The crate as its callers see it, on customers made by hand.

use std::collections::BTreeSet;

use rand_chacha::rand_core::Rng;

use tenure_evaluate::Points;

use crate::choose::stream;
use crate::*;

/// Lloyd's iteration from rows drawn at random: slow, plain, and enough to judge what is built on top of it.
struct Lloyd;

impl Clusterer for Lloyd {
    fn fit(&self, points: Points<'_>, k: usize, restarts: Restarts) -> Result<Clustering, SegmentError> {
        let (cells, d) = (points.in_memory().expect("made in memory"), points.n_columns());
        let rows: Vec<&[f32]> = cells.chunks_exact(d).collect();
        let n_distinct =
            rows.iter().map(|row| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect::<BTreeSet<_>>().len();
        if n_distinct < k {
            let (n_customers, features) = (rows.len(), vec!["x".into()]);
            return Err(SegmentError::TooFewDistinct { k, n_distinct, n_customers, features });
        }
        let one = |start: usize| {
            let mut random = stream(restarts.seed, start as u64);
            let mut centroids: Vec<f64> = Vec::new();
            for _ in 0..k {
                let row = rows[(random.next_u64() % rows.len() as u64) as usize];
                centroids.extend(row.iter().map(|&x| f64::from(x)));
            }
            for _ in 0..30 {
                let labels = self.assign(cells, d, &centroids).expect("never fails");
                for label in 0..k {
                    let members: Vec<&[f32]> =
                        rows.iter().zip(&labels).filter(|(_, l)| **l as usize == label).map(|(row, _)| *row).collect();
                    for (c, cell) in centroids[label * d..(label + 1) * d].iter_mut().enumerate() {
                        if !members.is_empty() {
                            *cell = members.iter().map(|row| f64::from(row[c])).sum::<f64>() / members.len() as f64;
                        }
                    }
                }
            }
            let labels = self.assign(cells, d, &centroids).expect("never fails");
            let inertia =
                rows.iter().zip(&labels).map(|(row, &l)| squared(row, &centroids[l as usize * d..][..d])).sum();
            Clustering { labels, centroids, inertia }
        };
        let best =
            (0..restarts.n_init).map(one).reduce(|best, next| if next.inertia < best.inertia { next } else { best });
        Ok(best.expect("one start or more"))
    }

    fn assign(&self, cells: &[f32], d: usize, centroids: &[f64]) -> Result<Vec<u32>, SegmentError> {
        let nearest = |row: &[f32]| {
            let distances = centroids.chunks_exact(d).map(|c| squared(row, c)).enumerate();
            distances.reduce(|best, next| if next.1 < best.1 { next } else { best }).expect("a centroid").0 as u32
        };
        Ok(cells.chunks_exact(d).map(nearest).collect())
    }
}

/// As tables hold them.
fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn squared(row: &[f32], centroid: &[f64]) -> f64 {
    row.iter().zip(centroid).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum()
}

/// `n` rows around each of four corners of a square.
fn corners(n: usize) -> Vec<f32> {
    let mut random = stream(3, 0);
    let mut noise = move || (random.next_u64() >> 40) as f32 / 16_777_216.0 - 0.5;
    (0..4 * n).flat_map(|i| [(i % 2) as f32 * 6.0 + noise(), (i / 2 % 2) as f32 * 6.0 + noise()]).collect()
}

fn settings(criterion: Criterion) -> ChoiceSettings {
    ChoiceSettings {
        k_min: 2,
        k_max: 6,
        criterion,
        n_init: 6,
        min_size: 3,
        n_refits: 5,
        n_references: 5,
        min_stability: 0.7,
        max_rows: 1_000,
        seed: 7,
    }
}

#[test]
fn every_criterion_finds_the_four_corners() {
    let cells = corners(30);
    for criterion in Criterion::ALL {
        let (chosen, clustering) =
            choose_k(Points::new(&cells, 2).expect("finite"), &Lloyd, &settings(criterion), &mut |_| ())
                .expect("well separated");
        assert_eq!(chosen.k, 4, "{criterion:?}: {}", chosen.reason);
        assert_eq!(chosen.ranking[0], 4);
        assert_eq!(clustering.labels.len(), 120);
        let stability = chosen.candidate().stability.as_ref().expect("several segments");
        assert!(stability.mean > 0.999 && stability.lowest() > 0.99, "{stability:?}");
        assert!(chosen.candidates.windows(2).all(|pair| pair[0].inertia > pair[1].inertia));
    }
}

#[test]
fn the_choice_is_told_with_what_was_left_out() {
    let cells = corners(30);
    let strict = ChoiceSettings { min_size: 40, min_stability: 0.0, ..settings(Criterion::Silhouette) };
    let (chosen, _) = choose_k(Points::new(&cells, 2).expect("finite"), &Lloyd, &strict, &mut |_| ())
        .expect("two halves are large enough");
    assert!(chosen.candidate().smallest >= 40);
    assert!(chosen.reason.contains("with a segment of fewer than 40 customers"), "{}", chosen.reason);
    let same = choose_k(Points::new(&cells, 2).expect("finite"), &Lloyd, &strict, &mut |_| ()).expect("again").0;
    assert_eq!(chosen, same);
    let impossible = ChoiceSettings { min_size: 70, ..strict };
    let error =
        choose_k(Points::new(&cells, 2).expect("finite"), &Lloyd, &impossible, &mut |_| ()).expect_err("120 rows");
    assert!(matches!(error, SegmentError::TooSmall { min_size: 70, .. }));
    let single = ChoiceSettings { k_min: 3, k_max: 3, min_size: 70, ..settings(Criterion::Gap) };
    let (chosen, _) =
        choose_k(Points::new(&cells, 2).expect("finite"), &Lloyd, &single, &mut |_| ()).expect("asked for");
    assert_eq!((chosen.k, chosen.reason.as_str()), (3, "3 segments were asked for."));
}

#[test]
fn more_segments_than_customers_are_refused() {
    let cells = [0.0, 1.0, 1.0, 2.0];
    let error = choose_k(Points::new(&cells, 1).expect("finite"), &Lloyd, &settings(Criterion::Stability), &mut |_| ())
        .expect_err("three differ");
    assert!(matches!(error, SegmentError::TooFewDistinct { k: 4, n_distinct: 3, n_customers: 4, .. }), "{error}");
}

#[test]
fn rfm_by_hand() {
    // Ten customers: one per rank, so fifths are pairs.
    let recency: Vec<f64> = (1..=10).map(f64::from).collect();
    let frequency = [10.0, 9.0, 1.0, 1.0, 1.0, 1.0, 8.0, 7.0, 6.0, 1.0];
    let money: Vec<f64> = (0..10).map(|i| 100.0 * f64::from(10 - i)).collect();
    let found = rfm(&recency, &frequency, Some(&money));
    let r: Vec<u8> = found.scores.iter().map(|s| s.recency).collect();
    assert_eq!(r, [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);
    // Five ones share the ranks 0 to 4: middle 2, 5 · 2 / 10 = 1, score 2.
    let f: Vec<u8> = found.scores.iter().map(|s| s.frequency).collect();
    assert_eq!(f, [5, 5, 2, 2, 2, 2, 4, 4, 3, 2]);
    assert_eq!(found.segments[0], ClassicSegment::Champions);
    // R 4, F 2, M 4: frequency and money 3.
    assert_eq!(found.segments[2], ClassicSegment::PotentialLoyalists);
    // R 1, F 3, M 1 make 2; R 1, F 2, M 1 make 2.
    assert_eq!((found.segments[8], found.segments[9]), (ClassicSegment::Lost, ClassicSegment::Lost));
    let summaries = found.summaries(Some(&money));
    assert_eq!(summaries[0].n_customers, 2);
    assert!((summaries[0].value_share.expect("money") - 1900.0 / 5500.0).abs() < 1e-12);
    assert_eq!(summaries.iter().map(|s| s.n_customers).sum::<usize>(), 10);
    assert_eq!(found.grid().iter().flatten().sum::<usize>(), 10);
    let never = rfm(&[f64::NAN, 5.0], &[0.0, 3.0], None);
    assert!(never.scores[0].recency < never.scores[1].recency);
}

#[test]
fn the_grid_of_names_is_whole() {
    let scores = (1..=5).flat_map(|r| (1..=5).map(move |f| RfmScores { recency: r, frequency: f, monetary: None }));
    let found: BTreeSet<ClassicSegment> = scores.map(RfmScores::segment).collect();
    assert_eq!(found.len(), ClassicSegment::ALL.len(), "every name has a cell");
}

#[test]
fn tiers_by_hand() {
    let value: Vec<f64> = (0..200).map(|i| f64::from(i % 100)).collect();
    let (tier_of, summaries) = tiers(&value, &[0.01, 0.05, 0.2, 0.5]);
    let sizes: Vec<usize> = summaries.iter().map(|tier| tier.n_customers).collect();
    assert_eq!(sizes, [2, 8, 30, 60, 100]);
    assert_eq!((tier_of[99], tier_of[199], tier_of[0]), (0, 0, 4));
    assert_eq!((summaries[0].value, summaries[0].least, summaries[0].name.as_str()), (198.0, 99.0, "top 1%"));
    assert!((summaries.iter().map(|tier| tier.value_share).sum::<f64>() - 1.0).abs() < 1e-12);
    // Equal values: the earlier rows come first.
    let (tier_of, _) = tiers(&[5.0; 4], &[0.5]);
    assert_eq!(tier_of, [0, 0, 1, 1]);
}

#[test]
fn migration_by_hand() {
    let found = migration(&[Some(0), Some(0), Some(1), None], &[0, 1, 1, 1], 2);
    assert_eq!(found.counts, [vec![1, 1], vec![0, 1], vec![0, 1]]);
    assert_eq!(found.stayed_share(), Some(2.0 / 3.0));
}

/// Ten customers with recency, purchases, spend and tenure, and labels of three segments.
fn shop() -> (Vec<Figure>, Vec<f32>, Vec<f64>, Vec<u32>) {
    let recency = vec![2.0, 3.0, 9.0, 200.0, 210.0, 330.0, 300.0, 5.0, 1.0, 3.0];
    let purchases = vec![20.0, 31.0, 12.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0];
    let spend = vec![900.0, 2000.0, 700.5, 20.0, 30.0, 10.0, 15.0, 60.0, 80.0, 50.0];
    let tenure = vec![365.0, 350.0, 300.0, 200.0, 210.0, 330.0, 300.0, 5.0, 30.0, 3.0];
    let labels = vec![2, 2, 2, 0, 0, 0, 0, 1, 1, 1];
    let columns = [&recency, &purchases, &spend, &tenure];
    let encoded: Vec<f32> = (0..10).flat_map(|i| columns.map(|column| column[i] as f32)).collect();
    let figures = vec![
        Figure::magnitude("recency_days", "days", single(&recency)),
        Figure::magnitude("n_purchases", "purchases", single(&purchases)),
        Figure::magnitude("spend_sum", "money", single(&spend)),
        Figure::magnitude("tenure_days", "days", single(&tenure)),
    ];
    (figures, encoded, spend, labels)
}

#[test]
fn segments_are_named_and_told_from_their_numbers() {
    let (figures, encoded, spend, labels) = shop();
    let encoded = Points::new(&encoded, 4).expect("finite");
    let population = Population { figures: &figures, encoded, value: Some(&spend), outcome: None };
    let (order, segments) = describe(&population, &labels).expect("in memory");
    assert_eq!(order, [2, 1, 0], "by spend per customer");
    assert_eq!(renumber(&labels, &order), [0, 0, 0, 2, 2, 2, 2, 1, 1, 1]);
    let told: Vec<String> = segments.iter().map(|s| format!("{}: {}", s.name, s.sentence)).collect();
    // By hand: spend 3600.5 of 3865.5, 190 of 3865.5, 75 of 3865.5; medians of three are the middle, of four the mean.
    assert_eq!(
        told,
        [
            "Recent frequent big spenders: 3 customers (30% of all) bring 93% of all value: the median one last bought 3 \
             days ago, has bought 20 times, has spent 900 in all and first bought 350 days ago.",
            "New one-time average spenders: 3 customers (30% of all) bring 4.9% of all value: the median one last bought \
             3 days ago, has bought once, has spent 60 in all and first bought 5 days ago.",
            "Lapsed one-time small spenders: 4 customers (40% of all) bring 1.9% of all value: the median one last bought \
             255 days ago, has bought once, has spent 17.5 in all and first bought 255 days ago.",
        ]
    );
    // z of the first column's third segment: mean 260 against 106.4, deviation with N.
    let recency = [2.0, 3.0, 9.0, 200.0, 210.0, 330.0, 300.0, 5.0, 1.0, 3.0_f64];
    let mean = recency.iter().sum::<f64>() / 10.0;
    let deviation = (recency.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 10.0).sqrt();
    assert!((segments[2].columns[0].z - (260.0 - mean) / deviation).abs() < 1e-6);
}

#[test]
fn names_are_unique_also_among_twins() {
    let (figures, encoded, spend, _) = shop();
    let encoded = Points::new(&encoded, 4).expect("finite");
    let population = Population { figures: &figures, encoded, value: Some(&spend), outcome: None };
    let labels = [0, 1, 0, 2, 3, 4, 2, 5, 5, 5];
    let (_, segments) = describe(&population, &labels).expect("in memory");
    let names: BTreeSet<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names.len(), segments.len(), "{names:?}");
}

#[test]
fn customers_without_purchases_are_named_by_what_stands_out() {
    let figures = vec![
        Figure::magnitude("MonthlyCharges", "1", vec![20.0, 21.0, 100.0, 105.0]),
        Figure::indicator("Contract = Two year"),
    ];
    let encoded = [-1.0, 1.0, -1.0, 1.0, 1.0, 0.0, 1.0, 0.0];
    let encoded = Points::new(&encoded, 2).expect("finite");
    let churned = [0.0, 0.0, 1.0, 0.0];
    let population = Population { figures: &figures, encoded, value: None, outcome: Some(("Churn", &churned)) };
    let (_, segments) = describe(&population, &[0, 0, 1, 1]).expect("in memory");
    assert_eq!(segments[0].name, "Low MonthlyCharges, Contract = Two year");
    assert_eq!(
        segments[1].sentence,
        "2 customers (50% of all): the median one has MonthlyCharges 102; 0% have Contract = Two year (of all \
         customers: 50%); 50% have Churn (of all customers: 25%)."
    );
}

#[test]
fn every_error_has_a_page_and_a_hint() {
    let listed: Vec<&str> = codes().collect();
    assert!(listed.is_sorted() && listed.iter().all(|code| explain(code).is_some_and(|page| page.len() > 100)));
    let errors = [
        SegmentError::Clustering { k: 3, reason: "row 4 is all zeros".into() },
        SegmentError::TooFewDistinct { k: 9, n_distinct: 4, n_customers: 120, features: vec!["a".into(), "b".into()] },
        SegmentError::TooSmall { k_min: 3, k_max: 8, min_size: 50, found: 12 },
        SegmentError::UnknownFeature { setting: "segments.features", feature: "x".into(), present: vec!["a".into()] },
        SegmentError::ConstantFeature { feature: "x".into(), found: "0".into(), n_customers: 10 },
        SegmentError::NoAmounts { what: "segments.value" },
        SegmentError::NoEvents { what: "segments.compare_back" },
        SegmentError::Figure { name: "x".into(), reason: "the disk is gone".into() },
        SegmentError::Memory { n_customers: 1_000_000, n_columns: 64, expected: 24_000_001, found: 1_000_000 },
    ];
    let text: Vec<String> = errors.iter().map(|e| format!("[{}] {e}\n  hint: {}", e.code(), e.hint())).collect();
    assert!(errors.iter().all(|error| explain(error.code()).is_some()));
    insta::assert_snapshot!(text.join("\n"), @r#"
    [SEG0001] 3 segments: row 4 is all zeros
      hint: try fewer segments, or other `segments.features`
    [SEG0002] 9 segments were asked for, but only 4 of 120 customers differ in the features `a`, `b`
      hint: set `segments.k` (or `segments.k_max`) to 4 or less, or add features
    [SEG0003] no number of segments from 3 to 8 keeps every segment at 50 customers or more; the smallest segment had 12
      hint: lower `segments.min_share`, or `segments.k_min`
    [SEG0004] `segments.features` names `x`, which the data lack; they have `a`
      hint: take one of those; `tenure plan` lists them with their definitions
    [SEG0005] feature `x` is 0 for all 10 customers, so it cannot tell segments apart
      hint: leave `x` out of `segments.features`
    [SEG0006] segments.value needs the money of each purchase, but no column has the role `amount`
      hint: give the column of money the role `amount`, or leave the setting out
    [SEG0007] segments.compare_back needs a log of events, found a table with one row per customer
      hint: leave the setting out, or give a transaction log
    [SEG0009] the figures of `x` could not be read: the disk is gone
      hint: look at the disk that holds the folder of runs (`run.dir`)
    [SEG0010] `segments.memory` is too small for 1000000 customers of 64 encoded columns: expected at least "25MB", found "1MB"
      hint: allow more, or leave the setting out and have everything in memory
    "#);
}

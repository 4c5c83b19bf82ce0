//! Findings of a segmentation in words.

use crate::number::{fixed, percent, percent1};
use crate::segments::results::SegmentResults;
use crate::words::capitalized;

/// The finding of a run in one sentence: how many segments, and where the value lies.
pub(crate) fn headline(results: &SegmentResults) -> String {
    let n = results.segments.len();
    let noun = if n == 1 { "segment" } else { "segments" };
    let Some((best, value_share)) = results.segments.first().and_then(|best| Some((best, best.value_share?))) else {
        return format!("{n} {noun} of {} customers", crate::number::count(results.n_customers as u64));
    };
    let (share, value) = (percent(best.share), percent(value_share));
    format!("{n} {noun}; {} are {share} of customers and {value} of all value", first_lower(&best.name))
}

fn first_lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

/// How sound the segments are, in words.
pub(crate) fn soundness(results: &SegmentResults) -> Vec<String> {
    let candidate = results.choice.candidate();
    let mut sentences = vec![results.choice.reason.clone()];
    if let Some(stability) = &candidate.stability {
        sentences.push(format!(
            "Refitted on {} draws of customers, the segments come back with a mean adjusted Rand index of {} (1 is the same, \
             0 is chance); the worst draw gives {}.",
            stability.bootstraps.len(),
            fixed(stability.mean, 2),
            fixed(stability.lowest(), 2)
        ));
    }
    if let Some(silhouette) = candidate.silhouette {
        let verdict = match silhouette {
            s if s > 0.7 => "the segments are clearly apart",
            s if s > 0.5 => "the segments are reasonably apart",
            s if s > 0.25 => "the segments run into each other: borders are drawn, not found",
            _ => "customers form no clear groups: the segments cut a continuum",
        };
        sentences.push(format!("The mean silhouette is {}: {verdict}.", fixed(silhouette, 2)));
    }
    sentences
}

/// What other criteria would have chosen.
pub(crate) fn alternatives(results: &SegmentResults) -> Option<String> {
    if results.choice.candidates.len() < 2 {
        return None;
    }
    let others = results.choice.by_criterion.iter().filter_map(|(c, k)| Some(format!("{} {}", c.name(), (*k)?)));
    let runners: Vec<String> = results.choice.ranking.iter().skip(1).take(2).map(ToString::to_string).collect();
    let runners = if runners.is_empty() { String::new() } else { format!(" Runners-up: {}.", runners.join(", then ")) };
    Some(format!("Each criterion alone would have chosen: {}.{runners}", others.collect::<Vec<_>>().join(", ")))
}

/// What the segments say about later spend, beside the classical and random ones.
pub(crate) fn later(results: &SegmentResults) -> Vec<String> {
    let Some(later) = &results.later else { return Vec::new() };
    let Some((first, others)) = later.explained.split_first() else { return Vec::new() };
    let share = |value: f64| percent1(value);
    let mut sentences = vec![format!(
        "Segments made on the earlier date, from what was known then, explain {} of the variance of the spend since.",
        share(first.share.value)
    )];
    for other in others {
        let Some(difference) = &other.first_less_this else { continue };
        let verdict = match difference.interval {
            Some(interval) if interval.low > 0.0 => "less",
            Some(interval) if interval.high < 0.0 => "more",
            _ => "not distinguishable",
        };
        let range = difference.interval.map_or(String::new(), |interval| {
            let points = |value: f64| fixed(100.0 * value, 1);
            format!(", difference {} to {} points", points(interval.low), points(interval.high))
        });
        sentences.push(capitalized(&format!("{} explain {}: {verdict}{range}.", other.name, share(other.share.value))));
    }
    sentences
}

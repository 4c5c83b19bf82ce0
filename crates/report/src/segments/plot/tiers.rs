//! Customers cut by value.

use crate::figure::{DataTable, Figure, Key};
use crate::number::{amount, count, percent, percent1};
use crate::plot::frame::WIDTH;
use crate::plot::scale::Scale;
use crate::plot::svg::{Anchor, Svg};
use crate::segments::results::SegmentResults;

const ROW: f64 = 38.0;
const BAR: f64 = 13.0;
const LEFT: f64 = 76.0;

/// Two bars for each tier: customers and value.
pub(crate) fn figure(results: &SegmentResults) -> Figure {
    let tiers = &results.tiers;
    let height = 8.0 + ROW * tiers.len() as f64;
    let shares = tiers.iter().flat_map(|tier| [tier.share, tier.value_share]);
    let x = Scale::new(0.0, shares.fold(0.01, f64::max)).to(LEFT, WIDTH - 50.0);
    let mut svg = Svg::default();
    let mut table = DataTable::new(1, &["tier", "customers", "share", "value", "value share", "least value"]);
    for (place, tier) in tiers.iter().enumerate() {
        let top = 8.0 + ROW * place as f64;
        svg.text("axis", Anchor::End, (LEFT - 8.0, top + 18.0), &tier.name);
        for (i, (class, share)) in [("bar one", tier.share), ("bar two", tier.value_share)].into_iter().enumerate() {
            let y = top + i as f64 * (BAR + 1.5);
            svg.rect(class, (x.at(0.0), y), (x.at(share) - x.at(0.0), BAR), &percent1(share));
            svg.text("tick", Anchor::Start, (x.at(share) + 5.0, y + BAR - 2.0), &percent1(share));
        }
        table.push(vec![
            tier.name.clone(),
            count(tier.n_customers as u64),
            percent1(tier.share),
            amount(tier.value),
            percent1(tier.value_share),
            amount(tier.least),
        ]);
    }
    let finding = tiers.first().map_or(String::new(), |top| {
        format!(
            "The {} ({} customers) bring {} of all value.",
            top.name,
            count(top.n_customers as u64),
            percent(top.value_share)
        )
    });
    Figure {
        id: "tiers".to_owned(),
        title: "Value tiers".to_owned(),
        reading:
            "Each tier holds the customers below the one before it: the top 5% here are those from the second to the \
                  fifth percent, not the first again."
                .to_owned(),
        finding,
        legend: vec![Key::new("bar one", "share of customers"), Key::new("bar two", "share of value")],
        drawing: svg.finish((WIDTH, height), "Customers and value by tier"),
        table,
        ..Figure::default()
    }
}

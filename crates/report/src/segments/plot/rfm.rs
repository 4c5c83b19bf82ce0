//! The classical segments: their grid and their sizes.

use crate::escape::escape;
use crate::figure::{DataTable, Figure, Key};
use crate::number::{count, percent, percent1};
use crate::plot::frame::WIDTH;
use crate::plot::scale::Scale;
use crate::plot::svg::{Anchor, Svg};
use crate::segments::results::RfmFacts;

/// Shades of the style sheet, `h0` to `h8`.
const N_SHADES: f64 = 8.0;
const ROW: f64 = 30.0;
const BAR: f64 = 10.0;
const LEFT: f64 = 140.0;

/// Customers by recency and by frequency and money, each cell with its usual name.
pub(crate) fn grid(rfm: &RfmFacts) -> Figure {
    let up = if rfm.has_money { "frequency and money" } else { "frequency" };
    let n: usize = rfm.grid.iter().flatten().sum();
    let largest = rfm.grid.iter().flatten().copied().max().unwrap_or(1).max(1);
    let mut markup = format!(
        "<div class=\"scroll\"><table class=\"heat grid\"><thead><tr><th></th><th class=\"since\" colspan=\"5\">recency \
         score, 5 bought last</th></tr><tr><th>{up}</th>"
    );
    for recency in 1..=5 {
        markup.push_str(&format!("<th>{recency}</th>"));
    }
    markup.push_str("</tr></thead><tbody>\n");
    let mut table = DataTable::new(1, &["name", "recency", up, "customers", "share"]);
    for score in (0..5).rev() {
        markup.push_str(&format!("<tr><th>{}</th>", score + 1));
        for recency in 0..5 {
            let (customers, name) = (rfm.grid[recency][score], &rfm.names[recency][score]);
            let class = (customers as f64 / largest as f64 * N_SHADES).round();
            let (text, small) = (count(customers as u64), escape(name));
            markup.push_str(&format!("<td class=\"h{class}\">{text}<br><small>{small}</small></td>"));
            let share = percent1(customers as f64 / n.max(1) as f64);
            table.push(vec![name.clone(), (recency + 1).to_string(), (score + 1).to_string(), text, share]);
        }
        markup.push_str("</tr>\n");
    }
    markup.push_str("</tbody></table></div>");
    Figure {
        id: "rfm-grid".to_owned(),
        title: "The grid".to_owned(),
        reading: format!(
            "Customers by their scores. Equal figures get equal scores, so a score of {up} may be empty where many customers \
             bought once."
        ),
        drawing: markup,
        table,
        span: "wide",
        ..Figure::default()
    }
}

/// Shares of customers and of value.
pub(crate) fn sizes(rfm: &RfmFacts) -> Figure {
    let has_value = rfm.summaries.iter().any(|summary| summary.value_share.is_some());
    let height = 8.0 + ROW * rfm.summaries.len() as f64 + 6.0;
    let shares = rfm.summaries.iter().flat_map(|summary| [Some(summary.share), summary.value_share]).flatten();
    let x = Scale::new(0.0, shares.fold(0.01, f64::max)).to(LEFT, WIDTH - 50.0);
    let mut svg = Svg::default();
    let mut table = DataTable::new(1, &["segment", "customers", "share", "value share"]);
    for (place, summary) in rfm.summaries.iter().enumerate() {
        let top = 8.0 + ROW * place as f64;
        svg.text("axis", Anchor::End, (LEFT - 8.0, top + 15.0), &summary.name);
        for (i, (class, share)) in
            [("bar one", Some(summary.share)), ("bar two", summary.value_share)].into_iter().enumerate()
        {
            let Some(share) = share else { continue };
            let y = top + i as f64 * (BAR + 1.5);
            svg.rect(class, (x.at(0.0), y), (x.at(share) - x.at(0.0), BAR), &percent1(share));
            svg.text("tick", Anchor::Start, (x.at(share) + 5.0, y + BAR - 1.0), &percent(share));
        }
        table.push(vec![
            summary.name.clone(),
            count(summary.n_customers as u64),
            percent1(summary.share),
            summary.value_share.map_or("–".to_owned(), percent1),
        ]);
    }
    let mut legend = vec![Key::new("bar one", "share of customers")];
    legend.extend(has_value.then(|| Key::new("bar two", "share of value")));
    Figure {
        id: "rfm-sizes".to_owned(),
        title: "Their sizes".to_owned(),
        reading: "The usual names, best first; segments without a customer are left out.".to_owned(),
        legend,
        drawing: svg.finish((WIDTH, height), "Classical segments by size and value"),
        table,
        ..Figure::default()
    }
}

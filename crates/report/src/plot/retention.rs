//! Retention of customers by the period of their first purchase, as a table whose cells are shaded.

use std::fmt::Write;

use crate::escape::escape;
use crate::figure::{DataTable, Figure};
use crate::number::{count, percent1};
use crate::results::{Cohort, Retention};

/// Cohorts and periods drawn; more do not fit a page.
const MAX_COHORTS: usize = 24;
const MAX_PERIODS: usize = 18;
/// Shades of the style sheet, `h0` to `h8`.
const N_SHADES: f64 = 9.0;

/// One row for each cohort, one column for each period since the first purchase.
pub(crate) fn figure(retention: &Retention) -> Option<Figure> {
    if retention.cohorts.is_empty() {
        return None;
    }
    Some(Figure {
        id: "retention".to_owned(),
        title: "Cohort retention".to_owned(),
        reading: format!(
            "Each row holds the customers who first bought in the same {0}; each cell is the share of them who bought \
             again in that {0} since. Darker is more; reading down a column compares cohorts at the same age.",
            retention.period
        ),
        finding: finding(retention),
        drawing: draw(retention),
        table: table(retention),
        wide: true,
        ..Figure::default()
    })
}

/// Darkest share: the highest one after period 0, which is always full.
fn top_share(retention: &Retention) -> f64 {
    let later = retention.cohorts.iter().flat_map(|cohort| cohort.active_share.iter().skip(1));
    later.copied().filter(|share| share.is_finite()).fold(0.01, f64::max)
}

fn n_periods(retention: &Retention) -> usize {
    retention.cohorts.iter().map(|cohort| cohort.active_share.len()).max().unwrap_or(0)
}

fn draw(retention: &Retention) -> String {
    let n_periods = n_periods(retention).min(MAX_PERIODS);
    let top = top_share(retention);
    let mut markup =
        String::from(r#"<div class="scroll"><table class="heat"><thead><tr><th>first bought</th><th>customers</th>"#);
    for period in 0..n_periods {
        write!(markup, "<th>{period}</th>").expect("writing to a string cannot fail");
    }
    markup.push_str("</tr></thead><tbody>");
    for cohort in retention.cohorts.iter().take(MAX_COHORTS) {
        draw_row(&mut markup, cohort, n_periods, top);
    }
    markup.push_str("</tbody></table></div>");
    markup
}

fn draw_row(markup: &mut String, cohort: &Cohort, n_periods: usize, top: f64) {
    let (name, size) = (escape(&cohort.name), count(cohort.n_customers));
    write!(markup, "<tr><th>{name}</th><td class=\"num\">{size}</td>").expect("writing to a string cannot fail");
    for period in 0..n_periods {
        let cell = match cohort.active_share.get(period) {
            Some(share) if share.is_finite() => {
                let shade = (share / top * (N_SHADES - 1.0)).round().clamp(0.0, N_SHADES - 1.0);
                format!("<td class=\"h{shade}\">{:.0}</td>", share * 100.0)
            }
            _ => "<td></td>".to_owned(),
        };
        markup.push_str(&cell);
    }
    markup.push_str("</tr>\n");
}

/// Mean share one period after the first purchase, each cohort weighted by its size.
fn finding(retention: &Retention) -> String {
    let (mut n_back, mut n_all) = (0.0, 0.0);
    for cohort in &retention.cohorts {
        if let Some(share) = cohort.active_share.get(1).filter(|share| share.is_finite()) {
            n_back += share * cohort.n_customers as f64;
            n_all += cohort.n_customers as f64;
        }
    }
    if n_all == 0.0 {
        return String::new();
    }
    format!(
        "On average {} of a cohort bought again in the {} after its first. Cells are percentages.",
        crate::number::percent(n_back / n_all),
        retention.period
    )
}

fn table(retention: &Retention) -> DataTable {
    let n_periods = n_periods(retention);
    let periods: Vec<String> = (0..n_periods).map(|period| period.to_string()).collect();
    let head: Vec<&str> = ["first bought", "customers"].into_iter().chain(periods.iter().map(String::as_str)).collect();
    let mut table = DataTable::new(1, &head);
    for cohort in &retention.cohorts {
        let shares = (0..n_periods).map(|i| cohort.active_share.get(i).map_or(String::new(), |&share| percent1(share)));
        table.push([cohort.name.clone(), count(cohort.n_customers)].into_iter().chain(shares).collect());
    }
    table
}

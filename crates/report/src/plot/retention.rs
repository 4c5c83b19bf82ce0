//! Retention of customers by the month of their first purchase, as a table whose cells are shaded.

use std::fmt::Write;

use crate::date;
use crate::figure::{DataTable, Figure};
use crate::number::{count, percent, percent1};
use crate::plot::scale::extent;
use crate::results::{Cohort, Retention};

/// Cohorts and months drawn; more do not fit a page.
const MAX_COHORTS: usize = 24;
const MAX_MONTHS: usize = 18;
/// Shades of the style sheet, `h0` to `h8`.
const N_SHADES: f64 = 9.0;

/// One row for each cohort, one column for each month since the first purchase.
pub(crate) fn figure(retention: &Retention) -> Option<Figure> {
    if retention.cohorts.is_empty() {
        return None;
    }
    Some(Figure {
        id: "retention".to_owned(),
        title: "Cohort retention".to_owned(),
        reading:
            "Each row holds the customers who first bought in that month; each cell is the percentage of them who \
                  bought in the month so many months later. Stronger colour is more; reading down a column compares \
                  cohorts at the same age."
                .to_owned(),
        finding: finding(retention),
        drawing: draw(retention),
        table: table(retention),
        span: "wide",
        ..Figure::default()
    })
}

fn n_months(retention: &Retention) -> usize {
    retention.cohorts.iter().map(|cohort| cohort.active.len()).max().unwrap_or(0)
}

/// Shares of the faintest and the strongest colour: month 0 is always full and has none.
fn shades(retention: &Retention) -> (f64, f64) {
    let later = |cohort: &Cohort| (1..cohort.active.len()).filter_map(|k| cohort.active_share(k)).collect::<Vec<_>>();
    extent(retention.cohorts.iter().flat_map(later)).unwrap_or((0.0, 1.0))
}

fn draw(retention: &Retention) -> String {
    let n_months = n_months(retention).min(MAX_MONTHS);
    let shades = shades(retention);
    let mut markup = String::from(r#"<div class="scroll"><table class="heat"><thead>"#);
    write!(
        markup,
        r#"<tr><th></th><th></th><th class="since" colspan="{n_months}">months since the first purchase</th></tr>"#
    )
    .expect("writing to a string cannot fail");
    markup.push_str("<tr><th>first bought</th><th>customers</th>");
    for month in 0..n_months {
        write!(markup, "<th>{month}</th>").expect("writing to a string cannot fail");
    }
    markup.push_str("</tr></thead><tbody>\n");
    let n_left_out = retention.cohorts.len().saturating_sub(MAX_COHORTS);
    for cohort in &retention.cohorts[n_left_out..] {
        draw_row(&mut markup, cohort, n_months, shades);
    }
    markup.push_str("</tbody></table></div>");
    markup
}

fn draw_row(markup: &mut String, cohort: &Cohort, n_months: usize, (low, high): (f64, f64)) {
    let (name, size) = (date::month(cohort.start), count(cohort.n_customers()));
    write!(markup, "<tr><th>{name}</th><td class=\"num\">{size}</td>").expect("writing to a string cannot fail");
    for k in 0..n_months {
        let cell = cohort.active_share(k).map_or("<td></td>".to_owned(), |share| {
            let place = (share - low) / (high - low).max(1e-9) * (N_SHADES - 1.0);
            let class =
                if k == 0 { "num".to_owned() } else { format!("h{}", place.round().clamp(0.0, N_SHADES - 1.0)) };
            format!("<td class=\"{class}\">{:.0}</td>", share * 100.0)
        });
        markup.push_str(&cell);
    }
    markup.push_str("</tr>\n");
}

/// Share of customers who bought again in the month after their first.
fn finding(retention: &Retention) -> String {
    let watched = retention.cohorts.iter().filter(|cohort| cohort.active.len() > 1);
    let (n_back, n_all) =
        watched.fold((0, 0), |(back, all), cohort| (back + cohort.active[1], all + cohort.n_customers()));
    if n_all == 0 {
        return String::new();
    }
    let back = percent(n_back as f64 / n_all as f64);
    let cut = match retention.cohorts.len() {
        0..=MAX_COHORTS => String::new(),
        n_cohorts => format!(" The last {MAX_COHORTS} of {n_cohorts} cohorts are drawn; the table has all."),
    };
    format!("{back} of customers bought again in the month after their first purchase.{cut}")
}

fn table(retention: &Retention) -> DataTable {
    let n_months = n_months(retention);
    let months: Vec<String> = (0..n_months).map(|month| month.to_string()).collect();
    let head: Vec<&str> = ["first bought", "customers"].into_iter().chain(months.iter().map(String::as_str)).collect();
    let mut table = DataTable::new(1, &head);
    for cohort in &retention.cohorts {
        let shares = (0..n_months).map(|k| cohort.active_share(k).map_or(String::new(), percent1));
        table.push([date::month(cohort.start), count(cohort.n_customers())].into_iter().chain(shares).collect());
    }
    table
}

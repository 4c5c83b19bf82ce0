//! A segment in one sentence, each figure of which stands in its profile.

use crate::describe::{ColumnProfile, Segment};
use crate::figure::FigureKind;
use crate::words::{count, days, joined, number, percent, plural};

/// Figures told where the customers have many.
const MOST: usize = 4;

/// `1,204 customers (17% of all) bring 40% of all value: the median one last bought 12 days ago and …`.
pub(crate) fn sentence(segment: &Segment) -> String {
    let customers = if segment.n_customers == 1 { "customer" } else { "customers" };
    let mut text = format!("{} {customers} ({} of all)", count(segment.n_customers), percent(segment.share));
    if let Some(share) = segment.value_share {
        let verb = if segment.n_customers == 1 { "brings" } else { "bring" };
        text.push_str(&format!(" {verb} {} of all value", percent(share)));
    }
    let (magnitudes, indicators): (Vec<&ColumnProfile>, Vec<&ColumnProfile>) =
        told(segment).into_iter().partition(|column| column.kind == FigureKind::Magnitude);
    let magnitudes: Vec<String> = magnitudes.into_iter().filter_map(magnitude).collect();
    let indicators: Vec<String> = indicators.into_iter().filter_map(indicator).collect();
    if !magnitudes.is_empty() {
        text.push_str(&format!(": the median one {}", joined(&magnitudes)));
    }
    if !indicators.is_empty() {
        text.push_str(if magnitudes.is_empty() { ": " } else { "; " });
        text.push_str(&joined(&indicators));
    }
    if let Some(outcome) = &segment.outcome {
        let (share, all) = (percent(outcome.share), percent(outcome.share_of_all));
        text.push_str(&format!("; {share} have {} (of all customers: {all})", outcome.name));
    }
    text.push('.');
    text
}

/// All figures where they are few, else those in which the segment stands out most, in their own order.
fn told(segment: &Segment) -> Vec<&ColumnProfile> {
    let columns: Vec<&ColumnProfile> = segment.columns.iter().collect();
    if columns.len() <= MOST {
        return columns;
    }
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by(|&a, &b| columns[b].z.abs().total_cmp(&columns[a].z.abs()));
    order.truncate(MOST);
    order.sort_unstable();
    order.into_iter().map(|place| columns[place]).collect()
}

fn magnitude(column: &ColumnProfile) -> Option<String> {
    let value = column.typical?;
    Some(match column.name.as_str() {
        "recency_days" => format!("last bought {} ago", days(value)),
        "tenure_days" => format!("first bought {} ago", days(value)),
        "n_purchases" if value == 1.0 => "has bought once".to_owned(),
        "n_purchases" => format!("has bought {} times", number(value)),
        "spend_sum" => format!("has spent {} in all", number(value)),
        "spend_mean" => format!("has spent {} a purchase", number(value)),
        "units_sum" => format!("has bought {}", plural(value, "unit", "units")),
        _ => {
            let unit =
                if matches!(column.unit.as_str(), "1" | "") { String::new() } else { format!(" {}", column.unit) };
            format!("has {} {}{unit}", column.name, number(value))
        }
    })
}

fn indicator(column: &ColumnProfile) -> Option<String> {
    let (share, all) = (percent(column.typical?), percent(column.typical_of_all?));
    Some(format!("{share} have {} (of all customers: {all})", column.name))
}

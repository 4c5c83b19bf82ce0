//! `tenure plan` of a run that will make segments.

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use tenure_config::{Origin, Resolved};
use tenure_segments::ChoiceSettings;

use crate::facts;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::stages::prepare;
use crate::stages::segments::{choice, customers};

/// Loads and describes; fits nothing and writes nothing.
pub fn show(resolved: &Resolved, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let plan = &resolved.plan;
    let loaded = prepare::read(plan, progress)?;
    let found = customers(plan, &loaded)?;
    let settings = choice(plan, found.now.len());
    let validation = &loaded.validation;
    let dates = [("customers as of", found.at), ("compared with", found.earlier_at)];
    let dates: Vec<(&str, String)> = dates.iter().filter_map(|(what, at)| Some((*what, facts::date((*at)?)))).collect();
    let present = found.columns.features();
    let text = || {
        let mut text = format!("{}\n\n", settings_table(resolved));
        text.push_str(&format!("rows: {} read, {} kept\n", validation.n_read, validation.n_kept));
        for (reason, n_rows) in &validation.dropped {
            text.push_str(&format!("  {n_rows} dropped: {reason}\n"));
        }
        for note in &validation.notes {
            text.push_str(&format!("  note: {note}\n"));
        }
        text.push_str(&format!("customers: {}\n", found.now.len()));
        for (what, date) in &dates {
            text.push_str(&format!("  {what} {date}\n"));
        }
        text.push_str(&format!("clustered: {}\n", found.features.join(", ")));
        text.push_str(&format!("value: {}\n", found.value.as_deref().unwrap_or("not known")));
        text.push_str(&format!("segments: {}\n", range(&settings)));
        text.push_str(&format!("features there are: {}\n", present.join(", ")));
        for caveat in &found.caveats {
            text.push_str(&format!("warning: {caveat}\n"));
        }
        text
    };
    let json = || -> Value {
        json!({
            "settings": resolved.origins.settings(),
            "validation": validation,
            "n_customers": found.now.len(),
            "n_customers_earlier": found.earlier.len(),
            "clustered": found.features,
            "value": found.value,
            "k_min": settings.k_min,
            "k_max": settings.k_max,
            "min_size": settings.min_size,
            "features": present,
            "caveats": found.caveats,
        })
    };
    output.result(text, json);
    Ok(Exit::Done)
}

fn range(settings: &ChoiceSettings) -> String {
    if settings.k_min == settings.k_max {
        return settings.k_min.to_string();
    }
    let (k_min, k_max, min_size) = (settings.k_min, settings.k_max, settings.min_size);
    format!(
        "{k_min} to {k_max} are tried, each segment of {min_size} customers or more; by {}",
        settings.criterion.name()
    )
}

fn settings_table(resolved: &Resolved) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["value", "", "origin"]);
    for setting in resolved.origins.applied() {
        let origin = match setting.origin {
            Origin::Default => String::new(),
            _ => setting.origin.to_string(),
        };
        table.add_row([setting.path(), setting.value.clone().unwrap_or_default(), origin]);
    }
    table
}

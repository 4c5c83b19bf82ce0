//! Month, weekday and season of the cutoff and of the last purchase, in UTC.

use tenure_table::MISSING_CODE;

use super::{Definition, Family, History, Kind, RowWriter, latest};
use crate::events::calendar::{MONTHS, SEASONS, WEEKDAYS, parts};
use crate::events::log::LogSchema;

const LEVELS: [(&str, &[&str]); 3] = [("month", &MONTHS), ("weekday", &WEEKDAYS), ("season", &SEASONS)];

/// Calendar levels; seasons are the meteorological ones of the northern hemisphere.
#[derive(Debug)]
pub(crate) struct Calendar;

impl Family for Calendar {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let describe = |of: &'static str, words: &'static str| {
            LEVELS.map(|(part, levels)| {
                let text = format!("{part} of the {words} (UTC)");
                let new = Definition::new(schema, format!("{of}_{part}"), "level", text);
                Definition { kind: Kind::Level(levels), ..new }
            })
        };
        let mut cutoff = describe("cutoff", "cutoff");
        for definition in &mut cutoff {
            definition.sources.clear();
        }
        cutoff.into_iter().chain(describe("last_purchase", "last purchase")).collect()
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        for code in parts(history.cutoff_us) {
            row.level(code, None);
        }
        let last = latest(history.purchases);
        for code in last.map_or([MISSING_CODE; 3], parts) {
            row.level(code, last);
        }
    }
}

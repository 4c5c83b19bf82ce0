//! `tenure synth`: customers with known truth, any number of them.

use serde_json::json;
use tenure_config::SyntheticKind;
use tenure_data::synth::{SynthFormat, SynthOptions, generate};
use tenure_table::Span;

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;

/// Days that the truth file looks ahead.
const HORIZON_DAYS: i64 = 90;

/// Makes the files.
pub fn make(args: &args::Synth, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let options = options(args);
    let taken = std::fs::read_dir(&args.output).is_ok_and(|mut entries| entries.next().is_some());
    if taken && !args.force {
        let message = format!("{}: expected a new or empty folder, found files in it", args.output.display());
        return Err(Failure::usage(message, "give another folder, or --force to replace files of the same name"));
    }
    let summary = generate(&options, &args.output, progress).map_err(tenure_data::DataError::from)?;
    progress.end();
    let counts = &summary.counts;
    output.result(
        || {
            let mut text =
                format!("{}: {} rows of {} customers\n", summary.data.display(), counts.n_rows, counts.n_customers);
            if let Some(attributes) = &summary.attributes {
                text.push_str(&format!("{}: what is known of each customer\n", attributes.display()));
            }
            text.push_str(&format!("{}: the truth, for checking models\n", summary.truth.display()));
            text
        },
        || {
            json!({
                "data": summary.data,
                "attributes": summary.attributes,
                "truth": summary.truth,
                "n_rows": counts.n_rows,
                "n_customers": counts.n_customers,
            })
        },
    );
    Ok(Exit::Done)
}

fn options(args: &args::Synth) -> SynthOptions {
    let synthetic = tenure_config::Synthetic {
        kind: match args.kind {
            args::SynthKind::Events => SyntheticKind::Events,
            args::SynthKind::Customers => SyntheticKind::Customers,
        },
        n_customers: args.customers,
        span: Span::days(args.days),
        mean_events: args.mean_events,
        missing: args.missing,
        dirty: args.dirty,
    };
    let format = match args.format {
        args::SynthFormat::Parquet => SynthFormat::Parquet,
        args::SynthFormat::Csv => SynthFormat::Csv,
    };
    let n_measures = args.measures;
    SynthOptions { format, n_measures, ..SynthOptions::from_plan(&synthetic, args.seed, Span::days(HORIZON_DAYS)) }
}

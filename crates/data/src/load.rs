//! From a plan to a validated table.

use tenure_config::Plan;

use crate::{DataError, Loaded, Observer};

/// Reads and validates what `plan.data` names and returns one row for each customer (or customer and cutoff).
///
/// Relative paths are taken as they stand. Reads files; reads nothing else of its surroundings but the clock, which
/// tells events in the future.
pub fn load(plan: &Plan, observer: &mut dyn Observer) -> Result<Loaded, DataError> {
    let _ = (plan, observer);
    Err(DataError::Library { doing: "loading".into(), reason: "under construction".into() })
}

//! What of `segments.memory` is left for what can be more or less.

use tenure_config::Plan;
use tenure_segments::SegmentError;

use super::choice;
use super::customers::Customers;

/// Of each customer: its row among the columns, its label, its place in a segment, a figure and a copy of it that is sorted.
const OF_CUSTOMER: u64 = 4 + 4 + 12;

/// What customers are worth, or what became of them.
const OF_MONEY: u64 = 8;

/// For each customer while restarts are sought (`f32` or label), side by side.
const OF_RESTART: u64 = 4;

/// Restarts that take no more than a fit takes at its end, a label and a distance.
const FREE_RESTARTS: u64 = 3;

/// Rows of a chunk, which each thread that clusters has in memory.
const CHUNK_ROWS: u64 = 8192;

/// Chunks that are in memory while customers are encoded, in one form or another.
const CHUNKS_ENCODED: u64 = 2;

/// Buffers that do not grow with customers or columns.
const FIXED: u64 = 12 << 20;

/// How many restarts may run side by side within so many bytes, where the encoded customers are in a file.
///
/// Memory that grows with customers times columns is not needed then. What grows with customers alone has to fit, or nothing
/// is begun.
pub fn restarts_together(
    plan: &Plan,
    customers: &Customers<'_>,
    n_columns: usize,
    found: u64,
) -> Result<usize, SegmentError> {
    let (n_customers, width) = (customers.now.len() as u64, 4 * n_columns as u64);
    let settings = choice(plan, customers.now.len());
    let n_tried = (settings.k_max + 1 - settings.k_min) as u64;
    let n_money = u64::from(customers.value.is_some()) + u64::from(customers.has_outcome());
    let samples = (settings.n_refits + settings.n_references + 2) * settings.max_rows.min(customers.now.len());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let buffers = FIXED + width * (CHUNK_ROWS * CHUNKS_ENCODED.max(threads)).max(samples as u64 + CHUNK_ROWS * threads);
    let expected = buffers + n_customers * (OF_CUSTOMER + n_tried + OF_MONEY * n_money);
    if found < expected {
        let n_customers = customers.now.len();
        return Err(SegmentError::Memory { n_customers, n_columns, expected, found });
    }
    Ok((FREE_RESTARTS + (found - expected) / (OF_RESTART * n_customers)) as usize)
}

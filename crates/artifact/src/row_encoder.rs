//! The preprocessor arranged for speed: the same encoders, the same bits, many columns at once.
//!
//! [`Preprocessor::apply_row`](crate::Preprocessor::apply_row) defines what is computed; a test holds both to the same
//! bits. Scaled magnitudes, the bulk of most rows, are gathered and scaled side by side, in loops without branches that
//! compilers turn into vectors; everything else goes through the encoders' own `apply`.
#![allow(clippy::inline_always, reason = "a caller compiled for wider vectors must get these loops compiled with it")]
#![allow(clippy::needless_bitwise_bool, reason = "lazy operators are branches, which keep loops from becoming vectors")]

mod columns;

use alloc::vec::Vec;

pub use columns::{ColumnValues, EncodedLevels, TileBuffers};

use crate::math::normal_quantile_centre;
use crate::preprocessor::{apply_level, apply_number};
use crate::scale::{climb, inner_share, normal_score, robust, share_at};
use crate::{ApplyError, Encoder, InputColumn, Piecewise, RawValue, RowBuffers, RowFlags, Scale};

/// Magnitudes on piecewise linear scales that are scaled together.
const LANES: usize = 16;
/// Blocks of them side by side: one line's sum is a chain of additions, and each waits for the one before. Four blocks of
/// narrow vectors would not stay in registers, and a page that scores loads every byte of this.
const BLOCKS: usize = if cfg!(target_arch = "wasm32") { 1 } else { 4 };
/// One number for each of them.
type Block = [f32; LANES];
/// The same in a table, on a line of the cache where a processor has wide vectors: one that is not on a line is read as
/// two. Elsewhere an allocator need not know of such alignments.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(align(64)))]
struct Aligned(Block);

/// A row to encode.
#[derive(Clone, Copy, Debug)]
pub enum RawRow<'a> {
    /// Numbers and levels.
    Values(&'a [RawValue<'a>]),
    /// Numbers alone, NaN where one is missing; only for schemas without levels.
    Numbers(&'a [f32]),
}

/// Fitted encoders, arranged.
#[derive(Clone, Debug)]
pub struct RowEncoder {
    inputs: Vec<InputColumn>,
    /// For each input where its cells begin.
    steps: Vec<Step>,
    widths: (usize, usize, usize),
    reads_levels: bool,
    /// Whether every input is a magnitude without an indicator and the gathered ones are the row as it is.
    is_plain: bool,
    robust: Robust,
    quantile: Quantile,
    piecewise: Lines,
}

/// Where an input goes.
#[derive(Clone, Copy, Debug)]
struct Step {
    route: Route,
    continuous: usize,
    binary: usize,
    categorical: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Route {
    /// To this place among the gathered magnitudes, and whether a missing one is indicated.
    Gathered(usize, bool),
    /// Through the encoder's own `apply`.
    Alone,
}

/// Magnitudes on robust scales, one place each.
#[derive(Clone, Debug, Default)]
struct Robust {
    /// The continuous input of each.
    slots: Slots,
    median: Vec<f32>,
    width: Vec<f32>,
    min: Vec<f32>,
    max: Vec<f32>,
}

/// Magnitudes on quantile scales, one place each.
#[derive(Clone, Debug, Default)]
struct Quantile {
    slots: Slots,
    indexes: Vec<KnotIndex>,
    min: Vec<f32>,
    max: Vec<f32>,
}

/// Magnitudes on piecewise linear scales, one place each, in blocks.
#[derive(Clone, Debug, Default)]
struct Lines {
    slots: Slots,
    /// The score at the first knot, `[blocks]`.
    first: Vec<Aligned>,
    /// Start, width and slope of each segment, `[blocks, segments]`; zeros behind a line's last segment.
    segments: Vec<[Aligned; 3]>,
    /// Segments of the line that has the most.
    n_segments: usize,
    /// The range seen in training, `[blocks]`; nothing is outside of that of a place without a line.
    min: Vec<Aligned>,
    max: Vec<Aligned>,
}

/// Values that were missing or out of range, counted lane by lane.
#[derive(Default)]
struct Unusual {
    n_missing: [u32; LANES],
    n_out_of_range: [u32; LANES],
}

/// Room for rows between gathering and scaling; made once, used for all rows.
#[derive(Clone, Debug)]
pub struct EncodeScratch {
    /// Of each row the gathered magnitudes: robust ones, quantile ones, piecewise linear ones in whole blocks.
    gathered: Vec<f32>,
    /// Of one row robust ones, then quantile ones.
    scaled: Vec<f32>,
    shares: Vec<f64>,
}

impl EncodeScratch {
    /// Bytes that it holds.
    pub fn size_bytes(&self) -> usize {
        4 * (self.gathered.len() + self.scaled.len()) + 8 * self.shares.len()
    }
}

impl RowEncoder {
    /// These encoders, arranged.
    pub fn new(inputs: Vec<InputColumn>) -> Self {
        let lines: Vec<&Piecewise> = inputs.iter().filter_map(|input| line_of(&input.encoder)).collect();
        let n_robust = inputs.iter().filter(|input| is_robust(&input.encoder)).count();
        let n_quantile = inputs.iter().filter(|input| is_quantile(&input.encoder)).count();
        let mut encoder = Self {
            steps: Vec::with_capacity(inputs.len()),
            widths: (0, 0, 0),
            reads_levels: inputs.iter().any(|input| !input.encoder.reads_numbers()),
            is_plain: false,
            robust: Robust::default(),
            quantile: Quantile::default(),
            piecewise: Lines::new(&lines),
            inputs: Vec::new(),
        };
        for input in &inputs {
            encoder.push(&input.encoder, n_robust, n_quantile);
        }
        let mut places = encoder.steps.iter().map(|step| step.route).enumerate();
        encoder.is_plain = places.all(|(place, route)| route == Route::Gathered(place, false));
        encoder.inputs = inputs;
        encoder
    }

    fn push(&mut self, encoder: &Encoder, n_robust: usize, n_quantile: usize) {
        let (continuous, binary, categorical) = self.widths;
        let route = if let Encoder::Magnitude(magnitude) = encoder {
            let place = match &magnitude.scale {
                Scale::Robust { median, width } => {
                    self.robust.push(continuous, *median, *width, (magnitude.min, magnitude.max))
                }
                Scale::Quantile { knots } => {
                    n_robust + self.quantile.push(continuous, knots, (magnitude.min, magnitude.max))
                }
                Scale::Piecewise(_) => {
                    n_robust + n_quantile + self.piecewise.push(continuous, (magnitude.min, magnitude.max))
                }
            };
            Route::Gathered(place, magnitude.missing_indicator)
        } else {
            Route::Alone
        };
        self.steps.push(Step { route, continuous, binary, categorical });
        let (f, g, c) = encoder.widths();
        self.widths = (continuous + f, binary + g, categorical + c);
    }

    /// The columns it reads, in the order of a row.
    pub fn inputs(&self) -> &[InputColumn] {
        &self.inputs
    }

    /// The widths `(F, G, C)` of an encoded row.
    pub fn widths(&self) -> (usize, usize, usize) {
        self.widths
    }

    /// Room for so many rows.
    pub fn scratch(&self, n_rows: usize) -> EncodeScratch {
        let n = self.n_gathered();
        EncodeScratch {
            gathered: alloc::vec![0.0; n_rows * n],
            scaled: alloc::vec![0.0; self.robust.slots.len() + self.quantile.slots.len()],
            shares: alloc::vec![0.0; self.quantile.slots.len()],
        }
    }

    fn n_gathered(&self) -> usize {
        self.robust.slots.len() + self.quantile.slots.len() + self.piecewise.first.len() * LANES
    }

    /// Where row `place` of a scratch has its gathered magnitudes.
    fn gathered(&self, place: usize) -> core::ops::Range<usize> {
        let n = self.n_gathered();
        place * n..(place + 1) * n
    }

    /// The first half of encoding a row, as row `place` of the scratch: everything but the scaling of magnitudes, which
    /// [`RowEncoder::scale`] does. Allocates nothing.
    ///
    /// # Panics
    /// When the scratch has no such row.
    pub fn gather(
        &self,
        row: RawRow<'_>,
        place: usize,
        scratch: &mut EncodeScratch,
        out: &mut RowBuffers<'_>,
    ) -> Result<RowFlags, ApplyError> {
        self.check_buffers(out)?;
        let found = match row {
            RawRow::Values(values) => values.len(),
            RawRow::Numbers(numbers) => numbers.len(),
        };
        if found != self.inputs.len() {
            return Err(ApplyError::RowLength { expected: self.inputs.len(), found });
        }
        let mut flags = RowFlags::default();
        let gathered = &mut scratch.gathered[self.gathered(place)];
        match row {
            RawRow::Values(values) if self.is_plain => {
                for (input_idx, (place, value)) in gathered.iter_mut().zip(values).enumerate() {
                    *place = match *value {
                        RawValue::Number(number) => number,
                        RawValue::Missing => f32::NAN,
                        RawValue::Level(_) => return Err(ApplyError::WrongKind { input_idx, expected: "number" }),
                    };
                }
            }
            RawRow::Values(values) => {
                for (input_idx, value) in values.iter().enumerate() {
                    self.gather_one(input_idx, *value, gathered, out, &mut flags)?;
                }
            }
            RawRow::Numbers(_) if self.reads_levels => {
                let input_idx = self.inputs.iter().position(|input| !input.encoder.reads_numbers()).unwrap_or(0);
                return Err(ApplyError::WrongKind { input_idx, expected: "level" });
            }
            RawRow::Numbers(numbers) if self.is_plain => {
                gathered[..numbers.len()].copy_from_slice(numbers);
            }
            RawRow::Numbers(numbers) => {
                for (input_idx, number) in numbers.iter().enumerate() {
                    self.gather_number(input_idx, *number, gathered, out, &mut flags);
                }
            }
        }
        Ok(flags)
    }

    #[inline]
    fn gather_one(
        &self,
        input_idx: usize,
        value: RawValue<'_>,
        gathered: &mut [f32],
        out: &mut RowBuffers<'_>,
        flags: &mut RowFlags,
    ) -> Result<(), ApplyError> {
        let reads_numbers = self.inputs[input_idx].encoder.reads_numbers();
        match (reads_numbers, value) {
            (true, RawValue::Number(number)) => self.gather_number(input_idx, number, gathered, out, flags),
            (true, RawValue::Missing) => self.gather_number(input_idx, f32::NAN, gathered, out, flags),
            (false, RawValue::Level(name)) => self.write_level(input_idx, Some(name), out, flags),
            (false, RawValue::Missing) => self.write_level(input_idx, None, out, flags),
            (true, RawValue::Level(_)) => return Err(ApplyError::WrongKind { input_idx, expected: "number" }),
            (false, RawValue::Number(_)) => return Err(ApplyError::WrongKind { input_idx, expected: "level" }),
        }
        Ok(())
    }

    #[inline]
    fn gather_number(
        &self,
        input_idx: usize,
        number: f32,
        gathered: &mut [f32],
        out: &mut RowBuffers<'_>,
        flags: &mut RowFlags,
    ) {
        let step = &self.steps[input_idx];
        let is_missing = !number.is_finite();
        match step.route {
            Route::Gathered(place, indicates) => {
                gathered[place] = number;
                if indicates {
                    out.binary[step.binary] = f32::from(u8::from(is_missing));
                }
            }
            Route::Alone => {
                flags.n_missing += u32::from(is_missing);
                let encoder = &self.inputs[input_idx].encoder;
                apply_number(encoder, number, &mut cells(step, encoder, out), flags);
            }
        }
    }

    fn write_level(&self, input_idx: usize, level: Option<&str>, out: &mut RowBuffers<'_>, flags: &mut RowFlags) {
        let encoder = &self.inputs[input_idx].encoder;
        flags.n_missing += u32::from(level.is_none());
        apply_level(encoder, level, &mut cells(&self.steps[input_idx], encoder, out), flags);
    }

    /// The second half of encoding row `place` of the scratch: scales its gathered magnitudes into `continuous`, and returns how many were
    /// missing and how many out of range. Allocates nothing.
    ///
    /// Always inlined, so that a caller compiled for wider vectors scales with wider vectors; the bits do not change.
    ///
    /// # Panics
    /// When `continuous` is shorter than [`RowEncoder::gather`] has checked.
    #[inline(always)]
    pub fn scale(&self, place: usize, scratch: &mut EncodeScratch, continuous: &mut [f32]) -> RowFlags {
        let EncodeScratch { gathered, scaled, shares } = scratch;
        self.scale_gathered(&gathered[self.gathered(place)], scaled, shares, continuous)
    }

    /// Whether a row of numbers is its own gathered magnitudes; [`RowEncoder::scale_ready`] takes it without
    /// [`RowEncoder::gather`].
    #[inline]
    pub fn is_ready(&self) -> bool {
        self.is_plain && self.n_gathered() == self.inputs.len()
    }

    /// [`RowEncoder::scale`] of a row of an encoder that [`RowEncoder::is_ready`].
    ///
    /// # Panics
    /// When the row or `continuous` is shorter than the encoder's.
    #[inline(always)]
    pub fn scale_ready(&self, row: &[f32], scratch: &mut EncodeScratch, continuous: &mut [f32]) -> RowFlags {
        self.scale_gathered(row, &mut scratch.scaled, &mut scratch.shares, continuous)
    }

    #[inline(always)]
    fn scale_gathered(
        &self,
        gathered: &[f32],
        scaled: &mut [f32],
        shares: &mut [f64],
        continuous: &mut [f32],
    ) -> RowFlags {
        let n_robust = self.robust.slots.len();
        let n_quantile = self.quantile.slots.len();
        let (robust_in, rest_in) = gathered.split_at(n_robust);
        let (robust_out, quantile_out) = scaled.split_at_mut(n_robust);
        let (quantile_in, lines_in) = rest_in.split_at(n_quantile);
        let mut flags = RowFlags::default();
        if !robust_in.is_empty() {
            self.robust.apply(robust_in, robust_out);
            count_unusual(robust_in, &self.robust.min, &self.robust.max, &mut flags);
            self.robust.slots.scatter(0, robust_out, continuous);
        }
        if !quantile_in.is_empty() {
            self.quantile.apply(quantile_in, shares, quantile_out);
            count_unusual(quantile_in, &self.quantile.min, &self.quantile.max, &mut flags);
            self.quantile.slots.scatter(0, quantile_out, continuous);
        }
        if !lines_in.is_empty() {
            self.piecewise.apply(lines_in, continuous, &mut flags);
        }
        flags
    }

    /// Encodes a row into buffers of [`RowEncoder::widths`]: both halves.
    pub fn encode(
        &self,
        row: RawRow<'_>,
        scratch: &mut EncodeScratch,
        mut out: RowBuffers<'_>,
    ) -> Result<RowFlags, ApplyError> {
        let mut flags = self.gather(row, 0, scratch, &mut out)?;
        flags += self.scale(0, scratch, out.continuous);
        Ok(flags)
    }

    fn check_buffers(&self, out: &RowBuffers<'_>) -> Result<(), ApplyError> {
        let checks = [
            ("continuous", self.widths.0, out.continuous.len()),
            ("binary", self.widths.1, out.binary.len()),
            ("categorical", self.widths.2, out.categorical.len()),
        ];
        match checks.into_iter().find(|(_, expected, found)| expected != found) {
            Some((buffer, expected, found)) => Err(ApplyError::BufferLength { buffer, expected, found }),
            None => Ok(()),
        }
    }
}

fn is_robust(encoder: &Encoder) -> bool {
    matches!(encoder, Encoder::Magnitude(magnitude) if matches!(magnitude.scale, Scale::Robust { .. }))
}

fn is_quantile(encoder: &Encoder) -> bool {
    matches!(encoder, Encoder::Magnitude(magnitude) if matches!(magnitude.scale, Scale::Quantile { .. }))
}

fn line_of(encoder: &Encoder) -> Option<&Piecewise> {
    match encoder {
        Encoder::Magnitude(magnitude) => match &magnitude.scale {
            Scale::Piecewise(line) => Some(line),
            _ => None,
        },
        _ => None,
    }
}

/// The cells that one input writes.
fn cells<'c>(step: &Step, encoder: &Encoder, out: &'c mut RowBuffers<'_>) -> RowBuffers<'c> {
    let (f, g, c) = encoder.widths();
    RowBuffers {
        continuous: &mut out.continuous[step.continuous..step.continuous + f],
        binary: &mut out.binary[step.binary..step.binary + g],
        categorical: &mut out.categorical[step.categorical..step.categorical + c],
    }
}

/// Where gathered magnitudes stand among the continuous inputs, ascending.
#[derive(Clone, Debug, Default)]
struct Slots {
    places: Vec<usize>,
    /// Whether they are neighbours, as in most tables.
    is_run: bool,
}

impl Slots {
    fn push(&mut self, slot: usize) {
        self.is_run = self.places.last().is_none_or(|last| self.is_run && last + 1 == slot);
        self.places.push(slot);
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    /// Writes scaled values to the slots from the `first`-th on, to as many as there are. Inlined for the lengths' sake, but
    /// not in a page, which loads every byte.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn scatter(&self, first: usize, scaled: &[f32], continuous: &mut [f32]) {
        let n = self.places.len() - first;
        if !self.is_run {
            for (value, slot) in scaled.iter().zip(&self.places[first..]) {
                continuous[*slot] = *value;
            }
        } else if n >= scaled.len() {
            // Of whole blocks the length is known when this is compiled: no call.
            continuous[self.places[0] + first..][..scaled.len()].copy_from_slice(scaled);
        } else {
            continuous[self.places[0] + first..][..n].copy_from_slice(&scaled[..n]);
        }
    }
}

/// All ones for a finite value, else zeros.
#[inline(always)]
fn finite_mask(value: f32) -> u32 {
    u32::from(value.is_finite()).wrapping_neg()
}

/// Counts values that are not finite, and finite ones outside their ranges; padding behind the ranges counts as neither.
#[inline(always)]
fn count_unusual(values: &[f32], min: &[f32], max: &[f32], flags: &mut RowFlags) {
    let (mut n_missing, mut n_beyond) = (0, 0);
    for ((value, min), max) in values.iter().zip(min).zip(max) {
        let is_finite = value.is_finite();
        n_missing += u32::from(!is_finite);
        n_beyond += u32::from(is_finite & ((*value < *min) | (*value > *max)));
    }
    flags.n_missing += n_missing;
    flags.n_out_of_range += n_beyond;
}

impl Robust {
    fn push(&mut self, slot: usize, median: f32, width: f32, (min, max): (f32, f32)) -> usize {
        self.slots.push(slot);
        self.median.push(median);
        self.width.push(width);
        self.min.push(min);
        self.max.push(max);
        self.slots.len() - 1
    }

    #[inline(always)]
    fn apply(&self, values: &[f32], out: &mut [f32]) {
        let parameters = self.median.iter().zip(&self.width);
        for ((out, value), (median, width)) in out.iter_mut().zip(values).zip(parameters) {
            // As bits, so that the choice is no branch.
            let mask = finite_mask(*value) & u32::from(*width != 0.0).wrapping_neg();
            *out = f32::from_bits(robust(*value, *median, *width).to_bits() & mask);
        }
    }
}

impl Quantile {
    fn push(&mut self, slot: usize, knots: &[f32], (min, max): (f32, f32)) -> usize {
        self.slots.push(slot);
        self.indexes.push(KnotIndex::new(knots));
        self.min.push(min);
        self.max.push(max);
        self.slots.len() - 1
    }

    #[inline(always)]
    fn apply(&self, values: &[f32], shares: &mut [f64], out: &mut [f32]) {
        for ((share, index), value) in shares.iter_mut().zip(&self.indexes).zip(values) {
            // One half has the normal score 0, which is what a missing value becomes.
            *share = if value.is_finite() { inner_share(index.share_below(*value)) } else { 0.5 };
        }
        for (out, share) in out.iter_mut().zip(shares.iter()) {
            *out = normal_quantile_centre(*share - 0.5) as f32;
        }
        for (out, share) in out.iter_mut().zip(shares.iter()) {
            if (*share - 0.5).abs() > 0.425 {
                *out = normal_score(*share);
            }
        }
    }
}

impl Lines {
    /// Blocks of these lines; their places are pushed one after the other.
    fn new(lines: &[&Piecewise]) -> Self {
        let n_segments = lines.iter().map(|line| line.segments().count()).max().unwrap_or(0);
        let n_blocks = lines.len().div_ceil(LANES);
        let mut blocks = Self {
            first: alloc::vec![Aligned([0.0; LANES]); n_blocks],
            segments: alloc::vec![[Aligned([0.0; LANES]); 3]; n_blocks * n_segments],
            n_segments,
            min: alloc::vec![Aligned([f32::NEG_INFINITY; LANES]); n_blocks],
            max: alloc::vec![Aligned([f32::INFINITY; LANES]); n_blocks],
            ..Self::default()
        };
        for (place, line) in lines.iter().enumerate() {
            let (block, lane) = (place / LANES, place % LANES);
            blocks.first[block].0[lane] = line.scores()[0];
            for (segment, (start, width, rise)) in line.segments().enumerate() {
                let [starts, widths, rises] = &mut blocks.segments[block * n_segments + segment];
                (starts.0[lane], widths.0[lane], rises.0[lane]) = (start, width, rise);
            }
        }
        blocks
    }

    fn push(&mut self, slot: usize, (min, max): (f32, f32)) -> usize {
        let place = self.slots.len();
        self.slots.push(slot);
        self.min[place / LANES].0[place % LANES] = min;
        self.max[place / LANES].0[place % LANES] = max;
        place
    }

    #[inline(always)]
    fn apply(&self, values: &[f32], continuous: &mut [f32], flags: &mut RowFlags) {
        let (values, _) = values.as_chunks::<LANES>();
        let mut unusual = Unusual::default();
        let mut block = 0;
        while BLOCKS > 1 && block + BLOCKS <= values.len() {
            self.apply_blocks::<BLOCKS>(block, values, continuous, &mut unusual);
            block += BLOCKS;
        }
        while block < values.len() {
            self.apply_blocks::<1>(block, values, continuous, &mut unusual);
            block += 1;
        }
        flags.n_missing += unusual.n_missing.iter().sum::<u32>();
        flags.n_out_of_range += unusual.n_out_of_range.iter().sum::<u32>();
    }

    /// `N` blocks from `block` on.
    #[inline(always)]
    fn apply_blocks<const N: usize>(
        &self,
        block: usize,
        values: &[Block],
        continuous: &mut [f32],
        unusual: &mut Unusual,
    ) {
        let values = &values[block..block + N];
        let (min, max) = (&self.min[block..block + N], &self.max[block..block + N]);
        let mut scaled = self.climb_blocks::<N>(block, values);
        for n in 0..N {
            for lane in 0..LANES {
                let value = values[n][lane];
                let is_finite = value.is_finite();
                let is_beyond = is_finite & ((value < min[n].0[lane]) | (value > max[n].0[lane]));
                unusual.n_missing[lane] += u32::from(!is_finite);
                unusual.n_out_of_range[lane] += u32::from(is_beyond);
                scaled[n][lane] = f32::from_bits((scaled[n][lane] + 0.0).to_bits() & finite_mask(value));
            }
        }
        self.slots.scatter(block * LANES, scaled.as_flattened(), continuous);
    }

    /// Sums of `N` blocks.
    #[inline(always)]
    fn climb_blocks<const N: usize>(&self, block: usize, values: &[Block]) -> [Block; N] {
        let segments = &self.segments[block * self.n_segments..][..N * self.n_segments];
        let mut sums = [[0.0; LANES]; N];
        for (sums, first) in sums.iter_mut().zip(&self.first[block..block + N]) {
            *sums = first.0;
        }
        for segment in 0..self.n_segments {
            for n in 0..N {
                let [starts, widths, rises] = &segments[n * self.n_segments + segment];
                for lane in 0..LANES {
                    sums[n][lane] += climb(values[n][lane], starts.0[lane], widths.0[lane], rises.0[lane]);
                }
            }
        }
        sums
    }
}

/// Knots with a table that says where to look: as many equal steps from the first knot to the last as there are knots
/// (up to 256), and for each how many knots lie in steps before it. A value's knots are found in its own step.
#[derive(Clone, Debug)]
struct KnotIndex {
    knots: Vec<f32>,
    steps_per_unit: f32,
    /// `[steps + 1]`
    before: Vec<u32>,
}

impl KnotIndex {
    fn new(knots: &[f32]) -> Self {
        let n_steps = knots.len().next_power_of_two().min(256);
        let span = f64::from(knots[knots.len() - 1]) - f64::from(knots[0]);
        let per_unit = (n_steps as f64 / span) as f32;
        // Knots without spread, or spread beyond single precision: one step holds all of them.
        let steps_per_unit = if per_unit.is_finite() { per_unit } else { 0.0 };
        let mut index = Self { knots: knots.into(), steps_per_unit, before: alloc::vec![0; n_steps + 1] };
        for knot in knots {
            let step = index.step(*knot);
            index.before[step + 1] += 1;
        }
        for step in 0..n_steps {
            index.before[step + 1] += index.before[step];
        }
        index
    }

    /// Never falls as the value rises, since rounding never does: a knot in an earlier step is below the value, one in
    /// a later step is above it.
    #[inline]
    fn step(&self, value: f32) -> usize {
        let place = ((value - self.knots[0]) * self.steps_per_unit) as usize;
        place.min(self.before.len() - 2)
    }

    #[inline]
    fn share_below(&self, value: f32) -> f64 {
        let step = self.step(value);
        let (first, end) = (self.before[step] as usize, self.before[step + 1] as usize);
        let n_below = first + self.knots[first..end].partition_point(|knot| *knot < value);
        share_at(&self.knots, value, n_below)
    }
}

#[cfg(test)]
mod tests;

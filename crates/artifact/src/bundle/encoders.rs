//! Schema and encoders: raw columns, their kinds, and what is done with them.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::BundleError;
use super::file::Section;
use super::reader::Reader;
use super::writer::Writer;
use crate::{
    Embedding, Encoder, InputColumn, Levels, Magnitude, OneHot, Piecewise, Scale, TargetStatistics, TwoValued,
};

const NUMBER: u8 = 0;
const LEVEL: u8 = 1;

const MAGNITUDE: u8 = 1;
const TWO_VALUED: u8 = 2;
const PRESENCE: u8 = 3;
const ONE_HOT: u8 = 4;
const EMBEDDING: u8 = 5;
const TARGET_STATISTICS: u8 = 6;

const ROBUST: u8 = 1;
const QUANTILE: u8 = 2;
const PIECEWISE: u8 = 3;

/// The sections `schema` and `encoders`.
pub(super) fn write(inputs: &[InputColumn]) -> (Vec<u8>, Vec<u8>) {
    let (mut schema, mut encoders) = (Writer::default(), Writer::default());
    schema.u32(inputs.len());
    encoders.u32(inputs.len());
    for InputColumn { name, encoder } in inputs {
        schema.number(if encoder.reads_numbers() { NUMBER } else { LEVEL });
        schema.text(name);
        write_encoder(&mut encoders, encoder);
    }
    (schema.into_bytes(), encoders.into_bytes())
}

/// The inputs of both sections.
pub(super) fn read(schema: &[u8], encoders: &[u8]) -> Result<Vec<InputColumn>, BundleError> {
    let mut schema = Reader::new(Section::Schema, schema);
    let mut encoders = Reader::new(Section::Encoders, encoders);
    let (n_named, n_encoded) = (schema.count(5)?, encoders.count(1)?);
    if n_named != n_encoded {
        return Err(encoders.invalid("an encoder for each column of the schema", n_encoded as u64));
    }
    let mut inputs = Vec::with_capacity(n_named);
    for _ in 0..n_named {
        let kind = schema.u8()?;
        let name = schema.string()?;
        let encoder = read_encoder(&mut encoders)?;
        if kind != if encoder.reads_numbers() { NUMBER } else { LEVEL } {
            return Err(schema.invalid("the kind of value that the column's encoder reads", u64::from(kind)));
        }
        inputs.push(InputColumn { name, encoder });
    }
    schema.end()?;
    encoders.end()?;
    Ok(inputs)
}

fn write_encoder(out: &mut Writer, encoder: &Encoder) {
    match encoder {
        Encoder::Magnitude(magnitude) => {
            out.number(MAGNITUDE);
            out.flag(magnitude.missing_indicator);
            out.number(magnitude.min);
            out.number(magnitude.max);
            write_scale(out, &magnitude.scale);
        }
        Encoder::TwoValued(two) => {
            out.number(TWO_VALUED);
            out.flag(two.missing_indicator);
            out.number(two.low);
            out.number(two.high);
        }
        Encoder::Presence => out.number(PRESENCE),
        Encoder::OneHot(one_hot) => {
            out.number(ONE_HOT);
            out.flag(one_hot.missing_indicator);
            write_levels(out, &one_hot.levels);
        }
        Encoder::Embedding(embedding) => {
            out.number(EMBEDDING);
            write_levels(out, &embedding.levels);
        }
        Encoder::TargetStatistics(statistics) => {
            out.number(TARGET_STATISTICS);
            out.number(statistics.missing);
            out.number(statistics.prior);
            write_scale(out, &statistics.scale);
            write_levels(out, &statistics.levels);
            statistics.means.iter().for_each(|mean| out.number(*mean));
        }
    }
}

fn read_encoder(from: &mut Reader<'_>) -> Result<Encoder, BundleError> {
    match from.u8()? {
        MAGNITUDE => read_magnitude(from).map(Encoder::Magnitude),
        TWO_VALUED => {
            let missing_indicator = from.flag()?;
            let (low, high) = read_range(from)?;
            if low == high {
                return Err(from.invalid("two different values", u64::from(high.to_bits())));
            }
            Ok(Encoder::TwoValued(TwoValued { low, high, missing_indicator }))
        }
        PRESENCE => Ok(Encoder::Presence),
        ONE_HOT => {
            let missing_indicator = from.flag()?;
            Ok(Encoder::OneHot(OneHot::new(read_levels(from)?, missing_indicator)))
        }
        EMBEDDING => Ok(Encoder::Embedding(Embedding::new(read_levels(from)?))),
        TARGET_STATISTICS => {
            let (missing, prior) = (from.finite_f32()?, from.finite_f32()?);
            let scale = read_scale(from)?;
            let levels = read_levels(from)?;
            let means = (0..levels.len()).map(|_| from.finite_f32()).collect::<Result<_, _>>()?;
            Ok(Encoder::TargetStatistics(TargetStatistics { levels, means, missing, prior, scale }))
        }
        other => Err(from.invalid("the code of an encoder", u64::from(other))),
    }
}

fn read_magnitude(from: &mut Reader<'_>) -> Result<Magnitude, BundleError> {
    let missing_indicator = from.flag()?;
    let (min, max) = read_range(from)?;
    Ok(Magnitude { scale: read_scale(from)?, min, max, missing_indicator })
}

/// Two finite numbers, the first not above the second.
fn read_range(from: &mut Reader<'_>) -> Result<(f32, f32), BundleError> {
    let (low, high) = (from.finite_f32()?, from.finite_f32()?);
    if low > high {
        return Err(from.invalid("a range from low to high", u64::from(high.to_bits())));
    }
    Ok((low, high))
}

fn write_scale(out: &mut Writer, scale: &Scale) {
    match scale {
        Scale::Robust { median, width } => {
            out.number(ROBUST);
            out.number(*median);
            out.number(*width);
        }
        Scale::Quantile { knots } => {
            out.number(QUANTILE);
            out.u32(knots.len());
            for knot in knots {
                out.number(*knot);
            }
        }
        Scale::Piecewise(line) => {
            out.number(PIECEWISE);
            out.u32(line.knots().len());
            line.knots().iter().chain(line.scores()).for_each(|number| out.number(*number));
        }
    }
}

fn read_scale(from: &mut Reader<'_>) -> Result<Scale, BundleError> {
    match from.u8()? {
        ROBUST => {
            let (median, width) = (from.finite_f32()?, from.finite_f32()?);
            if width < 0.0 {
                return Err(from.invalid("a width of 0 or more", u64::from(width.to_bits())));
            }
            Ok(Scale::Robust { median, width })
        }
        QUANTILE => {
            let n_knots = from.count(4)?;
            if n_knots < 2 {
                return Err(from.invalid("at least two knots", n_knots as u64));
            }
            let knots = from.slice::<f32>(n_knots)?;
            let ascending = || knots.iter().zip(knots.iter().skip(1)).all(|(low, high)| low <= high);
            if !knots.iter().all(f32::is_finite) || !ascending() {
                return Err(from.invalid("finite knots in ascending order", n_knots as u64));
            }
            Ok(Scale::quantile(knots.iter().collect()))
        }
        PIECEWISE => {
            let n_knots = from.count(8)?;
            let (knots, scores) = (from.slice::<f32>(n_knots)?, from.slice::<f32>(n_knots)?);
            let line = Piecewise::new(knots.iter().collect(), scores.iter().collect());
            line.map(Scale::Piecewise)
                .ok_or_else(|| from.invalid("2 to 9 ascending knots with a score each", n_knots as u64))
        }
        other => Err(from.invalid("the code of a scale", u64::from(other))),
    }
}

fn write_levels(out: &mut Writer, levels: &Levels) {
    out.u32(levels.len());
    levels.names().iter().for_each(|name| out.text(name));
}

fn read_levels(from: &mut Reader<'_>) -> Result<Levels, BundleError> {
    let n_levels = from.count(4)?;
    let mut names: Vec<String> = Vec::with_capacity(n_levels);
    for level_idx in 0..n_levels {
        let name = from.string()?;
        if names.last().is_some_and(|last| *last >= name) {
            return Err(from.invalid("levels in alphabetical order", level_idx as u64));
        }
        names.push(name);
    }
    Ok(Levels::from_sorted(names))
}

//! Rows that a bundle brings to prove itself: raw values and the scores expected of them.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::BundleError;
use super::file::Section;
use super::reader::Reader;
use super::writer::Writer;
use crate::RawValue;

/// A raw row and its expected scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// One for each input column.
    pub cells: Vec<Cell>,
    /// Churn: the probability. Value: expected value and probability of buying. Segment: its number and the distance.
    pub expected: Vec<f64>,
}

/// A raw value, kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Missing,
    /// A magnitude.
    Number(f32),
    /// A level's name.
    Level(String),
}

impl Cell {
    /// As a row for scoring has it.
    pub fn as_raw(&self) -> RawValue<'_> {
        match self {
            Self::Missing => RawValue::Missing,
            Self::Number(value) => RawValue::Number(*value),
            Self::Level(name) => RawValue::Level(name),
        }
    }
}

impl From<RawValue<'_>> for Cell {
    fn from(raw: RawValue<'_>) -> Self {
        match raw {
            RawValue::Missing => Self::Missing,
            RawValue::Number(value) => Self::Number(value),
            RawValue::Level(name) => Self::Level(name.into()),
        }
    }
}

pub(super) fn write(samples: &[Sample]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(samples.len());
    for sample in samples {
        out.u32(sample.cells.len());
        for cell in &sample.cells {
            match cell {
                Cell::Missing => out.number(0_u8),
                Cell::Number(value) => {
                    out.number(1_u8);
                    out.number(*value);
                }
                Cell::Level(name) => {
                    out.number(2_u8);
                    out.text(name);
                }
            }
        }
        out.u32(sample.expected.len());
        sample.expected.iter().for_each(|score| out.number(*score));
    }
    out.into_bytes()
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sample>, BundleError> {
    let mut from = Reader::new(Section::Samples, bytes);
    let n_samples = from.count(8)?;
    let mut samples = Vec::with_capacity(n_samples);
    for _ in 0..n_samples {
        let n_cells = from.count(1)?;
        let mut cells = Vec::with_capacity(n_cells);
        for _ in 0..n_cells {
            cells.push(read_cell(&mut from)?);
        }
        let n_scores = from.count(8)?;
        let expected = (0..n_scores).map(|_| from.finite_f64()).collect::<Result<_, _>>()?;
        samples.push(Sample { cells, expected });
    }
    from.end()?;
    Ok(samples)
}

fn read_cell(from: &mut Reader<'_>) -> Result<Cell, BundleError> {
    match from.u8()? {
        0 => Ok(Cell::Missing),
        1 => from.number().map(Cell::Number),
        2 => from.string().map(Cell::Level),
        other => Err(from.invalid("the code of a cell", u64::from(other))),
    }
}

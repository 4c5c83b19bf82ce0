//! What a bundle's answers are called, and how their numbers are written.

use serde_json::{Map, Value, json};
use tenure_artifact::bundle::Answer;
use tenure_data::{AnswerKind, Answers};
use tenure_edge::{Model, Score};

/// The metadata that hold the names of segments, as a list in JSON.
pub const SEGMENTS: &str = "segments";

const CHURN: &[(&str, AnswerKind)] = &[("probability", AnswerKind::Number)];
const VALUE: &[(&str, AnswerKind)] = &[("expected_value", AnswerKind::Number), ("p_buys", AnswerKind::Number)];
const CHURN_VALUE: &[(&str, AnswerKind)] =
    &[("probability", AnswerKind::Number), ("expected_value", AnswerKind::Number), ("p_buys", AnswerKind::Number)];
const SEGMENT: &[(&str, AnswerKind)] =
    &[("segment", AnswerKind::Count), ("name", AnswerKind::Name), ("distance", AnswerKind::Number)];

/// How a bundle's answers are told.
pub struct Telling {
    columns: &'static [(&'static str, AnswerKind)],
    /// Of segments, in their order; empty for other tasks.
    names: Vec<String>,
}

impl Telling {
    /// Of this bundle.
    pub fn of(model: &Model<'_>) -> Self {
        let columns = match model.answer() {
            Answer::Churn { .. } => CHURN,
            Answer::Value(_) => VALUE,
            Answer::ChurnValue { .. } => CHURN_VALUE,
            Answer::Segment(_) => SEGMENT,
        };
        let names = model.metadata().iter().find(|(name, _)| name == SEGMENTS);
        let names = names.and_then(|(_, list)| serde_json::from_str(list).ok()).unwrap_or_default();
        Self { columns, names }
    }

    /// Names and kinds of the columns.
    pub fn columns(&self) -> &'static [(&'static str, AnswerKind)] {
        self.columns
    }

    /// Calls `write` with the columns of these numbers, one vector for each number of an answer.
    pub fn with_columns<R>(&self, numbers: &[Vec<f64>], write: impl FnOnce(&[Answers<'_>]) -> R) -> R {
        if self.columns.first().is_some_and(|(_, kind)| *kind == AnswerKind::Count) {
            let of_row = |segment: &f64| if segment.is_nan() { 0 } else { *segment as u32 + 1 };
            let segments: Vec<u32> = numbers[0].iter().map(of_row).collect();
            let names: Vec<&str> = segments.iter().map(|segment| self.segment_name(*segment)).collect();
            return write(&[Answers::Counts(&segments), Answers::Names(&names), Answers::Numbers(&numbers[1])]);
        }
        let columns: Vec<Answers<'_>> = numbers.iter().map(|column| Answers::Numbers(column)).collect();
        write(&columns)
    }

    /// One answer as JSON, under the names of the columns.
    pub fn json(&self, score: Score) -> Map<String, Value> {
        let (numbers, _) = score.values();
        let values = match score {
            Score::Segment { segment, distance } => {
                vec![json!(segment + 1), json!(self.segment_name(segment + 1)), json!(distance)]
            }
            _ => numbers.iter().map(|number| json!(number)).collect(),
        };
        self.columns.iter().map(|(name, _)| (*name).to_owned()).zip(values).collect()
    }

    /// `number` counts from 1.
    fn segment_name(&self, number: u32) -> &str {
        let place = (number as usize).checked_sub(1);
        place.and_then(|place| self.names.get(place)).map_or("", String::as_str)
    }
}

//! `--sweep`: lists of values, multiplied into runs.

use std::sync::Arc;

use crate::code::Code;
use crate::error::{ConfigError, ConfigErrors};
use crate::kind::folder_name;
use crate::source::{Site, Source};
use crate::tree;

/// More points than anybody means to run.
const MOST_POINTS: usize = 10_000;

/// The points of a sweep in a fixed order: the first axis turns slowest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    points: Vec<Point>,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Fit for a folder's name and distinct within the sweep: `members-8_learning_rate-1e-3`.
    pub name: String,
    /// What this run sets, for [`crate::Overrides::set`].
    pub set: Vec<String>,
}

/// What is wrong with an axis.
type Complaint = Vec<ConfigError>;

/// One `key=value,value`.
struct Axis {
    key: String,
    values: Vec<String>,
}

impl Sweep {
    /// The product of axes such as `model.members=8,16,32`. Commas within brackets, braces or quotes do not separate:
    /// `features.windows=["30d"],["30d","90d"]` has two values. No axis gives one point that sets nothing.
    pub fn parse(axes: &[String]) -> Result<Self, ConfigErrors> {
        let mut parsed: Vec<Axis> = Vec::new();
        let mut errors = Vec::new();
        for text in axes {
            match axis(text, &parsed) {
                Ok(axis) => parsed.push(axis),
                Err(found) => errors.extend(found),
            }
        }
        let n_points = parsed.iter().try_fold(1_usize, |product, axis| product.checked_mul(axis.values.len()));
        if errors.is_empty() && n_points.is_none_or(|n_points| n_points > MOST_POINTS) {
            errors.extend(complaint(&axes.join(" "), "too many runs", &format!("at most {MOST_POINTS} runs")));
        }
        if errors.is_empty() { Ok(Self { points: points(&parsed) }) } else { Err(ConfigErrors::new(errors)) }
    }

    /// The runs.
    pub fn points(&self) -> &[Point] {
        &self.points
    }
}

fn axis(text: &str, before: &[Axis]) -> Result<Axis, Complaint> {
    let form = "section.key=value,value,…";
    let Some((key, values)) = text.split_once('=') else { return Err(complaint(text, "no `=`", form)) };
    let key = key.trim().to_owned();
    let values: Vec<String> = split_values(values).iter().map(|value| value.trim().to_owned()).collect();
    if key.is_empty() || values.iter().any(String::is_empty) {
        return Err(complaint(text, "an empty key or value", form));
    }
    if before.iter().any(|axis| axis.key == key) {
        return Err(complaint(text, &format!("`{key}` for the second time"), "each key once"));
    }
    if let Some(index) = (1..values.len()).find(|&index| values[..index].contains(&values[index])) {
        return Err(complaint(text, &format!("{} twice", values[index]), "each value once"));
    }
    for value in &values {
        if tree::parse_override(&format!("{key}={value}")).is_err() {
            return Err(complaint(text, &format!("`{key}={value}`, which is not TOML"), form));
        }
    }
    Ok(Axis { key, values })
}

/// Splits at commas outside of brackets, braces and quotes.
fn split_values(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut values = Vec::new();
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                values.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    values.push(&text[start..]);
    values
}

fn points(axes: &[Axis]) -> Vec<Point> {
    let mut points = vec![Point { name: String::new(), set: Vec::new() }];
    for axis in axes {
        points = points
            .iter()
            .flat_map(|point| {
                axis.values.iter().map(|value| {
                    let mut next = point.clone();
                    next.set.push(format!("{}={value}", axis.key));
                    next
                })
            })
            .collect();
    }
    for index in 0..points.len() {
        let name = name(axes, &points[index]);
        // Values that differ only in what a folder's name cannot show are told apart by their number.
        let is_taken = name.is_empty() || points[..index].iter().any(|point| point.name == name);
        points[index].name = if is_taken { folder_name(&format!("{name} {}", index + 1)) } else { name };
    }
    points
}

fn name(axes: &[Axis], point: &Point) -> String {
    let parts: Vec<String> = axes
        .iter()
        .zip(&point.set)
        .map(|(axis, set)| {
            let short = axis.key.rsplit('.').next().unwrap_or(&axis.key);
            let is_shared = axes.iter().filter(|other| other.key.rsplit('.').next() == Some(short)).count() > 1;
            let label = if is_shared { &axis.key } else { short };
            let value = set.split_once('=').map_or("", |(_, value)| value);
            folder_name(&format!("{label}-{}", value.replace('.', "p")))
        })
        .collect();
    parts.join("_").chars().take(64).collect()
}

fn complaint(text: &str, found: &str, expected: &str) -> Complaint {
    let source = Arc::new(Source { name: "--sweep".into(), text: text.into(), is_file: false });
    let site = Site::new(&source, 0..text.len());
    let error = ConfigError::new(Code::Override, site, "a sweep that cannot be read")
        .with_expected(expected)
        .with_found(found)
        .with_hint("for example `--sweep model.members=8,16,32`");
    vec![error]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(axes: &[&str]) -> Sweep {
        Sweep::parse(&axes.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("a good sweep")
    }

    #[test]
    fn axes_multiply_and_the_first_turns_slowest() {
        let sweep = sweep(&["model.members=8,16", "train.learning_rate=1e-3,0.003"]);
        let names: Vec<&str> = sweep.points().iter().map(|point| point.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "members-8_learning_rate-1e-3",
                "members-8_learning_rate-0p003",
                "members-16_learning_rate-1e-3",
                "members-16_learning_rate-0p003",
            ]
        );
        assert_eq!(sweep.points()[3].set, ["model.members=16", "train.learning_rate=0.003"]);
    }

    #[test]
    fn lists_are_values_and_names_stay_distinct() {
        let sweep = sweep(&["features.windows=[\"30d\"],[\"30d\",\"90d\"]", "data.positive=\"a,b\",\"a;b\""]);
        let names: std::collections::BTreeSet<&str> = sweep.points().iter().map(|point| point.name.as_str()).collect();
        assert_eq!((sweep.points().len(), names.len()), (4, 4));
        assert_eq!(sweep.points()[0].set[0], "features.windows=[\"30d\"]");
    }

    #[test]
    fn no_axis_is_one_run_of_the_file_as_it_is() {
        assert_eq!(sweep(&[]).points(), [Point { name: "1".into(), set: vec![] }]);
    }

    #[test]
    fn bad_sweeps_are_refused() {
        for bad in ["model.members", "model.members=", "a.b=1,,2", "a.b=1,1", "=1", "a.b=[1"] {
            let errors = Sweep::parse(&[bad.to_owned()]).expect_err(bad);
            assert_eq!(errors.errors()[0].code(), Code::Override, "{bad}: {}", errors.render());
        }
        let many = vec!["a.b=1,2,3,4,5,6,7,8,9,10,11".to_owned(), "a.c=1,2,3,4,5,6,7,8,9,10".into()];
        assert!(Sweep::parse(&many).is_ok());
        assert!(Sweep::parse(&[many[0].clone(), many[0].clone()]).is_err());
    }
}

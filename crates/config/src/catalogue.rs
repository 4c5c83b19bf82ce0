//! Every knob there is, with the documentation that stands at its field of the [`Plan`].

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use crate::kind::Bases;
use crate::reader::{Knob, Reader};
use crate::{Plan, read};

/// Every knob in the order of reading: what reading an empty file asks for.
pub(crate) fn knobs() -> &'static [Knob] {
    static KNOBS: LazyLock<Vec<Knob>> = LazyLock::new(|| {
        let mut reader = Reader::catalogue();
        read::draft(&mut reader, "experiment", &Bases::default());
        reader.knobs
    });
    &KNOBS
}

/// Section names in order, subsections after their section.
pub(crate) fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&str> = Vec::new();
    for knob in knobs() {
        if !sections.contains(&knob.section.as_str()) {
            sections.push(&knob.section);
        }
    }
    sections
}

/// What a section or key means, in one line.
pub fn describe(path: &str) -> Option<String> {
    static PLAN: LazyLock<Json> = LazyLock::new(|| {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        settings.into_generator().into_root_schema_for::<Plan>().to_value()
    });
    // The two keys of automatic cutoffs stand beside `cutoffs` in the file and within them in the plan.
    let nested = match path {
        "time.n_train" => Some("How many training cutoffs `cutoffs = \"auto\"` makes."),
        "time.step" => Some("The time between the training cutoffs of `cutoffs = \"auto\"`."),
        _ => None,
    };
    let field = path.split('.').try_fold(&*PLAN, |schema, key| schema.get("properties")?.get(key));
    let text = nested.or_else(|| field?.get("description")?.as_str())?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

//! The task, of which there will be more.

use serde_json::Value as Json;

use super::{Kind, choice};
use crate::Task;
use crate::code::Code;
use crate::error::ConfigError;
use crate::nearest::nearest;
use crate::tree::{Item, Value, quote};

/// A [`Task`]; other names are told apart from typing errors.
pub(crate) struct TaskKind;

impl Kind for TaskKind {
    type Value = Task;

    fn read(&self, key: &str, item: &Item) -> Result<Task, Vec<ConfigError>> {
        choice().read(key, item).map_err(|errors| match &item.value {
            Value::Text(name) => {
                let hint = nearest(name, Task::NAMES.iter().copied()).map_or_else(
                    || format!("tasks of this release: {}", Task::NAMES.join(", ")),
                    |near| format!("did you mean {}?", quote(near)),
                );
                let message = format!("this release has no task {}", quote(name));
                vec![
                    ConfigError::new(Code::UnknownTask, item.site.clone(), message)
                        .with_expected(self.expected())
                        .with_found(quote(name))
                        .with_hint(hint),
                ]
            }
            _ => errors,
        })
    }

    fn write(&self, value: &Task) -> String {
        choice().write(value)
    }

    fn schema(&self) -> Json {
        choice::<Task>().schema()
    }

    fn expected(&self) -> String {
        choice::<Task>().expected()
    }
}

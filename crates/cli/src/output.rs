//! Results on stdout: text for people, one JSON value for programs.

/// Where results go, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON value a result.
    Json,
}

impl Output {
    /// Prints a result.
    pub fn result(self, text: impl FnOnce() -> String, json: impl FnOnce() -> serde_json::Value) {
        match self {
            Self::Text => anstream::print!("{}", text()),
            Self::Json => anstream::println!("{}", json()),
        }
    }
}

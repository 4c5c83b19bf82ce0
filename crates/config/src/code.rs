//! The codes of configuration errors, each with its page.

use std::fmt;

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal),+ $(,)?) => {
        /// Stands for one kind of error in an experiment file; never given a new meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$meta])* $variant),+ }

        impl Code {
            /// Every code, ascending.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as printed, such as `CFG0003`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Cause, example and fix, in Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../explain/", $code, ".md"))),+ }
            }
        }
    };
}

codes! {
    /// The file cannot be read.
    Unreadable = "CFG0001",
    /// The text is not TOML.
    Syntax = "CFG0002",
    /// No such key or section.
    UnknownKey = "CFG0003",
    /// A value of another type.
    WrongType = "CFG0004",
    /// A number outside its bounds.
    OutOfRange = "CFG0005",
    /// A name that is not among the choices.
    UnknownChoice = "CFG0006",
    /// A task that this release does not have.
    UnknownTask = "CFG0007",
    /// A key that must be given is not.
    Missing = "CFG0008",
    /// A length of time that cannot be read.
    Duration = "CFG0009",
    /// An instant that cannot be read.
    Time = "CFG0010",
    /// A text of the wrong form.
    Form = "CFG0011",
    /// A `--set` or `--sweep` that cannot be read.
    Override = "CFG0012",
    /// A list that does not ascend.
    NotAscending = "CFG0013",
    /// A list without entries, or with one twice.
    BadList = "CFG0014",
    /// Too few or too many columns of a role.
    RoleCount = "CFG0015",
    /// A role that this kind of data cannot have.
    RoleMisplaced = "CFG0016",
    /// Two statements about one column that cannot both hold.
    ColumnConflict = "CFG0017",
    /// A setting that would have no effect.
    NoEffect = "CFG0018",
    /// Settings that exclude each other.
    Contradiction = "CFG0019",
    /// A training label that reaches past the test cutoff.
    CutoffOverlap = "CFG0020",
    /// A feature that looks further back than the lookback.
    Lookback = "CFG0021",
    /// A column that the file's own list of names lacks.
    UnknownColumn = "CFG0022",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The page of a `CFG` code (cause, example, fix), in any letter case; none for another code.
pub fn explain(code: &str) -> Option<&'static str> {
    Code::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(code.trim())).map(|known| known.page())
}

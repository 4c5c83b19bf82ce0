//! `[data]`: which files, and what their columns mean.

use serde::{Deserialize, Serialize};
use tenure_table::Role;

/// `[data]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Data {
    /// What the files hold.
    pub source: Source,
    /// Files or globs; relative ones start at the experiment file's folder. Empty only for made data.
    pub files: Vec<String>,
    /// For events: files or globs of a table with one row per customer, joined on the id.
    pub attributes: Vec<String>,
    /// Column name to role. Unlisted columns of a customer table take the role that their type suggests; unlisted
    /// columns of an event log are ignored.
    #[schemars(with = "Vec<String>")]
    pub columns: Vec<(String, Role)>,
    /// The two columns whose product is the amount of an event, written `"Quantity * UnitPrice"`; none where a column
    /// has the role `amount`, or where nothing does.
    pub amount: Option<Product>,
    /// Column name to type, where the inferred one is wrong.
    pub types: Vec<(String, ColumnType)>,
    /// The value of the target that counts as churned; none where the target is 0/1 or true/false.
    pub positive: Option<String>,
    /// Texts that mean "missing", besides a field that is empty or blank.
    pub missing: Vec<String>,
    /// CSV only.
    pub csv: Csv,
    /// How timestamps are written, in strftime's letters; none means ISO 8601 in any of its forms.
    pub time_format: Option<String>,
    /// The offset or IANA zone of timestamps that carry none.
    pub time_zone: String,
    /// A file whose bytes key the hash that replaces every id; none keeps ids as they are.
    pub id_key_file: Option<String>,
    /// The share of rows that may be rejected before the load fails.
    pub max_rejected: f64,
    /// Whether identical event rows are one event.
    pub deduplicate: bool,
}

/// A product of two numeric columns, each named as in the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Product {
    /// The first factor.
    pub left: String,
    /// The second factor.
    pub right: String,
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} * {}", self.left, self.right)
    }
}

choices! {
    /// What the files hold.
    Source {
        /// One row per event (a transaction log).
        Events = "events",
        /// One row per customer.
        Customers = "customers",
        /// Nothing: the data are made from `[synthetic]`.
        Synthetic = "synthetic",
    }
}

choices! {
    /// The type of a column.
    ColumnType {
        /// A magnitude.
        Numeric = "numeric",
        /// Levels.
        Category = "category",
        /// An instant.
        Time = "time",
        /// Free text.
        Text = "text",
    }
}

/// `[data.csv]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Csv {
    /// What stands between fields: one character, or `"whitespace"` for any run of blanks.
    pub delimiter: Delimiter,
    /// Whether the first line names the columns.
    pub header: bool,
    /// The columns' names, in order, where there is no header or it is not to be used.
    pub names: Vec<String>,
}

/// What stands between the fields of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delimiter {
    /// One byte, such as `,` `;` `|` or a tab.
    Byte(u8),
    /// Any run of blanks, `"whitespace"` in the file.
    Whitespace,
}

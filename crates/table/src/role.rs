//! What a column means to an experiment.

use core::fmt;
use core::str::FromStr;

/// What a column means to an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Role {
    /// Names the customer; never a feature.
    Id,
    /// When an event happened, or the cutoff a row was computed at.
    Time,
    /// Money spent in an event.
    Amount,
    /// Units bought in an event; negative units are a return.
    Quantity,
    /// A feature with levels.
    Category,
    /// A feature with a magnitude.
    Numeric,
    /// What is predicted.
    Target,
    /// What a customer was worth, as an amount that is never below 0; predicted, and never a feature.
    Value,
    /// How much a row counts.
    Weight,
    /// Whether the customer was treated; never a feature.
    Treatment,
    /// A protected attribute: never a feature, kept for slices.
    Sensitive,
    /// Rows without consent are dropped, and counted.
    Consent,
    /// Not used, unless a split or a slice names it.
    Ignore,
}

impl Role {
    /// Every role, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Id,
        Self::Time,
        Self::Amount,
        Self::Quantity,
        Self::Category,
        Self::Numeric,
        Self::Target,
        Self::Value,
        Self::Weight,
        Self::Treatment,
        Self::Sensitive,
        Self::Consent,
        Self::Ignore,
    ];

    /// The role's name in an experiment file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Time => "time",
            Self::Amount => "amount",
            Self::Quantity => "quantity",
            Self::Category => "category",
            Self::Numeric => "numeric",
            Self::Target => "target",
            Self::Value => "value",
            Self::Weight => "weight",
            Self::Treatment => "treatment",
            Self::Sensitive => "sensitive",
            Self::Consent => "consent",
            Self::Ignore => "ignore",
        }
    }

    /// Whether a model may read a column of this role.
    pub const fn is_feature(self) -> bool {
        matches!(self, Self::Category | Self::Numeric)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseRoleError;

impl fmt::Display for ParseRoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected the name of a role, such as `id`, `numeric` or `target`")
    }
}

impl core::error::Error for ParseRoleError {}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(ParseRoleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert_eq!("Id".parse::<Role>(), Err(ParseRoleError));
    }
}

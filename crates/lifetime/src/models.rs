//! The three purchase models by their parameters.

use serde::{Deserialize, Serialize};

use crate::LifetimeError;
use crate::beta_dropout::BetaDropout;
use crate::customers::{History, UniqueRow};
use crate::dropout_integral::DropoutIntegral;
use crate::objective::Likelihood;
use crate::posterior::{Dropout, Posterior};

/// Which purchase model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Beta-geometric / NBD.
    BgNbd,
    /// Modified beta-geometric / NBD.
    MbgNbd,
    /// Pareto / NBD.
    ParetoNbd,
}

impl ModelKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// As the literature writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "BG/NBD",
            Self::MbgNbd => "MBG/NBD",
            Self::ParetoNbd => "Pareto/NBD",
        }
    }
}

/// BG/NBD (Fader, Hardie and Lee 2005): purchase rates λ ~ Gamma(r, α); after each repeat purchase the customer drops
/// out with probability p ~ Beta(a, b). A customer without repeat purchases is certainly still there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BgNbd {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Scale of the purchase rates, in units of time.
    pub alpha: f64,
    /// Of the dropout probabilities: p has mean a / (a + b).
    pub a: f64,
    /// Of the dropout probabilities.
    pub b: f64,
}

/// MBG/NBD (Batislam, Denizel and Filiztekin 2007): like [`BgNbd`], but the first purchase is an occasion to drop out
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MbgNbd {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Scale of the purchase rates, in units of time.
    pub alpha: f64,
    /// Of the dropout probabilities: p has mean a / (a + b).
    pub a: f64,
    /// Of the dropout probabilities.
    pub b: f64,
}

/// Pareto/NBD (Schmittlein, Morrison and Colombo 1987): purchase rates λ ~ Gamma(r, α), dropout at rate μ ~ Gamma(s, β).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParetoNbd {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Scale of the purchase rates, in units of time.
    pub alpha: f64,
    /// Shape of the dropout rates.
    pub s: f64,
    /// Scale of the dropout rates, in units of time.
    pub beta: f64,
}

/// A purchase model with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PurchaseModel {
    /// BG/NBD.
    BgNbd(BgNbd),
    /// MBG/NBD.
    MbgNbd(MbgNbd),
    /// Pareto/NBD.
    ParetoNbd(ParetoNbd),
}

impl PurchaseModel {
    /// The model of this kind with these parameters: r, α, a, b or, for Pareto/NBD, r, α, s, β.
    pub fn new(kind: ModelKind, parameters: [f64; 4]) -> Result<Self, LifetimeError> {
        for (&setting, found) in parameter_names(kind).iter().zip(parameters) {
            if !(found > 0.0 && found.is_finite()) {
                return Err(LifetimeError::Setting { setting, expected: "a finite number above 0", found });
            }
        }
        let [r, alpha, a, b] = parameters;
        Ok(match kind {
            ModelKind::BgNbd => Self::BgNbd(BgNbd { r, alpha, a, b }),
            ModelKind::MbgNbd => Self::MbgNbd(MbgNbd { r, alpha, a, b }),
            ModelKind::ParetoNbd => Self::ParetoNbd(ParetoNbd { r, alpha, s: a, beta: b }),
        })
    }

    /// Its kind.
    pub const fn kind(&self) -> ModelKind {
        match self {
            Self::BgNbd(_) => ModelKind::BgNbd,
            Self::MbgNbd(_) => ModelKind::MbgNbd,
            Self::ParetoNbd(_) => ModelKind::ParetoNbd,
        }
    }

    /// r, α, a, b or, for Pareto/NBD, r, α, s, β.
    pub const fn parameters(&self) -> [f64; 4] {
        match *self {
            Self::BgNbd(BgNbd { r, alpha, a, b }) | Self::MbgNbd(MbgNbd { r, alpha, a, b }) => [r, alpha, a, b],
            Self::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => [r, alpha, s, beta],
        }
    }

    /// A customer just after the first purchase.
    pub(crate) fn prior(&self) -> Posterior {
        match *self {
            Self::BgNbd(BgNbd { r, alpha, a, b }) => {
                Posterior { p_alive: 1.0, shape: r, scale: alpha, dropout: Dropout::Chance { a, b } }
            }
            Self::MbgNbd(MbgNbd { r, alpha, a, b }) => {
                let dropout = Dropout::Chance { a, b: b + 1.0 };
                Posterior { p_alive: b / (a + b), shape: r, scale: alpha, dropout }
            }
            Self::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => {
                Posterior { p_alive: 1.0, shape: r, scale: alpha, dropout: Dropout::Rate { shape: s, scale: beta } }
            }
        }
    }

    /// The customer at the end of observation.
    pub(crate) fn posterior(&self, history: History) -> Posterior {
        let x = f64::from(history.frequency);
        let prior = self.prior();
        let dropout = match prior.dropout {
            Dropout::Rate { shape, scale } => Dropout::Rate { shape, scale: scale + history.age },
            Dropout::Chance { a, b } => Dropout::Chance { a, b: b + x },
        };
        let p_alive = self.p_alive_after(history);
        Posterior { p_alive, shape: prior.shape + x, scale: prior.scale + history.age, dropout }
    }

    pub(crate) fn log_likelihood_of(&self, row: &UniqueRow) -> f64 {
        match *self {
            Self::BgNbd(BgNbd { r, alpha, a, b }) => value(&BetaDropout::<0> { r, alpha, a, b }, row),
            Self::MbgNbd(MbgNbd { r, alpha, a, b }) => value(&BetaDropout::<1> { r, alpha, a, b }, row),
            Self::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => value(&DropoutIntegral::new(r, alpha, s, beta), row),
        }
    }

    pub(crate) fn p_alive_after(&self, history: History) -> f64 {
        let History { frequency, recency, age } = history;
        match *self {
            Self::BgNbd(BgNbd { r, alpha, a, b }) => {
                BetaDropout::<0> { r, alpha, a, b }.p_alive(frequency, recency, age)
            }
            Self::MbgNbd(MbgNbd { r, alpha, a, b }) => {
                BetaDropout::<1> { r, alpha, a, b }.p_alive(frequency, recency, age)
            }
            Self::ParetoNbd(ParetoNbd { r, alpha, s, beta }) => DropoutIntegral::new(r, alpha, s, beta).of(history).1,
        }
    }
}

fn value<L: Likelihood<4>>(model: &L, row: &UniqueRow) -> f64 {
    model.row(&model.of_frequency(row.history.frequency), row).value
}

/// The parameters' names, in order.
pub(crate) const fn parameter_names(kind: ModelKind) -> [&'static str; 4] {
    match kind {
        ModelKind::BgNbd | ModelKind::MbgNbd => ["r", "alpha", "a", "b"],
        ModelKind::ParetoNbd => ["r", "alpha", "s", "beta"],
    }
}

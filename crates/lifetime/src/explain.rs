//! A page for each error code.

/// The page of an error code of this crate, such as `LIF0005`; none for other codes.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(other, _)| *other == code).map(|(_, page)| *page)
}

/// Every code of this crate, ascending.
pub fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}

const PAGES: [(&str, &str); 13] = [
    (
        "LIF0001",
        "Columns that describe the same customers have different lengths.

Frequency, recency, age, mean spend, weights, segments and covariates must all have one value for each customer, in the
same order. This is a mistake of the calling program, not of the data.",
    ),
    (
        "LIF0002",
        "A value that no customer can have.

Frequency counts repeat purchases: a whole number from 0, without the first purchase. Recency and age are times since
the first purchase, in any one unit; age is above 0, so leave out customers whose first purchase is the end of
observation. Mean spend is above 0 where there are repeat purchases and 0 where there are none: leave out returns and
free orders, or net them before the mean is taken.",
    ),
    (
        "LIF0003",
        "The last purchase lies after the end of observation.

Recency and age count from the customer's first purchase, in the same unit. Events after the cutoff have slipped into the
recency, or the two columns are in different units, or recency counts backwards from the cutoff.",
    ),
    (
        "LIF0004",
        "A customer without repeat purchases has a last repeat purchase.

Recency is the time from the first purchase to the last repeat purchase, and 0 where frequency is 0. If frequency counts
all purchases, subtract the first. If several purchases on one day count as one, recency must be made from the same days.",
    ),
    (
        "LIF0005",
        "Too few customers for the number of parameters.

A purchase model has four parameters and takes at least five customers; Gamma-Gamma has three and takes at least four with
repeat purchases. These are the fewest that can be fitted at all: expect to need some hundreds for standard errors that
are of use. Pool small segments.",
    ),
    (
        "LIF0006",
        "Every customer bought once.

Without repeat purchases the data hold nothing on how often customers buy or when they stop. Observe for longer, or take
customers whose first purchase is older.",
    ),
    (
        "LIF0007",
        "A spend model was asked of customers without a spend column.

Give the mean spend per repeat purchase with `Customers::with_mean_spend`.",
    ),
    (
        "LIF0008",
        "A parameter or setting lies outside its range.

Parameters of all models are above 0. A window has a length above 0. Discounting for ever needs a rate above 0; with a
finite horizon the rate may be 0.",
    ),
    (
        "LIF0009",
        "The expectation is infinite under the fitted model.

The mean spend of Gamma-Gamma needs q above 1, the mean remaining lifetime of the beta-geometric model needs alpha above 1.
The estimate says that differences between customers are so large that a mean does not settle: look for a few customers
with extreme values, or ask for a median or for a finite horizon.",
    ),
    (
        "LIF0010",
        "A covariate says nothing that another column does not say.

A covariate that is the same for every customer, or a linear combination of others (all the indicators of one category, the
same quantity in two units), has no effect of its own. Drop it. The same code refuses covariates whose names or order are
not those of the fitted model.",
    ),
    (
        "LIF0011",
        "The number of survivors of a cohort rises.

Survivors count the customers of one cohort who are still there after 0, 1, 2, … periods; nobody joins a cohort later.
Customers who came back must be counted as survivors throughout, or as a new cohort.",
    ),
    (
        "LIF0012",
        "The beta-geometric model cannot be fitted to these cohorts.

It learns from how retention changes with age: somebody must have left, somebody must have stayed, and at least one cohort
must have been followed for two periods.",
    ),
    (
        "LIF0013",
        "Too few resamples could be fitted for an interval.

More than a tenth of the bootstrap resamples have nobody with repeat purchases, or no maximum. There are too few such
customers for an interval of this kind.",
    ),
];

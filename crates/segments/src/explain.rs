//! A page for each error code.

/// The page of an error code of this crate, such as `SEG0002`; none for other codes.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(other, _)| *other == code).map(|(_, page)| *page)
}

/// Every code of this crate, ascending.
pub fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}

const PAGES: [(&str, &str); 10] = [
    (
        "SEG0001",
        "The customers could not be clustered.

The message says what the clustering found wrong: rows, weights or settings. With `segments.metric = \"cosine\"`, a customer
whose features are all at the median has no direction; use \"euclidean\" there.",
    ),
    (
        "SEG0002",
        "There are more segments than customers that differ.

Two customers with the same features always fall into the same segment, so there can be no more segments than different
customers. Ask for fewer segments, or add features in which customers differ.",
    ),
    (
        "SEG0003",
        "No number of segments keeps every segment large enough.

`segments.min_share` says how large a segment must be to be worth a name. K-means found smaller ones at every number of
segments tried. Lower the share, allow fewer segments with `segments.k_min`, or look for outliers among the customers.",
    ),
    (
        "SEG0004",
        "A setting names a feature that the data lack.

`segments.features` and `segments.value` name columns of the customer table, or features computed from the log, such as
`recency_days`, `n_purchases`, `spend_sum` or `tenure_days`. `tenure plan` lists every feature with its definition.",
    ),
    (
        "SEG0005",
        "A feature is the same for every customer.

A constant cannot tell customers apart. A feature that was asked for by name is not dropped in silence: leave it out of
`segments.features`, or look at why it is constant (a date that is too early, a column that was not filled).",
    ),
    (
        "SEG0006",
        "There is no money in the log.

Monetary figures (spend, value tiers) need a column of role `amount` in `[data.columns]`, or `data.amount` as a product of two
columns. Without one, segments are made of recency, frequency and tenure alone.",
    ),
    (
        "SEG0007",
        "The setting needs a log of events.

A table with one row per customer is one picture: it has no earlier date to compare with, and no purchases to score by
recency and frequency. Leave the setting out, or give the transaction log as `data.source = \"events\"`.",
    ),
    (
        "SEG0008",
        "The GPU could not cluster the customers.

Rows, partial sums and labels lie in the card's memory together, about one and a half times the encoded customers. Close what
else uses the card, or set `device.kind = \"cpu\"`: k-means on the CPU needs no other memory than the customers'.",
    ),
    (
        "SEG0009",
        "A figure of the customers could not be read again.

With `segments.memory` the features of a large customer table lie in a scratch file in the folder of runs, and each is read when
it is looked at. The message says what the system said; look at that disk.",
    ),
    (
        "SEG0010",
        "The memory allowed is too small for so many customers.

`segments.memory` bounds what grows with customers times columns. Some bytes for each customer stay in memory whatever it says:
labels, one figure at a time, what customers are worth. Where they alone come to more than is allowed, nothing is begun.",
    ),
];

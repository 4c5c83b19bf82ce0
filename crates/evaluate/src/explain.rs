//! A page for each error code.

use crate::clustering;

/// The page of an error code of this crate, such as `EVA0007`; none for other codes.
pub fn explain(code: &str) -> Option<&'static str> {
    pages().find(|(other, _)| *other == code).map(|(_, page)| *page)
}

/// Every code of this crate, ascending.
pub fn codes() -> impl Iterator<Item = &'static str> {
    pages().map(|(code, _)| *code)
}

fn pages() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    PAGES.iter().chain(&clustering::PAGES)
}

const PAGES: [(&str, &str); 26] = [
    (
        "EVA0001",
        "Vectors that describe the same rows have different lengths.

Scores, outcomes, weights, clusters and levels must all have one value for each row, in the same order. This is a mistake
of the calling program, not of the data.",
    ),
    (
        "EVA0002",
        "There are no rows to evaluate.

A test or validation set is empty. Look at the row counts that `tenure plan` prints for the split: a share may be too
small, a fold may have no rows, or a filter may have dropped them all.",
    ),
    (
        "EVA0003",
        "A score is NaN.

A model that diverged in training predicts NaN for every row. Lower `train.learning_rate`, or set `train.clip_norm`, and
look at the loss in the training history. A single NaN more likely comes from one extreme input value.",
    ),
    (
        "EVA0004",
        "A score that should be a probability lies outside 0 to 1.

Log loss, the Brier score and calibration are defined for probabilities only. Scores that merely rank customers, such as
days since the last purchase, can be judged by AUC, lift and the like.",
    ),
    (
        "EVA0005",
        "A weight is negative, infinite or NaN.

Look at the column of role `weight`: every value must be a number of at least 0. A missing weight is not 0; decide which
it should be before training.",
    ),
    (
        "EVA0006",
        "The weights of all rows are zero.

Every metric divides by the sum of the weights. Look at the column of role `weight` in this set.",
    ),
    (
        "EVA0007",
        "One class is absent, so a metric that compares the classes is undefined.

AUC, KS, lift and the ROC curve need churned and loyal customers in the same set; no value would be right, not even .5 or
0. For a whole test set: enlarge it, use `split.kind = \"stratified\"` or fewer folds, or look whether the target column was
read as meant (`data.positive`). For a slice: merge rare levels.",
    ),
    (
        "EVA0008",
        "No row reaches the threshold, so a metric of flagged rows is undefined.

Precision is the share of flagged rows that are positive. If nobody is flagged there is no such share. The threshold may
come from costs at which no contact pays: see the profit curve.",
    ),
    (
        "EVA0009",
        "A metric of probabilities was asked of scores that only rank.

The recency rule and similar baselines order customers but predict no probability. Compare them by AUC, average precision,
KS or lift.",
    ),
    (
        "EVA0010",
        "Two models to be compared were not scored on the same rows.

A paired comparison needs the same customers in the same order with the same outcomes, weights and clusters. Runs can be
compared when they share data and split; `tenure compare` says where they differ.",
    ),
    (
        "EVA0011",
        "Too few resamples define a metric.

A bootstrap resample of a set with very few positive rows often has none. An interval from the remaining resamples would
describe luckier sets than this one, so none is given. Use a larger set.",
    ),
    (
        "EVA0012",
        "A setting lies outside its range.

The message names the setting and what it may be. Shares are written as .1 and not as 10, coverages as .95 and not as 95.",
    ),
    (
        "EVA0013",
        "There is no break-even threshold.

The probability at which contacting a customer pays is contact cost / (success rate · customer value). With a success rate
or a customer value of zero, contacts bring nothing, and no threshold makes them pay. Set `evaluate.profit`.",
    ),
    (
        "EVA0014",
        "A closed formula was asked for rows that it does not describe.

DeLong's variance of the AUC holds for independent rows of equal weight. With weights, or with several rows of one
customer, use the bootstrap, which handles both.",
    ),
    (
        "EVA0015",
        "Too few rows of a class.

A calibration map with k coefficients needs some ten rows of each class for each of them, isotonic regression two hundred;
with fewer it would fit the noise of the validation set. Enlarge `split.validation`, or name a map in
`evaluate.calibration` to have it whatever the number.",
    ),
    (
        "EVA0016",
        "A calibration map came out constant.

On the validation rows higher scores do not go with more churners, so the best rising map gives every customer the same
probability. The model has learnt nothing, or the target is coded the wrong way round (`data.positive`).",
    ),
    (
        "EVA0017",
        "A slice has fewer rows than `evaluate.min_slice_rows`.

Metrics of a handful of rows say more about chance than about the model. The slice is listed with its counts. Merge rare
levels, or lower the limit and mind the intervals.",
    ),
    (
        "EVA0018",
        "Scores were recorded for a finished study of permutation importance.

Every permutation has been scored already. This is a mistake of the calling program.",
    ),
    (
        "EVA0019",
        "A predicted value is infinite or NaN.

A value network whose training diverged predicts NaN; one whose log-normal spread ran away predicts infinity. Lower
`train.learning_rate`, or set `train.clip_norm`, and look at the loss in the training history.",
    ),
    (
        "EVA0020",
        "An actual value is infinite or NaN.

Look at the amount column of the row's customer: a missing or unreadable amount must be dropped or filled before the label
is summed. `tenure plan` counts such rows.",
    ),
    (
        "EVA0021",
        "A metric of parts of a whole, or of multiples, was asked of negative amounts.

The Gini coefficient and the gain curve count shares of the total value, the logarithmic error counts multiples; a customer
who returns more than they buy has neither. MAE, RMSE and Spearman take negative amounts. Or let the label count purchases
only.",
    ),
    (
        "EVA0022",
        "The actual values add up to nothing, so a metric that divides by their sum is undefined.

Nobody bought in the horizon, or returns outweigh purchases. Look at the label window that `tenure plan` prints: it may lie
past the end of the data, or be too short. For a slice: merge rare levels.",
    ),
    (
        "EVA0023",
        "Every row has the same prediction or the same actual value, so a correlation of the two is undefined.

A constant orders nobody; no value of Spearman's or Pearson's correlation would be right, not even 0. The all-zero
baseline is such a constant. A network that predicts one value for everybody has learnt nothing.",
    ),
    (
        "EVA0024",
        "A decile of the predictions has no actual value, so its relative error is undefined.

Decile MAPE divides by the mean actual value of each tenth of the customers. Where nobody of a tenth bought, look at the
decile table's differences instead, or use a larger test set.",
    ),
    (
        "EVA0025",
        "The predicted probabilities of less than and of at most the actual value contradict each other.

The probability integral transform needs 0 <= F(y-) <= F(y) <= 1 for each row. This is a mistake of the calling program, or
a distribution whose parameters are not finite.",
    ),
    (
        "EVA0026",
        "A predicted interval ends before it begins.

Its lower quantile lies above its upper one, or is NaN. Quantiles that are predicted apart from each other can cross; sort
them for each row before they are judged.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{PAGES, codes, explain};
    use crate::clustering;

    #[test]
    fn codes_ascend_without_a_gap_and_pages_open_with_one_sentence() {
        let expected = (1..=PAGES.len()).map(|i| format!("EVA{i:04}"));
        let expected = expected.chain((1..=clustering::PAGES.len()).map(|i| format!("EVC{i:04}")));
        assert!(codes().eq(expected));
        for code in codes() {
            let page = explain(code).expect("listed");
            let (title, rest) = page.split_once("\n\n").expect("a title and a body");
            assert!(title.ends_with('.') && !title.contains('\n') && rest.len() > 80, "{code}");
        }
        assert_eq!(explain("EVA9999"), None);
        assert_eq!(explain("CFG0001"), None);
    }
}

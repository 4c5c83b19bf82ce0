//! Error codes, and what each means at length.

use crate::EncodeError;

impl EncodeError {
    /// The error's code, for `tenure explain`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoTarget => "ENC0001",
            Self::TargetValue { .. } => "ENC0002",
            Self::OneClass { .. } => "ENC0003",
            Self::EmptyPart { .. } => "ENC0004",
            Self::TooFewForFolds { .. } => "ENC0005",
            Self::SplitColumn { .. } => "ENC0006",
            Self::NoSplitColumn { .. } => "ENC0007",
            Self::SplitWord { .. } => "ENC0008",
            Self::NoGroup { .. } => "ENC0009",
            Self::NoTime => "ENC0010",
            Self::OneCutoff { .. } => "ENC0011",
            Self::Folds { .. } => "ENC0012",
            Self::WrongType { .. } => "ENC0013",
            Self::NoFeatures { .. } => "ENC0014",
            Self::Weight { .. } => "ENC0015",
            Self::AbsentColumn { .. } => "ENC0016",
            Self::AbsentSequences { .. } => "ENC0020",
            Self::RowIndex { .. } => "ENC0017",
            Self::ValueTarget { .. } => "ENC0018",
            Self::Holdout { .. } => "ENC0019",
        }
    }

    /// What to do about it, in one sentence.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoTarget => "name the column to predict: `target = \"target\"` under `[data.columns]`",
            Self::TargetValue { .. } => "name the value that counts as churned in `data.positive`",
            Self::OneClass { .. } => "give the part more rows, or choose cutoffs whose labels differ",
            Self::EmptyPart { .. } => "raise the part's share, or give more rows",
            Self::TooFewForFolds { .. } => "lower `split.folds`, or set it to 0 for one holdout",
            Self::SplitColumn { .. } => "correct the name; a column that is only for the split takes the role `ignore`",
            Self::NoSplitColumn { .. } => "name the column, or choose `split.kind = \"stratified\"`",
            Self::SplitWord { .. } => "correct the word in the data file",
            Self::NoGroup { .. } => "fill in the group, or give the row a group of its own",
            Self::NoTime => "give a column the role `time`, or choose `split.kind = \"stratified\"`",
            Self::OneCutoff { .. } => "add training cutoffs in `[time]`, or choose `split.kind = \"stratified\"`",
            Self::Folds { .. } => "set `split.folds = 0`, or choose `split.kind = \"stratified\"` or `\"group\"`",
            Self::WrongType { .. } => "set the column's type under `[data.types]`, or its role to `ignore`",
            Self::NoFeatures { .. } => "give at least one column that varies the role `numeric` or `category`",
            Self::Weight { .. } => "correct the weight, or remove the row",
            Self::AbsentColumn { .. } => "score a table with the columns that the model was trained on",
            Self::AbsentSequences { .. } => "score rows of a log, loaded with the model's own `model.sequence`",
            Self::ValueTarget { .. } => "a customer who bought nothing has the value 0; mend the row, or remove it",
            Self::Holdout { .. } => "name customers who are there, and leave others to train on",
            Self::RowIndex { .. } => {
                "this is a defect in the caller: row indices come from `partition` of the same table"
            }
        }
    }
}

/// Every code of this crate with its explanation, in order.
pub const CODES: &[(&str, &str)] = &[
    (
        "ENC0001",
        "A supervised experiment learns one column from the others. That column has the role `target`; in an event log \
         the loader computes it from the label window. The table that reached the split has none.",
    ),
    (
        "ENC0002",
        "A churn target is 0 (stayed) or 1 (left) in every row. Texts such as Yes and No are turned into 0 and 1 when \
         `data.positive` names the text that counts as churned. Rows whose outcome is not known cannot be learned from \
         and must not be in the table.",
    ),
    (
        "ENC0003",
        "Training, early stopping, calibration and metrics each compare customers who left with customers who stayed, \
         so every part needs both. With a temporal split the classes of a part follow from its cutoffs; elsewhere a \
         part may be too small for a rare class.",
    ),
    (
        "ENC0004",
        "Each part must have rows. A share that rounds to no rows, or a split column that never names the part, leaves it empty.",
    ),
    (
        "ENC0005",
        "With k folds each class must be in every fold, so each class needs at least k rows; where customers or groups \
         have several rows, these stay together, and it takes k customers or groups.",
    ),
    (
        "ENC0006",
        "The column that `split.group` or `split.column` names is not in the table. Names are compared exactly, capital letters included.",
    ),
    ("ENC0007", "`split.kind = \"group\"` needs `split.group`, and `split.kind = \"column\"` needs `split.column`."),
    (
        "ENC0008",
        "With `split.kind = \"column\"` a column of the table says for each row whether it is for `train`, `validation` \
         or `test`. If it never says `validation`, `split.validation` of the training rows is set aside at random.",
    ),
    (
        "ENC0009",
        "With `split.kind = \"group\"` rows of the same group stay together. A row without a group could share customers with any of them, so it is refused.",
    ),
    (
        "ENC0010",
        "A temporal split tests on the last cutoff and trains on earlier ones. Event logs have a cutoff in every row; a customer table needs a column of role `time`.",
    ),
    ("ENC0011", "A temporal split needs at least two cutoffs: the last one tests, those before it train."),
    (
        "ENC0012",
        "Folds rotate the test part over random rows or groups. Temporal and column splits fix which rows test, so they have no folds; and one fold would leave nothing to train on.",
    ),
    (
        "ENC0013",
        "The role says what a column means, its type what it holds. Features of role `numeric` hold magnitudes, those of \
         role `category` hold levels; targets and weights hold magnitudes.",
    ),
    (
        "ENC0014",
        "Columns that are missing, constant, or made of rare levels only in the training rows hold nothing to learn from \
         and are dropped, each with its reason. None was left.",
    ),
    ("ENC0015", "A weight says how many times a row counts. It is positive and finite in every row."),
    (
        "ENC0016",
        "A fitted preprocessor reads the columns it was fitted on by name. A table to be scored may have more columns, not fewer.",
    ),
    ("ENC0017", "Parts are lists of row indices into one table, and were used with a shorter one."),
    ("ENC0018", "What a customer was worth is an amount: finite, and never below 0."),
    (
        "ENC0019",
        "`split.holdout` names the customers who test at the last cutoff and never train. Some of them must have a row \
         there, and somebody else must have a row at an earlier cutoff.",
    ),
    (
        "ENC0020",
        "A network with a sequence encoder reads the last purchases before each row, with the same numbers as in training. \
         They come from the event log that `model.sequence` was set for; a table of customers has none.",
    ),
];

/// The explanation of a code of this crate, or none for a code that it does not have.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

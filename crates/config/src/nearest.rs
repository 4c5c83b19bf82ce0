//! The valid name that a wrong one was probably meant to be.

/// The likeliest of `names`, or none where nothing is close.
///
/// Letter case, `-` for `_` and swapped letters count little: `Learning-Rate` is `learning_rate`.
pub(crate) fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = plain(wrong);
    let meant = ALIASES.iter().find(|(other, _)| *other == wrong).map(|(_, ours)| *ours);
    let names: Vec<&str> = names.into_iter().collect();
    if let Some(name) = names.iter().find(|name| Some(**name) == meant) {
        return Some(name);
    }
    names
        .into_iter()
        .map(|name| (likeness(&wrong, &plain(name)), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

/// What others call it, and what it is called here.
const ALIASES: &[(&str, &str)] = &[
    ("label", "target"),
    ("y", "target"),
    ("outcome", "target"),
    ("date", "time"),
    ("timestamp", "time"),
    ("customer", "id"),
    ("customer_id", "id"),
    ("key", "id"),
    ("price", "amount"),
    ("revenue", "amount"),
    ("units", "quantity"),
    ("drop", "ignore"),
    ("skip", "ignore"),
    ("none", "ignore"),
    ("float", "numeric"),
    ("integer", "numeric"),
    ("number", "numeric"),
    ("string", "category"),
    ("cuda", "gpu"),
    ("vulkan", "gpu"),
    ("metal", "gpu"),
    ("wgpu", "gpu"),
    ("flex", "cpu"),
    ("transactions", "events"),
    ("log", "events"),
    ("table", "customers"),
    ("made", "synthetic"),
    ("random", "stratified"),
    ("swish", "silu"),
    ("lr", "learning_rate"),
    ("wd", "weight_decay"),
    ("batch", "batch_size"),
    ("random_state", "seed"),
    ("early_stopping", "patience"),
    ("layers", "blocks"),
    ("n_layers", "blocks"),
    ("hidden_size", "width"),
    ("k", "members"),
];

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['-', ' ', '.'], "_")
}

fn likeness(wrong: &str, name: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(wrong, name);
    // `rate` is far from `learning_rate` in edits, yet plainly a part of it.
    let is_part = wrong.len() >= 4 && name.split('_').any(|part| part == wrong);
    if is_part { edits.max(0.65) } else { edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_seen_through_and_strangers_are_not() {
        let names = ["learning_rate", "epochs", "batch_size", "patience"];
        assert_eq!(nearest("learning-rate", names), Some("learning_rate"));
        assert_eq!(nearest("epoch", names), Some("epochs"));
        assert_eq!(nearest("batchsize", names), Some("batch_size"));
        assert_eq!(nearest("rate", names), Some("learning_rate"));
        assert_eq!(nearest("zzz", names), None);
        assert_eq!(nearest("lr", names), Some("learning_rate"));
        assert_eq!(nearest("label", names), None);
    }
}

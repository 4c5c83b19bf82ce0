//! The valid name that a wrong one was probably meant to be.

/// The likeliest of `names`, or none where nothing is close.
///
/// Letter case, `-` for `_` and swapped letters count little: `Learning-Rate` is `learning_rate`.
pub(crate) fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = plain(wrong);
    names
        .into_iter()
        .map(|name| (likeness(&wrong, &plain(name)), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

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
    }
}

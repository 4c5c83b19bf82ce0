//! `tenure explain`: the page behind each error code.

use tenure_config::Code;
use tenure_model::{DeviceError, SpecError, WeightsError};
use tenure_train::TrainError;

use crate::failure::Failure;

/// Every code with its page, in the order of the stages.
fn pages() -> Vec<(&'static str, &'static str)> {
    let mut pages: Vec<(&str, &str)> = Code::ALL.iter().map(|code| (code.as_str(), code.page())).collect();
    pages.extend_from_slice(tenure_data::CODES);
    pages.extend_from_slice(tenure_encode::CODES);
    pages.extend_from_slice(DeviceError::CODES);
    pages.extend_from_slice(SpecError::CODES);
    pages.extend_from_slice(WeightsError::CODES);
    pages.extend_from_slice(TrainError::CODES);
    pages.extend_from_slice(tenure_compress::CODES);
    pages.extend(tenure_evaluate::codes().filter_map(|code| Some((code, tenure_evaluate::explain(code)?))));
    pages.extend(tenure_segments::codes().filter_map(|code| Some((code, tenure_segments::explain(code)?))));
    pages
}

/// The page of one code.
pub fn page(code: &str) -> Result<&'static str, Failure> {
    let wanted = code.trim();
    let found = pages().into_iter().find(|(known, _)| known.eq_ignore_ascii_case(wanted));
    found.map(|(_, page)| page).ok_or_else(|| {
        Failure::usage(format!("no error has the code `{wanted}`"), "`tenure explain` without a code lists them all")
    })
}

/// One line for each code: the first sentence of its page.
pub fn list() -> Vec<(&'static str, String)> {
    let headline = |page: &str| {
        let line = page.lines().map(|line| line.trim_start_matches(['#', ' '])).find(|line| !line.is_empty());
        line.unwrap_or_default().to_owned()
    };
    pages().into_iter().map(|(code, page)| (code, headline(page))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_page() {
        let mut codes: Vec<&str> = pages().into_iter().map(|(code, _)| code).collect();
        let n_codes = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n_codes, "a code stands for two errors");
        assert!(list().iter().all(|(_, headline)| !headline.is_empty()));
    }
}

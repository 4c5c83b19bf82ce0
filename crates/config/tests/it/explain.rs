//! Every code has a page, and every page's example is wrong and its fix right, as the program judges them.

use std::path::Path;

use tenure_config::{Code, ConfigErrors, Overrides, Plan, explain, load, parse};

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    page.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

/// What comes of a block: a file, or a command line on a file that is right.
fn outcome(language: &str, block: &str) -> Result<Plan, ConfigErrors> {
    if language == "toml" {
        return parse(block, "example.toml", &Overrides::default());
    }
    let words: Vec<&str> = block.split_whitespace().collect();
    let set = words.iter().skip_while(|word| **word != "--set").skip(1).map(ToString::to_string).collect();
    let file = words.iter().find_map(|word| word.strip_prefix("configs/"));
    match file {
        Some(name) => load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs").join(name), &Overrides { set }),
        None => parse("[data]\nsource = \"synthetic\"", "example.toml", &Overrides { set }),
    }
}

#[test]
fn every_example_gives_its_code_and_every_fix_resolves() {
    for code in Code::ALL {
        let page = explain(code.as_str()).expect("every code has a page");
        assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        let [(bad_language, bad), (good_language, good)] = blocks(page)[..] else {
            panic!("{code}: expected an example and a fix, found {} blocks", blocks(page).len());
        };
        let errors = outcome(bad_language, bad).expect_err(code.as_str());
        assert!(errors.errors().iter().all(|error| error.code() == *code), "{code}\n{}", errors.render());
        if let Err(errors) = outcome(good_language, good) {
            panic!("{code}: the fix does not resolve\n{}", errors.render());
        }
    }
}

#[test]
fn codes_are_found_in_any_case_and_others_are_not() {
    assert_eq!(explain("cfg0003"), explain("CFG0003"));
    assert!(explain("CFG0003").is_some());
    assert_eq!(explain("CFG9999"), None);
}

//! Bad experiment files: the whole text that a user reads, one snapshot for each file in `tests/bad`.

use std::path::{Path, PathBuf};

use tenure_config::{Overrides, load, parse};

fn bad_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let entries = std::fs::read_dir(folder).expect("the folder of bad files");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn overridden(set: &[&str]) -> String {
    let set = set.iter().map(ToString::to_string).collect();
    let text = "[data]\nsource = \"synthetic\"\n\n[train]\nepochs = 3\n";
    parse(text, "first-run.toml", &Overrides { set }).expect_err("a bad override").render()
}

#[test]
fn every_bad_file_is_refused_with_place_and_advice() {
    let files = bad_files();
    assert!(files.len() >= 40, "found {}", files.len());
    for path in files {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("readable");
        let errors = parse(&text, &format!("{name}.toml"), &Overrides::default()).expect_err(&name);
        for error in errors.errors() {
            assert!(error.expected().is_some() && error.hint().is_some(), "{name}: {}", errors.render());
        }
        insta::assert_snapshot!(name, errors.render());
    }
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let errors = load(Path::new("no/such/file.toml"), &Overrides::default()).expect_err("no file");
    // The rest of the sentence is the operating system's.
    let text = errors.render().replace("No such file or directory (os error 2)", "(the system's words)");
    insta::assert_snapshot!(text);
}

#[test]
fn overrides_point_into_what_was_typed() {
    insta::assert_snapshot!(overridden(&[
        "train.epochs",
        "train.epoch=5",
        "train.epochs=ten",
        "model.dropout = 1.5",
        "time.horizon=3mo",
        "data.columns.Total Spend=numeric",
        "data.files=[\"a.csv\"",
    ]));
    insta::assert_snapshot!(overridden(&[
        "train.epoch=5",
        "train.epochs=ten",
        "model.dropout = 1.5",
        "time.horizon=3mo"
    ]));
}

#[test]
fn errors_as_json_hold_code_place_and_advice() {
    let errors = parse("[data]\nsorce = \"synthetic\"\n", "a.toml", &Overrides::default()).expect_err("a bad key");
    insta::assert_snapshot!(serde_json::to_string_pretty(&errors).expect("errors are JSON"));
}

#[test]
fn errors_are_shown_with_their_lines() {
    let errors = parse("[data]\nsource = \"synthetic\"\n\n[train]\nepochs = 0\n", "a.toml", &Overrides::default());
    let mut shown = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut shown, &errors.expect_err("no epochs"))
        .expect("writing to a string does not fail");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_file_that_is_no_text_is_refused_and_a_mark_of_byte_order_is_not() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("latin1.toml");
    std::fs::write(&path, b"[experiment]\nname = \"caf\xe9\"\n").expect("writable");
    let errors = load(&path, &Overrides::default()).expect_err("not UTF-8");
    assert!(errors.errors()[0].hint().is_some_and(|hint| hint.contains("UTF-8")), "{}", errors.render());
    let path = folder.join("windows.toml");
    std::fs::write(&path, "\u{feff}[data]\r\nsource = \"synthetic\"\r\n").expect("writable");
    assert_eq!(load(&path, &Overrides::default()).map(|plan| plan.experiment.name), Ok("windows".into()));
}

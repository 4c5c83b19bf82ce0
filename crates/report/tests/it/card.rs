//! The model card.

use tenure_report::render_card;
use tenure_table::Role;

use crate::made;

#[test]
fn a_card_is_filled_from_the_run() {
    insta::assert_snapshot!(render_card(&made::results(made::SMALL)).expect("made results render"));
}

#[test]
fn hostile_names_break_no_table_and_open_no_markup() {
    let mut results = made::results(made::SMALL);
    results.evaluation.slices[0].slices[0].level = "a|b <img src=x>\n# c".to_owned();
    results.data.columns[0].role = Role::Sensitive;
    results.data.columns[0].name = "[gender](x)".to_owned();
    let card = render_card(&results).expect("made results render");
    assert!(card.contains("a\\|b &lt;img src=x&gt; \\# c"), "{card}");
    assert!(card.contains("Kept out of the features, used for groups alone: \\[gender\\](x)."), "{card}");
}

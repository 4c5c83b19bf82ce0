//! Models of the golden bundles, read back: every value is made once, before it is used. What they compute is checked in
//! ONNX Runtime by `benches/peers/export.py`.

use std::collections::BTreeSet;
use std::path::Path;

use tenure_artifact::bundle::{Bundle, Policy};
use tenure_artifact::{Encoder, Levels, OneHot};

use super::*;

/// A field of a message: its number, and its bytes or its number.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                Field::Bytes(bytes.split_off(..length).expect("a field inside its message"))
            }
            other => panic!("wire type {other} is never written"),
        };
        found.push((tag >> 3, field));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = *bytes.split_off_first().expect("a number ends");
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

fn all(message: &[u8], number: u64) -> Vec<&[u8]> {
    let bytes = |(found, field)| match field {
        Field::Bytes(bytes) if found == number => Some(bytes),
        _ => None,
    };
    fields(message).into_iter().filter_map(bytes).collect()
}

fn texts(message: &[u8], number: u64) -> Vec<&str> {
    all(message, number).into_iter().map(|bytes| std::str::from_utf8(bytes).expect("text")).collect()
}

fn golden() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edge/tests/golden");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("golden bundles").map(|f| f.expect("a file").path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.display().to_string(), std::fs::read(path).expect("a bundle"))).collect()
}

fn made(file: &[u8]) -> Vec<u8> {
    onnx(file).or_else(|_| onnx_int8(file)).expect("every golden bundle can be said")
}

#[test]
fn every_value_is_made_once_and_before_it_is_used() {
    let golden = golden();
    assert!(golden.len() >= 5);
    for (name, file) in golden {
        let model = made(&file);
        let opsets: Vec<u64> = all(&model, 8).into_iter().flat_map(fields).filter_map(number).collect();
        assert_eq!(opsets, [17, 3]);
        let graph = all(&model, 7)[0];
        let inputs: Vec<&str> = all(graph, 11).into_iter().map(|info| texts(info, 1)[0]).collect();
        let columns = Bundle::read(&file).expect("it reads").inputs;
        assert_eq!(inputs, columns.iter().map(|input| input.name.as_str()).collect::<Vec<_>>(), "{name}");
        let constants = all(graph, 5).into_iter().map(|tensor| texts(tensor, 8)[0]);
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for value in inputs.iter().copied().chain(constants) {
            assert!(known.insert(value), "{name}: {value} twice");
        }
        for node in all(graph, 1) {
            for input in texts(node, 1) {
                assert!(known.contains(input), "{name}: {input} is used before it is made");
            }
            for output in texts(node, 2) {
                assert!(known.insert(output), "{name}: {output} twice");
            }
        }
        let outputs = all(graph, 12);
        assert!(!outputs.is_empty());
        assert!(outputs.into_iter().all(|info| known.contains(texts(info, 1)[0])), "{name}");
    }
}

fn number((_, field): (u64, Field<'_>)) -> Option<u64> {
    if let Field::Number(number) = field { Some(number) } else { None }
}

#[test]
fn what_a_graph_cannot_say_is_an_error() {
    let (_, file) = golden().remove(0);
    let original = Bundle::read(&file).expect("it reads");
    let refused = |change: &dyn Fn(&mut Bundle<'_>)| {
        let mut bundle = original.clone();
        change(&mut bundle);
        made_error(&bundle.to_bytes())
    };
    let policy = Policy { unseen: Action::Refuse, ..Policy::default() };
    assert_eq!(refused(&|b| b.policy = policy), "ONNX cannot say a policy that refuses rows");
    assert_eq!(refused(&|b| b.inputs[0].name.clear()), "ONNX cannot say a column without a name");
    let empty = refused(&|b| {
        let input = b.inputs.iter_mut().find(|i| matches!(i.encoder, Encoder::OneHot(_))).expect("one");
        let names = ["", "b", "c", "d"].map(String::from).to_vec();
        input.encoder = Encoder::OneHot(OneHot::new(Levels::new(names), true));
    });
    assert!(empty.contains("a level of `plan` that is the empty text"), "{empty}");
    let single = onnx(&file).expect_err("integers").to_string();
    assert_eq!(single, "onnx needs a network in f32, found one in int4");
}

fn made_error(file: &[u8]) -> String {
    onnx_int8(file).expect_err("it cannot be said").to_string()
}

/// Columns may be named as values of the graph are, or as its outputs.
#[test]
fn columns_of_any_name_are_told_apart() {
    let (_, file) = golden().remove(0);
    let mut bundle = Bundle::read(&file).expect("it reads");
    bundle.inputs[0].name = "v1".into();
    bundle.inputs[1].name = "probability".into();
    let model = made(&bundle.to_bytes());
    let graph = all(&model, 7)[0];
    assert_eq!(texts(all(graph, 12)[0], 1), ["probability_"]);
    let outputs: Vec<&str> = all(graph, 1).into_iter().map(|node| texts(node, 2)[0]).collect();
    let (last, inner) = outputs.split_last().expect("nodes");
    assert_eq!(*last, "probability_");
    assert!(inner.iter().all(|name| name.starts_with("v_")), "{inner:?}");
}

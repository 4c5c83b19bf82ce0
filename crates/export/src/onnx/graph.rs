//! A graph while it is built: nodes, constants, inputs and outputs.
//!
//! Field numbers are those of `onnx.proto` (IR version 8), operators those of opset 17 and `ai.onnx.ml` 3.

use tenure_artifact::bundle::{LeNumber, LeSlice};

use super::wire::Message;

const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
const ML_OPSET: i64 = 3;
/// The domain of operators on text.
pub(super) const ML: &str = "ai.onnx.ml";
/// The batch dimension's name.
const ROWS: &str = "N";

/// The result of a node, an input, or a constant.
#[derive(Clone, Debug)]
pub(super) struct Value(String);

/// A type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float = 1,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Double = 11,
}

/// A number that constants are made of.
pub(super) trait Element: LeNumber {
    const KIND: Kind;
}

impl Element for f32 {
    const KIND: Kind = Kind::Float;
}
impl Element for i8 {
    const KIND: Kind = Kind::Int8;
}
impl Element for i32 {
    const KIND: Kind = Kind::Int32;
}
impl Element for f64 {
    const KIND: Kind = Kind::Double;
}

/// An attribute of a node.
#[derive(Clone, Debug)]
pub(super) enum Attribute<'s> {
    Int(i64),
    Ints(Vec<i64>),
    Texts(Vec<&'s str>),
}

#[derive(Debug)]
pub(super) struct Graph {
    /// Before every name that the graph gives.
    prefix: String,
    n_names: usize,
    taken: Vec<String>,
    message: Message,
}

impl Graph {
    /// An empty graph whose inputs will have these names.
    pub(super) fn new(name: &str, inputs: &[&str]) -> Self {
        let mut prefix = String::from("v");
        while inputs.iter().any(|input| input.starts_with(&prefix)) {
            prefix.push('_');
        }
        let taken = inputs.iter().map(|&input| input.to_owned()).collect();
        let mut message = Message::default();
        message.text(2, name);
        Self { prefix, n_names: 0, taken, message }
    }

    /// An input of one column, `[N, 1]`.
    pub(super) fn input(&mut self, name: &str, kind: Kind, doc: &str) -> Value {
        let mut info = value_info(name, kind, true);
        info.text(3, doc);
        self.message.message(11, &info);
        Value(name.into())
    }

    /// Makes this value an output: `[N, 1]`, or `[N]`. A name that an input has gets a low line behind it.
    pub(super) fn output(&mut self, name: &str, value: &Value, kind: Kind, is_column: bool) {
        let mut name = name.to_owned();
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.push(name.clone());
        self.push("Identity", "", &[value], &[], &name);
        self.message.message(12, &value_info(&name, kind, is_column));
    }

    pub(super) fn op(&mut self, kind: &str, inputs: &[&Value]) -> Value {
        self.op_with(kind, inputs, &[])
    }

    pub(super) fn op_with(&mut self, kind: &str, inputs: &[&Value], attributes: &[(&str, Attribute<'_>)]) -> Value {
        let domain = if kind == "LabelEncoder" { ML } else { "" };
        let output = self.name();
        self.push(kind, domain, inputs, attributes, &output);
        Value(output)
    }

    pub(super) fn cast(&mut self, value: &Value, to: Kind) -> Value {
        self.op_with("Cast", &[value], &[("to", Attribute::Int(to as i64))])
    }

    /// A constant of this shape; `[]` is a scalar.
    pub(super) fn constant<T: Element>(&mut self, shape: &[usize], numbers: &[T]) -> Value {
        debug_assert_eq!(shape.iter().product::<usize>(), numbers.len(), "a constant fills its shape");
        let bytes = LeSlice::owned(numbers.iter().copied());
        self.raw(shape, T::KIND, bytes.as_bytes())
    }

    pub(super) fn scalar<T: Element>(&mut self, number: T) -> Value {
        self.constant(&[], &[number])
    }

    /// A constant vector of places or sizes.
    pub(super) fn places(&mut self, numbers: &[i64]) -> Value {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.raw(&[numbers.len()], Kind::Int64, &bytes)
    }

    fn raw(&mut self, shape: &[usize], kind: Kind, bytes: &[u8]) -> Value {
        let name = self.name();
        let mut tensor = Message::default();
        for &n in shape {
            tensor.int(1, signed(n));
        }
        tensor.int(2, kind as i64);
        tensor.text(8, &name);
        tensor.bytes(9, bytes);
        self.message.message(5, &tensor);
        Value(name)
    }

    /// Values side by side.
    pub(super) fn concat(&mut self, values: &[Value]) -> Value {
        match values {
            [one] => one.clone(),
            many => {
                let many: Vec<&Value> = many.iter().collect();
                self.op_with("Concat", &many, &[("axis", Attribute::Int(1))])
            }
        }
    }

    /// These columns of `[N, n]`, in this order.
    pub(super) fn columns(&mut self, value: &Value, places: &[usize], n: usize) -> Value {
        if places.iter().copied().eq(0..n) {
            return value.clone();
        }
        let places: Vec<i64> = places.iter().map(|&place| signed(place)).collect();
        let places = self.places(&places);
        self.op_with("Gather", &[value, &places], &[("axis", Attribute::Int(1))])
    }

    /// The sum along an axis, kept or dropped.
    pub(super) fn sum(&mut self, value: &Value, axis: i64, keep: bool) -> Value {
        let axes = self.places(&[axis]);
        self.op_with("ReduceSum", &[value, &axes], &[("keepdims", Attribute::Int(i64::from(keep)))])
    }

    /// `ReduceMean`, `ReduceMax`, `ReduceMin` or `ReduceSumSquare` along an axis, kept or dropped.
    pub(super) fn reduce(&mut self, kind: &str, value: &Value, axis: i64, keep: bool) -> Value {
        let keep = Attribute::Int(i64::from(keep));
        self.op_with(kind, &[value], &[("axes", Attribute::Ints(vec![axis])), ("keepdims", keep)])
    }

    pub(super) fn unsqueeze(&mut self, value: &Value, axis: i64) -> Value {
        let axes = self.places(&[axis]);
        self.op("Unsqueeze", &[value, &axes])
    }

    pub(super) fn squeeze(&mut self, value: &Value, axis: i64) -> Value {
        let axes = self.places(&[axis]);
        self.op("Squeeze", &[value, &axes])
    }

    /// Within these bounds, by comparisons that double precision has too.
    pub(super) fn within<T: Element>(&mut self, value: &Value, low: T, high: T) -> Value {
        let (low, high) = (self.scalar(low), self.scalar(high));
        let value = self.op("Max", &[value, &low]);
        self.op("Min", &[&value, &high])
    }

    /// The whole model.
    pub(super) fn into_model(self, doc: &str, metadata: &[(String, String)]) -> Vec<u8> {
        let mut model = Message::default();
        model.int(1, IR_VERSION);
        model.text(2, "tenure");
        model.text(3, env!("CARGO_PKG_VERSION"));
        model.text(6, doc);
        model.message(7, &self.message);
        for (domain, version) in [("", OPSET), (ML, ML_OPSET)] {
            let mut opset = Message::default();
            opset.text(1, domain);
            opset.int(2, version);
            model.message(8, &opset);
        }
        for (name, value) in metadata {
            let mut entry = Message::default();
            entry.text(1, name);
            entry.text(2, value);
            model.message(14, &entry);
        }
        model.into_bytes()
    }

    fn name(&mut self) -> String {
        self.n_names += 1;
        format!("{}{}", self.prefix, self.n_names)
    }

    fn push(
        &mut self,
        kind: &str,
        domain: &str,
        inputs: &[&Value],
        attributes: &[(&str, Attribute<'_>)],
        output: &str,
    ) {
        let mut node = Message::default();
        for input in inputs {
            node.text(1, &input.0);
        }
        node.text(2, output);
        node.text(3, &format!("{kind}_{output}"));
        node.text(4, kind);
        for (name, attribute) in attributes {
            node.message(5, &attribute_message(name, attribute));
        }
        if !domain.is_empty() {
            node.text(7, domain);
        }
        self.message.message(1, &node);
    }
}

/// A size or a place, as the format has them.
pub(super) fn signed(n: usize) -> i64 {
    i64::try_from(n).expect("sizes of a bundle stay below 2^63")
}

fn attribute_message(name: &str, attribute: &Attribute<'_>) -> Message {
    const INT: i64 = 2;
    const INTS: i64 = 7;
    const STRINGS: i64 = 8;
    let mut message = Message::default();
    message.text(1, name);
    let kind = match attribute {
        Attribute::Int(value) => {
            message.int(3, *value);
            INT
        }
        Attribute::Ints(values) => {
            for value in values {
                message.int(8, *value);
            }
            INTS
        }
        Attribute::Texts(values) => {
            for value in values {
                message.text(9, value);
            }
            STRINGS
        }
    };
    message.int(20, kind);
    message
}

fn value_info(name: &str, kind: Kind, is_column: bool) -> Message {
    let (mut rows, mut shape, mut tensor, mut of_type, mut info) =
        (Message::default(), Message::default(), Message::default(), Message::default(), Message::default());
    rows.text(2, ROWS);
    shape.message(1, &rows);
    if is_column {
        let mut one = Message::default();
        one.int(1, 1);
        shape.message(1, &one);
    }
    tensor.int(1, kind as i64);
    tensor.message(2, &shape);
    of_type.message(1, &tensor);
    info.text(1, name);
    info.message(2, &of_type);
    info
}

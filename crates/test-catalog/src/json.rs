//! The catalog as JSON lines, for other tools. This schema is stable; the types of this crate may change.
//!
//! The first line tells of the catalog, each further line is a case: [`Lines`] writes them.

use std::collections::hash_map::Entry;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Condition, Marker, Origin, PytestFacts, SourceSpan, TestCase, Value};

/// The version that the first line carries. It changes when a reader of the old one would misread the new one.
pub const SCHEMA_VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize)]
struct Header<'a> {
    catalog: u32,
    tree: &'a str,
    pytest: Option<&'a str>,
    python: Option<&'a str>,
}

/// Writes a catalog, line by line. It borrows what it has written: markers are told apart by their addresses.
#[derive(Debug)]
pub struct Lines<'c, W> {
    out: W,
    /// Markers that were written before: most are shared by many cases.
    markers: HashMap<*const Marker, Written>,
    /// What the case before had, which is often the same.
    last: Last<'c>,
}

/// What cases in a row share.
#[derive(Debug)]
struct Last<'c> {
    markers: &'c [Arc<Marker>],
    /// All of them.
    written: Written,
    function: Text,
    file: Text,
}

/// A text, and how it is written: what has to be escaped in it is looked for once.
#[derive(Debug)]
struct Text {
    text: String,
    written: Written,
}

impl Text {
    fn new() -> serde_json::Result<Self> {
        Ok(Self { text: String::new(), written: Written::of("")? })
    }

    fn set(&mut self, text: &str) -> serde_json::Result<()> {
        if self.text != text {
            self.written = Written::of(text)?;
            text.clone_into(&mut self.text);
        }
        Ok(())
    }
}

/// What was written before, to be written again.
#[derive(Debug, Clone)]
struct Written(Rc<RawValue>);

impl Written {
    fn of(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Self> {
        Ok(Self(to_raw_value(value)?.into()))
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// One case.
#[derive(Debug, Serialize)]
struct Case<'a> {
    id: Id<'a>,
    language: &'static str,
    function: &'a Written,
    file: &'a Written,
    line: u32,
    #[serde(flatten)]
    rust: Option<Rust<'a>>,
    markers: &'a Written,
    certainty: &'static str,
    reason: Option<JsonPlace<'a>>,
    conditions: Vec<JsonPlace<'a>>,
}

/// The id of a case: that of its function where that has only one.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Id<'a> {
    OfFunction(&'a Written),
    Own(&'a str),
}

#[derive(Debug, Serialize)]
struct Rust<'a> {
    binary: &'a str,
    name: &'a str,
    kind: &'static str,
    ignored: bool,
    cfg: Option<&'a str>,
    enabled: bool,
}

#[derive(Debug, Serialize)]
struct JsonMarker<'a> {
    name: &'a str,
    args: Vec<serde_json::Value>,
    kwargs: serde_json::Map<String, serde_json::Value>,
    from: JsonOrigin<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum JsonOrigin<'a> {
    Source { file: &'a str, line: u32 },
    Hook { file: &'a str, line: u32 },
    Policy { rule: &'a str },
}

#[derive(Debug, Serialize)]
struct JsonPlace<'a> {
    text: &'a str,
    file: &'a str,
    line: u32,
}

impl<'a> JsonPlace<'a> {
    fn new(text: &'a str, at: &'a SourceSpan) -> Self {
        Self { text, file: at.file.as_str(), line: at.start.line }
    }
}

impl<'c, W: Write> Lines<'c, W> {
    /// Begins with the first line, of a catalog of `tree`.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(mut out: W, tree: &str, pytest: Option<&PytestFacts>) -> io::Result<Self> {
        let header = Header {
            catalog: SCHEMA_VERSION,
            tree,
            pytest: pytest.map(|facts| facts.version.as_str()),
            python: pytest.map(|facts| facts.python.as_str()),
        };
        write_line(&mut out, &header)?;
        let last = Last {
            markers: &[],
            written: Written::of(&Vec::<Written>::new())?,
            function: Text::new()?,
            file: Text::new()?,
        };
        Ok(Self { out, markers: HashMap::new(), last })
    }

    /// Writes a case with the markers that are in effect for it: its own, or those that a policy adds too.
    ///
    /// # Errors
    /// What the writer says.
    pub fn case(&mut self, case: &TestCase, effective: &'c [Arc<Marker>]) -> io::Result<()> {
        let is_same = |(one, other): (&Arc<Marker>, &Arc<Marker>)| Arc::ptr_eq(one, other);
        let Self { out, markers, last } = self;
        if last.markers.len() != effective.len() || !last.markers.iter().zip(effective).all(is_same) {
            let mut written = Vec::with_capacity(effective.len());
            for one in effective {
                let one = match markers.entry(Arc::as_ptr(one)) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => entry.insert(Written::of(&marker(one))?),
                };
                written.push(one.clone());
            }
            (last.markers, last.written) = (effective, Written::of(&written)?);
        }
        last.function.set(case.function.as_str())?;
        last.file.set(case.span.file.as_str())?;
        write_line(out, &Case::new(case, last))
    }
}

impl<'a> Case<'a> {
    /// Of the case whose texts and markers were written last.
    fn new(case: &'a TestCase, Last { written, function, file, .. }: &'a Last<'_>) -> Self {
        let reason = case.doubt();
        let is_only_one = case.id.as_str() == function.text;
        Self {
            id: if is_only_one { Id::OfFunction(&function.written) } else { Id::Own(case.id.as_str()) },
            language: case.language().as_str(),
            function: &function.written,
            file: &file.written,
            line: case.span.start.line,
            rust: case.as_rust().map(|rust| Rust {
                binary: &rust.target.binary,
                name: &rust.name,
                kind: rust.kind.as_str(),
                ignored: rust.ignored.is_some(),
                cfg: rust.cfg.as_deref(),
                enabled: rust.enabled,
            }),
            markers: written,
            certainty: if reason.is_none() { "exact" } else { "inexact" },
            reason: reason.map(|reason| JsonPlace::new(&reason.text, &reason.at)),
            conditions: case
                .ignored_by
                .as_deref()
                .into_iter()
                .chain(&case.conditions)
                .map(|Condition { text, at }| JsonPlace::new(text, at))
                .collect(),
        }
    }
}

fn write_line(writer: &mut impl Write, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, record)?;
    writer.write_all(b"\n")
}

fn marker(marker: &Marker) -> JsonMarker<'_> {
    JsonMarker {
        name: &marker.name,
        args: marker.args.iter().map(value).collect(),
        kwargs: marker.kwargs.iter().map(|(name, argument)| (name.clone(), value(argument))).collect(),
        from: match &marker.origin {
            Origin::Source(at) => JsonOrigin::Source { file: at.file.as_str(), line: at.start.line },
            Origin::Hook(at) => JsonOrigin::Hook { file: at.file.as_str(), line: at.start.line },
            Origin::Policy { rule } => JsonOrigin::Policy { rule },
        },
    }
}

/// JSON has no tuples, no infinity, and only strings as keys: what it cannot say becomes `{"expr": source}`.
fn value(argument: &Value) -> serde_json::Value {
    let expression = || serde_json::json!({ "expr": argument.to_string() });
    match argument {
        Value::None => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => serde_json::Number::from_f64(*number).map_or_else(expression, Into::into),
        Value::Str(text) => text.as_str().into(),
        Value::List(items) | Value::Tuple(items) => items.iter().map(value).collect(),
        Value::Dict(items) => items
            .iter()
            .map(|(key, item)| key.as_str().map(|key| (key.to_owned(), value(item))))
            .collect::<Option<serde_json::Map<_, _>>>()
            .map_or_else(expression, serde_json::Value::Object),
        Value::Expr(_) => expression(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Certainty, Markers, NodeId, Position, Reason, TreePath};

    /// Whatever cases in a row share or do not share, each is written as it would be alone.
    #[test]
    fn what_was_written_before_changes_no_line() {
        let mark = |name: &str| Arc::new(Marker::bare(name, Origin::Policy { rule: "a \"rule\"".into() }));
        let lists = [vec![], vec![mark("a")], vec![mark("a"), mark("b")]];
        let cases = ["tests/test_a.py", "tests/test_\"b\".py"].into_iter().flat_map(|file| {
            let file = TreePath::new(file);
            ["test_a", "test_\\"].into_iter().flat_map(move |name| {
                let file = file.clone();
                [None, Some("1"), Some("\u{7f}\"")].into_iter().map(move |id| {
                    let markers = Markers::known(Vec::new());
                    let at = SourceSpan::line(file.clone(), 1);
                    let mut case = TestCase::python(NodeId::python(&file, [name], id), at, markers, Certainty::Exact);
                    case.function = NodeId::python(&file, [name], None);
                    case
                })
            })
        });
        let cases: Vec<TestCase> = cases.collect();
        let written = |pairs: &[(usize, usize)]| -> Vec<String> {
            let mut text = Vec::new();
            let mut lines = Lines::new(&mut text, "/tree", None).unwrap();
            pairs.iter().for_each(|(case, list)| lines.case(&cases[*case], &lists[*list]).unwrap());
            String::from_utf8(text).unwrap().lines().skip(1).map(str::to_owned).collect()
        };
        let each: Vec<(usize, usize)> =
            (0..cases.len()).flat_map(|case| (0..lists.len()).map(move |list| (case, list))).collect();
        for one in &each {
            for other in &each {
                let alone = [written(&[*one]), written(&[*other])].concat();
                assert_eq!(written(&[*one, *other]), alone);
            }
            let line: serde_json::Value = serde_json::from_str(&written(&[*one])[0]).unwrap();
            assert_eq!(line["id"], cases[one.0].id.as_str());
            assert_eq!(line["function"], cases[one.0].function.as_str());
        }
    }

    #[test]
    fn a_case_is_one_line_of_the_published_schema() {
        let file = TreePath::new("tests/test_a.py");
        let at = SourceSpan::at(file.clone(), Position { line: 7, column: 1 });
        let timeout = Marker {
            args: vec![Value::Int(30), Value::Expr("LIMIT".into())],
            kwargs: vec![("method".into(), Value::Str("thread".into()))],
            ..Marker::bare("timeout", Origin::Source(at.clone()))
        };
        let case = TestCase::python(
            NodeId::python(&file, ["test_a"], None),
            at.clone(),
            Markers::known(vec![timeout]),
            Certainty::Inexact(Box::new(Reason { text: "unknown".into(), at })),
        );
        let mut text = Vec::new();
        let mut lines = Lines::new(&mut text, "/tree", None).unwrap();
        lines.case(&case, &case.markers.list).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            concat!(
                r#"{"catalog":1,"tree":"/tree","pytest":null,"python":null}"#,
                "\n",
                r#"{"id":"tests/test_a.py::test_a","language":"python","function":"tests/test_a.py::test_a","#,
                r#""file":"tests/test_a.py","line":7,"markers":[{"name":"timeout","args":[30,{"expr":"LIMIT"}],"#,
                r#""kwargs":{"method":"thread"},"from":{"kind":"source","file":"tests/test_a.py","line":7}}],"#,
                r#""certainty":"inexact","reason":{"text":"unknown","file":"tests/test_a.py","line":7},"conditions":[]}"#,
                "\n"
            )
        );
    }
}

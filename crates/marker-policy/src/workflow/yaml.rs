//! YAML as GitHub reads it: a tree whose nodes know their places.
//!
//! What scalars stand for follows YAML's core schema (`yes` is a string, `012` is twelve), which GitHub's own reader uses.
//! Aliases share their node. Tags and merge keys are not part of what GitHub accepts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use test_catalog::Position;

/// Nested more deeply than this is only hostile data.
const MOST_NESTED: usize = 100;

/// GitHub refuses workflow files of more than a megabyte.
const MOST_BYTES: usize = 1 << 20;

/// Nodes of a document, those behind an alias counted each time it is used: whoever walks the tree does no more work.
const MOST_NODES: u64 = 200_000;

/// A node and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) content: Content,
    /// How many nodes it is, itself included.
    nodes: u64,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Arc<Node>>),
    /// In the order of the file; keys differ.
    Map(Vec<(Key, Arc<Node>)>),
}

/// A key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) text: Arc<str>,
    pub(super) at: Position,
}

/// A scalar as written.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) text: Arc<str>,
    /// Neither quoted nor a block, so that it may be other than a string.
    pub(super) plain: bool,
    /// The line of the file on which the text's first line stands, where its lines are those of the file.
    pub(super) first_line: Option<u32>,
}

/// A document that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct YamlError {
    pub(super) message: String,
    pub(super) at: Position,
}

impl Node {
    /// The value of a mapping's key.
    pub(super) fn get(&self, key: &str) -> Option<&Arc<Node>> {
        self.map().iter().find(|(name, _)| &*name.text == key).map(|(_, value)| value)
    }

    /// The entries of a mapping; of anything else, none.
    pub(super) fn map(&self) -> &[(Key, Arc<Node>)] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; of anything else, none.
    pub(super) fn list(&self) -> &[Arc<Node>] {
        match &self.content {
            Content::List(elements) => elements,
            _ => &[],
        }
    }

    /// The scalar that the node is.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

/// A collection that is still open.
enum Open {
    List(Vec<Arc<Node>>),
    /// With the keys that were, and the one whose value comes next.
    Map(Vec<(Key, Arc<Node>)>, HashSet<Arc<str>>, Option<Key>),
}

/// The one document of `text`, which may begin with a byte order mark. An empty document is an empty scalar.
///
/// # Errors
///
/// Where the text is no YAML, or none that GitHub accepts; where it is too large, too deep, or has a key twice.
pub(super) fn parse(text: &str) -> Result<Arc<Node>, YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = Position { line: 1, column: 1 };
    if text.len() > MOST_BYTES {
        return Err(error("it is larger than a megabyte, which GitHub refuses", start));
    }
    // Each with the number of its anchor, which is 0 where it has none.
    let mut open: Vec<(Open, usize, Position)> = Vec::new();
    let mut anchored: HashMap<usize, Arc<Node>> = HashMap::new();
    let mut document = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|scan| error(scan.info(), position(*scan.marker())))?;
        let at = position(span.start);
        if open.len() > MOST_NESTED {
            return Err(error("it is too deeply nested", at));
        }
        let (complete, anchor) = match event {
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                return Err(error("there is a tag, which GitHub does not accept", at));
            }
            Event::Scalar(text, style, anchor, None) => (node(at, scalar(&text, style, at))?, anchor),
            Event::SequenceStart(anchor, None) => {
                open.push((Open::List(Vec::new()), anchor, at));
                continue;
            }
            Event::MappingStart(anchor, None) => {
                open.push((Open::Map(Vec::new(), HashSet::new(), None), anchor, at));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(elements), anchor, start)) => (node(start, Content::List(elements))?, anchor),
                Some((Open::Map(entries, _, None), anchor, start)) => (node(start, Content::Map(entries))?, anchor),
                Some((Open::Map(..), ..)) | None => return Err(error("a key has no value", at)),
            },
            // One that is still open would be within itself.
            Event::Alias(anchor) => match anchored.get(&anchor) {
                Some(shared) => (Arc::clone(shared), 0),
                None => return Err(error("an alias stands within its own anchor", at)),
            },
            _ => continue,
        };
        if anchor > 0 {
            anchored.insert(anchor, Arc::clone(&complete));
        }
        match open.last_mut().map(|(open, ..)| open) {
            Some(Open::List(elements)) => elements.push(complete),
            Some(Open::Map(entries, known, key)) => match key.take() {
                Some(key) => entries.push((key, complete)),
                None => {
                    let Content::Scalar(Scalar { text, .. }) = &complete.content else {
                        return Err(error("a key is no text", at));
                    };
                    if !known.insert(Arc::clone(text)) {
                        return Err(error(&format!("the key `{text}` stands twice in one mapping"), at));
                    }
                    *key = Some(Key { text: Arc::clone(text), at });
                }
            },
            None if document.is_some() => return Err(error("there is a second document", at)),
            None => document = Some(complete),
        }
    }
    document.map_or_else(|| node(start, scalar("", ScalarStyle::Plain, start)), Ok)
}

fn node(at: Position, content: Content) -> Result<Arc<Node>, YamlError> {
    let within: u64 = match &content {
        Content::Scalar(_) => 0,
        Content::List(elements) => elements.iter().map(|element| element.nodes).sum(),
        Content::Map(entries) => entries.iter().map(|(_, value)| value.nodes).sum(),
    };
    if within >= MOST_NODES {
        return Err(error("it has more than 200,000 values, counted as often as aliases repeat them", at));
    }
    Ok(Arc::new(Node { at, content, nodes: within + 1 }))
}

fn scalar(text: &str, style: ScalarStyle, at: Position) -> Content {
    let first_line = match style {
        // The parser's place of a block is its first line that is not empty.
        ScalarStyle::Literal => {
            let empty = text.bytes().take_while(|byte| *byte == b'\n').count();
            u32::try_from(empty).ok().and_then(|empty| at.line.checked_sub(empty))
        }
        // What is folded has other lines than the file, unless it is one.
        _ if !text.contains('\n') => Some(at.line),
        _ => None,
    };
    Content::Scalar(Scalar { text: text.into(), plain: style == ScalarStyle::Plain, first_line })
}

fn position(marker: Marker) -> Position {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position { line: number(marker.line()).max(1), column: number(marker.col()).saturating_add(1) }
}

fn error(message: &str, at: Position) -> YamlError {
    YamlError { message: message.to_owned(), at }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fails(text: &str) -> String {
        let error = parse(text).expect_err("is refused");
        format!("{}:{}: {error}", error.at.line, error.at.column)
    }

    #[test]
    fn nodes_know_their_places() {
        let root = parse("\u{feff}name: x\njobs:\n  build:\n    run: |\n      one\n      two\n").expect("is there");
        let run = root.get("jobs").expect("is there").get("build").expect("is there").get("run").expect("is there");
        let scalar = run.scalar().expect("is there");
        assert_eq!((&*scalar.text, scalar.first_line), ("one\ntwo\n", Some(5)));
        assert_eq!(run.at, Position { line: 5, column: 7 });
        assert_eq!(root.map()[1].0.at, Position { line: 2, column: 1 });
    }

    #[test]
    fn a_block_begins_on_the_line_behind_its_header() {
        let root = parse("run: |2- # said\n\n\n  one\n").expect("is there");
        let run = root.get("run").expect("is there").scalar().expect("is there");
        assert_eq!((&*run.text, run.first_line), ("\n\none", Some(2)));
        let folded = parse("run: >\n  one\n\n  two\n").expect("is there");
        assert_eq!(folded.get("run").expect("is there").scalar().expect("is there").first_line, None);
    }

    #[test]
    fn what_github_refuses_is_an_error_with_its_place() {
        assert_eq!(fails("a: 1\nb: 2\na: 3\n"), "3:1: the key `a` stands twice in one mapping");
        assert_eq!(fails("a: !!str 1\n"), "1:4: there is a tag, which GitHub does not accept");
        assert_eq!(fails("a: &x [*x]\n"), "1:8: an alias stands within its own anchor");
        assert_eq!(fails("? [a]\n: 1\n"), "1:5: a key is no text");
        assert_eq!(fails("a\n---\nb\n"), "3:1: there is a second document");
    }

    #[test]
    fn aliases_share_and_cannot_multiply() {
        let root = parse("a: &x [1, 2]\nb: *x\n").expect("is there");
        assert!(Arc::ptr_eq(root.get("a").expect("is there"), root.get("b").expect("is there")));
        let laughs: String =
            (0..30).map(|level| format!("l{}: &l{} [*l{level}, *l{level}]\n", level + 1, level + 1)).collect();
        assert!(fails(&format!("l0: &l0 [1]\n{laughs}")).contains("more than 200,000 values"));
    }

    #[test]
    fn hostile_depth_is_refused() {
        for text in
            ["[".repeat(100_000), "{a: ".repeat(30_000), "- ".repeat(50_000), "? ".repeat(50_000), "&a ".repeat(9)]
        {
            parse(&text).expect_err("is refused");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-?:,\\[\\]{}&*|>#'\"a \n]{0,60}|.{0,40}") {
            let _ = parse(&text);
        }
    }
}

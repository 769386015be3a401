//! A whole file.

use std::sync::Arc;

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use test_catalog::Position;

use super::item::{Item, ItemKind, items};
use super::{SyntaxError, position};
use crate::attribute::{self, Attribute};
use crate::doc_test::{self, FileDocs};
use crate::skim::{Skim, skim};

/// Deeper than any program that people write; rustc itself gives up on macros at 128.
const DEEPEST: usize = 256;

/// A file as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct SourceFile {
    /// `#![...]` at its beginning.
    pub attributes: Vec<Attribute>,
    pub items: Vec<Item>,
    /// String literals that end in `.rs`.
    pub named_files: Vec<String>,
    /// Attribute macros that the file defines and that may make tests.
    pub attribute_macros: Vec<String>,
    /// What it documents, where there may be code in that.
    pub docs: Option<Arc<FileDocs>>,
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Result<SourceFile, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read(text, skim(text))
}

fn read(text: &str, mut skimmed: Skim) -> Result<SourceFile, SyntaxError> {
    if skimmed.text.starts_with("#!") && !skimmed.text[2..].trim_start().starts_with('[') {
        let end = skimmed.text.find('\n').unwrap_or(skimmed.text.len());
        skimmed.text.replace_range(..end, &" ".repeat(end));
    }
    if skimmed.depth > DEEPEST {
        let message = format!("brackets nest {} deep, which is more than {DEEPEST}", skimmed.depth);
        return Err(SyntaxError { message, at: Position { line: 1, column: 1 } });
    }
    let tokens: TokenStream = skimmed.text.parse().map_err(|error: proc_macro2::LexError| SyntaxError {
        message: "a bracket or a literal does not end, or ends twice".into(),
        at: position(error.span()),
    })?;
    let parser = |input: ParseStream<'_>| {
        let attributes = attribute::inner(input)?;
        Ok(SourceFile { attributes, items: items(input)?, ..SourceFile::default() })
    };
    let mut file = parser.parse2(tokens)?;
    file.named_files = skimmed.named_files;
    file.attribute_macros = attribute_macros(&file.items, text);
    file.docs = doc_test::scan(text).map(Arc::new);
    Ok(file)
}

/// The attribute macros of a file that speaks of tests, or whose modules may.
fn attribute_macros(items: &[Item], text: &str) -> Vec<String> {
    let is_one = |item: &&Item| item.attributes.iter().any(|one| one.name() == Some("proc_macro_attribute"));
    let names = items.iter().filter(is_one).filter_map(|item| match &item.kind {
        ItemKind::Function { name, .. } => Some(name.clone()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let may_make_tests = || text.contains("test") || text.contains("mod ");
    if names.is_empty() || may_make_tests() { names } else { Vec::new() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What matters of items, without the documentation that only the whole text has.
    fn shape(items: &[Item], depth: usize, out: &mut String) {
        for item in items {
            let attributes: Vec<_> = item.attributes.iter().filter(|one| one.name() != Some("doc")).collect();
            out.push_str(&format!("{:depth$}{attributes:?} {:?} ", "", item.at));
            match &item.kind {
                ItemKind::Module { name, content } => {
                    out.push_str(&format!("mod {name}\n"));
                    shape(content.as_ref().map_or(&[], |content| &content.items[..]), depth + 1, out);
                }
                ItemKind::Call(call) => {
                    out.push_str(&format!("{}! {}\n", call.path.join("::"), call.mentions_module));
                    shape(call.items.as_deref().unwrap_or_default(), depth + 1, out);
                }
                ItemKind::Definition(one) => {
                    let calls = &one.calls;
                    out.push_str(&format!("{} {} {} {calls:?}\n", one.name, one.makes_tests, one.makes_modules));
                }
                ItemKind::Block(items) => shape(items, depth + 1, out),
                other => out.push_str(&format!("{other:?}\n")),
            }
        }
    }

    /// Holds every file of a folder against its parse with all bodies: how many.
    fn hold_folder(folder: &std::path::Path) -> usize {
        let mut count = 0;
        for entry in ignore::WalkBuilder::new(folder).build().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let text = text.trim_start_matches('\u{feff}');
            let whole = Skim { text: text.to_owned(), depth: 0, named_files: Vec::new() };
            let Ok(whole) = read(text, whole) else { continue };
            let skimmed = parse(text).map_err(|error| error.message).unwrap();
            let shown = |file: &SourceFile| {
                let mut out = String::new();
                shape(&file.items, 0, &mut out);
                out
            };
            assert_eq!(shown(&skimmed), shown(&whole), "{}", path.display());
            count += 1;
        }
        count
    }

    /// More files: `RUST_CORPUS=FOLDER cargo test -p cargo-discovery --lib without_bodies`.
    #[test]
    fn a_file_has_the_same_items_without_bodies_as_with_them() {
        let own = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let folder = std::env::var_os("RUST_CORPUS").map_or_else(|| own.to_owned(), std::path::PathBuf::from);
        // Nesting as deep as files have it takes more stack than a test is given.
        let held = std::thread::Builder::new().stack_size(64 << 20).spawn(move || hold_folder(&folder)).unwrap();
        let count = held.join().unwrap();
        assert!(count > 100);
    }
}

//! Which macros of a tree make tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::syntax::{Item, ItemKind, MacroDefinition, SourceFile};

/// The macros that a tree defines, by name: scopes are not followed, so one name that makes tests anywhere does so
/// everywhere.
#[derive(Debug, Default)]
pub(crate) struct TestMacros {
    defined: BTreeSet<String>,
    makers: BTreeSet<String>,
}

impl TestMacros {
    /// Reads the definitions of all files. A macro that calls one that makes tests makes tests.
    pub(crate) fn of<'f>(files: impl Iterator<Item = &'f SourceFile>) -> Self {
        let mut definitions = Vec::new();
        for file in files {
            collect(&file.items, &mut definitions);
        }
        let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for definition in &definitions {
            for callee in &definition.calls {
                callers.entry(callee).or_default().push(&definition.name);
            }
        }
        let mut makers = BTreeSet::new();
        let mut open: Vec<&str> =
            definitions.iter().filter(|one| one.makes_tests).map(|one| one.name.as_str()).collect();
        while let Some(name) = open.pop() {
            if makers.insert(name.to_owned()) {
                open.extend(callers.get(name).into_iter().flatten().copied());
            }
        }
        Self { defined: definitions.iter().map(|one| one.name.clone()).collect(), makers }
    }

    pub(crate) fn makes_tests(&self, name: &str) -> bool {
        self.makers.contains(name)
    }

    pub(crate) fn is_defined(&self, name: &str) -> bool {
        self.defined.contains(name)
    }
}

fn collect<'f>(items: &'f [Item], definitions: &mut Vec<&'f MacroDefinition>) {
    for item in items {
        match &item.kind {
            ItemKind::Definition(definition) => definitions.push(definition),
            ItemKind::Module { content: Some(content), .. } => collect(&content.items, definitions),
            ItemKind::Block(items) => collect(items, definitions),
            ItemKind::Call(call) => collect(call.items.as_deref().unwrap_or_default(), definitions),
            _ => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    #[test]
    fn a_macro_that_calls_a_maker_of_tests_is_one() {
        let file = parse(
            "macro_rules! a { ($n:ident) => { #[test] fn $n() {} } }
             macro_rules! b { () => { a!(x); } }
             macro_rules! c { () => { fn x() {} } }",
        )
        .unwrap();
        let macros = TestMacros::of([&file].into_iter());
        assert!(macros.makes_tests("a") && macros.makes_tests("b"));
        assert!(!macros.makes_tests("c") && macros.is_defined("c"));
    }
}

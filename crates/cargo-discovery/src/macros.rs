//! What the macros of a tree are, by name.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::attribute::Attribute;
use crate::generated::MAKERS;
use crate::syntax::{Item, ItemKind, MacroDefinition, Parameter, SourceFile};

/// Macros of libraries that make tests without an attribute that says so.
const MAKERS_OF_LIBRARIES: [&str; 1] = ["quickcheck"];

/// The macros that a tree declares, and the templates of rstest_reuse, by name.
///
/// Scopes are not followed here: [`makes_items`](Self::makes_items) holds of a name where it holds of any macro of that
/// name.
#[derive(Debug, Default)]
pub(crate) struct TreeMacros<'t> {
    declared: BTreeMap<&'t str, Vec<Declaration<'t>>>,
    makers_of_tests: BTreeSet<&'t str>,
    makers_of_modules: BTreeSet<&'t str>,
    templates: BTreeMap<&'t str, Vec<Template<'t>>>,
    /// Names that a `use` gives, and what they stand for.
    aliases: Vec<(&'t str, &'t str)>,
    attributes: BTreeSet<&'t str>,
}

#[derive(Debug, Clone, Copy)]
struct Declaration<'t> {
    file: &'t Utf8Path,
    definition: &'t MacroDefinition,
    /// `#[macro_export]`
    is_exported: bool,
}

/// `#[template]`: attributes and parameters that `#[apply]` adds to a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template<'t> {
    pub attributes: &'t [Attribute],
    pub parameters: Option<&'t [Parameter]>,
}

/// What a name means where the macros in scope do not have it.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// The one macro of that name in the package.
    Rules(Arc<str>),
    /// The tree declares it, and which one is meant is not known.
    Unclear(&'static str),
    /// Not of the tree.
    Foreign,
}

impl<'t> TreeMacros<'t> {
    /// Reads the declarations of all files. A macro that calls one that makes tests makes tests.
    pub(crate) fn of(files: impl Iterator<Item = (&'t Utf8PathBuf, &'t SourceFile)>) -> Self {
        let mut macros = Self::default();
        for (path, file) in files {
            macros.collect(path, &file.items);
            macros.attributes.extend(file.attribute_macros.iter().map(String::as_str));
        }
        let all: Vec<&MacroDefinition> = macros.declared.values().flatten().map(|one| one.definition).collect();
        let calls = all.iter().flat_map(|one| one.calls.iter().map(|callee| (one.name.as_str(), callee.as_str())));
        let uses: Vec<(&str, &str)> = calls.chain(macros.aliases.iter().copied()).collect();
        let tests = all.iter().filter(|one| one.makes_tests).map(|one| one.name.as_str()).chain(MAKERS_OF_LIBRARIES);
        macros.makers_of_tests = with_users(&uses, tests);
        let modules = all.iter().filter(|one| one.makes_modules).map(|one| one.name.as_str());
        macros.makers_of_modules = with_users(&uses, modules);
        macros
    }

    fn collect(&mut self, path: &'t Utf8Path, items: &'t [Item]) {
        for item in items {
            match &item.kind {
                ItemKind::Definition(definition) => {
                    let is_exported = item.attributes.iter().any(|one| one.name() == Some("macro_export"));
                    let declaration = Declaration { file: path, definition, is_exported };
                    self.declared.entry(&definition.name).or_default().push(declaration);
                }
                ItemKind::Alias { name, path } => {
                    self.aliases.extend(path.last().map(|used| (name.as_str(), used.as_str())));
                }
                ItemKind::Module { content: Some(content), .. } => self.collect(path, &content.items),
                ItemKind::Block(items) => self.collect(path, items),
                ItemKind::Call(call) => self.collect(path, call.items.as_deref().unwrap_or_default()),
                ItemKind::Function { name, parameters, .. }
                    if item.attributes.iter().any(|one| one.name() == Some("template")) =>
                {
                    let template = Template { attributes: &item.attributes, parameters: parameters.as_deref() };
                    self.templates.entry(name).or_default().push(template);
                }
                _ => {}
            }
        }
    }

    /// Whether an expansion of a macro of that name may hold a test.
    pub(crate) fn makes_tests(&self, name: &str) -> bool {
        self.makers_of_tests.contains(name)
    }

    /// Whether it may hold a test, a module, a macro or an included file.
    pub(crate) fn makes_items(&self, name: &str) -> bool {
        self.makes_tests(name) || self.makers_of_modules.contains(name)
    }

    /// What a path names in a package, in a target that has these files, where the macros in scope do not have it.
    ///
    /// A macro without `#[macro_export]` cannot be named outside of its target, and a path that begins with the name of
    /// another crate is that crate's.
    pub(crate) fn meaning(&self, path: &[String], package: &Utf8Path, files: &HashSet<Utf8PathBuf>) -> Meaning {
        let declared = path.last().and_then(|name| self.declared.get(name.as_str()));
        let Some(declared) = declared else {
            let is_alias = path.last().is_some_and(|name| self.aliases.iter().any(|(alias, _)| alias == name));
            return if is_alias { Meaning::Unclear("is another name of a macro") } else { Meaning::Foreign };
        };
        let is_relative = match path {
            [_] => true,
            [first, ..] => ["crate", "self", "super"].contains(&first.as_str()),
            [] => false,
        };
        let in_package = |one: &&Declaration<'_>| one.file.starts_with(package);
        let can_be_named = |one: &&Declaration<'_>| one.is_exported || (is_relative && files.contains(one.file));
        let mut own: Vec<&Arc<str>> =
            declared.iter().filter(in_package).filter(can_be_named).map(|one| &one.definition.rules).collect();
        own.dedup();
        // A `use` names it, of this package or of another that exports one of that name.
        let may_be_of_another = path.len() == 1 && declared.iter().any(|one| one.is_exported && !in_package(&one));
        match own[..] {
            [_] if may_be_of_another => Meaning::Unclear("is declared in another package as well"),
            [rules] => Meaning::Rules(Arc::clone(rules)),
            [] if declared.iter().any(|one| one.is_exported) => Meaning::Unclear("is declared in another package"),
            [] => Meaning::Foreign,
            _ => Meaning::Unclear("is declared more than once, and which one is meant is not known"),
        }
    }

    /// Whether a `use` of the tree gives that name to an attribute that makes tests.
    pub(crate) fn is_other_name_of_maker(&self, name: &str) -> bool {
        self.aliases.iter().any(|(alias, used)| *alias == name && MAKERS.contains(used))
    }

    /// Whether the tree defines an attribute of that name that may make tests.
    pub(crate) fn is_attribute(&self, name: &str) -> bool {
        self.attributes.contains(name)
    }

    /// The template of that name, where there is one only.
    pub(crate) fn template(&self, name: &str) -> Option<Template<'t>> {
        match self.templates.get(name)?[..] {
            [template] => Some(template),
            _ => None,
        }
    }
}

/// Those names, and all that use one of them: the first of a pair uses the second.
fn with_users<'t>(uses: &[(&'t str, &'t str)], names: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
    let mut users: BTreeMap<&str, Vec<&'t str>> = BTreeMap::new();
    for (user, used) in uses {
        users.entry(used).or_default().push(user);
    }
    let mut found = BTreeSet::new();
    let mut open: Vec<&'t str> = names.collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(users.get(name).into_iter().flatten().copied());
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    #[test]
    fn a_macro_that_calls_a_maker_of_tests_is_one() {
        let path = Utf8PathBuf::from("src/lib.rs");
        let file = parse(
            "macro_rules! a { ($n:ident) => { #[test] fn $n() {} } }
             macro_rules! b { () => { a!(x); } }
             macro_rules! c { () => { fn x() {} } }
             macro_rules! d { () => { mod x; } }",
        )
        .unwrap();
        let macros = TreeMacros::of([(&path, &file)].into_iter());
        assert!(macros.makes_tests("a") && macros.makes_tests("b"));
        assert!(!macros.makes_items("c"));
        assert!(macros.makes_items("d") && !macros.makes_tests("d"));
    }

    #[test]
    fn a_name_means_the_one_macro_of_its_package() {
        let (here, there) = (Utf8PathBuf::from("a/src/lib.rs"), Utf8PathBuf::from("b/src/lib.rs"));
        let file = parse("macro_rules! a { () => {} } macro_rules! d { () => {} }").unwrap();
        let other = parse(
            "macro_rules! a { () => {} } #[macro_export] macro_rules! b { () => {} }
             #[macro_export] macro_rules! b { (x) => {} }",
        )
        .unwrap();
        let macros = TreeMacros::of([(&here, &file), (&there, &other)].into_iter());
        let meaning = |path: &[&str], package: &str, files: &[&Utf8PathBuf]| {
            let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
            macros.meaning(&path, package.into(), &files.iter().map(|&file| file.clone()).collect())
        };
        assert!(matches!(meaning(&["crate", "a"], "a", &[&here]), Meaning::Rules(_)));
        assert!(matches!(meaning(&["a"], "a", &[]), Meaning::Foreign), "not exported, and of another target");
        assert!(matches!(meaning(&["library", "a"], "a", &[&here]), Meaning::Foreign));
        assert!(matches!(meaning(&["crate", "b"], "a", &[&here]), Meaning::Unclear(_)));
        assert!(matches!(meaning(&["crate", "b"], "b", &[&there]), Meaning::Unclear(_)));
        assert!(matches!(meaning(&["crate", "c"], "a", &[&here]), Meaning::Foreign));
    }
}

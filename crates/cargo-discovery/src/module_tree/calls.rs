//! Macro calls in the place of items: those of the tree's macros are expanded, those of known libraries are read.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use test_catalog::{Position, Reason, SourceSpan};

use super::{Scope, Walker};
use crate::applied::Resolved;
use crate::attribute::Attribute;
use crate::cfg::Truth;
use crate::macro_rules::{Rules, Unclear, opaque};
use crate::macros::Meaning;
use crate::pasted::pasted;
use crate::syntax::{self, Item, ItemKind, MacroCall, MacroDefinition};
use crate::target::normal;

/// rustc's own limit of how deep expansions nest.
const DEEPEST_EXPANSION: usize = 128;
/// How many calls of one target are expanded: more is a macro that repeats itself.
const MOST_EXPANSIONS: usize = 20_000;
/// How many tokens may come out of them.
const MOST_TOKENS: usize = 10_000_000;

/// The macros that a target has in scope, and what is known of their rules.
#[derive(Default)]
pub(super) struct MacroScope {
    /// In the order of their declarations; the last of a name hides those before it.
    declared: Vec<Declared>,
    rules: HashMap<Arc<str>, Rc<Result<Rules, Unclear>>>,
    expanded: usize,
    /// How many tokens came out of it, about.
    tokens: usize,
}

struct Declared {
    name: String,
    rules: Rc<Known>,
    exists: Truth,
}

/// A macro's rules.
struct Known {
    text: Arc<str>,
    /// Whether its expansion may hold a test, a module, a macro or an included file.
    makes_items: bool,
}

/// What a call names.
enum Named {
    Rules(Rc<Known>),
    Unclear(&'static str),
    Foreign,
}

impl MacroScope {
    /// Where the scope stands, to go back to at the end of a module.
    pub(super) fn mark(&self) -> usize {
        self.declared.len()
    }

    /// Forgets what a module declared that is not `#[macro_use]`.
    pub(super) fn leave(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }
}

impl Walker<'_> {
    pub(super) fn declare(&mut self, definition: &MacroDefinition, resolved: &Resolved<'_>, scope: &Scope) {
        let mut inside = scope.clone();
        inside.cfg.extend(resolved.cfg.iter().cloned());
        let exists = self.exists(&inside);
        if exists != Truth::No {
            let makes_items = definition.makes_tests
                || definition.makes_modules
                || definition.calls.iter().any(|callee| self.macros.makes_items(callee));
            let rules = Rc::new(Known { text: Arc::clone(&definition.rules), makes_items });
            self.macro_scope.declared.push(Declared { name: definition.name.clone(), rules, exists });
        }
    }

    fn named(&self, path: &[String]) -> Named {
        if let [name] = path
            && let Some(declared) = self.macro_scope.declared.iter().rev().find(|one| one.name == *name)
        {
            return if declared.exists == Truth::Yes {
                Named::Rules(Rc::clone(&declared.rules))
            } else {
                Named::Unclear("is declared under a condition that is not known")
            };
        }
        match self.macros.meaning(path, self.package, &self.tree.reached) {
            Meaning::Rules(text) => {
                let makes_items = path.last().is_some_and(|name| self.macros.makes_items(name));
                Named::Rules(Rc::new(Known { text, makes_items }))
            }
            Meaning::Unclear(why) => Named::Unclear(why),
            Meaning::Foreign => Named::Foreign,
        }
    }

    pub(super) fn call(&mut self, call: &MacroCall, at: Position, resolved: &Resolved<'_>, scope: &Scope) {
        let at = scope.span(at);
        let mut inside = scope.clone();
        inside.cfg.extend(resolved.cfg.iter().cloned());
        let path = match &call.path[..] {
            [name] => scope.aliases.get(name).unwrap_or(&call.path),
            path => path,
        };
        match self.named(path) {
            Named::Rules(rules) => self.declared_call(call, &rules, at, &inside),
            Named::Unclear(why) => {
                let text = format!("the macro `{}!` {why}", call.name());
                self.unexpanded(call, text, at, inside);
            }
            Named::Foreign => self.foreign_call(call, path, at, inside),
        }
    }

    fn declared_call(&mut self, call: &MacroCall, rules: &Known, at: SourceSpan, scope: &Scope) {
        // Most macros make neither tests nor modules, whatever they are given.
        let calls_maker = || call.calls.iter().any(|callee| self.macros.makes_items(callee));
        if !rules.makes_items && !call.mentions_test && !call.mentions_module && !calls_maker() {
            return;
        }
        match self.expand(call, &rules.text, scope) {
            Ok(items) => {
                let inside = Scope { expanded_at: Some(at), expansions: scope.expansions + 1, ..scope.clone() };
                self.items(&items, &inside);
            }
            Err(Unclear(why)) => {
                let text = format!("the macro `{}!` cannot be expanded here: {why}", call.name());
                self.unexpanded(call, text, at, scope.clone());
            }
        }
    }

    fn expand(&mut self, call: &MacroCall, rules: &Arc<str>, scope: &Scope) -> Result<Vec<Item>, Unclear> {
        self.macro_scope.expanded += 1;
        let is_endless = self.macro_scope.expanded > MOST_EXPANSIONS || self.macro_scope.tokens > MOST_TOKENS;
        if scope.expansions >= DEEPEST_EXPANSION || is_endless {
            return Err(Unclear("it expands to itself without end".into()));
        }
        let known = self.macro_scope.rules.entry(Arc::clone(rules)).or_insert_with(|| {
            let tokens = opaque::read(rules).ok_or_else(|| Unclear("its rules cannot be read".into()));
            Rc::new(tokens.and_then(Rules::parse))
        });
        let known = Rc::clone(known);
        let rules = known.as_ref().as_ref().map_err(Clone::clone)?;
        let arguments = opaque::read(&call.arguments).ok_or_else(|| Unclear("its arguments cannot be read".into()))?;
        let (expanded, size) = rules.expand(arguments)?;
        self.macro_scope.tokens += size + call.arguments.len() / 4;
        syntax::parse_expansion(expanded).map_err(|error| Unclear(format!("it makes no items: {}", error.message)))
    }

    /// A call whose expansion is not known: what looks like tests is inexact.
    fn unexpanded(&mut self, call: &MacroCall, text: String, at: SourceSpan, mut scope: Scope) {
        let makes_tests = self.macros.makes_tests(call.name());
        let before = self.tree.tests.len();
        if let Some(items) = &call.items {
            scope.inexact = scope.inexact.or(Some(Reason { text: text.clone(), at: at.clone() }));
            self.items(items, &scope);
        }
        if makes_tests || (call.mentions_test && before == self.tree.tests.len()) {
            self.site(call, text, at, &scope);
        }
    }

    /// A case that stands for the tests of a call.
    fn site(&mut self, call: &MacroCall, text: String, at: SourceSpan, scope: &Scope) {
        self.one(format!("{}!", call.name()), (None, Truth::Yes), at, scope, Some(text));
    }

    /// A macro that the tree does not declare.
    fn foreign_call(&mut self, call: &MacroCall, path: &[String], at: SourceSpan, mut scope: Scope) {
        let name = path.last().map_or("", String::as_str);
        let library = path.first().map_or("", String::as_str);
        match (name, &call.items) {
            // The attributes and the name of each function are passed on.
            ("proptest", Some(items)) => return self.items(items, &scope),
            ("quickcheck", _) => return self.quickcheck(call, at, scope),
            ("paste", _) => return self.paste(call, at, scope),
            ("item" | "expr", _) if library == "paste" => return self.paste(call, at, scope),
            ("dir", _) if library == "automod" => return self.modules_of_folder(call, at, &scope),
            ("thread_local", None) | ("wasm_bindgen_test_configure", _) => return,
            _ => {}
        }
        let before = self.tree.tests.len();
        if let Some(items) = &call.items {
            let text = format!("the arguments of `{name}!` look like tests, and the macro decides what they become");
            scope.inexact = scope.inexact.or(Some(Reason { text, at: at.clone() }));
            self.items(items, &scope);
        }
        let unread = call.mentions_test && call.items.is_none();
        if before == self.tree.tests.len() && (unread || name.contains("test")) {
            self.site(call, format!("the macro `{name}!` may make tests"), at, &scope);
        }
    }

    /// quickcheck makes a test of each function that it is given, or passes items on as they are.
    fn quickcheck(&mut self, call: &MacroCall, at: SourceSpan, scope: Scope) {
        let passed_on = call.arguments.trim_start().strip_prefix('@').map(str::trim_start);
        let passed_on = passed_on.and_then(|text| text.strip_prefix("as_items")?.parse().ok());
        if let Some(items) = passed_on.map(syntax::parse_expansion) {
            return match items {
                Ok(items) => {
                    self.items(&items, &Scope { expanded_at: scope.expanded_at.clone().or(Some(at)), ..scope })
                }
                Err(error) => {
                    self.unexpanded(call, format!("what `quickcheck!` is given: {}", error.message), at, scope)
                }
            };
        }
        let Some(items) = &call.items else {
            return self.unexpanded(call, "what `quickcheck!` is given is no functions".to_owned(), at, scope);
        };
        for item in items {
            if let ItemKind::Function { name, .. } = &item.kind {
                let test = Attribute::Other { path: vec!["test".to_owned()], arguments: None };
                let attributes: Vec<Attribute> = item.attributes.iter().cloned().chain([test]).collect();
                let resolved = self.resolve(&attributes);
                self.function((name, Some(&[]), false), item.at, &resolved, &scope);
            }
        }
    }

    /// `automod::dir!("tests/regression")`: a module for each file of a folder of the package.
    fn modules_of_folder(&mut self, call: &MacroCall, at: SourceSpan, scope: &Scope) {
        let visibility = call.arguments.find('"').unwrap_or_default();
        let Ok(folder) = syntax::text_literal(&call.arguments[visibility..]) else {
            return self.site(call, "the folder of `automod::dir!` is no text".to_owned(), at, scope);
        };
        let Some(folder) = normal(&self.package.join(folder)) else { return };
        let is_module = |name: &&str| !["mod", "lib", "main"].contains(name);
        let files: Vec<String> = self.sources.beside(&folder).filter(is_module).map(str::to_owned).collect();
        for file in files {
            let kind = ItemKind::Module { name: file.replace('-', "_"), content: None };
            let path = file.contains('-').then(|| Attribute::Path(format!("{file}.rs")));
            self.items(&[Item { attributes: path.into_iter().collect(), at: at.start, kind }], scope);
        }
    }

    fn paste(&mut self, call: &MacroCall, at: SourceSpan, scope: Scope) {
        let tokens = opaque::read(&call.arguments).and_then(pasted);
        match tokens.map(syntax::parse_expansion) {
            Some(Ok(items)) => {
                let expanded_at = scope.expanded_at.clone().or(Some(at));
                self.items(&items, &Scope { expanded_at, ..scope });
            }
            _ => self.unexpanded(call, "what `paste!` puts together is not followed".to_owned(), at, scope),
        }
    }
}

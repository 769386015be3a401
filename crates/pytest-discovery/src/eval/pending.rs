//! Imports that nobody has asked for yet: most of what tests import they use in their bodies only, and a module that
//! can have no part in collection is not evaluated before one of its names is looked up.

use std::fs;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::value::{Module, ScopeKind, Value};
use super::{Frame, Interpreter};
use crate::imports::Import;
use crate::syntax::ast::Range;

/// A name of a module of the tree.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The module's file.
    path: Utf8PathBuf,
    name: Rc<str>,
    /// The import: where it stands, its dots, and the dotted name with the name behind it.
    from: Utf8PathBuf,
    level: u32,
    below: String,
    frame_module: Rc<Module>,
    range: Range,
}

impl Interpreter<'_> {
    /// The name of a module, left for later, if that can change nothing: the module was not evaluated yet, nobody
    /// catches that it has no such name, and its text has no sign of what collection asks for or an import could end with.
    pub(super) fn postponed(
        &mut self,
        level: u32,
        dotted: &str,
        name: &str,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if !self.absent.is_empty()
            || self.tries > 0
            || frame.scope.kind == ScopeKind::Class
            || self.current_doubt().is_some()
        {
            return None;
        }
        let from = self.path_of(&frame.module);
        let Import::File(path) = self.imports.resolve(&from, level, dotted) else { return None };
        if level == 0 && !self.is_first_import(dotted, &path) {
            return None;
        }
        if self.modules.contains_key(&path) || self.sources.contains(&path) || !self.is_quiet(&path) {
            return None;
        }
        let below = if dotted.is_empty() { name.to_owned() } else { format!("{dotted}.{name}") };
        Some(Value::Pending(Rc::new(Pending {
            path,
            name: name.into(),
            from,
            level,
            below,
            frame_module: frame.module.clone(),
            range,
        })))
    }

    /// What a pending name stands for.
    pub(super) fn settled(&mut self, pending: &Rc<Pending>) -> Value {
        let mut value = Value::Pending(pending.clone());
        // Modules that pass a name on to each other in a circle end somewhere.
        for _ in 0..32 {
            let Value::Pending(pending) = &value else { return value };
            let pending = pending.clone();
            let frame = Frame { scope: pending.frame_module.scope.clone(), module: pending.frame_module.clone() };
            let found = match self.module(&pending.path) {
                Ok(module) => module.scope.names.borrow().get(&*pending.name).map(|binding| binding.value.clone()),
                Err(problem) => {
                    let text = format!("`{}` {}", pending.below, problem.message);
                    return Value::Unknown(test_catalog::Reason { text, at: problem.at }.into());
                }
            };
            value = match found {
                Some(value) => value,
                // A submodule, else what is not there.
                None => match self.imported(&pending.from, pending.level, &pending.below) {
                    module @ (Value::Module(_) | Value::Namespace(_)) => module,
                    _ => self.unknown(&frame, pending.range, format!("`{}` is not bound there", pending.name)),
                },
            };
        }
        self.not_known(
            &Frame { scope: pending.frame_module.scope.clone(), module: pending.frame_module.clone() },
            pending.range,
        )
    }

    /// Settles the names of a module that collection may look at by itself.
    pub(crate) fn settle(&mut self, module: &Module, wanted: impl Fn(&str) -> bool) {
        let pending: Vec<(Rc<str>, Rc<Pending>)> = module
            .scope
            .names
            .borrow()
            .iter()
            .filter_map(|(name, binding)| match &binding.value {
                Value::Pending(pending) if wanted(name) => Some((name.clone(), pending.clone())),
                _ => None,
            })
            .collect();
        for (name, pending) in pending {
            let value = self.settled(&pending);
            if let Some(binding) = module.scope.names.borrow_mut().get_mut(&name) {
                binding.value = value;
            }
        }
    }

    /// Whether a module's text has nothing that could matter before one of its names is asked for.
    fn is_quiet(&mut self, path: &Utf8Path) -> bool {
        if let Some(known) = self.quiet.get(path) {
            return *known;
        }
        let quiet = fs::read_to_string(path).is_ok_and(|text| is_quiet(&text));
        self.quiet.insert(path.to_owned(), quiet);
        quiet
    }
}

/// Words of what makes fixtures and tests, ends an import, or changes what others see.
const LOUD: [&str; 7] = ["pytest", "fixture", "unittest", "exit(", "environ[", "environ.set", "sys.modules"];

fn is_quiet(text: &str) -> bool {
    if LOUD.iter().any(|word| text.contains(word)) {
        return false;
    }
    // `raise` outside of functions and classes may end the import.
    let mut in_definition = false;
    for line in text.lines() {
        let inner = line.trim_start();
        if inner.len() == line.len() && !inner.is_empty() {
            in_definition = ["def ", "class ", "async ", "@"].iter().any(|word| inner.starts_with(word));
        }
        if inner.starts_with("raise") && !in_definition {
            return false;
        }
    }
    true
}

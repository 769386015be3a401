//! Imports.

use std::rc::Rc;

use camino::Utf8Path;
use test_catalog::{Problem, ProblemKind, SourceSpan, TreePath};

use super::sys::LONGEST_NAME;
use super::value::{Doubt, Module, Raised, Value};
use super::{Frame, Interpreter, stdlib};
use crate::imports::{INIT, Import};
use crate::syntax::ast::{self, Range};

impl Interpreter<'_> {
    /// `del sys.modules["NAME"]`: an import behind it executes the module again.
    pub(super) fn unloaded(&mut self, key: &Value, frame: &Frame, range: Range) {
        if let Some(module) = key.as_str().and_then(|name| self.module_named(name, frame)) {
            let doubt = self.doubt(frame, range, "the module may be executed again");
            self.reloaded(&module, &doubt);
        }
    }

    /// A module is executed again, maybe in another environment: what it binds, and what it changes elsewhere, is not
    /// known. Its functions and classes are the same as before.
    pub(super) fn reloaded(&mut self, module: &Rc<Module>, doubt: &Doubt) {
        module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let held: Vec<Value> = module.scope.names.borrow().values().map(|one| one.value.clone()).collect();
        for value in &held {
            match value {
                Value::Module(other) => self.taint_state(other, doubt),
                Value::Function(function) if !Rc::ptr_eq(&function.module, module) => {
                    self.taint_state(&function.module.clone(), doubt);
                }
                Value::Function(_) | Value::Class(_) => {}
                other => self.taint(other, doubt),
            }
        }
        for binding in module.scope.names.borrow_mut().values_mut() {
            if !matches!(binding.value, Value::Module(_) | Value::Function(_) | Value::Class(_) | Value::External(_)) {
                binding.value = Value::Unknown(doubt.clone());
            }
        }
    }

    /// What a module's names hold may have been changed.
    pub(super) fn taint_state(&mut self, module: &Module, doubt: &Doubt) {
        let held: Vec<Value> = module.scope.names.borrow().values().map(|one| one.value.clone()).collect();
        held.iter()
            .filter(|one| !matches!(one, Value::Function(_) | Value::Class(_)))
            .for_each(|one| self.taint(one, doubt));
    }

    pub(super) fn import(&mut self, name: &ast::Alias, frame: &Frame, range: Range) {
        let top = name.name.split('.').next().unwrap_or_default();
        let (wanted, bound) = match &name.as_name {
            Some(alias) => (&*name.name, &**alias),
            None => (top, top),
        };
        // `import a.b` runs both, and binds `a`.
        if let Some((above, _)) = name.name.rsplit_once('.')
            && self.is_below_module(&name.name)
        {
            self.imported_or_raise(&frame.module, 0, above, frame, range);
            self.fail("ModuleNotFoundError", format!("`{above}` is not a package"), frame, range);
            return;
        }
        let whole = self.imported_or_raise(&frame.module, 0, &name.name, frame, range);
        if self.raised.is_some() {
            return;
        }
        // Either way Python looks for the package at the top behind that: it may have raised before.
        let first = match name.name.contains('.') {
            true => self.imported_or_raise(&frame.module, 0, top, frame, range),
            false => whole.clone(),
        };
        if self.raised.is_some() {
            return;
        }
        let value = match self.import_put(wanted, frame, range) {
            Some(put) => put,
            None if self.put_modules.contains_key(wanted) || name.as_name.is_some() => whole,
            None => first,
        };
        self.bind(&frame.scope, bound, value);
    }

    /// Imports the package that a file is in, as importing the file by that name does before: the nearest that is no namespace
    /// package.
    pub(super) fn package_of(&mut self, path: &Utf8Path, name: &str) -> Result<Option<Rc<Module>>, Problem> {
        let node = if path.file_name() == Some(INIT) { path.parent().unwrap_or(path) } else { path };
        let (mut folder, mut name) = (node, name);
        while let (Some(above), Some((package, _))) = (folder.parent(), name.rsplit_once('.')) {
            if self.imports.is_package(above) {
                let init = above.join(INIT);
                if !self.namespaces.contains(name) || folder == node {
                    return self.module_by(&init, package).map(Some);
                }
                // Nobody imports what is around a namespace package that is there, which needs it all the same.
                let around = self.module_of(&init, package).filter(|one| one.ended.borrow().is_none());
                return around.map(Some).ok_or_else(|| self.is_gone(&init));
            }
            (folder, name) = (above, package);
        }
        Ok(None)
    }

    /// Why what lies in a package that raised is not known.
    fn is_gone(&self, init: &Utf8Path) -> Problem {
        let file = TreePath::relative_to(init, self.tree).unwrap_or_else(|| TreePath::new(init));
        let message = "lies in a package that raised when it was imported".to_owned();
        Problem { kind: ProblemKind::Collection, message, at: SourceSpan::line(file, 1) }
    }

    /// What may keep a module from being imported keeps this one, too, unless it is caught here: then the handlers may run.
    fn take_over_conditions(&mut self, module: &Module, frame: &Frame) {
        let hazards = module.hazards.borrow().clone();
        for condition in module.conditions.borrow().iter() {
            let hazard = hazards.iter().find(|one| one.at == condition.at);
            let caught = hazard.map_or(Some(false), |one| self.is_caught(one));
            if let (Some(hazard), true) = (hazard, caught != Some(false)) {
                self.note_risk_of(hazard, &Doubt::from(condition.reason()));
            }
            let mut conditions = frame.module.conditions.borrow_mut();
            if caught != Some(true) && !conditions.contains(condition) {
                conditions.push(condition.clone());
                frame.module.hazards.borrow_mut().extend(hazard.cloned());
            }
        }
    }

    /// What may raise in a module or in the packages that it is in may, where it is imported; not while those import this one.
    fn take_over_risks(&mut self, module: &Rc<Module>) {
        let mut next = Some(module);
        while let Some(module) = next.filter(|_| self.risk.is_none() || self.import_risk.is_none()) {
            self.note_risks(&module.risks.borrow());
            next = module.package.as_ref();
        }
    }

    /// Binds a module that was imported in the package that it is in.
    pub(super) fn bind_in_package(&mut self, module: &Rc<Module>) {
        let name = module.name.rsplit('.').next().unwrap_or_default();
        if let Some(package) = module.parent().filter(|_| module.ended.borrow().is_none()) {
            self.bind_in(&package.scope, name, Value::Module(module.clone()));
        }
    }

    /// Whether importing this fails for certain.
    pub(super) fn is_absent(&self, dotted: &str) -> bool {
        !self.absent.is_empty()
            && (self.absent.contains(dotted)
                || dotted
                    .match_indices('.')
                    .any(|(at, _)| dotted.get(..at).is_some_and(|one| self.absent.contains(one))))
    }

    /// What `import DOTTED` gives: a module of the tree, or something of a library.
    pub(super) fn imported(&mut self, from: &Utf8Path, dotted: &str) -> Value {
        let module = self.import_module(from, 0, dotted, Some(dotted));
        module.unwrap_or_else(|problem| Value::Unknown(not_read(dotted, problem)))
    }

    /// The same of any import, by the name that it means, unless the file of the tree that it is cannot be read.
    fn import_module(
        &mut self,
        from: &Utf8Path,
        level: u32,
        dotted: &str,
        name: Option<&str>,
    ) -> Result<Value, Problem> {
        let found = match level {
            0 => match self.sys.find(dotted, self.imports) {
                Ok(found) => found,
                Err(doubt) => return Ok(Value::Unknown(doubt)),
            },
            _ => self.imports.resolve(from, level, dotted),
        };
        Ok(match found {
            // What may run may import it, or not: what else that would change is not known either way.
            Import::File(path) if !self.may_run.is_empty() && !self.modules.contains_key(path.as_str()) => {
                let text = format!("`{dotted}` may be imported by what may run");
                let at = SourceSpan::line(TreePath::new(&path), 1);
                Value::Unknown(test_catalog::Reason { text, at }.into())
            }
            Import::File(path) => Value::Module(match name {
                Some(name) => self.module_by(&path, name)?,
                None => self.module(&path)?,
            }),
            Import::Namespace(folder) => Value::namespace(name.unwrap_or_default(), folder),
            Import::Outside => {
                if level == 0 {
                    self.sys.imported_outside(
                        dotted,
                        self.imports,
                        self.import_doubt().map(|(doubt, _)| doubt).as_ref(),
                    );
                }
                Value::External(stdlib::canonical(dotted))
            }
        })
    }

    /// What is none of the tree's is imported, unless a module of the tree lies where it is not found yet: then its import raises, or a
    /// library has the name, too.
    fn import_outside(&mut self, dotted: &str, frame: &Frame, range: Range) -> Option<Value> {
        let Some(folder) = self.sys.is_elsewhere(dotted, self.imports) else {
            let doubt = self.import_doubt().map(|(doubt, _)| doubt);
            self.sys.imported_outside(dotted, self.imports, doubt.as_ref());
            return None;
        };
        let folder = TreePath::relative_to(&folder, self.tree).unwrap_or_else(|| TreePath::new(&folder));
        let text = format!("`{dotted}` lies in `{folder}`, which is not on `sys.path` when this is imported");
        let doubt = self.doubt(frame, range, text.clone());
        self.fail("ModuleNotFoundError", text, frame, range);
        if let Some(raised) = self.raised.take() {
            self.may_raise(Raised { certain: true, ..raised }, &doubt, frame);
        }
        Some(Value::Unknown(doubt))
    }

    /// A file of the tree that is imported cannot be read: what is no Python raises, and what is not read here may.
    fn fail_to_read(&mut self, dotted: &str, problem: Problem, frame: &Frame, range: Range) -> Value {
        let refusal = match problem.kind {
            ProblemKind::Syntax => Some("SyntaxError"),
            // Source: `_NamespacePath._get_parent_path` of `importlib._bootstrap_external`, for what `package_of` says.
            ProblemKind::Collection => Some("KeyError"),
            _ => None,
        };
        let doubt = not_read(dotted, problem);
        let value = self.fail(refusal.unwrap_or("SyntaxError"), doubt.text.clone(), frame, range);
        let Some(raised) = self.raised.take() else { return value };
        let raised = Raised { certain: true, ..raised };
        if refusal.is_some() {
            self.raised = Some(raised);
            return value;
        }
        self.may_raise(raised, &doubt, frame);
        Value::Unknown(doubt)
    }

    /// The same for a statement: an import of what is absent, or of a module that raised, raises.
    pub(super) fn imported_or_raise(
        &mut self,
        importer: &Module,
        level: u32,
        dotted: &str,
        frame: &Frame,
        range: Range,
    ) -> Value {
        let from = &importer.path;
        if dotted.len() > LONGEST_NAME {
            // Python may not come to an end of its parts, either.
            let doubt = self.doubt(frame, range, "the import of a name that is longer than any path");
            self.note_risk(&doubt);
            self.note_import_risk(&doubt);
            return Value::Unknown(doubt);
        }
        if level == 0
            && let Some(value) = self.import_put(dotted, frame, range)
        {
            return value;
        }
        if level == 0 && (self.is_absent(dotted) || super::library::is_below_plain_module(dotted)) {
            return self.fail("ModuleNotFoundError", format!("no module named `{dotted}`"), frame, range);
        }
        let name = importer.absolute(level, dotted);
        if name.is_none() && !self.imports.takes_any_module() {
            let text = "a relative import without a package".to_owned();
            return self.fail("ImportError", text, frame, range);
        }
        let value = match self.import_module(from, level, dotted, name.as_deref()) {
            Ok(value) => value,
            Err(problem) => return self.fail_to_read(dotted, problem, frame, range),
        };
        // What a relative import means is of the tree, whatever its package is called; what was put there is there.
        let is_of_library = level == 0 && matches!(&value, Value::External(_));
        let top = dotted.split('.').next().unwrap_or_default();
        if is_of_library
            && !self.imports.roots_with(top).is_empty()
            && let Some(value) = self.import_outside(dotted, frame, range)
        {
            return value;
        }
        if is_of_library && !self.put_modules.contains_key(dotted) {
            if super::library::is_of_python_2(dotted) || super::library::lacks_module(dotted, self.python) {
                return self.fail("ModuleNotFoundError", format!("no module named `{dotted}`"), frame, range);
            }
            if super::library::may_lack_module(dotted, self.python) {
                let doubt = self.doubt(frame, range, format!("whether there is a module `{dotted}`"));
                self.note_import_risk(&doubt);
            }
        }
        if let Value::Module(module) = &value {
            if let Some(raised) = &*module.ended.borrow() {
                self.raised = Some(Raised { at: frame.module.file.span(range), ..raised.clone() });
            } else if !Rc::ptr_eq(module, &frame.module) {
                self.take_over_conditions(module, frame);
                self.take_over_risks(module);
            }
        }
        value
    }

    pub(super) fn import_from(&mut self, level: u32, dotted: &str, names: &[ast::Alias], frame: &Frame, range: Range) {
        if dotted == "__future__" {
            return;
        }
        let module = self.imported_or_raise(&frame.module, level, dotted, frame, range);
        if self.raised.is_some() {
            return;
        }
        for name in names {
            if &*name.name == "*" {
                self.import_star(&module, frame, range);
                continue;
            }
            let below = || {
                if dotted.is_empty() { name.name.to_string() } else { format!("{dotted}.{}", name.name) }
            };
            let value = match &module {
                Value::External(path) => {
                    if level == 0 && self.is_absent(&below()) {
                        self.fail("ImportError", format!("no module named `{}`", below()), frame, range);
                        return;
                    }
                    let replaced = self.replaced_at(path, &name.name);
                    // A library may bring what later releases of Python have, and is read as if it were theirs.
                    let is_listed = level == 0 && replaced.is_none() && dotted == &**path;
                    if is_listed && super::library::lacks_name(path, &name.name, self.python) {
                        self.fail("ImportError", format!("`{path}` has no `{}`", name.name), frame, range);
                        return;
                    }
                    if is_listed && super::library::may_lack_name(path, &name.name, self.python) {
                        let doubt = self.doubt(frame, range, format!("whether `{path}` has `{}`", name.name));
                        self.note_import_risk(&doubt);
                    }
                    replaced.unwrap_or_else(|| super::attribute::external_attribute(path, &name.name))
                }
                Value::Module(module) if self.lacks(module, &name.name) => {
                    self.fail("ImportError", format!("`{dotted}` has no `{}`", name.name), frame, range);
                    return;
                }
                Value::Module(module) => self.imported_name(module, &name.name, frame, range),
                other => self.attribute(other, &name.name, frame, range),
            };
            let of_tree = match &module {
                Value::Module(module) => Some(module),
                _ => None,
            };
            let is_bound = of_tree.is_some_and(|module| module.scope.names.borrow().contains_key(&name.name));
            let has_no_submodule = of_tree.is_some_and(|module| module.path.file_name() != Some(INIT));
            let value = match value {
                // A submodule that nobody imported yet.
                Value::Unknown(doubt) if has_no_submodule || self.put_modules.contains_key(dotted) => {
                    if !is_bound {
                        self.note_import_risk(&doubt);
                    }
                    Value::Unknown(doubt)
                }
                Value::Unknown(doubt) => match self.imported_or_raise(&frame.module, level, &below(), frame, range) {
                    module @ (Value::Module(_) | Value::Namespace(_)) => module,
                    _ => {
                        if !is_bound {
                            self.note_import_risk(&doubt);
                        }
                        Value::Unknown(doubt)
                    }
                },
                value => value,
            };
            if self.raised.is_some() {
                return;
            }
            let bound = name.as_name.as_deref().unwrap_or(&name.name);
            self.under_risk(|interpreter| interpreter.bind(&frame.scope, bound, value));
        }
    }

    /// `from MODULE import NAME`, where the module may have it.
    fn imported_name(&mut self, module: &Module, name: &str, frame: &Frame, range: Range) -> Value {
        let found = module.scope.names.borrow().get(name).cloned();
        match found {
            Some(binding) => {
                if let Some(doubt) = self.may_lack(&binding) {
                    self.note_import_risk(&doubt);
                }
                binding.value
            }
            None => Value::Unknown(self.doubt(frame, range, format!("`{name}` is not bound there"))),
        }
    }

    /// Whether a module of the tree surely has no such name: not yet, where its own imports led here for certain. A package
    /// may have a compiled submodule of the name.
    fn lacks(&self, module: &Rc<Module>, name: &str) -> bool {
        let names = module.scope.names.borrow();
        !names.contains_key(name)
            && !names.contains_key("__getattr__")
            && !name.starts_with("__")
            && module.open.borrow().is_none()
            && module.ended.borrow().is_none()
            && (self.current_doubt().is_none() && self.in_doubt.is_none() || !self.is_being_imported(module))
            && module.path.file_name() != Some(INIT)
    }

    fn is_being_imported(&self, module: &Rc<Module>) -> bool {
        self.importing.iter().any(|one| Rc::ptr_eq(one, module))
    }

    /// What `__all__` names and the module has not bound: a submodule, or nothing.
    fn listed(&mut self, module: &Rc<Module>, name: &str, frame: &Frame, range: Range) -> Value {
        if self.lacks(module, name) {
            return self.fail("AttributeError", format!("`__all__` names `{name}`, which is not bound"), frame, range);
        }
        let is_package = module.path.file_name() == Some(INIT);
        if is_package && matches!(self.imports.resolve(&module.path, 1, name), Import::File(_)) {
            return self.imported_or_raise(module, 1, name, frame, range);
        }
        self.attribute(&Value::Module(module.clone()), name, frame, range)
    }

    fn import_star(&mut self, module: &Value, frame: &Frame, range: Range) {
        let Value::Module(module) = module else {
            let doubt = self.doubt(frame, range, "a star import of what is not in the tree");
            frame.module.open.borrow_mut().get_or_insert(doubt);
            return;
        };
        if let Some(doubt) = &*module.open.borrow() {
            frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        }
        let all = module.scope.names.borrow().get("__all__").cloned();
        let all_doubt = all.as_ref().and_then(|binding| binding.doubt.clone());
        let all = all.map(|binding| super::elements(&binding.value));
        let all = all.map(|items| {
            let names = items.ok()?.iter().map(|item| item.as_str().map(Into::into)).collect::<Option<Vec<Rc<str>>>>();
            names.filter(|_| all_doubt.is_none())
        });
        let doubts = self.doubts.len();
        let all_names = matches!(all, Some(Some(_)));
        let names: Vec<Rc<str>> = match all {
            Some(Some(names)) => names,
            // Any of its names may be among them.
            Some(None) => {
                let doubt = self.doubt(frame, range, "a star import whose `__all__` is not known");
                self.doubts.push(&doubt);
                frame.module.open.borrow_mut().get_or_insert(doubt);
                module.scope.names.borrow().keys().filter(|name| !name.starts_with("__")).cloned().collect()
            }
            None => module.scope.names.borrow().keys().filter(|name| !name.starts_with('_')).cloned().collect(),
        };
        for name in names {
            let found = module.scope.names.borrow().get(&name).cloned();
            match found {
                Some(super::value::Binding { value, doubt: None }) => self.bind(&frame.scope, &name, value),
                Some(super::value::Binding { value, doubt: Some(doubt) }) => {
                    if all_names {
                        self.note_risk(&doubt);
                    }
                    let doubts = self.doubts.len();
                    self.doubts.push(&doubt);
                    self.bind(&frame.scope, &name, value);
                    self.doubts.truncate(doubts);
                }
                None => {
                    let value = self.listed(module, &name, frame, range);
                    if self.raised.is_some() {
                        break;
                    }
                    self.bind(&frame.scope, &name, value);
                }
            }
        }
        self.doubts.truncate(doubts);
    }
}

/// Why a module of the tree is not known that cannot be read.
fn not_read(dotted: &str, problem: Problem) -> Doubt {
    Doubt::from(test_catalog::Reason { text: format!("`{dotted}` {}", problem.message), at: problem.at })
}

//! Imports by a name that is made when the tree runs.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::value::{Argument, Arguments, Doubt, Module, Value};
use super::{Frame, Interpreter, shared, sys};
use crate::imports::{INIT, Import};
use crate::syntax::ast::Range;

/// Of more modules than that, none is executed because it may be imported.
const MOST: usize = 64;

impl Interpreter<'_> {
    /// `importlib.import_module(NAME, PACKAGE)`.
    pub(super) fn import_by_name(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let name = {
            let named = || arguments.keywords.iter().find(|(key, _)| &**key == "name").map(|(_, one)| one);
            arguments.positional.first().or_else(named)?.clone()
        };
        let package = arguments.get(1, "package").and_then(Value::as_str).map(ToOwned::to_owned);
        match name.value.as_str() {
            Some(known) => {
                let dotted = absolute(known, package.as_deref())?;
                Some(self.imported_or_raise(&frame.module, 0, &dotted, frame, range))
            }
            None => {
                let beginning = beginning_of(&name);
                let prefix = beginning.as_deref().and_then(|text| absolute(text, package.as_deref()));
                Some(self.import_any(prefix.as_deref(), frame, range))
            }
        }
    }

    /// `__import__(NAME)`.
    pub(super) fn import_builtin(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let name = arguments.positional.first().cloned().into_iter().collect();
        let whole = self.import_by_name(&Arguments { positional: name, ..Arguments::default() }, frame, range)?;
        let dotted = arguments.positional.first()?.value.as_str()?.to_owned();
        if self.raised.is_some() || arguments.get(3, "fromlist").is_some() {
            return Some(whole);
        }
        let top = dotted.split('.').next().unwrap_or_default();
        Some(self.imported(&frame.module.path, top))
    }

    /// Some module is imported, of which at most the beginning of the name is known: each that it may be, may be executed now.
    fn import_any(&mut self, prefix: Option<&str>, frame: &Frame, range: Range) -> Value {
        let doubt = self.doubt(frame, range, "a module whose name is not known");
        self.note_import_risk(&doubt);
        let package = prefix.and_then(|prefix| prefix.rsplit_once('.')).map(|(package, _)| package);
        let folders = match package {
            Some(package) => self.folder_of(package).into_iter().collect(),
            None => folders_named_in(&frame.module),
        };
        let mut files = Vec::new();
        folders.iter().for_each(|folder| self.imports.modules_below(folder, MOST, &mut files));
        if files.len() > MOST {
            self.give_up_around(&folders, frame, &doubt);
            files.clear();
        }
        if self.may_run.is_empty() {
            for file in files {
                self.execute_perhaps(&file, &doubt);
            }
        }
        Value::Unknown(doubt)
    }

    /// Any of many modules may be executed. What they change is what their importer names, or what other modules of their packages hold.
    fn give_up_around(&mut self, folders: &[Utf8PathBuf], frame: &Frame, doubt: &Doubt) {
        let tops: Vec<String> = folders.iter().map(|folder| format!("{}/", self.imports.top_package(folder))).collect();
        let is_near = |path: &Utf8Path| tops.iter().any(|top| path.as_str().starts_with(top.as_str()));
        let near: Vec<_> = self.modules.values().filter(|module| is_near(&module.path)).cloned().collect();
        near.iter().for_each(|module| self.taint_state(module, doubt));
        let held: Vec<Value> = frame.module.scope.names.borrow().values().map(|one| one.value.clone()).collect();
        for value in &held {
            match value {
                Value::Module(module) => self.taint_state(module, doubt),
                other => self.taint(other, doubt),
            }
        }
    }

    /// A file of the tree may be executed as a module.
    pub(super) fn execute_perhaps(&mut self, file: &Utf8Path, doubt: &Doubt) {
        if file.starts_with(self.tree) && file.is_file() {
            let _ = self.perhaps(doubt, |interpreter| interpreter.module(file).is_ok());
        }
    }

    fn folder_of(&mut self, package: &str) -> Option<Utf8PathBuf> {
        match self.sys.find(package, self.imports).ok()? {
            Import::File(file) if file.file_name() == Some(INIT) => file.parent().map(Utf8Path::to_owned),
            Import::Namespace(folder) => Some(folder),
            _ => None,
        }
    }

    /// `sys.modules[NAME] = MODULE`.
    pub(super) fn put_module(&mut self, name: &str, module: Value) {
        self.put_modules.insert(name.to_owned(), (module, self.current_doubt().cloned()));
        shared::changed_for_all();
    }

    /// What an import finds in `sys.modules` that was put there; nothing where it gives what it gives otherwise.
    pub(super) fn import_put(&mut self, dotted: &str, frame: &Frame, range: Range) -> Option<Value> {
        let (value, doubt) = self.put_modules.get(dotted)?.clone();
        let doubt = doubt.filter(|doubt| !self.doubts.are_under(doubt));
        if let Some(doubt) = &doubt {
            self.note_import_risk(doubt);
        }
        let is_none = matches!(value, Value::None);
        if is_none && doubt.is_none() {
            let text = format!("`{dotted}` is kept from being imported");
            return Some(self.fail("ModuleNotFoundError", text, frame, range));
        }
        let is_of_tree = || self.sys.find(dotted, self.imports).map_or(true, |found| found != Import::Outside);
        let is_it = is_none || self.is_absent(dotted) || is_of_tree();
        is_it.then(|| doubt.map_or_else(|| value.clone(), |doubt| Value::Unknown(doubt.among([&value]))))
    }

    /// Whether a dotted name is below a module of the tree that is no package.
    pub(super) fn is_below_module(&self, dotted: &str) -> bool {
        let Some((above, _)) = dotted.rsplit_once('.') else { return false };
        let Ok(Import::File(file)) = self.sys.find(above, self.imports) else { return false };
        let may_have = |module: &Rc<Module>| {
            module.open.borrow().is_some() || module.scope.names.borrow().contains_key("__path__")
        };
        file.file_name() != Some(INIT)
            && !self.modules.get(file.as_str()).is_some_and(may_have)
            && !self.put_modules.contains_key(dotted)
            && self.sys.find(dotted, self.imports).is_ok_and(|found| found == Import::Outside)
    }

    /// `sys.modules[NAME]`, where the tree's module of that name has been imported.
    pub(super) fn module_named(&self, name: &str, frame: &Frame) -> Option<Rc<Module>> {
        if name == &*frame.module.name {
            return Some(frame.module.clone());
        }
        match self.sys.module(name)? {
            sys::Module::File(path) => self.module_of(path, name),
            _ => None,
        }
    }
}

/// The packages that a module names, and its own.
fn folders_named_in(module: &Module) -> Vec<Utf8PathBuf> {
    let folder_of = |path: &Utf8Path| {
        let is_package = path.file_name() == Some(INIT);
        path.parent().filter(|_| is_package).map(Utf8Path::to_owned)
    };
    let names = module.scope.names.borrow();
    let named = names.values().filter_map(|one| match &one.value {
        Value::Module(module) => folder_of(&module.path),
        Value::Namespace(namespace) => Some(namespace.folder.clone()),
        _ => None,
    });
    folder_of(&module.path).into_iter().chain(named).collect()
}

/// The name that a relative one means in a package.
fn absolute(name: &str, package: Option<&str>) -> Option<String> {
    let rest = name.trim_start_matches('.');
    let dots = name.len() - rest.len();
    if dots == 0 {
        return Some(name.to_owned());
    }
    let parts: Vec<&str> = package?.split('.').collect();
    let kept = parts.get(..(parts.len() + 1).checked_sub(dots)?)?.join(".");
    Some(format!("{kept}.{rest}"))
}

/// What the text of an argument begins with: `f"plugins.{name}"`, `"plugins." + name`.
fn beginning_of(argument: &Argument) -> Option<String> {
    let text = argument.source.to_string();
    let text = text.trim_start_matches(['f', 'F', '(']);
    let quote = text.chars().next().filter(|one| matches!(one, '"' | '\''))?;
    let known = text.get(1..)?.split([quote, '{']).next()?;
    known.contains('.').then(|| known.to_owned())
}

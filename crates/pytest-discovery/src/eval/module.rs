//! Modules: the body of each is executed once, when it is first imported. A file that is imported by two names is two of them.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8Path;
use test_catalog::{Problem, TreePath};

use super::exec::Flow;
use super::shared::Shared;
use super::under::Doubts;
use super::value::{Doubt, Module, Scope};
use super::{Frame, Interpreter, MOST_TRIES_AGAIN, shared};
use crate::imports::INIT;
use crate::syntax::SourceFile;
use crate::syntax::ast::Range;

/// What is imported may not be imported at all.
#[derive(Debug)]
pub(super) struct InDoubt {
    doubt: Doubt,
    /// How many cells there were before: what lies in those, others see as well.
    cells: u64,
    /// How often modules that it imports changed them.
    by_imported: u64,
}

impl Module {
    /// What may keep a package from being imported keeps what lies in it.
    fn new(path: &Utf8Path, name: Rc<str>, file: Arc<SourceFile>, package: Option<Rc<Module>>) -> Self {
        let conditions = package.as_ref().map(|one| one.conditions.borrow().clone()).unwrap_or_default();
        let hazards = package.as_ref().map(|one| one.hazards.borrow().clone()).unwrap_or_default();
        let ended = package.as_ref().and_then(|one| one.ended.borrow().clone());
        Self {
            path: path.to_owned(),
            name,
            package,
            scope: Scope::of_module(file.body.len()),
            file,
            conditions: conditions.into(),
            hazards: hazards.into(),
            risks: Shared::default(),
            open: None.into(),
            ended: ended.into(),
        }
    }

    /// The package right around it, which is no namespace package.
    pub(super) fn parent(&self) -> Option<&Rc<Self>> {
        let around = self.name.rsplit_once('.')?.0;
        self.package.as_ref().filter(|package| *package.name == *around)
    }

    /// The absolute name of what an import that stands in it names; `None` where it is not in so many packages.
    ///
    /// Source: `importlib._bootstrap._resolve_name`.
    pub(super) fn absolute<'d>(&self, level: u32, dotted: &'d str) -> Option<Cow<'d, str>> {
        if level == 0 {
            return Some(dotted.into());
        }
        let above = level as usize - usize::from(self.path.file_name() == Some(INIT));
        let mut package = &*self.name;
        for _ in 0..above {
            package = package.rsplit_once('.')?.0;
        }
        Some(if dotted.is_empty() { package.to_owned() } else { format!("{package}.{dotted}") }.into())
    }

    /// What stands for a file of text where a test needs a module.
    pub(crate) fn of_text(path: &Utf8Path, file: TreePath) -> Self {
        Self::new(path, "".into(), Arc::new(SourceFile::of_text(file)), None)
    }
}

impl Interpreter<'_> {
    /// The module of a file, executed the first time: by the name of its place among packages. While its own imports lead
    /// back to it, what it has so far.
    ///
    /// # Errors
    /// The file cannot be read, or does not parse.
    pub(crate) fn module(&mut self, path: &Utf8Path) -> Result<Rc<Module>, Problem> {
        match self.modules.get(path.as_str()) {
            Some(module) => Ok(module.clone()),
            None => self.first_import(path, self.imports.module_name(path)),
        }
    }

    /// The module of a file that is imported by that name: Python has one for each name, and executes the file for each. It
    /// forgets one that raised, and executes the file again for the next import.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn module_by(&mut self, path: &Utf8Path, name: &str) -> Result<Rc<Module>, Problem> {
        let Some(module) = self.module_of(path, name) else { return self.first_import(path, name.to_owned()) };
        if module.ended.borrow().is_none() || self.tries_again >= MOST_TRIES_AGAIN {
            self.sys.imported(name, path, self.imports, self.import_doubt().map(|(doubt, _)| doubt));
            return Ok(module);
        }
        self.tries_again += 1;
        self.first_import(path, name.to_owned())
    }

    /// The same, whether it is there or not: Python was made to forget it.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn execute_anew(&mut self, path: &Utf8Path, name: &str) -> Result<Rc<Module>, Problem> {
        self.modules.remove(path.as_str());
        self.copies.remove(name);
        self.first_import(path, name.to_owned())
    }

    /// The module of a file that was imported by that name.
    pub(super) fn module_of(&self, path: &Utf8Path, name: &str) -> Option<Rc<Module>> {
        let is_it = |module: &&Rc<Module>| *module.name == *name && module.path == path;
        self.modules.get(path.as_str()).filter(is_it).or_else(|| self.copies.get(name).filter(is_it)).cloned()
    }

    /// The same of one that may not be imported at all.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn module_perhaps(&mut self, path: &Utf8Path, name: &str, doubt: &Doubt) -> Result<Rc<Module>, Problem> {
        match self.perhaps(doubt, |interpreter| interpreter.module_by(path, name)) {
            Some(module) => module,
            // What it raises is said by the module.
            None => self.module_by(path, name),
        }
    }

    fn first_import(&mut self, path: &Utf8Path, name: String) -> Result<Rc<Module>, Problem> {
        let package = self.package_of(path, &name)?;
        // That may have imported it; it stays where a package raised behind that.
        let known = self.module_of(path, &name).filter(|module| module.ended.borrow().is_none());
        let is_there = package.as_ref().is_none_or(|package| package.ended.borrow().is_none());
        if let Some(module) = known
            && is_there
        {
            return Ok(module);
        }
        let file = self.sources.get(path)?;
        let module = Rc::new(Module::new(path, name.into(), file, package));
        if !is_there {
            return Ok(module);
        }
        if let (Some(package), None) = (&module.package, module.parent()) {
            let within = module.name.match_indices('.').map(|(end, _)| &module.name[..end]);
            self.namespaces.extend(within.filter(|name| name.len() > package.name.len()).map(Into::into));
        }
        match self.modules.get(path.as_str()).is_some_and(|one| one.name != module.name) {
            true => self.copies.insert(module.name.as_ref().into(), module.clone()),
            false => self.modules.insert(path.as_str().into(), module.clone()),
        };
        shared::changed();
        let doubt = self.import_doubt();
        self.sys.imported(&module.name, path, self.imports, doubt.as_ref().map(|(doubt, _)| doubt.clone()));
        match doubt {
            None => {
                self.execute(&module, Doubts::default());
                self.bind_in_package(&module);
            }
            Some((doubt, cells)) => self.execute_in_doubt(&module, doubt, cells),
        }
        if module.ended.borrow().is_some() {
            self.sys.raised(&module.name, path);
        }
        Ok(module)
    }

    /// The doubt that what is imported now is under, with the number of cells that there were before it.
    pub(super) fn import_doubt(&self) -> Option<(Doubt, u64)> {
        match self.current_doubt() {
            Some(doubt) => Some((doubt.clone(), shared::made())),
            None => self.in_doubt.as_ref().map(|around| (around.doubt.clone(), around.cells)),
        }
    }

    /// A module that may not be imported here is the same for all that import it. What it changes of others is changed
    /// for certain by its body, and may not be: it goes through that again, for them alone.
    fn execute_in_doubt(&mut self, module: &Rc<Module>, doubt: Doubt, cells: u64) {
        let around = self.in_doubt.replace(InDoubt { doubt: doubt.clone(), cells, by_imported: 0 });
        let ((), all) = shared::changes_of(cells, || {
            let ((), count) = shared::changes_of(cells, || self.execute(module, Doubts::default()));
            let by_imported = self.in_doubt.as_ref().map_or(0, |one| one.by_imported);
            if count > by_imported {
                let (name, file) = (module.name.clone(), module.file.clone());
                let again = Rc::new(Module::new(&module.path, name, file, None));
                let mut doubts = Doubts::default();
                doubts.push_branch(&doubt);
                self.execute(&again, doubts);
            }
            self.bind_in_package(module);
        });
        self.in_doubt = around;
        if let Some(around) = &mut self.in_doubt {
            around.by_imported += all;
        }
    }

    /// Executes a module's body, under those doubts alone.
    fn execute(&mut self, module: &Rc<Module>, doubts: Doubts) {
        let frame = Frame { scope: module.scope.clone(), module: module.clone() };
        let doubts = std::mem::replace(&mut self.doubts, doubts);
        let steps = std::mem::take(&mut self.steps);
        let calls = std::mem::take(&mut self.calls);
        let guarded = std::mem::take(&mut self.guarded);
        let catching = std::mem::take(&mut self.catching);
        let risks = self.take_risks();
        let raised = self.raised.take();
        self.importing.push(module.clone());
        let file = module.file.clone();
        if let Flow::Ended(raised) = self.block(&file.body, &frame) {
            module.ended.replace(Some(raised));
        }
        if self.is_exhausted() {
            let doubt = self.exhausted.take().unwrap_or_else(|| self.too_long(&frame, Range { start: 0, end: 0 }));
            self.note_risk(&doubt);
            module.open.replace(Some(doubt));
            module.ended.replace(None);
        }
        self.importing.pop();
        module.risks.replace(self.take_risks());
        self.restore_risks(risks);
        self.doubts.truncate(0);
        (self.doubts, self.steps, self.calls) = (doubts, steps, calls);
        (self.guarded, self.catching, self.raised) = (guarded, catching, raised);
    }
}

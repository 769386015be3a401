//! What may raise within `try`, and what may in a module that is imported: whoever imports it may do so within `try`.

use std::rc::Rc;

use super::Interpreter;
use super::exceptions::{catches, is_kind_of, is_of_imports};
use super::value::{Doubt, Raised, Value};

/// Why something may raise.
#[derive(Debug, Default, Clone)]
pub(crate) struct Risks {
    any: Option<Doubt>,
    of_import: Option<Doubt>,
}

/// What was known of risks around a `try`.
pub(super) struct Outer {
    risk: Option<Doubt>,
    import_risk: Option<Doubt>,
    is_wide: bool,
}

impl Interpreter<'_> {
    /// A `try` begins with such handlers.
    pub(super) fn guard(&mut self, caught: &Rc<[Option<Value>]>) -> Outer {
        let is_wide = caught.iter().any(|one| is_wide(one.as_ref()));
        self.guarded += u32::from(is_wide);
        self.catching.push(caught.clone());
        Outer { risk: self.risk.take(), import_risk: self.import_risk.take(), is_wide }
    }

    /// Its body ends: why it may have raised, and whether a failed import is all that this may be.
    pub(super) fn unguard(&mut self, outer: Outer) -> (Option<Doubt>, bool) {
        self.guarded -= u32::from(outer.is_wide);
        let caught = self.catching.pop().unwrap_or_default();
        let takes_imports = caught.iter().flatten().any(is_of_imports);
        let (risk, around) = match outer.is_wide {
            true => (self.risk.take(), outer.risk),
            false => (None, outer.risk.or(self.risk.take())),
        };
        let (of_import, imports_around) = match takes_imports {
            true => (self.import_risk.take(), outer.import_risk),
            false => (None, outer.import_risk.or(self.import_risk.take())),
        };
        (self.risk, self.import_risk) = (around, imports_around);
        let is_of_import = risk.is_none() && of_import.is_some();
        (risk.or(of_import), is_of_import)
    }

    /// Why what follows within `try` may not be reached.
    pub(super) fn present_risk(&self) -> Option<Doubt> {
        let of_import = self.import_risk.as_ref().filter(|_| !self.catching.is_empty());
        self.risk.as_ref().filter(|_| self.guarded > 0).or(of_import).cloned()
    }

    /// Whether anybody asks for what may raise now, and was not told yet.
    pub(super) fn is_watched(&self) -> bool {
        self.risk.is_none() && (self.guarded > 0 || !self.importing.is_empty())
    }

    /// Something unknown was called: within `try` it may have raised, and importing the module may.
    pub(super) fn note_risk(&mut self, doubt: &Doubt) {
        if self.is_watched() {
            self.risk = Some(doubt.clone());
        }
    }

    /// An import may have failed.
    pub(super) fn note_import_risk(&mut self, doubt: &Doubt) {
        self.note_risk(doubt);
        if !self.catching.is_empty() || !self.importing.is_empty() {
            self.import_risk.get_or_insert_with(|| doubt.clone());
        }
    }

    /// What was noted since a module began.
    pub(super) fn take_risks(&mut self) -> Risks {
        Risks { any: self.risk.take(), of_import: self.import_risk.take() }
    }

    /// The risks of around a module, when it has ended.
    pub(super) fn restore_risks(&mut self, around: Risks) {
        (self.risk, self.import_risk) = (around.any, around.of_import);
    }

    /// What may raise in a module may, where it is imported.
    pub(super) fn note_risks(&mut self, risks: &Risks) {
        if let Some(doubt) = &risks.any {
            self.note_risk(doubt);
        }
        if let Some(doubt) = &risks.of_import {
            self.note_import_risk(doubt);
        }
    }

    /// That exception may have been raised.
    pub(super) fn note_risk_of(&mut self, raised: &Raised, doubt: &Doubt) {
        match is_kind_of(&raised.class, "ImportError") {
            true => self.note_import_risk(doubt),
            false => self.note_risk(doubt),
        }
    }

    /// Whether handlers around take an exception; `None` where they may.
    pub(super) fn is_caught(&self, raised: &Raised) -> Option<bool> {
        let handlers = self.catching.iter().flat_map(|one| one.iter());
        let answers: Vec<Option<bool>> = handlers.map(|one| catches(one.as_ref(), raised)).collect();
        match answers.contains(&Some(true)) {
            true => Some(true),
            false => (!answers.contains(&None)).then_some(false),
        }
    }
}

/// Whether a handler takes more than failed imports.
pub(super) fn is_wide(handler: Option<&Value>) -> bool {
    handler.is_none_or(|handler| !is_of_imports(handler))
}

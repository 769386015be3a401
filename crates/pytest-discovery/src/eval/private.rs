//! Private names: within a class, `__name` is `_CLASS__name`.

use std::borrow::Cow;

use super::Frame;
use super::value::Scope;

/// What a name that stands in the source is called there.
pub(super) fn in_scope<'n>(name: &'n str, scope: &Scope) -> Cow<'n, str> {
    if !name.starts_with("__") || name.ends_with("__") {
        return Cow::Borrowed(name);
    }
    let mut around = Some(scope);
    while let Some(here) = around {
        if let Some(class) = &here.class {
            return in_class(name, &class.name);
        }
        around = here.parent.as_deref();
    }
    Cow::Borrowed(name)
}

/// The same in the body of a class.
pub(super) fn in_class<'n>(name: &'n str, class: &str) -> Cow<'n, str> {
    match class.trim_start_matches('_') {
        class if name.starts_with("__") && !name.ends_with("__") && !class.is_empty() => {
            Cow::Owned(format!("_{class}{name}"))
        }
        _ => Cow::Borrowed(name),
    }
}

impl Frame {
    /// What an attribute that stands in the source is called there.
    pub(super) fn private<'n>(&self, name: &'n str) -> Cow<'n, str> {
        in_scope(name, &self.scope)
    }
}

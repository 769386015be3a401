//! hypothesis' `given`: a test that draws some of its arguments.

use std::rc::Rc;

use super::value::{Arguments, Function, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::{ParameterKind, Range};

/// The dotted name of `given(...)`, still without its function.
pub(super) const GIVEN: &str = "hypothesis.<given>";

impl Interpreter<'_> {
    /// `given(...)` on a function: what it draws leaves the signature.
    pub(super) fn given(&mut self, function: &Rc<Function>, arguments: &Arguments, frame: &Frame, range: Range) {
        let mut drawn: Vec<Rc<str>> = arguments.keywords.iter().map(|(name, _)| name.clone()).collect();
        let shown = shown(function);
        let positional: Vec<&str> = shown
            .def
            .parameters
            .iter()
            .filter(|one| one.kind == ParameterKind::Positional)
            .map(|one| &*one.name)
            .collect();
        if arguments.positional.iter().any(|arg| matches!(arg.value, Value::Ellipsis)) {
            let doubt = self.doubt(frame, range, "draws every argument that is annotated");
            function.may_have_parameters(&doubt);
        }
        // Positional strategies fill the rightmost parameters.
        drawn.extend(positional.iter().rev().take(arguments.positional.len()).map(|name| Rc::from(*name)));
        function.draw(drawn.into());
    }
}

/// The function whose parameters Python shows.
fn shown(function: &Rc<Function>) -> Rc<Function> {
    let mut shown = function.clone();
    // Functions that wrap each other in a circle end somewhere.
    for _ in 0..100 {
        let inner = shown.wrapped();
        match inner {
            Some(inner) => shown = inner,
            None => break,
        }
    }
    shown
}

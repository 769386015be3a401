//! Bodies of modules and classes: what binds, rebinds, hides, marks and unbinds the names that become tests.

mod body;
mod marks;

use fastrand::Rng;

use crate::program::{Program, Source, chance};
use body::Body;

/// What both modules import.
const TOOLS: &str = "\
import functools
import pytest

slow = pytest.mark.slow
word = 'word'

def both(function):
    return pytest.mark.outer(pytest.mark.inner(function))

def wrapping(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

def passing(function):
    return function

def replacing(function):
    def replacement():
        pass
    return replacement
";

const IMPORTS: &str = "\
import abc, contextlib, dataclasses, enum, typing, unittest
import pytest
from pytest import mark
from tools import both, no, passing, replacing, slow, times, word, wrapping, yes
";

pub(crate) fn program(rng: &mut Rng, conditions: &str) -> Program {
    let mut program = Program::default();
    program.file("tools.py", format!("{conditions}\n{TOOLS}"));
    let mut sibling = Source::default();
    sibling.line(IMPORTS);
    let mut body = Body::of_module();
    body.statements(rng, &mut sibling, 1..5);
    if chance(rng, 30) {
        let names: Vec<String> = body.names().map(|name| format!("'{name}'")).collect();
        sibling.line(format!("__all__ = [{}]", names.join(", ")));
    }
    // Its name is no test file's: what it holds is collected only where it is imported.
    program.file("sibling.py", sibling.into_text());

    let mut module = Source::default();
    module.line(IMPORTS);
    let mut importing = Body::of_module();
    importing.import_from(rng, &mut module, &body);
    importing.statements(rng, &mut module, 5..11);
    program.file("test_module.py", module.into_text());
    program
}

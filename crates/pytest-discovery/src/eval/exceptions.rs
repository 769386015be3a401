//! Exceptions: raising them, and which handler takes them.

use std::rc::Rc;

use super::value::{Raised, Said, Source, Value};
use super::{Frame, Interpreter, stdlib};
use crate::syntax::ast::{Expr, Range};

impl Interpreter<'_> {
    /// Raises a built-in exception; the value stands for the expression that does.
    pub(super) fn fail(&mut self, class: &str, message: impl Into<Said>, frame: &Frame, range: Range) -> Value {
        let at = frame.module.file.span(range);
        // What Python's message is, is not known.
        let text = self.unknown(frame, range, "the message of an exception");
        let value = Value::Exception(Rc::new((class.into(), vec![text])));
        let certain = matches!(class, "ModuleNotFoundError" | "ImportError");
        self.raised.get_or_insert(Raised { class: class.into(), message: message.into(), at, value, certain });
        self.unknown(frame, range, format!("raises `{class}`"))
    }

    /// `raise` with what is behind it.
    pub(super) fn raise(&mut self, exception: Option<&Expr>, frame: &Frame, range: Range) {
        let Some(exception) = exception else {
            let again = self.handling.last().cloned();
            self.raised = Some(again.unwrap_or_else(|| Raised {
                class: "an exception".into(),
                message: "raise".to_owned().into(),
                at: frame.module.file.span(range),
                value: self.not_known(frame, range),
                certain: false,
            }));
            return;
        };
        let mut value = self.eval(exception, frame);
        if self.raised.is_some() {
            return;
        }
        if matches!(&value, Value::Class(_))
            || matches!(&value, Value::External(path) if path.strip_prefix("builtins.").is_some_and(stdlib::is_exception))
        {
            value = self.apply(&value, super::value::Arguments::default(), None, frame, exception.range);
            if self.raised.is_some() {
                return;
            }
        }
        if is_no_exception(&value) {
            self.fail("TypeError", "what is raised is no exception".to_owned(), frame, range);
            return;
        }
        let class = match &value {
            Value::Exception(exception) => exception.0.clone(),
            Value::Instance(instance) => instance.class.name.clone(),
            _ => {
                let source = frame.module.file.slice(exception.range).unwrap_or_default();
                source.split('(').next().unwrap_or_default().into()
            }
        };
        self.raised = Some(Raised {
            class,
            message: Source::of(frame, range).into(),
            at: frame.module.file.span(range),
            value,
            certain: self.handling.last().is_none_or(|handled| handled.certain),
        });
    }

    /// `pytest.skip(...)` and its like, which end what runs.
    pub(super) fn outcome(&mut self, class: &str, frame: &Frame, range: Range) -> Value {
        self.raised = Some(Raised {
            class: class.into(),
            message: Source::of(frame, range).into(),
            at: frame.module.file.span(range),
            value: Value::Exception(Rc::new((class.into(), Vec::new()))),
            certain: self.handling.last().is_none_or(|handled| handled.certain),
        });
        self.not_known(frame, range)
    }
}

/// Whether a value can be raised by nobody.
fn is_no_exception(value: &Value) -> bool {
    match value {
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Str(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Tuple(_)
        | Value::Dict(_) => true,
        Value::Instance(instance) => {
            instance.class.doubt.borrow().is_none() && !instance.class.has_external(|path| path != "builtins.object")
        }
        _ => false,
    }
}

/// Whether a handler takes an exception; `None` where it is not known.
pub(super) fn catches(handler: Option<&Value>, raised: &Raised) -> Option<bool> {
    let Some(handler) = handler else { return Some(true) };
    match handler {
        Value::Tuple(items) => {
            let mut unknown = false;
            for item in items.iter() {
                match catches(Some(item), raised) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            if unknown { None } else { Some(false) }
        }
        Value::External(path) => {
            let wanted = path.strip_prefix("builtins.");
            match &raised.value {
                Value::Exception(exception) => match wanted {
                    Some(wanted) => Some(is_kind_of(&exception.0, wanted)),
                    None if matches!(&**path, "pytest.skip.Exception" | "_pytest.outcomes.Skipped") => {
                        Some(&*exception.0 == "Skipped")
                    }
                    None if path.starts_with("json.") || path.starts_with("subprocess.") => Some(false),
                    // A class of a library may be a built-in one under another name.
                    None => None,
                },
                Value::Instance(instance) => {
                    let class = &instance.class;
                    let known = class.mro.iter().any(|base| match base {
                        Value::External(base) => match (base.strip_prefix("builtins."), wanted) {
                            (Some(base), Some(wanted)) => is_kind_of(base, wanted),
                            _ => base == path,
                        },
                        _ => false,
                    });
                    let foreign =
                        class.doubt.borrow().is_some() || class.has_external(|base| !base.starts_with("builtins."));
                    if known {
                        Some(true)
                    } else if foreign || wanted.is_none() {
                        None
                    } else {
                        Some(false)
                    }
                }
                // Of a library: it is an `Exception` at least.
                _ => matches!(wanted, Some("Exception" | "BaseException")).then_some(true),
            }
        }
        Value::Class(wanted) => match &raised.value {
            Value::Instance(instance) => {
                let derives = instance.class.derives_from(wanted);
                (derives || instance.class.doubt.borrow().is_none()).then_some(derives)
            }
            Value::Exception(_) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a handler takes failed imports only.
pub(super) fn is_of_imports(handler: &Value) -> bool {
    match handler {
        Value::Tuple(items) => items.iter().all(is_of_imports),
        Value::External(path) => matches!(&**path, "builtins.ImportError" | "builtins.ModuleNotFoundError"),
        _ => false,
    }
}

/// Whether a handler takes whatever is raised, as far as libraries raise.
pub(super) fn is_catch_all(handler: &Value) -> bool {
    match handler {
        Value::Tuple(items) => items.iter().any(is_catch_all),
        Value::External(path) => matches!(&**path, "builtins.Exception" | "builtins.BaseException"),
        _ => false,
    }
}

/// Whether a built-in exception is another one, or derives from it.
pub(super) fn is_kind_of(class: &str, wanted: &str) -> bool {
    let same = |name: &str| {
        if matches!(name, "IOError" | "EnvironmentError") { "OSError".to_owned() } else { name.to_owned() }
    };
    let wanted = same(wanted);
    let mut class = same(class);
    loop {
        if class == wanted {
            return true;
        }
        match parent(&class) {
            Some(above) => class = above.to_owned(),
            None => return false,
        }
    }
}

/// The class that a built-in exception derives from.
fn parent(class: &str) -> Option<&'static str> {
    Some(match class {
        "BaseException" => return None,
        "Exception" | "KeyboardInterrupt" | "SystemExit" | "GeneratorExit" | "Skipped" | "BaseExceptionGroup"
        | "Failed" | "Exit" => "BaseException",
        "ZeroDivisionError" | "OverflowError" | "FloatingPointError" => "ArithmeticError",
        "IndexError" | "KeyError" => "LookupError",
        "ModuleNotFoundError" => "ImportError",
        "UnboundLocalError" => "NameError",
        "RecursionError" | "NotImplementedError" => "RuntimeError",
        "IndentationError" => "SyntaxError",
        "TabError" => "IndentationError",
        "UnicodeError" => "ValueError",
        "UnicodeDecodeError" | "UnicodeEncodeError" | "UnicodeTranslateError" => "UnicodeError",
        "ConnectionError" | "BlockingIOError" | "ChildProcessError" | "FileExistsError" | "FileNotFoundError"
        | "InterruptedError" | "IsADirectoryError" | "NotADirectoryError" | "PermissionError"
        | "ProcessLookupError" | "TimeoutError" => "OSError",
        "BrokenPipeError" | "ConnectionAbortedError" | "ConnectionRefusedError" | "ConnectionResetError" => {
            "ConnectionError"
        }
        "UserWarning"
        | "DeprecationWarning"
        | "PendingDeprecationWarning"
        | "RuntimeWarning"
        | "SyntaxWarning"
        | "FutureWarning"
        | "ImportWarning"
        | "UnicodeWarning"
        | "BytesWarning"
        | "ResourceWarning"
        | "EncodingWarning" => "Warning",
        _ => "Exception",
    })
}

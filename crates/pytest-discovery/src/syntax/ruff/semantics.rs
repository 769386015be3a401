//! What parses and yet is no Python: `return` outside a function, a parameter twice, `f(a=1, a=2)`.
//!
//! Python's compiler refuses these when it imports the module, in the bodies of functions as well. Where a check would
//! take knowledge of bindings that is not collected here, the answer is the one that accepts.

use std::cell::RefCell;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Comprehension, ExceptHandler, Expr, ModModule, PythonVersion, Stmt};
use ruff_python_parser::semantic_errors::{
    LazyImportContext, SemanticSyntaxChecker, SemanticSyntaxContext, SemanticSyntaxError,
};
use ruff_text_size::TextRange;

use super::Rejected;
use crate::syntax::plain::MOST_DIGITS;

/// The first place at which Python's compiler would refuse a module that parses.
pub(super) fn check(module: &ModModule, text: &str, python: PythonVersion) -> Option<Rejected> {
    let mut walk = Walk { checker: SemanticSyntaxChecker::new(), place: Place { text, python, ..Place::default() } };
    walk.visit_body(&module.body);
    walk.place.first.take()
}

struct Walk<'t> {
    checker: SemanticSyntaxChecker,
    place: Place<'t>,
}

/// Where the walk is.
#[derive(Default)]
struct Place<'t> {
    text: &'t str,
    python: PythonVersion,
    /// What encloses, from the outside; the module is not among it.
    scopes: Vec<Scope>,
    /// Loops of the innermost scope around this.
    loops: usize,
    /// Generator expressions around this.
    generators: usize,
    /// Whether the innermost comprehension or generator expression around this is asynchronous; `None` without one in the innermost scope.
    comprehension: Option<bool>,
    first: RefCell<Option<Rejected>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Function { is_async: bool },
    Class,
    Lambda,
}

impl Walk<'_> {
    fn within(&mut self, scope: Scope, visit: impl FnOnce(&mut Self)) {
        self.place.scopes.push(scope);
        let loops = std::mem::take(&mut self.place.loops);
        let comprehension = self.place.comprehension.take();
        visit(self);
        (self.place.loops, self.place.comprehension) = (loops, comprehension);
        self.place.scopes.pop();
    }

    /// A comprehension: its first iterable stands outside.
    fn comprehension<'e>(&mut self, clauses: &'e [Comprehension], elements: impl IntoIterator<Item = &'e Expr>) {
        let Some((first, rest)) = clauses.split_first() else { return };
        self.visit_expr(&first.iter);
        let outer = self.place.comprehension.replace(clauses.iter().any(|clause| clause.is_async));
        elements.into_iter().chain([&first.target]).chain(&first.ifs).for_each(|inner| self.visit_expr(inner));
        rest.iter().for_each(|clause| self.visit_comprehension(clause));
        self.place.comprehension = outer;
    }

    fn repeated(&mut self, body: &[Stmt]) {
        self.place.loops += 1;
        self.visit_body(body);
        self.place.loops -= 1;
    }
}

impl Visitor<'_> for Walk<'_> {
    fn visit_stmt(&mut self, statement: &Stmt) {
        self.checker.visit_stmt(statement, &self.place);
        match statement {
            Stmt::FunctionDef(def) => {
                def.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                self.visit_parameters(&def.parameters);
                if let Some(returns) = &def.returns {
                    self.visit_annotation(returns);
                }
                self.within(Scope::Function { is_async: def.is_async }, |walk| walk.visit_body(&def.body));
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.within(Scope::Class, |walk| walk.visit_body(&class.body));
            }
            Stmt::For(it) => {
                self.visit_expr(&it.iter);
                self.visit_expr(&it.target);
                self.repeated(&it.body);
                self.visit_body(&it.orelse);
            }
            Stmt::While(it) => {
                self.visit_expr(&it.test);
                self.repeated(&it.body);
                self.visit_body(&it.orelse);
            }
            Stmt::Try(it) => {
                let mut before_last = it.handlers.iter().rev().skip(1);
                if let Some(bare) = before_last.find(|handler| is_bare(handler)) {
                    let why = "`except:` without an exception has to be the last";
                    self.place.first.borrow_mut().get_or_insert_with(|| Rejected::new(why, bare));
                }
                visitor::walk_stmt(self, statement);
            }
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expression: &Expr) {
        self.checker.visit_expr(expression, &self.place);
        match expression {
            Expr::Lambda(lambda) => {
                lambda.parameters.iter().for_each(|parameters| self.visit_parameters(parameters));
                self.within(Scope::Lambda, |walk| walk.visit_expr(&lambda.body));
            }
            Expr::NumberLiteral(number) => {
                let text = &self.place.text[number.range];
                let is_decimal = number.value.is_int() && !text.starts_with('0');
                if is_decimal && text.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS {
                    let why = "a number with too many digits";
                    self.place.first.borrow_mut().get_or_insert_with(|| Rejected::new(why, number));
                }
            }
            Expr::Generator(it) => {
                self.place.generators += 1;
                self.comprehension(&it.generators, [&*it.elt]);
                self.place.generators -= 1;
            }
            Expr::ListComp(it) => self.comprehension(&it.generators, [&*it.elt]),
            Expr::SetComp(it) => self.comprehension(&it.generators, [&*it.elt]),
            Expr::DictComp(it) => self.comprehension(&it.generators, it.key.as_deref().into_iter().chain([&*it.value])),
            other => visitor::walk_expr(self, other),
        }
    }
}

fn is_bare(handler: &ExceptHandler) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    handler.type_.is_none()
}

impl SemanticSyntaxContext for Place<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        false
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        None
    }

    /// Before annotations were forbidden some expressions.
    fn python_version(&self) -> PythonVersion {
        self.python.min(PythonVersion::PY313)
    }

    fn source(&self) -> &str {
        self.text
    }

    fn global(&self, _name: &str) -> Option<TextRange> {
        None
    }

    fn has_nonlocal_binding(&self, _name: &str) -> bool {
        true
    }

    fn in_async_context(&self) -> bool {
        self.scopes.last() == Some(&Scope::Function { is_async: true })
    }

    fn in_await_allowed_context(&self) -> bool {
        true
    }

    fn in_yield_allowed_context(&self) -> bool {
        matches!(self.scopes.last(), Some(Scope::Function { .. } | Scope::Lambda))
    }

    /// Of the innermost one, as Python's compiler has it.
    fn in_sync_comprehension(&self) -> bool {
        self.comprehension == Some(false)
    }

    fn in_class_body_comprehension(&self) -> bool {
        false
    }

    fn in_module_scope(&self) -> bool {
        self.scopes.is_empty()
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.scopes.last(), Some(Scope::Function { .. }))
    }

    fn in_generator_context(&self) -> bool {
        self.generators > 0
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.first.borrow_mut().get_or_insert_with(|| Rejected::new(&error, &error.range));
    }

    fn in_loop_context(&self) -> bool {
        self.loops > 0
    }

    fn is_bound_parameter(&self, _name: &str) -> bool {
        false
    }
}

//! The front end on `ruff_python_parser`: its tree becomes ours.
//!
//! Its trees are borrowed, not taken apart: most of what they hold (the bodies of functions) is left where it is.

mod expressions;
mod semantics;

use std::fmt::Display;
use std::sync::Arc;

use ruff_python_ast::{self as python, ElifElseClause, PythonVersion};
use ruff_python_parser::{Mode, ParseError, ParseOptions, parse_module};
use ruff_text_size::Ranged;

use super::ast::{
    Alias, Annotation, Case, Class, Expr, ExprKind, For, Function, Handler, Parameter, Pattern, Range, Stmt, StmtKind,
};
use super::body::{Body, Source};
use super::lower::{self, identifier};
use super::plain::Hidden;
use super::text::SourceText;

/// Why a text is no module, and where.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) message: String,
    pub(super) offset: u32,
}

impl Rejected {
    fn new(why: impl Display, at: &impl Ranged) -> Self {
        Self { message: why.to_string(), offset: at.start().to_u32() }
    }
}

/// Parses and checks a module but for the functions that are hidden from it, and leaves all bodies for later.
pub(super) fn parse_without(
    hidden: &Hidden,
    text: &str,
    again: &Arc<SourceText>,
    python: crate::PythonVersion,
) -> Result<Vec<Stmt>, Rejected> {
    parse_as(&hidden.text, text, Some(Later { text, again, hidden }), python)
}

/// Parses and checks all of a module.
#[cfg(test)]
pub(super) fn parse(text: &str) -> Result<Vec<Stmt>, Rejected> {
    parse_as(text, text, None, crate::PythonVersion::LATEST)
}

/// `shown` is the text with or without what is hidden.
fn parse_as(
    shown: &str,
    text: &str,
    later: Option<Later<'_>>,
    python: crate::PythonVersion,
) -> Result<Vec<Stmt>, Rejected> {
    // Syntax of later releases is refused as that one does.
    let python = release(python);
    let options = ParseOptions::from(Mode::Module).with_target_version(python);
    let module = ruff_python_parser::parse(shown, options)
        .map_err(|error| Rejected::new(&error.error, &error))?
        .try_into_module()
        .ok_or_else(|| Rejected { message: "no module".to_owned(), offset: 0 })?;
    if let Some(error) = module.unsupported_syntax_errors().first() {
        return Err(Rejected::new(error, error));
    }
    if let Some(rejected) = semantics::check(module.syntax(), shown, python) {
        return Err(rejected);
    }
    Ok(Lowering { text, shift: 0, later, yields: false }.statements(module.suite()))
}

/// The latest one that the parser knows stands for all behind it.
fn release(python: crate::PythonVersion) -> PythonVersion {
    let number = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
    PythonVersion { major: number(python.major), minor: number(python.minor) }.min(PythonVersion::latest())
}

/// Parses a module whose text, but for its beginning, is that of `file` from `shift` on.
pub(super) fn parse_at(module: &str, file: &str, shift: u32) -> Result<Vec<Stmt>, ParseError> {
    let module = parse_module(module)?;
    Ok(Lowering { text: file, shift, later: None, yields: false }.statements(module.suite()))
}

struct Lowering<'a> {
    text: &'a str,
    /// What to add to each offset.
    shift: u32,
    /// Where functions are to read their bodies from later.
    later: Option<Later<'a>>,
    /// Whether the function that is being lowered has had a `yield` so far.
    yields: bool,
}

/// A file's text, and what of it the parser has not seen.
#[derive(Clone, Copy)]
struct Later<'a> {
    text: &'a str,
    again: &'a Arc<SourceText>,
    hidden: &'a Hidden,
}

impl Lowering<'_> {
    fn range(&self, node: &impl Ranged) -> Range {
        Range { start: node.start().to_u32() + self.shift, end: node.end().to_u32() + self.shift }
    }

    fn statements(&mut self, suite: &[python::Stmt]) -> Vec<Stmt> {
        suite.iter().map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: &python::Stmt) -> Stmt {
        let mut range = self.range(statement);
        let kind = match statement {
            python::Stmt::FunctionDef(def) => {
                let function = self.function(range, def);
                range = function.range;
                StmtKind::Function(Arc::new(function))
            }
            python::Stmt::ClassDef(class) => {
                let class = self.class(range, class);
                range = class.range;
                StmtKind::Class(Arc::new(class))
            }
            python::Stmt::Return(it) => StmtKind::Return(self.optional(it.value.as_deref())),
            python::Stmt::Delete(it) => StmtKind::Delete(self.expressions(&it.targets).into()),
            python::Stmt::Assign(it) => {
                StmtKind::Assign { targets: self.expressions(&it.targets).into(), value: self.expression(&it.value) }
            }
            python::Stmt::TypeAlias(it) => match &*it.name {
                python::Expr::Name(alias) => StmtKind::TypeAlias(identifier(&alias.id)),
                _ => StmtKind::Pass,
            },
            python::Stmt::AugAssign(it) => StmtKind::AugAssign {
                target: self.expression(&it.target),
                op: expressions::binary(it.op),
                value: self.boxed(&it.value),
            },
            python::Stmt::AnnAssign(it) => StmtKind::AnnAssign {
                target: self.expression(&it.target),
                annotation: Box::new(self.annotation(&it.annotation)),
                value: it.value.as_deref().map(|value| self.boxed(value)),
            },
            python::Stmt::For(it) => StmtKind::For(Arc::new(For {
                target: self.expression(&it.target),
                iter: self.expression(&it.iter),
                body: self.statements(&it.body),
                orelse: self.statements(&it.orelse),
            })),
            python::Stmt::While(it) => StmtKind::While {
                test: self.boxed(&it.test),
                body: self.statements(&it.body).into(),
                orelse: self.statements(&it.orelse).into(),
            },
            python::Stmt::If(it) => StmtKind::If {
                test: self.boxed(&it.test),
                body: self.statements(&it.body).into(),
                orelse: self.otherwise(&it.elif_else_clauses).into(),
            },
            python::Stmt::With(it) => StmtKind::With {
                items: it
                    .items
                    .iter()
                    .map(|item| (self.expression(&item.context_expr), self.optional(item.optional_vars.as_deref())))
                    .collect(),
                body: self.statements(&it.body),
            },
            python::Stmt::Match(it) => StmtKind::Match {
                subject: self.expression(&it.subject),
                cases: it.cases.iter().map(|case| self.case(case)).collect(),
            },
            python::Stmt::Raise(it) => {
                let raised = self.optional(it.exc.as_deref());
                self.only_yields(it.cause.as_deref());
                StmtKind::Raise(raised)
            }
            python::Stmt::Try(it) => StmtKind::Try {
                body: self.statements(&it.body).into(),
                handlers: it.handlers.iter().map(|handler| self.handler(handler)).collect(),
                orelse: self.statements(&it.orelse).into(),
                finally: self.statements(&it.finalbody).into(),
            },
            python::Stmt::Assert(it) => {
                let test = self.expression(&it.test);
                self.only_yields(it.msg.as_deref());
                StmtKind::Assert(test)
            }
            python::Stmt::Import(it) => StmtKind::Import(aliases(&it.names)),
            python::Stmt::ImportFrom(it) => StmtKind::ImportFrom {
                level: it.level,
                module: it.module.as_ref().map(|module| identifier(module)),
                names: aliases(&it.names),
            },
            python::Stmt::Global(it) => StmtKind::Global(it.names.iter().map(|name| identifier(name)).collect()),
            python::Stmt::Nonlocal(it) => StmtKind::Nonlocal(it.names.iter().map(|name| identifier(name)).collect()),
            python::Stmt::Expr(it) => match self.hidden_function(it) {
                Some(function) => StmtKind::Function(Arc::new(function)),
                None => StmtKind::Expr(self.expression(&it.value)),
            },
            // IPython's commands are no part of a module: the parser does not take them for one.
            python::Stmt::Pass(_) | python::Stmt::IpyEscapeCommand(_) => StmtKind::Pass,
            python::Stmt::Break(_) => StmtKind::Break,
            python::Stmt::Continue(_) => StmtKind::Continue,
        };
        Stmt { range, kind }
    }

    /// What the tree leaves out may still make its function a generator.
    fn only_yields(&mut self, expression: Option<&python::Expr>) {
        self.optional(expression);
    }

    fn function(&mut self, range: Range, def: &python::StmtFunctionDef) -> Function {
        let decorators = self.decorators(&def.decorator_list);
        let parameters = self.parameters(Some(&def.parameters));
        let annotations = self.annotations(def);
        let range = lower::behind(range, self.text, &decorators);
        let (body, is_generator) = self.body(def);
        Function {
            range,
            name: identifier(&def.name),
            is_async: def.is_async,
            is_generator,
            decorators,
            type_parameters: type_parameters(def.type_params.as_deref()),
            parameters,
            annotations,
            body,
        }
    }

    fn annotation(&mut self, annotation: &python::Expr) -> Annotation {
        let value = self.expression(annotation);
        let text = self.text.get(value.range.start as usize..value.range.end as usize).unwrap_or_default().into();
        Annotation { value, text }
    }

    fn annotations(&mut self, def: &python::StmtFunctionDef) -> Box<[Expr]> {
        let given = &def.parameters;
        let plain = given.args.iter().chain(&given.posonlyargs).map(|one| &one.parameter);
        let keyword_only = given.kwonlyargs.iter().map(|one| &one.parameter);
        let parameters = plain.chain(given.vararg.as_deref()).chain(keyword_only).chain(given.kwarg.as_deref());
        let annotations = parameters.filter_map(|one| one.annotation.as_deref()).chain(def.returns.as_deref());
        lower::telling(annotations.map(|one| self.expression(one)))
    }

    /// The function that is hidden behind an empty tuple, if one is.
    fn hidden_function(&self, statement: &python::StmtExpr) -> Option<Function> {
        let Later { text, again, hidden } = self.later?;
        let python::Expr::Tuple(python::ExprTuple { elts, .. }) = &*statement.value else { return None };
        let function = elts.is_empty().then(|| hidden.at(statement.start().to_u32()))??;
        let head = function.head.as_ref()?;
        let name = |range: Range| text.get(range.start as usize..range.end as usize).unwrap_or_default().into();
        let range = Range { start: head.colon, end: function.range.end };
        Some(Function {
            range: function.range,
            name: name(head.name),
            is_async: head.is_async,
            is_generator: function.yields,
            decorators: Vec::new(),
            type_parameters: Box::default(),
            annotations: Box::default(),
            parameters: hidden
                .parameters(head)
                .iter()
                .map(|parameter| Parameter { name: name(parameter.name), kind: parameter.kind, default: None })
                .collect(),
            body: Body::on_demand(Source { text: again.clone(), range, is_async: head.is_async }),
        })
    }

    /// A function's body, and whether it makes its function a generator. One that may is read at once.
    fn body(&mut self, def: &python::StmtFunctionDef) -> (Body, bool) {
        let head = def.returns.as_deref().map_or(def.parameters.end(), Ranged::end).to_u32() + self.shift;
        if let Some(Later { text, again, hidden }) = self.later
            && let Some(start) = colon(text, head)
        {
            let range = Range { start, end: def.end().to_u32() + self.shift };
            let may_yield = || text.get(start as usize..range.end as usize).is_none_or(|body| body.contains("yield"));
            let first = def.body.first().map_or(0, |first| first.start().to_u32());
            let is_generator = match hidden.at(first).filter(|hidden| hidden.head.is_none()) {
                Some(body) => Some(body.yields),
                None => (!may_yield()).then_some(false),
            };
            if let Some(is_generator) = is_generator {
                let source = Source { text: again.clone(), range, is_async: def.is_async };
                return (Body::on_demand(source), is_generator);
            }
        }
        let outer = std::mem::replace(&mut self.yields, false);
        let body = self.statements(&def.body);
        let is_generator = std::mem::replace(&mut self.yields, outer);
        (Body::read(body), is_generator)
    }

    fn class(&mut self, range: Range, class: &python::StmtClassDef) -> Class {
        let decorators = self.decorators(&class.decorator_list);
        Class {
            range: lower::behind(range, self.text, &decorators),
            name: identifier(&class.name),
            decorators,
            type_parameters: type_parameters(class.type_params.as_deref()),
            bases: self.expressions(class.bases()),
            keywords: self.keywords(class.keywords()),
            body: self.statements(&class.body),
        }
    }

    fn decorators(&mut self, decorators: &[python::Decorator]) -> Vec<Expr> {
        decorators.iter().map(|decorator| self.expression(&decorator.expression)).collect()
    }

    /// `elif` is an `if` in the `else` before it.
    fn otherwise(&mut self, clauses: &[ElifElseClause]) -> Vec<Stmt> {
        let end = clauses.last().map_or(0, |last| self.range(last).end);
        let mut orelse = Vec::new();
        for clause in clauses.iter().rev() {
            let body = self.statements(&clause.body);
            orelse = match &clause.test {
                None => body,
                Some(test) => {
                    let range = Range { start: self.range(clause).start, end };
                    let (test, body, orelse) = (self.boxed(test), body.into(), orelse.into());
                    vec![Stmt { range, kind: StmtKind::If { test, body, orelse } }]
                }
            };
        }
        orelse
    }

    fn handler(&mut self, handler: &python::ExceptHandler) -> Handler {
        let python::ExceptHandler::ExceptHandler(handler) = handler;
        Handler {
            exception: self.optional(handler.type_.as_deref()),
            name: handler.name.as_ref().map(|name| identifier(name)),
            body: self.statements(&handler.body),
        }
    }

    fn case(&mut self, case: &python::MatchCase) -> Case {
        Case {
            pattern: self.pattern(&case.pattern),
            guard: self.optional(case.guard.as_deref()),
            body: self.statements(&case.body),
        }
    }

    fn pattern(&mut self, pattern: &python::Pattern) -> Pattern {
        match pattern {
            python::Pattern::MatchValue(it) => Pattern::Value(self.expression(&it.value)),
            python::Pattern::MatchSingleton(it) => {
                let constant = expressions::singleton(it.value);
                Pattern::Value(Expr { range: self.range(it), kind: ExprKind::Constant(constant) })
            }
            python::Pattern::MatchAs(it) if it.pattern.is_none() => {
                Pattern::Capture(it.name.as_ref().map(|name| identifier(name)))
            }
            python::Pattern::MatchOr(it) => {
                Pattern::Or(it.patterns.iter().map(|pattern| self.pattern(pattern)).collect())
            }
            other => {
                let mut names = Vec::new();
                captured(other, &mut names);
                Pattern::Structure(names)
            }
        }
    }
}

/// The colon behind the head of a function, from the end of its last expression on: closing brackets, line breaks
/// and comments may stand between.
fn colon(text: &str, from: u32) -> Option<u32> {
    let mut in_comment = false;
    for (index, byte) in text.as_bytes().get(from as usize..)?.iter().enumerate() {
        match byte {
            b'\n' => in_comment = false,
            b'#' => in_comment = true,
            b':' if !in_comment => return from.checked_add(u32::try_from(index).ok()?),
            _ => {}
        }
    }
    None
}

fn aliases(aliases: &[python::Alias]) -> Vec<Alias> {
    let alias = |alias: &python::Alias| Alias {
        name: identifier(&alias.name),
        as_name: alias.asname.as_ref().map(|name| identifier(name)),
    };
    aliases.iter().map(alias).collect()
}

fn captured(pattern: &python::Pattern, names: &mut Vec<Box<str>>) {
    match pattern {
        python::Pattern::MatchValue(_) | python::Pattern::MatchSingleton(_) => {}
        python::Pattern::MatchSequence(it) => it.patterns.iter().for_each(|inner| captured(inner, names)),
        python::Pattern::MatchMapping(it) => {
            it.patterns.iter().for_each(|inner| captured(inner, names));
            names.extend(it.rest.as_ref().map(|name| identifier(name)));
        }
        python::Pattern::MatchClass(it) => {
            let by_keyword = it.arguments.keywords.iter().map(|keyword| &keyword.pattern);
            it.arguments.patterns.iter().chain(by_keyword).for_each(|inner| captured(inner, names));
        }
        python::Pattern::MatchStar(it) => names.extend(it.name.as_ref().map(|name| identifier(name))),
        python::Pattern::MatchAs(it) => {
            if let Some(inner) = &it.pattern {
                captured(inner, names);
            }
            names.extend(it.name.as_ref().map(|name| identifier(name)));
        }
        python::Pattern::MatchOr(it) => it.patterns.iter().for_each(|inner| captured(inner, names)),
    }
}

fn type_parameters(given: Option<&python::TypeParams>) -> Box<[Box<str>]> {
    given.into_iter().flat_map(|given| given.iter()).map(|one| identifier(&one.name().id)).collect()
}

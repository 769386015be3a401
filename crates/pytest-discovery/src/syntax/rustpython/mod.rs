//! The front end on `rustpython-parser`, which tests hold the other one against: its tree becomes ours.

mod expressions;

use std::sync::Arc;

use rustpython_parser::ast::{self as python, Ranged};
use rustpython_parser::{Parse, ParseError};

use super::ast::{
    Alias, Annotation, Case, Class, Expr, ExprKind, For, Function, Handler, Pattern, Range, Stmt, StmtKind,
};
use super::body::Body;
use super::lower;

/// Parses a module, with the bodies of its functions.
pub(super) fn parse(text: &str) -> Result<Vec<Stmt>, ParseError> {
    Ok(Lowering { text, yields: false }.statements(python::Suite::parse(text, "")?))
}

struct Lowering<'a> {
    text: &'a str,
    /// Whether the function that is being lowered has had a `yield` so far.
    yields: bool,
}

impl Lowering<'_> {
    fn range(&self, node: &impl Ranged) -> Range {
        Range { start: node.start().to_u32(), end: node.end().to_u32() }
    }

    fn statements(&mut self, suite: Vec<python::Stmt>) -> Vec<Stmt> {
        suite.into_iter().map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: python::Stmt) -> Stmt {
        let range = self.range(&statement);
        let kind = match statement {
            python::Stmt::FunctionDef(def) => self.function(range, def, false),
            python::Stmt::AsyncFunctionDef(def) => self.function(range, plain(def), true),
            python::Stmt::ClassDef(class) => {
                let decorators = self.expressions(class.decorator_list);
                StmtKind::Class(Arc::new(Class {
                    range: lower::behind(range, self.text, &decorators),
                    name: name(class.name),
                    decorators,
                    type_parameters: type_parameters(class.type_params),
                    bases: self.expressions(class.bases),
                    keywords: self.keywords(class.keywords),
                    body: self.statements(class.body),
                }))
            }
            python::Stmt::Return(it) => StmtKind::Return(self.optional(it.value)),
            python::Stmt::Delete(it) => StmtKind::Delete(self.expressions(it.targets).into()),
            python::Stmt::Assign(it) => {
                StmtKind::Assign { targets: self.expressions(it.targets).into(), value: self.expression(*it.value) }
            }
            python::Stmt::TypeAlias(it) => match *it.name {
                python::Expr::Name(alias) => StmtKind::TypeAlias(name(alias.id)),
                _ => StmtKind::Pass,
            },
            python::Stmt::AugAssign(it) => StmtKind::AugAssign {
                target: self.expression(*it.target),
                op: expressions::binary(it.op),
                value: self.boxed(it.value),
            },
            python::Stmt::AnnAssign(it) => StmtKind::AnnAssign {
                target: self.expression(*it.target),
                annotation: Box::new(self.annotation(*it.annotation)),
                value: it.value.map(|value| self.boxed(value)),
            },
            python::Stmt::For(it) => self.for_loop(*it.target, *it.iter, it.body, it.orelse),
            python::Stmt::AsyncFor(it) => self.for_loop(*it.target, *it.iter, it.body, it.orelse),
            python::Stmt::While(it) => StmtKind::While {
                test: self.boxed(it.test),
                body: self.statements(it.body).into(),
                orelse: self.statements(it.orelse).into(),
            },
            python::Stmt::If(it) => StmtKind::If {
                test: self.boxed(it.test),
                body: self.statements(it.body).into(),
                orelse: self.statements(it.orelse).into(),
            },
            python::Stmt::With(it) => self.with(it.items, it.body),
            python::Stmt::AsyncWith(it) => self.with(it.items, it.body),
            python::Stmt::Match(it) => StmtKind::Match {
                subject: self.subject(*it.subject, range),
                cases: it.cases.into_iter().map(|case| self.case(case)).collect(),
            },
            python::Stmt::Raise(it) => StmtKind::Raise(self.optional(it.exc)),
            python::Stmt::Try(it) => self.try_statement(it.body, it.handlers, it.orelse, it.finalbody),
            python::Stmt::TryStar(it) => self.try_statement(it.body, it.handlers, it.orelse, it.finalbody),
            python::Stmt::Assert(it) => StmtKind::Assert(self.expression(*it.test)),
            python::Stmt::Import(it) => StmtKind::Import(aliases(it.names)),
            python::Stmt::ImportFrom(it) => StmtKind::ImportFrom {
                level: it.level.map_or(0, |level| level.to_u32()),
                module: it.module.map(name),
                names: aliases(it.names),
            },
            python::Stmt::Global(it) => StmtKind::Global(it.names.into_iter().map(name).collect()),
            python::Stmt::Nonlocal(it) => StmtKind::Nonlocal(it.names.into_iter().map(name).collect()),
            python::Stmt::Expr(it) => StmtKind::Expr(self.expression(*it.value)),
            python::Stmt::Pass(_) => StmtKind::Pass,
            python::Stmt::Break(_) => StmtKind::Break,
            python::Stmt::Continue(_) => StmtKind::Continue,
        };
        Stmt { range, kind }
    }

    fn function(&mut self, range: Range, def: python::StmtFunctionDef, is_async: bool) -> StmtKind {
        let decorators = self.expressions(def.decorator_list);
        let annotations = self.annotations(&def.args, def.returns);
        let parameters = self.parameters(*def.args);
        let outer = std::mem::replace(&mut self.yields, false);
        let body = self.statements(def.body);
        let is_generator = std::mem::replace(&mut self.yields, outer);
        StmtKind::Function(Arc::new(Function {
            range: lower::behind(range, self.text, &decorators),
            name: name(def.name),
            is_async,
            is_generator,
            decorators,
            type_parameters: type_parameters(def.type_params),
            parameters,
            annotations,
            body: Body::read(body),
        }))
    }

    fn annotations(&mut self, given: &python::Arguments, returns: Option<Box<python::Expr>>) -> Box<[Expr]> {
        let of = |one: &python::Arg| one.annotation.as_deref().cloned();
        let plain = given.args.iter().chain(&given.posonlyargs).map(|one| &one.def);
        let keyword_only = given.kwonlyargs.iter().map(|one| &one.def);
        let parameters = plain.chain(given.vararg.as_deref()).chain(keyword_only).chain(given.kwarg.as_deref());
        let annotations = parameters.filter_map(of).chain(returns.map(|one| *one));
        lower::telling(annotations.map(|one| self.expression(one)))
    }

    fn annotation(&mut self, annotation: python::Expr) -> Annotation {
        let value = self.expression(annotation);
        let text = self.text.get(value.range.start as usize..value.range.end as usize).unwrap_or_default().into();
        Annotation { value, text }
    }

    fn for_loop(
        &mut self,
        target: python::Expr,
        iter: python::Expr,
        body: Vec<python::Stmt>,
        orelse: Vec<python::Stmt>,
    ) -> StmtKind {
        StmtKind::For(Arc::new(For {
            target: self.expression(target),
            iter: self.expression(iter),
            body: self.statements(body),
            orelse: self.statements(orelse),
        }))
    }

    fn with(&mut self, items: Vec<python::WithItem>, body: Vec<python::Stmt>) -> StmtKind {
        StmtKind::With {
            items: items
                .into_iter()
                .map(|item| (self.expression(item.context_expr), self.optional(item.optional_vars)))
                .collect(),
            body: self.statements(body),
        }
    }

    fn try_statement(
        &mut self,
        body: Vec<python::Stmt>,
        handlers: Vec<python::ExceptHandler>,
        orelse: Vec<python::Stmt>,
        finally: Vec<python::Stmt>,
    ) -> StmtKind {
        StmtKind::Try {
            body: self.statements(body).into(),
            handlers: handlers
                .into_iter()
                .map(|python::ExceptHandler::ExceptHandler(handler)| Handler {
                    exception: self.optional(handler.type_),
                    name: handler.name.map(name),
                    body: self.statements(handler.body),
                })
                .collect(),
            orelse: self.statements(orelse).into(),
            finally: self.statements(finally).into(),
        }
    }

    /// The subject of a `match`. The parser drops the comma that makes a tuple of one value, and gives a tuple
    /// without brackets the range of the statement.
    fn subject(&mut self, subject: python::Expr, statement: Range) -> Expr {
        let mut subject = self.expression(subject);
        let (bare, last) = match &subject.kind {
            ExprKind::Tuple(items) if subject.range == statement => (true, items.last().map(|item| item.range.end)),
            _ => (false, Some(subject.range.end)),
        };
        let end = last.unwrap_or(statement.end);
        let behind = self.source(end, statement.end);
        let (skipped, rest) = behind.split_at(lower::closing(behind));
        let comma = rest.starts_with(',');
        if !bare && !comma {
            return subject;
        }
        let head = self.source(statement.start, statement.end).trim_start_matches("match").trim_start();
        let behind_brackets = skipped.rfind(')').map_or("", |at| &skipped[..=at]);
        let range = Range {
            start: statement.end - length(head),
            end: end + if comma { length(skipped) + 1 } else { length(behind_brackets) },
        };
        if bare {
            subject.range = range;
            return subject;
        }
        Expr { range, kind: ExprKind::Tuple(vec![subject]) }
    }

    fn case(&mut self, case: python::MatchCase) -> Case {
        Case { pattern: self.pattern(case.pattern), guard: self.optional(case.guard), body: self.statements(case.body) }
    }

    fn pattern(&mut self, pattern: python::Pattern) -> Pattern {
        match pattern {
            python::Pattern::MatchValue(it) => Pattern::Value(self.expression(*it.value)),
            python::Pattern::MatchSingleton(it) => {
                let range = self.range(&it);
                Pattern::Value(Expr { range, kind: ExprKind::Constant(self.constant(it.value, range)) })
            }
            python::Pattern::MatchAs(it) if it.pattern.is_none() => Pattern::Capture(it.name.map(name)),
            python::Pattern::MatchOr(it) => {
                Pattern::Or(it.patterns.into_iter().map(|pattern| self.pattern(pattern)).collect())
            }
            other => {
                let mut names = Vec::new();
                captured(other, &mut names);
                Pattern::Structure(names)
            }
        }
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(0)
}

fn name(identifier: python::Identifier) -> Box<str> {
    lower::identifier(identifier.as_str())
}

fn type_parameters(given: Vec<python::TypeParam>) -> Box<[Box<str>]> {
    let named = |one: python::TypeParam| match one {
        python::TypeParam::TypeVar(one) => name(one.name),
        python::TypeParam::ParamSpec(one) => name(one.name),
        python::TypeParam::TypeVarTuple(one) => name(one.name),
    };
    given.into_iter().map(named).collect()
}

/// The two kinds of functions differ in nothing else.
fn plain(def: python::StmtAsyncFunctionDef) -> python::StmtFunctionDef {
    python::StmtFunctionDef {
        range: def.range,
        name: def.name,
        args: def.args,
        body: def.body,
        decorator_list: def.decorator_list,
        returns: def.returns,
        type_comment: def.type_comment,
        type_params: def.type_params,
    }
}

fn aliases(aliases: Vec<python::Alias>) -> Vec<Alias> {
    aliases.into_iter().map(|alias| Alias { name: name(alias.name), as_name: alias.asname.map(name) }).collect()
}

fn captured(pattern: python::Pattern, names: &mut Vec<Box<str>>) {
    match pattern {
        python::Pattern::MatchValue(_) | python::Pattern::MatchSingleton(_) => {}
        python::Pattern::MatchSequence(it) => it.patterns.into_iter().for_each(|inner| captured(inner, names)),
        python::Pattern::MatchMapping(it) => {
            it.patterns.into_iter().for_each(|inner| captured(inner, names));
            names.extend(it.rest.map(name));
        }
        python::Pattern::MatchClass(it) => {
            it.patterns.into_iter().chain(it.kwd_patterns).for_each(|inner| captured(inner, names));
        }
        python::Pattern::MatchStar(it) => names.extend(it.name.map(name)),
        python::Pattern::MatchAs(it) => {
            if let Some(inner) = it.pattern {
                captured(*inner, names);
            }
            names.extend(it.name.map(name));
        }
        python::Pattern::MatchOr(it) => it.patterns.into_iter().for_each(|inner| captured(inner, names)),
    }
}

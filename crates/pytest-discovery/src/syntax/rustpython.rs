//! The front end on `rustpython-parser`: its tree becomes ours.

use std::sync::Arc;

use rustpython_parser::ast::{self as python, Ranged};
use rustpython_parser::{Parse, ParseError};

use super::ast::{
    Alias, BinaryOp, BoolOp, Call, Case, Class, Clause, CompareOp, Comprehension, ComprehensionKind, Constant, Expr,
    ExprKind, Function, Handler, Interpolation, Parameter, ParameterKind, Pattern, Range, Stmt, StmtKind, UnaryOp,
};
use super::body::Body;
use super::lower;

/// Parses a module, with the bodies of its functions.
pub(super) fn parse(text: &str) -> Result<Vec<Stmt>, ParseError> {
    parse_at(text, text, 0)
}

/// Parses a module whose text, but for its beginning, is that of `file` from `shift` on.
pub(super) fn parse_at(module: &str, file: &str, shift: u32) -> Result<Vec<Stmt>, ParseError> {
    let suite = python::Suite::parse(module, "")?;
    Ok(Lowering { text: file, shift, yields: false }.statements(suite))
}

struct Lowering<'a> {
    text: &'a str,
    /// What to add to each offset.
    shift: u32,
    /// Whether the function that is being lowered has had a `yield` so far.
    yields: bool,
}

impl Lowering<'_> {
    fn range(&self, node: &impl Ranged) -> Range {
        Range { start: node.start().to_u32() + self.shift, end: node.end().to_u32() + self.shift }
    }

    fn statements(&mut self, suite: Vec<python::Stmt>) -> Vec<Stmt> {
        suite.into_iter().map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: python::Stmt) -> Stmt {
        let range = self.range(&statement);
        let kind = match statement {
            python::Stmt::FunctionDef(def) => {
                self.function(range, def.name, false, def.decorator_list, *def.args, def.body)
            }
            python::Stmt::AsyncFunctionDef(def) => {
                self.function(range, def.name, true, def.decorator_list, *def.args, def.body)
            }
            python::Stmt::ClassDef(class) => {
                let decorators = self.expressions(class.decorator_list);
                StmtKind::Class(Arc::new(Class {
                    range: lower::behind(range, self.text, &decorators),
                    name: name(class.name),
                    decorators,
                    bases: self.expressions(class.bases),
                    keywords: self.keywords(class.keywords),
                    body: self.statements(class.body),
                }))
            }
            python::Stmt::Return(it) => StmtKind::Return(self.optional(it.value)),
            python::Stmt::Delete(it) => StmtKind::Delete(self.expressions(it.targets)),
            python::Stmt::Assign(it) => {
                StmtKind::Assign { targets: self.expressions(it.targets), value: self.expression(*it.value) }
            }
            python::Stmt::TypeAlias(it) => match *it.name {
                python::Expr::Name(alias) => StmtKind::TypeAlias(name(alias.id)),
                _ => StmtKind::Pass,
            },
            python::Stmt::AugAssign(it) => StmtKind::AugAssign {
                target: self.expression(*it.target),
                op: binary(it.op),
                value: self.expression(*it.value),
            },
            python::Stmt::AnnAssign(it) => StmtKind::AnnAssign {
                target: self.expression(*it.target),
                annotation: self.expression(*it.annotation),
                value: self.optional(it.value),
            },
            python::Stmt::For(it) => self.for_loop(*it.target, *it.iter, it.body, it.orelse),
            python::Stmt::AsyncFor(it) => self.for_loop(*it.target, *it.iter, it.body, it.orelse),
            python::Stmt::While(it) => StmtKind::While {
                test: self.expression(*it.test),
                body: self.statements(it.body),
                orelse: self.statements(it.orelse),
            },
            python::Stmt::If(it) => StmtKind::If {
                test: self.expression(*it.test),
                body: self.statements(it.body),
                orelse: self.statements(it.orelse),
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

    fn function(
        &mut self,
        range: Range,
        identifier: python::Identifier,
        is_async: bool,
        decorators: Vec<python::Expr>,
        arguments: python::Arguments,
        body: Vec<python::Stmt>,
    ) -> StmtKind {
        let decorators = self.expressions(decorators);
        let parameters = self.parameters(arguments);
        let outer = std::mem::replace(&mut self.yields, false);
        let body = self.statements(body);
        let is_generator = std::mem::replace(&mut self.yields, outer);
        StmtKind::Function(Arc::new(Function {
            range: lower::behind(range, self.text, &decorators),
            name: name(identifier),
            is_async,
            is_generator,
            decorators,
            parameters,
            body: Body::read(body),
        }))
    }

    fn for_loop(
        &mut self,
        target: python::Expr,
        iter: python::Expr,
        body: Vec<python::Stmt>,
        orelse: Vec<python::Stmt>,
    ) -> StmtKind {
        StmtKind::For {
            target: self.expression(target),
            iter: self.expression(iter),
            body: self.statements(body),
            orelse: self.statements(orelse),
        }
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
            body: self.statements(body),
            handlers: handlers
                .into_iter()
                .map(|python::ExceptHandler::ExceptHandler(handler)| Handler {
                    exception: self.optional(handler.type_),
                    name: handler.name.map(name),
                    body: self.statements(handler.body),
                })
                .collect(),
            orelse: self.statements(orelse),
            finally: self.statements(finally),
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
        let rest = behind.trim_start_matches([' ', '\t', ')']);
        let comma = rest.starts_with(',');
        if !bare && !comma {
            return subject;
        }
        let head = self.source(statement.start, statement.end).trim_start_matches("match").trim_start();
        let skipped = &behind[..behind.len() - rest.len()];
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

    fn parameters(&mut self, arguments: python::Arguments) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        let mut plain = |lowering: &mut Self, list: Vec<python::ArgWithDefault>, kind| {
            for argument in list {
                parameters.push(Parameter {
                    name: name(argument.def.arg),
                    kind,
                    default: lowering.optional(argument.default),
                });
            }
        };
        plain(self, arguments.posonlyargs, ParameterKind::PositionalOnly);
        plain(self, arguments.args, ParameterKind::Positional);
        let mut keyword_only = Vec::new();
        for argument in arguments.kwonlyargs {
            keyword_only.push(Parameter {
                name: name(argument.def.arg),
                kind: ParameterKind::KeywordOnly,
                default: self.optional(argument.default),
            });
        }
        let rest = |argument: Option<Box<python::Arg>>, kind| {
            argument.map(|argument| Parameter { name: name(argument.arg), kind, default: None })
        };
        parameters.extend(rest(arguments.vararg, ParameterKind::Rest));
        parameters.extend(keyword_only);
        parameters.extend(rest(arguments.kwarg, ParameterKind::RestKeywords));
        parameters
    }

    fn optional(&mut self, expression: Option<Box<python::Expr>>) -> Option<Expr> {
        expression.map(|expression| self.expression(*expression))
    }

    #[expect(clippy::boxed_local, reason = "the parser's trees come in boxes")]
    fn boxed(&mut self, expression: Box<python::Expr>) -> Box<Expr> {
        Box::new(self.expression(*expression))
    }

    fn expressions(&mut self, list: Vec<python::Expr>) -> Vec<Expr> {
        list.into_iter().map(|expression| self.expression(expression)).collect()
    }

    fn keywords(&mut self, keywords: Vec<python::Keyword>) -> Vec<(Option<Box<str>>, Expr)> {
        keywords.into_iter().map(|keyword| (keyword.arg.map(name), self.expression(keyword.value))).collect()
    }

    fn expression(&mut self, expression: python::Expr) -> Expr {
        let mut range = self.range(&expression);
        let kind = match expression {
            python::Expr::Constant(it) => ExprKind::Constant(self.constant(it.value, range)),
            python::Expr::Name(it) => ExprKind::Name(name(it.id)),
            python::Expr::Attribute(it) => ExprKind::Attribute(self.boxed(it.value), name(it.attr)),
            python::Expr::Subscript(it) => {
                let object = self.boxed(it.value);
                let key = self.boxed(it.slice);
                ExprKind::Subscript(object, lower::key(key))
            }
            python::Expr::Slice(it) => {
                ExprKind::Slice([it.lower, it.upper, it.step].map(|bound| bound.map(|bound| self.boxed(bound))))
            }
            python::Expr::Call(it) => ExprKind::Call(Box::new(Call {
                function: self.expression(*it.func),
                args: self.expressions(it.args),
                keywords: self.keywords(it.keywords),
            })),
            python::Expr::Tuple(it) => ExprKind::Tuple(self.expressions(it.elts)),
            python::Expr::List(it) => ExprKind::List(self.expressions(it.elts)),
            python::Expr::Set(it) => ExprKind::Set(self.expressions(it.elts)),
            python::Expr::Dict(it) => ExprKind::Dict(
                it.keys
                    .into_iter()
                    .zip(it.values)
                    .map(|(key, value)| (key.map(|key| self.expression(key)), self.expression(value)))
                    .collect(),
            ),
            python::Expr::Starred(it) => ExprKind::Starred(self.boxed(it.value)),
            python::Expr::UnaryOp(it) => ExprKind::Unary(unary(it.op), self.boxed(it.operand)),
            python::Expr::BinOp(it) => ExprKind::Binary(self.boxed(it.left), binary(it.op), self.boxed(it.right)),
            python::Expr::BoolOp(it) => ExprKind::Bool(
                if matches!(it.op, python::BoolOp::And) { BoolOp::And } else { BoolOp::Or },
                self.expressions(it.values),
            ),
            python::Expr::Compare(it) => {
                let right = it.ops.into_iter().map(compare).zip(self.expressions(it.comparators)).collect();
                ExprKind::Compare(self.boxed(it.left), right)
            }
            python::Expr::IfExp(it) => ExprKind::Conditional {
                test: self.boxed(it.test),
                body: self.boxed(it.body),
                orelse: self.boxed(it.orelse),
            },
            python::Expr::Lambda(it) => {
                let parameters = self.parameters(*it.args);
                let outer = std::mem::replace(&mut self.yields, false);
                let body = self.expression(*it.body);
                let is_generator = std::mem::replace(&mut self.yields, outer);
                let body = vec![Stmt { range: body.range, kind: StmtKind::Return(Some(body)) }];
                ExprKind::Lambda(Arc::new(Function {
                    range,
                    name: "<lambda>".into(),
                    is_async: false,
                    is_generator,
                    decorators: Vec::new(),
                    parameters,
                    body: Body::read(body),
                }))
            }
            python::Expr::ListComp(it) => self.comprehension(ComprehensionKind::List, *it.elt, None, it.generators),
            python::Expr::SetComp(it) => self.comprehension(ComprehensionKind::Set, *it.elt, None, it.generators),
            python::Expr::GeneratorExp(it) => {
                self.comprehension(ComprehensionKind::Generator, *it.elt, None, it.generators)
            }
            python::Expr::DictComp(it) => {
                self.comprehension(ComprehensionKind::Dict, *it.key, Some(*it.value), it.generators)
            }
            python::Expr::JoinedStr(it) => ExprKind::Interpolated(self.interpolations(it.values)),
            it @ python::Expr::FormattedValue(_) => ExprKind::Interpolated(self.interpolations(vec![it])),
            python::Expr::NamedExpr(it) => {
                let target = self.boxed(it.target);
                let value = self.boxed(it.value);
                range.end = self.behind_brackets(target.range.end, value.range);
                ExprKind::Walrus(target, value)
            }
            python::Expr::Await(it) => ExprKind::Await(self.boxed(it.value)),
            python::Expr::Yield(it) => {
                self.yields = true;
                ExprKind::Yield(it.value.map(|value| self.boxed(value)))
            }
            python::Expr::YieldFrom(it) => {
                self.yields = true;
                ExprKind::YieldFrom(self.boxed(it.value))
            }
        };
        Expr { range, kind }
    }

    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: python::Expr,
        value: Option<python::Expr>,
        clauses: Vec<python::Comprehension>,
    ) -> ExprKind {
        ExprKind::Comprehension(Box::new(Comprehension {
            kind,
            element: self.expression(element),
            value: value.map(|value| self.expression(value)),
            clauses: clauses
                .into_iter()
                .map(|clause| Clause {
                    target: self.expression(clause.target),
                    iter: self.expression(clause.iter),
                    conditions: self.expressions(clause.ifs),
                    is_async: clause.is_async,
                })
                .collect(),
        }))
    }

    fn interpolations(&mut self, values: Vec<python::Expr>) -> Vec<Interpolation> {
        let mut parts = Vec::with_capacity(values.len());
        for value in values {
            match value {
                python::Expr::FormattedValue(it) => {
                    let format = match it.format_spec.map(|format| *format) {
                        Some(python::Expr::JoinedStr(format)) => self.interpolations(format.values),
                        Some(other) => self.interpolations(vec![other]),
                        None => Vec::new(),
                    };
                    parts.push(Interpolation::Value {
                        value: self.replaced(*it.value),
                        conversion: it.conversion.to_char(),
                        format,
                    });
                }
                python::Expr::JoinedStr(inner) => parts.extend(self.interpolations(inner.values)),
                python::Expr::Constant(python::ExprConstant { value: python::Constant::Str(text), .. }) => {
                    lower::literal(&mut parts, text.into());
                }
                other => {
                    parts.push(Interpolation::Value {
                        value: self.expression(other),
                        conversion: None,
                        format: Vec::new(),
                    });
                }
            }
        }
        parts
    }

    /// The value between the braces of an f-string. The parser reads it in brackets that take the place of the braces,
    /// and counts them to a tuple without any of its own.
    fn replaced(&mut self, expression: python::Expr) -> Expr {
        let mut value = self.expression(expression);
        let Range { start, end } = value.range;
        if let Some(inner) = self.source(start, end).strip_prefix('{')
            && let ExprKind::Tuple(_) = value.kind
        {
            let mut inside = inner.chars();
            inside.next_back();
            let inside = inside.as_str();
            let start = start + 1 + length(inside) - length(inside.trim_start());
            value.range = Range { start, end: start + length(inside.trim()) };
        }
        value
    }

    /// The end of a value with the brackets around it that open behind `from`: the parser leaves them out.
    fn behind_brackets(&self, from: u32, value: Range) -> u32 {
        let open = self.source(from, value.start).matches('(').count();
        let behind = self.source(value.end, length(self.text));
        let closing = behind.char_indices().filter(|(_, character)| *character == ')').take(open).last();
        value.end + closing.map_or(0, |(index, _)| u32::try_from(index + 1).unwrap_or(0))
    }

    fn source(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    fn constant(&self, constant: python::Constant, range: Range) -> Constant {
        match constant {
            python::Constant::None => Constant::None,
            python::Constant::Bool(flag) => Constant::Bool(flag),
            python::Constant::Str(text) => Constant::Str(lower::string(&text, self.text, range)),
            python::Constant::Bytes(bytes) => Constant::Bytes(bytes.into()),
            python::Constant::Int(number) => Constant::Int(number),
            python::Constant::Float(number) => Constant::Float(number),
            python::Constant::Complex { imag, .. } => Constant::Imaginary(imag),
            // The parser folds no tuples.
            python::Constant::Ellipsis | python::Constant::Tuple(_) => Constant::Ellipsis,
        }
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(0)
}

fn name(identifier: python::Identifier) -> Box<str> {
    lower::identifier(identifier.as_str())
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

fn unary(op: python::UnaryOp) -> UnaryOp {
    match op {
        python::UnaryOp::Not => UnaryOp::Not,
        python::UnaryOp::USub => UnaryOp::Minus,
        python::UnaryOp::UAdd => UnaryOp::Plus,
        python::UnaryOp::Invert => UnaryOp::Invert,
    }
}

fn binary(op: python::Operator) -> BinaryOp {
    match op {
        python::Operator::Add => BinaryOp::Add,
        python::Operator::Sub => BinaryOp::Sub,
        python::Operator::Mult => BinaryOp::Mult,
        python::Operator::MatMult => BinaryOp::MatMult,
        python::Operator::Div => BinaryOp::Div,
        python::Operator::Mod => BinaryOp::Mod,
        python::Operator::Pow => BinaryOp::Pow,
        python::Operator::LShift => BinaryOp::LShift,
        python::Operator::RShift => BinaryOp::RShift,
        python::Operator::BitOr => BinaryOp::BitOr,
        python::Operator::BitXor => BinaryOp::BitXor,
        python::Operator::BitAnd => BinaryOp::BitAnd,
        python::Operator::FloorDiv => BinaryOp::FloorDiv,
    }
}

fn compare(op: python::CmpOp) -> CompareOp {
    match op {
        python::CmpOp::Eq => CompareOp::Eq,
        python::CmpOp::NotEq => CompareOp::NotEq,
        python::CmpOp::Lt => CompareOp::Lt,
        python::CmpOp::LtE => CompareOp::LtE,
        python::CmpOp::Gt => CompareOp::Gt,
        python::CmpOp::GtE => CompareOp::GtE,
        python::CmpOp::Is => CompareOp::Is,
        python::CmpOp::IsNot => CompareOp::IsNot,
        python::CmpOp::In => CompareOp::In,
        python::CmpOp::NotIn => CompareOp::NotIn,
    }
}

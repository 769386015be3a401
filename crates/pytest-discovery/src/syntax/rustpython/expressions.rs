//! Expressions of `rustpython-parser`.

use std::sync::Arc;

use rustpython_parser::ast as python;

use super::super::ast::{
    BinaryOp, BoolOp, Call, Clause, CompareOp, Comprehension, ComprehensionKind, Constant, Expr, ExprKind, Function,
    Interpolation, Parameter, ParameterKind, Range, Stmt, StmtKind, UnaryOp,
};
use super::super::body::Body;
use super::super::lower;
use super::{Lowering, length, name};

impl Lowering<'_> {
    pub(super) fn parameters(&mut self, arguments: python::Arguments) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        let mut plain = |lowering: &mut Self, list: Vec<python::ArgWithDefault>, kind| {
            for argument in list {
                parameters.push(Parameter {
                    name: name(argument.def.arg),
                    kind,
                    default: argument.default.map(|default| lowering.boxed(default)),
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
                default: argument.default.map(|default| self.boxed(default)),
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

    pub(super) fn optional(&mut self, expression: Option<Box<python::Expr>>) -> Option<Expr> {
        expression.map(|expression| self.expression(*expression))
    }

    #[expect(clippy::boxed_local, reason = "the parser's trees come in boxes")]
    pub(super) fn boxed(&mut self, expression: Box<python::Expr>) -> Box<Expr> {
        Box::new(self.expression(*expression))
    }

    pub(super) fn expressions(&mut self, list: Vec<python::Expr>) -> Vec<Expr> {
        list.into_iter().map(|expression| self.expression(expression)).collect()
    }

    pub(super) fn keywords(&mut self, keywords: Vec<python::Keyword>) -> Vec<(Option<Box<str>>, Expr)> {
        keywords.into_iter().map(|keyword| (keyword.arg.map(name), self.expression(keyword.value))).collect()
    }

    pub(super) fn expression(&mut self, expression: python::Expr) -> Expr {
        let mut range = self.range(&expression);
        let kind = match expression {
            python::Expr::Constant(it) => ExprKind::Constant(self.constant(it.value, range)),
            python::Expr::Name(it) => ExprKind::Name(name(it.id)),
            python::Expr::Attribute(it) => ExprKind::Attribute(self.boxed(it.value), name(it.attr)),
            python::Expr::Subscript(it) => {
                let object = self.boxed(it.value);
                let key = self.boxed(it.slice);
                ExprKind::Subscript(object, key_of(key))
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
                    type_parameters: Box::default(),
                    parameters,
                    annotations: Box::default(),
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
        ExprKind::Comprehension(Arc::new(Comprehension {
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

    pub(super) fn source(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    pub(super) fn constant(&self, constant: python::Constant, range: Range) -> Constant {
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

fn unary(op: python::UnaryOp) -> UnaryOp {
    match op {
        python::UnaryOp::Not => UnaryOp::Not,
        python::UnaryOp::USub => UnaryOp::Minus,
        python::UnaryOp::UAdd => UnaryOp::Plus,
        python::UnaryOp::Invert => UnaryOp::Invert,
    }
}

/// What stands in the brackets of a subscript: `a[*b]` has a tuple there.
fn key_of(key: Box<Expr>) -> Box<Expr> {
    match key.kind {
        ExprKind::Starred(_) => Box::new(Expr { range: key.range, kind: ExprKind::Tuple(vec![*key]) }),
        _ => key,
    }
}

pub(super) fn binary(op: python::Operator) -> BinaryOp {
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

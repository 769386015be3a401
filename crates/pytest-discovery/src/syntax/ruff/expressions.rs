//! Expressions of `ruff_python_parser`.

use std::sync::Arc;

use num_bigint::BigInt;
use ruff_python_ast::{self as python, ConversionFlag, FStringPart, InterpolatedStringElement};

use super::super::ast::{
    BinaryOp, BoolOp, Call, Clause, CompareOp, Comprehension, ComprehensionKind, Constant, Expr, ExprKind, Function,
    Interpolation, Parameter, ParameterKind, Range, Stmt, StmtKind, Text, UnaryOp,
};
use super::super::body::Body;
use super::super::lower::{self, identifier};
use super::Lowering;

impl Lowering<'_> {
    pub(super) fn optional(&mut self, expression: Option<&python::Expr>) -> Option<Expr> {
        expression.map(|expression| self.expression(expression))
    }

    pub(super) fn boxed(&mut self, expression: &python::Expr) -> Box<Expr> {
        Box::new(self.expression(expression))
    }

    pub(super) fn expressions(&mut self, list: &[python::Expr]) -> Vec<Expr> {
        list.iter().map(|expression| self.expression(expression)).collect()
    }

    pub(super) fn keywords(&mut self, keywords: &[python::Keyword]) -> Vec<(Option<Box<str>>, Expr)> {
        keywords
            .iter()
            .map(|keyword| (keyword.arg.as_ref().map(|name| identifier(name)), self.expression(&keyword.value)))
            .collect()
    }

    pub(super) fn expression(&mut self, expression: &python::Expr) -> Expr {
        let range = self.range(expression);
        let kind = match expression {
            python::Expr::NoneLiteral(_) => ExprKind::Constant(Constant::None),
            python::Expr::EllipsisLiteral(_) | python::Expr::IpyEscapeCommand(_) => {
                ExprKind::Constant(Constant::Ellipsis)
            }
            python::Expr::BooleanLiteral(it) => ExprKind::Constant(Constant::Bool(it.value)),
            python::Expr::NumberLiteral(it) => ExprKind::Constant(self.number(&it.value, range)),
            python::Expr::StringLiteral(it) => {
                ExprKind::Constant(Constant::Str(lower::string(it.value.to_str(), self.text, range)))
            }
            python::Expr::BytesLiteral(it) => {
                ExprKind::Constant(Constant::Bytes(it.value.bytes().collect::<Vec<u8>>().into()))
            }
            python::Expr::Name(it) => ExprKind::Name(identifier(&it.id)),
            python::Expr::Attribute(it) => ExprKind::Attribute(self.boxed(&it.value), identifier(&it.attr)),
            python::Expr::Subscript(it) => ExprKind::Subscript(self.boxed(&it.value), self.boxed(&it.slice)),
            python::Expr::Slice(it) => {
                let bounds = [&it.lower, &it.upper, &it.step];
                ExprKind::Slice(bounds.map(|bound| bound.as_deref().map(|bound| self.boxed(bound))))
            }
            python::Expr::Call(it) => ExprKind::Call(Box::new(Call {
                function: self.expression(&it.func),
                args: self.expressions(&it.arguments.args),
                keywords: self.keywords(&it.arguments.keywords),
            })),
            python::Expr::Tuple(it) => ExprKind::Tuple(self.expressions(&it.elts)),
            python::Expr::List(it) => ExprKind::List(self.expressions(&it.elts)),
            python::Expr::Set(it) => ExprKind::Set(self.expressions(&it.elts)),
            python::Expr::Dict(it) => ExprKind::Dict(
                it.items.iter().map(|item| (self.optional(item.key.as_ref()), self.expression(&item.value))).collect(),
            ),
            python::Expr::Starred(it) => ExprKind::Starred(self.boxed(&it.value)),
            python::Expr::UnaryOp(it) => ExprKind::Unary(unary(it.op), self.boxed(&it.operand)),
            python::Expr::BinOp(it) => ExprKind::Binary(self.boxed(&it.left), binary(it.op), self.boxed(&it.right)),
            python::Expr::BoolOp(it) => ExprKind::Bool(
                if matches!(it.op, python::BoolOp::And) { BoolOp::And } else { BoolOp::Or },
                self.expressions(&it.values),
            ),
            python::Expr::Compare(it) => {
                let left = self.boxed(&it.left);
                let ops = it.ops.iter().map(|op| compare(*op));
                ExprKind::Compare(left, ops.zip(self.expressions(&it.comparators)).collect())
            }
            python::Expr::If(it) => ExprKind::Conditional {
                test: self.boxed(&it.test),
                body: self.boxed(&it.body),
                orelse: self.boxed(&it.orelse),
            },
            python::Expr::Lambda(it) => ExprKind::Lambda(Arc::new(self.lambda(range, it))),
            python::Expr::ListComp(it) => self.comprehension(ComprehensionKind::List, &it.elt, None, &it.generators),
            python::Expr::SetComp(it) => self.comprehension(ComprehensionKind::Set, &it.elt, None, &it.generators),
            python::Expr::Generator(it) => {
                self.comprehension(ComprehensionKind::Generator, &it.elt, None, &it.generators)
            }
            python::Expr::DictComp(it) => match &it.key {
                Some(key) => self.comprehension(ComprehensionKind::Dict, key, Some(&it.value), &it.generators),
                // `{**a for a in b}`, of releases to come: a value of a kind that is not followed.
                None => ExprKind::Await(self.boxed(&it.value)),
            },
            python::Expr::FString(it) => {
                let mut parts = Vec::new();
                for part in &it.value {
                    match part {
                        FStringPart::Literal(literal) => lower::literal(&mut parts, literal.as_str().into()),
                        FStringPart::FString(string) => self.interpolations(&string.elements, &mut parts),
                    }
                }
                ExprKind::Interpolated(parts)
            }
            python::Expr::TString(it) => {
                let mut parts = Vec::new();
                for string in &it.value {
                    self.interpolations(&string.elements, &mut parts);
                }
                ExprKind::Template(parts)
            }
            python::Expr::Named(it) => ExprKind::Walrus(self.boxed(&it.target), self.boxed(&it.value)),
            python::Expr::Await(it) => ExprKind::Await(self.boxed(&it.value)),
            python::Expr::Yield(it) => {
                self.yields = true;
                ExprKind::Yield(it.value.as_deref().map(|value| self.boxed(value)))
            }
            python::Expr::YieldFrom(it) => {
                self.yields = true;
                ExprKind::YieldFrom(self.boxed(&it.value))
            }
        };
        Expr { range, kind }
    }

    fn lambda(&mut self, range: Range, lambda: &python::ExprLambda) -> Function {
        let parameters = self.parameters(lambda.parameters.as_deref());
        let outer = std::mem::replace(&mut self.yields, false);
        let body = self.expression(&lambda.body);
        let is_generator = std::mem::replace(&mut self.yields, outer);
        let body = vec![Stmt { range: body.range, kind: StmtKind::Return(Some(body)) }];
        Function {
            range,
            name: "<lambda>".into(),
            is_async: false,
            is_generator,
            decorators: Vec::new(),
            type_parameters: Box::default(),
            parameters,
            annotations: Box::default(),
            body: Body::read(body),
        }
    }

    pub(super) fn parameters(&mut self, parameters: Option<&python::Parameters>) -> Vec<Parameter> {
        let Some(given) = parameters else { return Vec::new() };
        let mut parameters = Vec::with_capacity(given.len());
        let mut plain = |lowering: &mut Self, list: &[python::ParameterWithDefault], kind| {
            parameters.extend(list.iter().map(|one| Parameter {
                name: identifier(one.name()),
                kind,
                default: one.default().map(|default| lowering.boxed(default)),
            }));
        };
        let rest = |parameter: &Option<Box<python::Parameter>>, kind| {
            parameter.as_ref().map(|one| Parameter { name: identifier(one.name()), kind, default: None })
        };
        plain(self, &given.posonlyargs, ParameterKind::PositionalOnly);
        plain(self, &given.args, ParameterKind::Positional);
        parameters.extend(rest(&given.vararg, ParameterKind::Rest));
        let keyword_only = given.kwonlyargs.iter().map(|one| Parameter {
            name: identifier(one.name()),
            kind: ParameterKind::KeywordOnly,
            default: one.default().map(|default| self.boxed(default)),
        });
        parameters.extend(keyword_only);
        parameters.extend(rest(&given.kwarg, ParameterKind::RestKeywords));
        parameters
    }

    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &python::Expr,
        value: Option<&python::Expr>,
        clauses: &[python::Comprehension],
    ) -> ExprKind {
        ExprKind::Comprehension(Arc::new(Comprehension {
            kind,
            element: self.expression(element),
            value: self.optional(value),
            clauses: clauses
                .iter()
                .map(|clause| Clause {
                    target: self.expression(&clause.target),
                    iter: self.expression(&clause.iter),
                    conditions: self.expressions(&clause.ifs),
                    is_async: clause.is_async,
                })
                .collect(),
        }))
    }

    fn interpolations(&mut self, elements: &[InterpolatedStringElement], parts: &mut Vec<Interpolation>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => lower::literal(parts, Text::from(&*literal.value)),
                InterpolatedStringElement::Interpolation(it) => {
                    let mut conversion = it.conversion.to_char();
                    if let Some(debug) = &it.debug_text {
                        lower::literal(parts, Text::from(debug.as_str()));
                        // `f"{x=}"` shows the value as `repr` does, unless it is told how.
                        if matches!(it.conversion, ConversionFlag::None) && it.format_spec.is_none() {
                            conversion = Some('r');
                        }
                    }
                    let mut format = Vec::new();
                    if let Some(spec) = &it.format_spec {
                        self.interpolations(&spec.elements, &mut format);
                    }
                    let value = self.expression(&it.expression);
                    parts.push(Interpolation::Value { value, conversion, format });
                }
            }
        }
    }

    fn number(&self, number: &python::Number, range: Range) -> Constant {
        match number {
            python::Number::Int(number) => Constant::Int(match number.as_i64() {
                Some(small) => BigInt::from(small),
                None => integer(self.text.get(range.start as usize..range.end as usize).unwrap_or_default()),
            }),
            python::Number::Float(number) => Constant::Float(*number),
            python::Number::Complex { imag, .. } => Constant::Imaginary(*imag),
        }
    }
}

/// The value of an integer's literal.
fn integer(literal: &str) -> BigInt {
    let digits: String = literal.chars().filter(|character| *character != '_').collect::<String>().to_ascii_lowercase();
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, &*digits),
    };
    BigInt::parse_bytes(digits.as_bytes(), radix).unwrap_or_default()
}

pub(super) fn singleton(value: python::Singleton) -> Constant {
    match value {
        python::Singleton::None => Constant::None,
        python::Singleton::True => Constant::Bool(true),
        python::Singleton::False => Constant::Bool(false),
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

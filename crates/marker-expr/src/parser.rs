//! The grammar that `-m` and `-k` share:
//!
//! ```text
//! input       := end | disjunction end
//! disjunction := conjunction ("or" conjunction)*
//! conjunction := negation ("and" negation)*
//! negation    := "not" negation | "(" disjunction ")" | WORD [ "(" parameter ("," parameter)* ")" ]
//! parameter   := WORD "=" (STRING | WORD)
//! ```

use std::collections::HashMap;
use std::mem;

use num_bigint::BigInt;

use crate::characters::{decimal_value, is_digit, is_identifier, is_reserved};
use crate::error::ParseError;
use crate::expr::{Atom, Expr};
use crate::lexer::{Lexer, Token, TokenKind};
use crate::value::Value;

/// How many parentheses and `not`s may stand around one another in a text.
///
/// pytest's parser and Python's compiler recurse, so that pytest stops with an internal error where Python's recursion
/// limit of 1000 is reached: at about 330 parentheses, 990 `not`s, or 990 operands of one `or`. Whatever pytest reads
/// with that limit is read here. Beyond it a text is refused too, with a message; only a chain of `and` or `or` may be
/// as long as it likes, because it is no nesting here.
pub const MAX_NESTING: usize = 1000;

/// Python's `sys.int_info.default_max_str_digits`.
const MAX_DIGITS: usize = 4300;

pub(crate) struct Parsed {
    pub(crate) expr: Expr,
    /// The column of each atom, in the order of the text.
    pub(crate) columns: Vec<usize>,
}

pub(crate) fn parse(text: &str) -> Result<Parsed, ParseError> {
    let mut lexer = Lexer::new(text);
    let current = lexer.next()?;
    let mut parser = Parser { lexer, current, nesting: 0, columns: Vec::new(), compiler_message: None };
    let expr = parser.input()?;
    match parser.compiler_message {
        Some(message) => Err(parser.lexer.compiler_error(message)),
        None => Ok(Parsed { expr, columns: parser.columns }),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// pytest looks one token ahead, and an error in it comes before any in the token that was accepted.
    current: Token<'t>,
    /// The `not`s and parentheses around the current token.
    nesting: usize,
    columns: Vec<usize>,
    /// The first fault that Python's compiler would find, if the text fits the grammar.
    compiler_message: Option<String>,
}

/// What was read of a disjunction, between parentheses or the ends of the text, to the left of the current operand.
#[derive(Default)]
struct Open {
    disjunction: Option<Expr>,
    conjunction: Option<Expr>,
    nots: usize,
}

impl<'t> Parser<'t> {
    /// Keeps its own stack of what is open, so that nesting costs no stack of the machine.
    fn input(&mut self) -> Result<Expr, ParseError> {
        if self.current.kind == TokenKind::End {
            return Ok(Expr::Never);
        }
        let mut outer = Vec::new();
        let mut open = Open::default();
        loop {
            let mut operand = self.operand(&mut outer, &mut open)?;
            loop {
                self.nesting -= open.nots;
                for _ in 0..mem::take(&mut open.nots) {
                    operand = Expr::Not(Box::new(operand));
                }
                let conjunction = join(open.conjunction.take(), Expr::and, operand);
                if self.accept(TokenKind::And)?.is_some() {
                    open.conjunction = Some(conjunction);
                    break;
                }
                let disjunction = join(open.disjunction.take(), Expr::or, conjunction);
                if self.accept(TokenKind::Or)?.is_some() {
                    open.disjunction = Some(disjunction);
                    break;
                }
                let Some(around) = outer.pop() else {
                    self.require(TokenKind::End)?;
                    return Ok(disjunction);
                };
                self.require(TokenKind::RightParenthesis)?;
                self.nesting -= 1;
                open = around;
                operand = disjunction;
            }
        }
    }

    /// The next atom, with the `not`s and parentheses before it noted.
    fn operand(&mut self, outer: &mut Vec<Open>, open: &mut Open) -> Result<Expr, ParseError> {
        loop {
            if let Some(token) = self.accept(TokenKind::Not)? {
                self.nest(token)?;
                open.nots += 1;
            } else if let Some(token) = self.accept(TokenKind::LeftParenthesis)? {
                self.nest(token)?;
                outer.push(mem::take(open));
            } else if let Some(word) = self.accept(TokenKind::Identifier)? {
                return self.atom(word).map(Expr::Atom);
            } else {
                return Err(self.unexpected("not OR left parenthesis OR identifier"));
            }
        }
    }

    fn nest(&mut self, token: Token<'_>) -> Result<(), ParseError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            let message = format!("more than {MAX_NESTING} nested parentheses and \"not\"s");
            return Err(self.lexer.crash(token.column, message));
        }
        Ok(())
    }

    fn atom(&mut self, word: Token<'t>) -> Result<Atom, ParseError> {
        self.columns.push(word.column);
        let mut kwargs = Vec::new();
        if self.accept(TokenKind::LeftParenthesis)?.is_some() {
            kwargs.push(self.parameter()?);
            while self.accept(TokenKind::Comma)?.is_some() {
                kwargs.push(self.parameter()?);
            }
            self.require(TokenKind::RightParenthesis)?;
        }
        if self.compiler_message.is_none() {
            self.compiler_message = compiler_message(&kwargs);
        }
        Ok(Atom { name: word.text.to_owned(), kwargs })
    }

    fn parameter(&mut self) -> Result<(String, Value), ParseError> {
        let name = self.require(TokenKind::Identifier)?;
        if !is_identifier(name.text) {
            let message = format!("not a valid python identifier {}", name.text);
            return Err(self.lexer.error(name.column, message));
        }
        if is_reserved(name.text) {
            let message = format!("unexpected reserved python keyword `{}`", name.text);
            return Err(self.lexer.error(name.column, message));
        }
        self.require(TokenKind::Equal)?;
        let value = match self.accept(TokenKind::String)? {
            Some(literal) => Value::Str(literal.text[1..literal.text.len() - 1].to_owned()),
            None => self.bare_value()?,
        };
        Ok((name.text.to_owned(), value))
    }

    fn bare_value(&mut self) -> Result<Value, ParseError> {
        let word = self.require(TokenKind::Identifier)?;
        match word.text {
            "True" => Ok(Value::Bool(true)),
            "False" => Ok(Value::Bool(false)),
            "None" => Ok(Value::None),
            text => match text.strip_prefix('-').unwrap_or(text) {
                digits if !digits.is_empty() && digits.chars().all(is_digit) => self.integer(word, digits),
                _ => {
                    let message = format!("unexpected character/s \"{text}\"");
                    Err(self.lexer.error(word.column, message))
                }
            },
        }
    }

    fn integer(&self, word: Token<'_>, digits: &str) -> Result<Value, ParseError> {
        if digits.chars().count() > MAX_DIGITS {
            let message = format!("an integer of more than {MAX_DIGITS} digits");
            return Err(self.lexer.crash(word.column, message));
        }
        let mut ascii = String::from(if word.text.starts_with('-') { "-" } else { "" });
        for c in digits.chars() {
            let Some(digit) = decimal_value(c).and_then(|value| char::from_digit(value, 10)) else {
                let message = format!("\"{c}\" is no decimal digit");
                return Err(self.lexer.crash(word.column, message));
            };
            ascii.push(digit);
        }
        match ascii.parse::<BigInt>() {
            Ok(integer) => Ok(Value::Int(integer)),
            // ASCII digits after at most one sign are an integer; were they not, this is what to say.
            Err(error) => Err(self.lexer.crash(word.column, error.to_string())),
        }
    }

    fn accept(&mut self, kind: TokenKind) -> Result<Option<Token<'t>>, ParseError> {
        if self.current.kind != kind {
            return Ok(None);
        }
        let next = self.lexer.next()?;
        Ok(Some(mem::replace(&mut self.current, next)))
    }

    fn require(&mut self, kind: TokenKind) -> Result<Token<'t>, ParseError> {
        match self.accept(kind)? {
            Some(token) => Ok(token),
            None => Err(self.unexpected(&kind.to_string())),
        }
    }

    fn unexpected(&self, expected: &str) -> ParseError {
        let message = format!("expected {expected}; got {}", self.current.kind);
        self.lexer.error(self.current.column, message)
    }
}

fn join(left: Option<Expr>, operator: fn(Expr, Expr) -> Expr, right: Expr) -> Expr {
    match left {
        Some(left) => operator(left, right),
        None => right,
    }
}

/// What Python's compiler says of a call with these parameters, which it checks in their order.
fn compiler_message(kwargs: &[(String, Value)]) -> Option<String> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for (name, _) in kwargs {
        *uses.entry(name).or_default() += 1;
    }
    kwargs.iter().find_map(|(name, _)| {
        if name == "__debug__" {
            Some("cannot assign to __debug__".to_owned())
        } else {
            (uses[name.as_str()] > 1).then(|| format!("keyword argument repeated: {name}"))
        }
    })
}

//! `json.loads`: a text to values, as Python reads it.

use std::iter::Peekable;
use std::str::Chars;

use num_bigint::BigInt;

use super::super::MOST_ELEMENTS;
use super::super::value::{Dict, DictKind, Value};
use crate::syntax::ast::Text;

/// Nested more deeply than this is only hostile data.
const MOST_NESTED: u32 = 200;

/// The value of a document; `None` where Python would refuse it, or it is too large.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.chars().peekable(), count: 0 };
    let value = reader.value(0)?;
    reader.skip();
    reader.rest.next().is_none().then_some(value)
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    /// How many values were read.
    count: usize,
}

impl Reader<'_> {
    fn skip(&mut self) {
        while self.rest.next_if(|one| matches!(one, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.skip();
        self.rest.next_if_eq(&wanted).is_some()
    }

    fn word(&mut self, word: &str) -> Option<()> {
        word.chars().all(|one| self.rest.next_if_eq(&one).is_some()).then_some(())
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.count += 1;
        if depth > MOST_NESTED || self.count > MOST_ELEMENTS {
            return None;
        }
        self.skip();
        match *self.rest.peek()? {
            '{' => self.object(depth),
            '[' => {
                self.rest.next();
                let mut items = Vec::new();
                if self.takes(']') {
                    return Some(Value::list(items));
                }
                loop {
                    items.push(self.value(depth + 1)?);
                    if self.takes(']') {
                        return Some(Value::list(items));
                    }
                    self.takes(',').then_some(())?;
                }
            }
            '"' => self.string().map(Value::Str),
            't' => self.word("true").map(|()| Value::Bool(true)),
            'f' => self.word("false").map(|()| Value::Bool(false)),
            'n' => self.word("null").map(|()| Value::None),
            'N' => self.word("NaN").map(|()| Value::Float(f64::NAN)),
            'I' => self.word("Infinity").map(|()| Value::Float(f64::INFINITY)),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: u32) -> Option<Value> {
        self.rest.next();
        let dict = Dict::new(Ok(Vec::new()), DictKind::Plain);
        if !self.takes('}') {
            loop {
                self.skip();
                let key = Value::Str(self.string()?);
                self.takes(':').then_some(())?;
                let value = self.value(depth + 1)?;
                dict.insert(key, value).then_some(())?;
                if self.takes('}') {
                    break;
                }
                self.takes(',').then_some(())?;
            }
        }
        Some(Value::Dict(dict.into()))
    }

    fn string(&mut self) -> Option<Text> {
        self.rest.next_if_eq(&'"')?;
        let mut points: Vec<u32> = Vec::new();
        loop {
            match self.rest.next()? {
                '"' => break,
                '\\' => {
                    let point = match self.rest.next()? {
                        'n' => 0x0a,
                        't' => 0x09,
                        'r' => 0x0d,
                        'b' => 0x08,
                        'f' => 0x0c,
                        'u' => {
                            let point = self.digits()?;
                            match (points.last(), point) {
                                // Two surrogates make one character, if both are written so.
                                (Some(high @ 0xd800..0xdc00), 0xdc00..0xe000) => {
                                    let whole = 0x1_0000 + ((high - 0xd800) << 10) + (point - 0xdc00);
                                    points.pop();
                                    whole
                                }
                                _ => point,
                            }
                        }
                        other @ ('"' | '\\' | '/') => other.into(),
                        _ => return None,
                    };
                    points.push(point);
                }
                control if u32::from(control) < 0x20 => return None,
                other => points.push(other.into()),
            }
        }
        let text: Option<String> = points.iter().map(|point| char::from_u32(*point)).collect();
        Some(text.map_or_else(|| Text::Surrogates(points.into()), Text::from))
    }

    fn digits(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |number, _| Some(number * 16 + self.rest.next()?.to_digit(16)?))
    }

    fn number(&mut self) -> Option<Value> {
        let mut text = String::new();
        text.extend(self.rest.next_if_eq(&'-'));
        if text == "-" && self.rest.peek() == Some(&'I') {
            return self.word("Infinity").map(|()| Value::Float(f64::NEG_INFINITY));
        }
        while let Some(one) =
            self.rest.next_if(|one| one.is_ascii_digit() || matches!(one, '.' | 'e' | 'E' | '+' | '-'))
        {
            text.push(one);
        }
        let digits = text.trim_start_matches('-');
        let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        if leading_zero || !digits.starts_with(|one: char| one.is_ascii_digit()) || text.ends_with('.') {
            return None;
        }
        if digits.bytes().all(|one| one.is_ascii_digit()) {
            // Python reads no longer number from a text.
            return (digits.len() <= 4300).then(|| text.parse::<BigInt>().ok().map(Value::Int))?;
        }
        if text.contains(".e") || text.contains(".E") {
            return None;
        }
        text.parse().ok().map(Value::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_python_reads_them() {
        let text = r#" {"b": [1, -2.5e1, "a\u00e9\ud83d\ude00\n", true, null], "a": {}, "b": NaN} "#;
        let Some(Value::Dict(dict)) = parse(text) else { panic!("not read") };
        let pairs = dict.pairs().unwrap_or_default();
        assert_eq!(pairs.iter().map(|(key, _)| key.as_str().unwrap_or_default()).collect::<Vec<_>>(), ["b", "a"]);
        for refused in ["", "[1,]", "{a: 1}", "01", "1.", "\"\u{1}\"", "[1] 2", "'a'", "-"] {
            assert!(parse(refused).is_none(), "{refused}");
        }
    }
}

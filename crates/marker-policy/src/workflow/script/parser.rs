//! Reads the syntax of POSIX shell and of bash, as far as scripts of CI use it. What is not followed is refused.
//!
//! Source: POSIX, "Shell Command Language", and the manual of bash.

use super::source::Source;
use super::syntax::{Assignment, Body, Command, Form, List, Operator, Pipeline, Simple, Value, Word};

/// Nested more deeply than this is only hostile text.
const MOST_NESTED: usize = 40;

/// A script that is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) at: usize,
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// A reader of a script's text.
pub(super) struct Parser<'a> {
    pub(super) source: &'a Source,
    pub(super) at: usize,
    /// Where the text ends, or the part of it that is read.
    pub(super) end: usize,
    depth: usize,
    /// Here-documents whose text begins on the next line.
    pending: Vec<HereDocument>,
}

struct HereDocument {
    delimiter: String,
    /// `<<-`
    tabs: bool,
}

/// Words that end a list of commands, where one stands in place of a command.
const CLOSING: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, at: 0, end: source.text.len(), depth: 0, pending: Vec::new() }
    }

    /// The whole script.
    pub(super) fn script(mut self) -> Parsed<Body> {
        let body = self.body()?;
        match self.peek() {
            None => Ok(body),
            Some(_) => Err(self.unexpected()),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { message: message.into(), at: self.at }
    }

    pub(super) fn unexpected(&self) -> SyntaxError {
        let text: String = self.source.text.get(self.at..self.end).unwrap_or_default().chars().take(12).collect();
        let text = text.lines().next().unwrap_or_default();
        self.error(if text.is_empty() { "it ends too early".to_owned() } else { format!("`{text}` is out of place") })
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        let at = self.at + ahead;
        if at < self.end { self.source.text.as_bytes().get(at).copied() } else { None }
    }

    pub(super) fn starts(&self, text: &str) -> bool {
        self.source.text.as_bytes().get(self.at..self.end).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.starts(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Reads what is nested.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MOST_NESTED {
            return Err(self.error("it is too deeply nested"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Skips spaces, comments and continued lines.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                // At the start of a word only; whoever asks stands at one.
                Some(b'#') if self.source.hole(self.at).is_none() => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Skips blanks and ends of lines.
    pub(super) fn newlines(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.at += 1;
            self.here_documents();
        }
    }

    /// Skips the texts of here-documents, which begin here.
    fn here_documents(&mut self) {
        for document in std::mem::take(&mut self.pending) {
            while self.at < self.end {
                let rest = self.source.text.get(self.at..self.end).unwrap_or_default();
                let line = rest.split('\n').next().unwrap_or_default();
                self.at = (self.at + line.len() + 1).min(self.end);
                let line = if document.tabs { line.trim_start_matches('\t') } else { line };
                if line == document.delimiter {
                    break;
                }
            }
        }
    }

    /// The reserved or other plain word at the start of a command, without reading it.
    pub(super) fn plain_word(&self) -> &'a str {
        let rest = self.source.text.get(self.at..self.end).unwrap_or_default();
        let length = rest.find(|one: char| " \t\r\n;&|()<>\"'\\$`".contains(one)).unwrap_or(rest.len());
        let more = rest[length..].starts_with(['"', '\'', '\\', '$', '`']);
        if more { "" } else { &rest[..length] }
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.plain_word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Commands, up to what closes them.
    pub(super) fn body(&mut self) -> Parsed<Body> {
        let mut body = Vec::new();
        loop {
            self.newlines();
            let ended = match self.peek() {
                None | Some(b')') => true,
                Some(b';') => self.peek_at(1).is_some_and(|next| matches!(next, b';' | b'&')),
                Some(_) => CLOSING.contains(&self.plain_word()),
            };
            if ended {
                return Ok(body);
            }
            let mut list = self.list()?;
            self.blanks();
            match self.peek() {
                Some(b'&') => {
                    self.at += 1;
                    list.background = true;
                }
                Some(b';') if !self.starts(";;") && !self.starts(";&") => self.at += 1,
                None | Some(b'\n' | b')' | b';') => {}
                Some(_) => return Err(self.unexpected()),
            }
            body.push(list);
        }
    }

    fn list(&mut self) -> Parsed<List> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let operator = if self.eat("&&") {
                Operator::And
            } else if self.eat("||") {
                Operator::Or
            } else {
                return Ok(List { first, rest, background: false });
            };
            self.newlines();
            rest.push((operator, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let start = self.at;
        while matches!(self.plain_word(), "!" | "time") {
            let timed = self.plain_word() == "time";
            self.at += self.plain_word().len();
            self.blanks();
            if timed && self.eat_word("-p") {
                self.blanks();
            }
        }
        let mut commands = vec![self.command()?];
        loop {
            let end = self.at;
            self.blanks();
            if self.starts("||") || !(self.eat("|&") || self.eat("|")) {
                return Ok(Pipeline { commands, start, end });
            }
            self.newlines();
            commands.push(self.command()?);
        }
    }

    pub(super) fn command(&mut self) -> Parsed<Command> {
        self.blanks();
        let start = self.at;
        let mut redirections = Vec::new();
        let form = self.nested(|parser| parser.form(&mut redirections))?;
        if !matches!(form, Form::Simple(_)) {
            loop {
                self.blanks();
                if !self.redirection(&mut redirections)? {
                    break;
                }
            }
        }
        Ok(Command { form, redirections, start })
    }

    fn form(&mut self, redirections: &mut Vec<Word>) -> Parsed<Form> {
        if self.starts("((") {
            return match self.arithmetic(2) {
                Some(text) => Ok(Form::Arithmetic(text)),
                None => Err(self.error("`((` may be arithmetic, or two subshells: put a space between")),
            };
        }
        if self.eat("(") {
            let body = self.body()?;
            self.expect(")")?;
            return Ok(Form::Subshell(body));
        }
        match self.plain_word() {
            "{" => {
                self.at += 1;
                let body = self.body()?;
                self.expect_word("}")?;
                Ok(Form::Group(body))
            }
            "if" => self.conditional(),
            "while" | "until" => {
                self.at += self.plain_word().len();
                let condition = self.body()?;
                Ok(Form::While(condition, self.loop_body()?))
            }
            "for" | "select" => self.loop_over(),
            "case" => self.case(),
            "function" => {
                self.at += "function".len();
                self.blanks();
                let name = self.plain_word().to_owned();
                self.at += name.len();
                self.blanks();
                if self.eat("(") {
                    self.blanks();
                    self.expect(")")?;
                }
                self.function(name)
            }
            "[[" => {
                self.at += 2;
                self.test()
            }
            "coproc" => Err(self.error("`coproc` is not followed")),
            word if CLOSING.contains(&word) => Err(self.unexpected()),
            _ => self.simple(redirections),
        }
    }

    fn simple(&mut self, redirections: &mut Vec<Word>) -> Parsed<Form> {
        let mut simple = Simple::default();
        loop {
            self.blanks();
            if self.redirection(redirections)? {
                continue;
            }
            // What assigns may stand in front, and behind `export` and its like.
            if let Some((name, value)) = self.assignment(simple.words.is_empty())? {
                simple.assignments.push(Assignment { name, value });
                continue;
            }
            let start = self.at;
            let Some(word) = self.word()? else {
                if simple.words.is_empty() && simple.assignments.is_empty() && redirections.is_empty() {
                    return Err(self.unexpected());
                }
                return Ok(Form::Simple(simple));
            };
            if self.peek() == Some(b'(') || simple.words.is_empty() && word.bare().is_some() {
                let behind = self.at;
                self.blanks();
                if self.eat("(") {
                    let name = word.bare().unwrap_or_default().to_owned();
                    self.blanks();
                    if name.is_empty() || !simple.words.is_empty() || !simple.assignments.is_empty() || !self.eat(")") {
                        self.at = start;
                        return Err(self.error("a `(` stands within a command"));
                    }
                    return self.function(name);
                }
                self.at = behind;
            }
            simple.words.push(word);
        }
    }

    /// `name=word`, `name+=word`, `name[index]=word`, and `name=( words )`, the last everywhere.
    fn assignment(&mut self, anywhere: bool) -> Parsed<Option<(String, Value)>> {
        let rest = self.source.text.get(self.at..self.end).unwrap_or_default();
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let name = &rest[..length];
        if !is_name(name) {
            return Ok(None);
        }
        let behind = &rest[length..];
        let (operator, adds, plain) = match behind.as_bytes() {
            [b'=', ..] => (1, false, true),
            [b'+', b'=', ..] => (2, true, true),
            [b'[', ..] => {
                let line = behind.split(['\n', ' ', ';']).next().unwrap_or_default();
                match line.find("]=").or_else(|| line.find("]+=")) {
                    Some(close) => (close + line[close..].find('=').unwrap_or(0) + 1, false, false),
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let array = behind.as_bytes().get(operator) == Some(&b'(');
        let value_at = self.at + length + operator;
        if !(anywhere || array) || self.source.has_hole(self.at, value_at) {
            return Ok(None);
        }
        let name = name.to_owned();
        self.at = value_at;
        if self.eat("(") {
            let elements = self.nested(Self::array)?;
            return Ok(Some((name, if adds { Value::MoreElements(elements) } else { Value::Array(elements) })));
        }
        let start = self.at;
        let word = self.word()?.unwrap_or(Word { pieces: Vec::new(), start, end: start });
        let value = match (plain, adds) {
            (true, false) => Value::Set(word),
            (true, true) => Value::Append(word),
            (false, _) => Value::Element(word),
        };
        Ok(Some((name, value)))
    }

    fn array(&mut self) -> Parsed<Vec<Word>> {
        let mut elements = Vec::new();
        loop {
            self.newlines();
            if self.eat(")") {
                return Ok(elements);
            }
            match self.word()? {
                Some(word) => elements.push(word),
                None => return Err(self.unexpected()),
            }
        }
    }

    /// A redirection, if one stands here.
    fn redirection(&mut self, words: &mut Vec<Word>) -> Parsed<bool> {
        let rest = self.source.text.as_bytes().get(self.at..self.end).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            if !matches!(rest.get(digits), Some(b'<' | b'>')) {
                return Ok(false);
            }
            self.at += digits;
        }
        let process = digits == 0 && matches!(self.peek(), Some(b'<' | b'>')) && self.peek_at(1) == Some(b'(');
        if process || self.source.hole(self.at).is_some() {
            return Ok(false);
        }
        if self.starts("<<") && !self.starts("<<<") {
            self.at += 2;
            let tabs = self.eat("-");
            self.blanks();
            let Some(word) = self.word()? else { return Err(self.unexpected()) };
            if self.source.has_hole(word.start, word.end) {
                return Err(self.error("the end of a here-document is not known"));
            }
            let delimiter = self.source.text.get(word.start..word.end).unwrap_or_default();
            let delimiter = delimiter.chars().filter(|one| !matches!(one, '\'' | '"' | '\\')).collect();
            self.pending.push(HereDocument { delimiter, tabs });
            return Ok(true);
        }
        let operators = ["<<<", "&>>", "&>", "<&", "<>", ">>", ">&", ">|", "<", ">"];
        let Some(operator) = operators.into_iter().find(|operator| self.starts(operator)) else { return Ok(false) };
        self.at += operator.len();
        self.blanks();
        match self.word()? {
            Some(word) => words.push(word),
            None => return Err(self.unexpected()),
        }
        Ok(true)
    }

    /// The text of arithmetic that begins with `open` parentheses here, if as many close it.
    pub(super) fn arithmetic(&mut self, open: usize) -> Option<String> {
        let start = self.at + open;
        let mut depth = open;
        let mut at = start;
        while at < self.end {
            match self.source.text.as_bytes()[at] {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => at += 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                // Both close together.
                let text = self.source.text.get(start..at.checked_sub(open)?)?;
                let closed = self.source.text.as_bytes().get(at - open..at)?.iter().all(|byte| *byte == b')');
                self.at = if closed { at } else { return None };
                return Some(text.to_owned());
            }
        }
        None
    }
}

/// Whether a text is the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

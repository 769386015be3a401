//! Statements of a function's body.

use super::expressions::Form;
use super::scan::{Around, Scan, is_keyword};
use super::{HiddenParameter, Range, range_of};

/// Blocks within each other that are followed.
const DEEPEST: u32 = 15;

impl<'t> Scan<'t> {
    /// From the colon of a function's head on: its statements, from the first to the last byte. `indent` is how far the
    /// head is indented.
    pub(super) fn body(&mut self, indent: usize, coroutine: bool) -> Option<std::ops::Range<usize>> {
        self.around = Around { function: true, coroutine, ..Around::default() };
        self.line_end()?;
        let first = self.indentation()?;
        (first > indent).then_some(())?;
        let start = self.at + first;
        self.lines(first)?;
        self.function_end()?;
        Some(start..self.end)
    }

    /// How far the next line with code is indented; its start is then the place. 0 at the end of the text.
    pub(super) fn indentation(&mut self) -> Option<usize> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let width = rest.iter().take_while(|byte| **byte == b' ').count();
            match rest.get(width) {
                Some(b'\n') => self.at += width + 1,
                Some(b'#') => {
                    self.comment();
                    self.at += usize::from(self.peek() == b'\n');
                }
                Some(b'\t' | b'\\' | 0x0c) => return None,
                Some(_) => return Some(width),
                None => {
                    self.at += width;
                    return Some(0);
                }
            }
        }
    }

    /// The end of a line, maybe behind a comment.
    fn line_end(&mut self) -> Option<()> {
        if self.peek() == b'#' {
            self.comment();
        }
        match self.peek() {
            b'\n' => self.at += 1,
            0 if self.at >= self.bytes.len() => {}
            _ => return None,
        }
        Some(())
    }

    /// From a colon on: the lines of a block, or statements on the same line.
    fn block(&mut self, indent: usize) -> Option<()> {
        self.expect(b':')?;
        if !matches!(self.peek(), b'\n' | b'#') {
            let word = self.peek_word();
            return self.simple_line(word);
        }
        self.line_end()?;
        let inner = self.indentation()?;
        (inner > indent && self.around.blocks < DEEPEST).then_some(())?;
        self.around.blocks += 1;
        self.lines(inner)?;
        self.around.blocks -= 1;
        Some(())
    }

    /// Statements that are indented so, up to a line that is indented less.
    fn lines(&mut self, indent: usize) -> Option<()> {
        loop {
            self.at += indent;
            self.statement(indent)?;
            match self.indentation()? {
                next if next == indent => {}
                next if next < indent => return Some(()),
                _ => return None,
            }
        }
    }

    fn statement(&mut self, indent: usize) -> Option<()> {
        self.asynchronous = false;
        let word = self.peek_word();
        match word {
            b"if" => self.branches(indent),
            b"for" => self.for_loop(indent),
            b"while" => {
                self.expect_word(b"while")?;
                self.expression()?;
                self.looping(indent)
            }
            b"try" => self.attempt(indent),
            b"with" => self.with(indent),
            b"def" => self.function(indent, false),
            b"class" => self.class(indent),
            b"async" => {
                self.expect_word(b"async")?;
                match self.peek_word() {
                    b"def" => self.function(indent, true),
                    b"for" if self.around.coroutine => self.for_loop(indent),
                    b"with" if self.around.coroutine => self.with(indent),
                    _ => None,
                }
            }
            b"" if self.peek() == b'@' => {
                self.pass(1);
                self.expression()?;
                self.line_end()?;
                (self.indentation()? == indent).then_some(())?;
                self.at += indent;
                match self.peek_word() {
                    b"def" | b"class" => self.statement(indent),
                    b"async" => {
                        self.expect_word(b"async")?;
                        self.function(indent, true)
                    }
                    _ => (self.peek() == b'@').then(|| self.statement(indent))?,
                }
            }
            word => self.simple_line(word),
        }
    }

    /// Whether a further part of a statement follows, such as `else`.
    fn follows(&mut self, indent: usize, word: &[u8]) -> Option<bool> {
        let is_there = self.indentation()? == indent && self.word_at(self.at + indent) == word;
        if is_there {
            self.pass(indent + word.len());
        }
        Some(is_there)
    }

    fn branches(&mut self, indent: usize) -> Option<()> {
        self.expect_word(b"if")?;
        loop {
            self.expression()?;
            self.block(indent)?;
            if !self.follows(indent, b"elif")? {
                break;
            }
        }
        self.otherwise(indent)
    }

    fn otherwise(&mut self, indent: usize) -> Option<()> {
        if self.follows(indent, b"else")? { self.block(indent) } else { Some(()) }
    }

    fn for_loop(&mut self, indent: usize) -> Option<()> {
        self.expect_word(b"for")?;
        self.targets()?;
        self.expect_word(b"in")?;
        self.list()?;
        self.looping(indent)
    }

    fn looping(&mut self, indent: usize) -> Option<()> {
        let outer = self.around.looping;
        self.around.looping = true;
        self.block(indent)?;
        self.around.looping = outer;
        self.otherwise(indent)
    }

    fn attempt(&mut self, indent: usize) -> Option<()> {
        self.expect_word(b"try")?;
        self.block(indent)?;
        let (mut handlers, mut catches_all) = (false, false);
        while self.follows(indent, b"except")? {
            (!catches_all).then_some(())?;
            handlers = true;
            if self.peek() == b':' {
                catches_all = true;
            } else {
                self.expression()?;
                if self.eat_word(b"as") {
                    self.name()?;
                }
            }
            self.block(indent)?;
        }
        if handlers {
            self.otherwise(indent)?;
        }
        if self.follows(indent, b"finally")? { self.block(indent) } else { handlers.then_some(()) }
    }

    fn with(&mut self, indent: usize) -> Option<()> {
        self.expect_word(b"with")?;
        loop {
            self.expression()?;
            if self.eat_word(b"as") {
                matches!(self.arithmetic()?, Form::Place | Form::Places).then_some(())?;
            }
            if !self.eat(b',') {
                return self.block(indent);
            }
        }
    }

    /// The head of a function from `def` to the colon, which is left. Where the name is; `note` is told of each
    /// parameter, and whether it has a default.
    pub(super) fn function_head(&mut self, note: impl FnMut(HiddenParameter, bool)) -> Option<Range> {
        self.expect_word(b"def")?;
        let start = self.at;
        let name = self.name()?;
        (self.peek() == b'(').then_some(())?;
        self.bracketed(b')', |scan| scan.parameters(b')', true, note))?;
        if self.peek() == b'-' && self.peek_at(1) == b'>' {
            self.pass(2);
            self.annotation()?;
        }
        (self.peek() == b':').then(|| range_of(start, name))
    }

    fn function(&mut self, indent: usize, coroutine: bool) -> Option<()> {
        self.function_head(|_, _| ())?;
        let blocks = self.around.blocks;
        self.enclosed(indent, Around { function: true, coroutine, blocks, ..Around::default() })
    }

    fn class(&mut self, indent: usize) -> Option<()> {
        self.expect_word(b"class")?;
        self.name()?;
        if self.peek() == b'(' {
            self.call(false)?;
        }
        let blocks = self.around.blocks;
        self.enclosed(indent, Around { blocks, ..Around::default() })
    }

    fn enclosed(&mut self, indent: usize, around: Around) -> Option<()> {
        let outer = std::mem::replace(&mut self.around, around);
        self.block(indent)?;
        self.function_end()?;
        self.around = outer;
        Some(())
    }

    /// An asynchronous generator gives no value back.
    fn function_end(&self) -> Option<()> {
        let Around { coroutine, yields, gives, .. } = self.around;
        (!(coroutine && yields && gives)).then_some(())
    }

    /// Statements on one line, the first of which begins with that word.
    fn simple_line(&mut self, mut word: &'t [u8]) -> Option<()> {
        loop {
            self.simple(word)?;
            let read = &self.bytes[..self.at];
            let behind = read.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            self.end = self.at - behind;
            // Behind a backslash the end of the statement is on another line.
            (self.bytes.get(self.end.checked_sub(1)?) != Some(&b'\n')).then_some(())?;
            if self.peek() != b';' {
                return self.line_end();
            }
            self.pass(1);
            if matches!(self.peek(), b'\n' | b'#' | 0) {
                return self.line_end();
            }
            word = self.peek_word();
        }
    }

    fn is_at_line_end(&self) -> bool {
        matches!(self.peek(), b'\n' | b'#' | b';' | 0)
    }

    fn simple(&mut self, word: &[u8]) -> Option<()> {
        if !is_keyword(word) {
            return self.assignment();
        }
        let begin = self.at;
        self.pass(word.len());
        match word {
            b"pass" => {}
            b"break" | b"continue" => self.around.looping.then_some(())?,
            b"return" => {
                self.around.function.then_some(())?;
                if !self.is_at_line_end() {
                    self.list()?;
                    self.around.gives = true;
                }
            }
            b"assert" => {
                self.expression()?;
                if self.eat(b',') {
                    self.expression()?;
                }
            }
            b"raise" => {
                if !self.is_at_line_end() {
                    self.expression()?;
                    if self.eat_word(b"from") {
                        self.expression()?;
                    }
                }
            }
            b"del" => self.delete()?,
            b"import" => self.import()?,
            b"from" => self.import_from()?,
            b"yield" => self.yielded()?,
            _ => {
                self.at = begin;
                self.assignment()?;
            }
        }
        Some(())
    }

    /// Behind `yield`.
    fn yielded(&mut self) -> Option<()> {
        self.around.function.then_some(())?;
        self.around.yields = true;
        if self.eat_word(b"from") {
            (!self.around.coroutine).then_some(())?;
            self.expression()?;
        } else if !self.is_at_line_end() {
            self.list()?;
        }
        Some(())
    }

    fn delete(&mut self) -> Option<()> {
        loop {
            (self.arithmetic()? == Form::Place).then_some(())?;
            if !self.eat(b',') {
                return Some(());
            }
        }
    }

    /// An expression, or something assigned to it.
    fn assignment(&mut self) -> Option<()> {
        let mut form = self.list()?;
        match (self.peek(), self.peek_at(1), self.peek_at(2)) {
            (b'=', ..) => {
                while self.eat(b'=') {
                    matches!(form, Form::Place | Form::Places).then_some(())?;
                    if self.eat_word(b"yield") {
                        return self.yielded();
                    }
                    form = self.list()?;
                }
            }
            (b':', ..) => {
                self.pass(1);
                (form == Form::Place).then_some(())?;
                self.annotation()?;
                if self.eat(b'=') {
                    self.list()?;
                }
            }
            (b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^', b'=', _) => {
                (form == Form::Place).then(|| self.pass(2))?;
                self.list()?;
            }
            (b'*', b'*', b'=') | (b'/', b'/', b'=') | (b'<', b'<', b'=') | (b'>', b'>', b'=') => {
                (form == Form::Place).then(|| self.pass(3))?;
                self.list()?;
            }
            _ => {}
        }
        Some(())
    }

    fn import(&mut self) -> Option<()> {
        loop {
            self.dotted()?;
            if self.eat_word(b"as") {
                self.name()?;
            }
            if !self.eat(b',') {
                return Some(());
            }
        }
    }

    fn dotted(&mut self) -> Option<()> {
        loop {
            self.name()?;
            if !self.eat(b'.') {
                return Some(());
            }
        }
    }

    fn import_from(&mut self) -> Option<()> {
        let mut dots = 0;
        while self.eat(b'.') {
            dots += 1;
        }
        match self.peek_word() {
            b"__future__" => return None,
            b"import" if dots > 0 => {}
            _ => self.dotted()?,
        }
        self.expect_word(b"import")?;
        if self.peek() == b'(' { self.bracketed(b')', |scan| scan.imported(true)) } else { self.imported(false) }
    }

    fn imported(&mut self, in_brackets: bool) -> Option<()> {
        loop {
            self.name()?;
            if self.eat_word(b"as") {
                self.name()?;
            }
            if !self.eat(b',') {
                return Some(());
            }
            if in_brackets && self.peek() == b')' {
                return Some(());
            }
        }
    }
}

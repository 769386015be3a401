//! Expressions.
//!
//! How tightly operators bind is of no account: an expression is well-formed whatever belongs to what.

use super::super::lower::is_idle;
use super::scan::{Scan, is_word};
use super::{HiddenParameter, ParameterKind, range_of};

/// What an expression could be besides a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A name, an attribute or a subscript: can be assigned to.
    Place,
    /// A list or tuple of what can be assigned to, at most one of it behind `*`.
    Places,
    /// `*`, and what can be assigned to or not.
    Starred { place: bool },
    /// Nothing else.
    Value,
}

impl Form {
    fn can_be_assigned(self) -> bool {
        matches!(self, Self::Place | Self::Places | Self::Starred { place: true })
    }
}

/// The forms of the parts of a list.
struct Parts {
    assignable: bool,
    starred: usize,
}

impl Parts {
    fn of(first: Form) -> Self {
        let mut parts = Self { assignable: true, starred: 0 };
        parts.add(first);
        parts
    }

    fn add(&mut self, form: Form) {
        self.assignable &= form.can_be_assigned();
        self.starred += usize::from(matches!(form, Form::Starred { .. }));
    }

    fn form(&self) -> Form {
        if self.assignable && self.starred <= 1 { Form::Places } else { Form::Value }
    }
}

impl<'t> Scan<'t> {
    pub(super) fn expression(&mut self) -> Option<Form> {
        self.within(|scan| {
            if scan.peek() == b'l' && scan.is_at_word(b"lambda") {
                scan.lambda()?;
                return Some(Form::Value);
            }
            let alone = !scan.negated();
            let first = scan.operand()?;
            // Most expressions are one operand.
            if alone && scan.is_at_close() {
                return Some(first);
            }
            let form = scan.disjunction_behind(first, alone)?;
            if !scan.eat_word(b"if") {
                return Some(form);
            }
            scan.disjunction()?;
            scan.expect_word(b"else")?;
            scan.expression()?;
            Some(Form::Value)
        })
    }

    /// One expression, or several with commas between them: a tuple.
    pub(super) fn list(&mut self) -> Option<Form> {
        let first = self.part()?;
        self.tuple(first)
    }

    /// The same behind the first of them.
    fn tuple(&mut self, first: Form) -> Option<Form> {
        if !self.eat(b',') {
            return (!matches!(first, Form::Starred { .. })).then_some(first);
        }
        let mut parts = Parts::of(first);
        while !self.is_at_end() {
            parts.add(self.part()?);
            if !self.eat(b',') {
                break;
            }
        }
        Some(parts.form())
    }

    /// Whether nothing of a list can follow.
    fn is_at_end(&self) -> bool {
        matches!(self.peek(), 0 | b'\n' | b'=' | b';' | b'#' | b':' | b')' | b']' | b'}')
    }

    fn part(&mut self) -> Option<Form> {
        if !self.eat(b'*') {
            return self.expression();
        }
        let form = self.arithmetic()?;
        Some(Form::Starred { place: matches!(form, Form::Place | Form::Places) })
    }

    /// What a loop assigns to: up to its `in`.
    pub(super) fn targets(&mut self) -> Option<()> {
        let mut parts: Option<Parts> = None;
        let mut commas = false;
        while !self.is_at_word(b"in") {
            let form = if self.eat(b'*') {
                let form = self.arithmetic()?;
                Form::Starred { place: matches!(form, Form::Place | Form::Places) }
            } else {
                self.arithmetic()?
            };
            match &mut parts {
                None => parts = Some(Parts::of(form)),
                Some(parts) => parts.add(form),
            }
            if !self.eat(b',') {
                break;
            }
            commas = true;
        }
        let parts = parts?;
        (parts.form() == Form::Places && (commas || parts.starred == 0)).then_some(())
    }

    /// Whether what stands there ends every expression.
    fn is_at_close(&self) -> bool {
        matches!(self.peek(), b',' | b')' | b']' | b'}' | b':' | b'\n')
    }

    /// Skips `not`; whether there was one.
    fn negated(&mut self) -> bool {
        let start = self.at;
        while self.peek() == b'n' && self.eat_word(b"not") {}
        self.at > start
    }

    /// `and`, `or` and `not`.
    fn disjunction(&mut self) -> Option<Form> {
        let alone = !self.negated();
        let first = self.operand()?;
        self.disjunction_behind(first, alone)
    }

    /// The same behind its first operand, which may stand alone or behind `not`.
    fn disjunction_behind(&mut self, first: Form, alone: bool) -> Option<Form> {
        let form = self.comparison_behind(first)?;
        let mut form = if alone { form } else { Form::Value };
        while matches!(self.peek(), b'a' | b'o') && (self.eat_word(b"and") || self.eat_word(b"or")) {
            self.negated();
            let next = self.operand()?;
            self.comparison_behind(next)?;
            form = Form::Value;
        }
        Some(form)
    }

    fn comparison_behind(&mut self, first: Form) -> Option<Form> {
        let mut form = self.arithmetic_behind(first)?;
        loop {
            match (self.peek(), self.peek_at(1)) {
                // Of an augmented assignment.
                (b'<', b'<') | (b'>', b'>') => return Some(form),
                (b'=' | b'!' | b'<' | b'>', b'=') => self.pass(2),
                (b'<' | b'>', _) => self.pass(1),
                (b'i', b'n') if self.eat_word(b"in") => {}
                (b'i', b's') if self.eat_word(b"is") => {
                    self.eat_word(b"not");
                }
                (b'n', b'o') if self.eat_word(b"not") => self.expect_word(b"in")?,
                _ => return Some(form),
            }
            self.arithmetic()?;
            form = Form::Value;
        }
    }

    /// Operators between operands, but for those of an augmented assignment.
    pub(super) fn arithmetic(&mut self) -> Option<Form> {
        let first = self.operand()?;
        self.arithmetic_behind(first)
    }

    fn arithmetic_behind(&mut self, first: Form) -> Option<Form> {
        let mut form = first;
        loop {
            let length = match (self.peek(), self.peek_at(1)) {
                (b'*', b'*') | (b'/', b'/') | (b'<', b'<') | (b'>', b'>') => 2,
                (b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^', _) => 1,
                _ => return Some(form),
            };
            if self.peek_at(length) == b'=' {
                return Some(form);
            }
            self.pass(length);
            self.operand()?;
            form = Form::Value;
        }
    }

    fn operand(&mut self) -> Option<Form> {
        let start = self.at;
        while matches!(self.peek(), b'+' | b'-' | b'~') {
            self.pass(1);
        }
        let mut alone = self.at == start;
        if self.peek() == b'a' && self.eat_word(b"await") {
            self.around.coroutine.then_some(())?;
            alone = false;
        }
        let form = self.primary()?;
        Some(if alone { form } else { Form::Value })
    }

    fn primary(&mut self) -> Option<Form> {
        let mut form = self.atom()?;
        loop {
            match self.peek() {
                b'.' => {
                    self.pass(1);
                    self.name()?;
                    form = Form::Place;
                }
                b'(' => {
                    self.call(true)?;
                    form = Form::Value;
                }
                b'[' => {
                    self.bracketed(b']', Self::subscript)?;
                    form = Form::Place;
                }
                _ => return Some(form),
            }
        }
    }

    fn atom(&mut self) -> Option<Form> {
        match self.peek() {
            b'(' => self.bracketed(b')', Self::parenthesized),
            b'[' => self.bracketed(b']', Self::elements),
            b'{' => self.bracketed(b'}', Self::braced),
            b'0'..=b'9' => self.number().map(|()| Form::Value),
            b'.' if self.peek_at(1).is_ascii_digit() => self.number().map(|()| Form::Value),
            b'.' if self.peek_at(1) == b'.' && self.peek_at(2) == b'.' => {
                self.pass(3);
                Some(Form::Value)
            }
            b'"' | b'\'' => self.strings().map(|()| Form::Value),
            byte if is_word(byte) => {
                if self.quotes_ahead().is_some() {
                    return self.strings().map(|()| Form::Value);
                }
                match byte {
                    b'N' if self.eat_word(b"None") => Some(Form::Value),
                    b'T' if self.eat_word(b"True") => Some(Form::Value),
                    b'F' if self.eat_word(b"False") => Some(Form::Value),
                    _ => self.name().map(|_| Form::Place),
                }
            }
            _ => None,
        }
    }

    /// Behind `(`.
    fn parenthesized(&mut self) -> Option<Form> {
        if self.is_at_end() {
            return Some(Form::Places);
        }
        let first = self.part()?;
        if self.is_at_clause() { self.comprehension(first) } else { self.tuple(first) }
    }

    /// Behind `[`.
    fn elements(&mut self) -> Option<Form> {
        if self.is_at_end() {
            return Some(Form::Places);
        }
        let first = self.part()?;
        if self.is_at_clause() {
            return self.comprehension(first);
        }
        let mut parts = Parts::of(first);
        while self.eat(b',') && !self.is_at_end() {
            parts.add(self.part()?);
        }
        Some(parts.form())
    }

    /// Behind `{`.
    fn braced(&mut self) -> Option<Form> {
        if self.is_at_end() {
            return Some(Form::Value);
        }
        let is_dict = if self.peek() == b'*' && self.peek_at(1) == b'*' {
            self.entry()?;
            true
        } else {
            let first = self.part()?;
            let is_dict = !matches!(first, Form::Starred { .. }) && self.eat(b':');
            if is_dict {
                self.expression()?;
            }
            if self.is_at_clause() {
                return self.comprehension(first);
            }
            is_dict
        };
        while self.eat(b',') && !self.is_at_end() {
            if is_dict {
                self.entry()?;
            } else {
                self.part()?;
            }
        }
        Some(Form::Value)
    }

    /// `key: value` or `**mapping`.
    fn entry(&mut self) -> Option<()> {
        if self.peek() == b'*' && self.peek_at(1) == b'*' {
            self.pass(2);
            self.arithmetic()?;
        } else {
            self.expression()?;
            self.expect(b':')?;
            self.expression()?;
        }
        Some(())
    }

    /// The rest of a comprehension behind its element.
    fn comprehension(&mut self, element: Form) -> Option<Form> {
        (!matches!(element, Form::Starred { .. })).then_some(())?;
        self.clauses()?;
        Some(Form::Value)
    }

    /// Whether a clause of a comprehension begins there.
    fn is_at_clause(&self) -> bool {
        match self.peek() {
            b'f' => self.is_at_word(b"for"),
            b'a' => self.is_at_word(b"async"),
            _ => false,
        }
    }

    /// The `for ... in ... if ...` of a comprehension.
    fn clauses(&mut self) -> Option<()> {
        // An asynchronous comprehension within another one takes Python 3.11, but for its first iterable.
        (!self.asynchronous).then_some(())?;
        let is_within = std::mem::replace(&mut self.around.comprehension, true);
        while self.is_at_clause() {
            if self.eat_word(b"async") {
                (self.around.coroutine && !is_within).then_some(())?;
                self.asynchronous = true;
            }
            self.expect_word(b"for")?;
            self.targets()?;
            self.expect_word(b"in")?;
            self.disjunction()?;
            while self.eat_word(b"if") {
                self.disjunction()?;
            }
        }
        self.around.comprehension = is_within;
        Some(())
    }

    /// At the `(` of a call, which may hold a generator alone, or of what stands behind a class's name.
    pub(super) fn call(&mut self, may_generate: bool) -> Option<()> {
        let known = self.names.len();
        let read = self.bracketed(b')', |scan| scan.arguments(known, may_generate));
        self.names.truncate(known);
        read
    }

    fn arguments(&mut self, known: usize, may_generate: bool) -> Option<()> {
        let mut keywords = false;
        let mut unpacked = false;
        let mut count = 0;
        while !self.is_at_end() {
            if self.peek() == b'*' {
                let double = self.peek_at(1) == b'*';
                (double || !unpacked).then_some(())?;
                unpacked |= double;
                self.pass(1 + usize::from(double));
                self.expression()?;
            } else if let Some(name) = self.keyword() {
                self.once(name, known)?;
                keywords = true;
                self.expression()?;
            } else {
                (!keywords && !unpacked).then_some(())?;
                self.expression()?;
                if self.is_at_clause() {
                    self.clauses()?;
                    // It has to be the only argument.
                    return (may_generate && count == 0 && self.peek() == b')').then_some(());
                }
            }
            count += 1;
            if !self.eat(b',') {
                break;
            }
        }
        Some(())
    }

    /// `name=` before an argument.
    fn keyword(&mut self) -> Option<&'t [u8]> {
        let start = self.at;
        let length = self.peek_word().len();
        self.pass(length);
        let is_one = self.peek() == b'=' && self.peek_at(1) != b'=';
        self.at = start;
        let name = is_one.then(|| self.name())??;
        self.pass(1);
        Some(name)
    }

    /// Refuses a name that came before.
    fn once(&mut self, name: &'t [u8], known: usize) -> Option<()> {
        let is_new = !self.names[known..].contains(&name);
        self.names.push(name);
        is_new.then_some(())
    }

    /// Behind `[` of a subscript.
    fn subscript(&mut self) -> Option<()> {
        loop {
            let mut is_there = self.peek() != b':';
            if is_there {
                self.expression()?;
            }
            for _ in 0..2 {
                if !self.eat(b':') {
                    break;
                }
                is_there = true;
                if !matches!(self.peek(), b':' | b',' | b']') {
                    self.expression()?;
                }
            }
            is_there.then_some(())?;
            if !self.eat(b',') {
                return Some(());
            }
            if self.peek() == b']' {
                return Some(());
            }
        }
    }

    fn lambda(&mut self) -> Option<()> {
        self.expect_word(b"lambda")?;
        // In an f-string its colon would begin the format.
        (!self.around.interpolation).then_some(())?;
        let outer = self.around;
        self.around.coroutine = false;
        self.parameters(b':', false, |_, _| ())?;
        self.expect(b':')?;
        self.expression()?;
        self.around = outer;
        Some(())
    }

    /// The parameters of a function up to `close`; `note` is told of each, and whether it has a default.
    pub(super) fn parameters(
        &mut self,
        close: u8,
        annotated: bool,
        note: impl FnMut(HiddenParameter, bool),
    ) -> Option<()> {
        let known = self.names.len();
        let read = self.parameter_list(close, annotated, known, note);
        self.names.truncate(known);
        read
    }

    fn parameter_list(
        &mut self,
        close: u8,
        annotated: bool,
        known: usize,
        mut note: impl FnMut(HiddenParameter, bool),
    ) -> Option<()> {
        let (mut defaults, mut star, mut bare_star) = (false, false, false);
        loop {
            if self.peek() == close {
                break;
            }
            let stars = (0..2).take_while(|ahead| self.peek_at(*ahead) == b'*').count();
            self.pass(stars);
            match stars {
                1 if star => return None,
                1 if self.peek() == b',' => {
                    (star, bare_star) = (true, true);
                    self.pass(1);
                    continue;
                }
                2 if bare_star => return None,
                _ => {}
            }
            let kind = match stars {
                0 if star => ParameterKind::KeywordOnly,
                0 => ParameterKind::Positional,
                1 => ParameterKind::Rest,
                _ => ParameterKind::RestKeywords,
            };
            star |= stars == 1;
            bare_star = false;
            let start = self.at;
            let name = self.name()?;
            self.once(name, known)?;
            if annotated && self.eat(b':') {
                self.annotation()?;
            }
            let has_default = stars == 0 && self.eat(b'=');
            if has_default {
                self.expression()?;
                defaults |= !star;
            } else if stars == 0 && defaults && !star {
                return None;
            }
            note(HiddenParameter { name: range_of(start, name), kind }, has_default);
            let goes_on = self.eat(b',');
            if stars == 2 || !goes_on {
                (self.peek() == close).then_some(())?;
                break;
            }
        }
        (!bare_star).then_some(())
    }

    /// What stands behind the colon of a parameter or variable, or behind `->`: nothing is awaited there.
    pub(super) fn annotation(&mut self) -> Option<()> {
        let outer = self.around;
        let start = self.at;
        self.around.coroutine = false;
        self.expression()?;
        self.around = outer;
        self.annotated |= !str::from_utf8(&self.bytes[start..self.at]).is_ok_and(|text| is_idle(text.trim()));
        Some(())
    }
}

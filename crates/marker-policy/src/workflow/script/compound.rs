//! Reads compound commands: `if`, `for`, `case`, functions, tests.

use super::parser::{Parsed, Parser, SyntaxError, is_name};
use super::syntax::{Body, Form};

impl Parser<'_> {
    pub(super) fn conditional(&mut self) -> Parsed<Form> {
        let (mut branches, mut otherwise) = (Vec::new(), None);
        self.at += "if".len();
        loop {
            let condition = self.body()?;
            self.expect_word("then")?;
            branches.push((condition, self.body()?));
            if self.eat_word("elif") {
                continue;
            }
            if self.eat_word("else") {
                otherwise = Some(self.body()?);
            }
            self.expect_word("fi")?;
            return Ok(Form::If(branches, otherwise));
        }
    }

    pub(super) fn loop_body(&mut self) -> Parsed<Body> {
        self.expect_word("do")?;
        let body = self.body()?;
        self.expect_word("done")?;
        Ok(body)
    }

    pub(super) fn loop_over(&mut self) -> Parsed<Form> {
        let select = self.plain_word() == "select";
        self.at += self.plain_word().len();
        self.blanks();
        if self.starts("((") {
            let Some(_) = self.arithmetic(2) else { return Err(self.unexpected()) };
            self.separator();
            return Ok(Form::For(None, None, self.loop_body()?));
        }
        let name = self.plain_word().to_owned();
        if !is_name(&name) {
            return Err(self.unexpected());
        }
        self.at += name.len();
        self.newlines();
        let mut words = None;
        if self.eat_word("in") {
            let mut given = Vec::new();
            self.blanks();
            while let Some(word) = self.word()? {
                given.push(word);
                self.blanks();
            }
            words = Some(given);
        }
        self.separator();
        let body = self.loop_body()?;
        // Whoever answers `select` chooses.
        Ok(Form::For(Some(name), words.filter(|_| !select), body))
    }

    /// `;` and ends of lines in front of `do`.
    fn separator(&mut self) {
        self.blanks();
        if self.peek() == Some(b';') {
            self.at += 1;
        }
        self.newlines();
    }

    pub(super) fn case(&mut self) -> Parsed<Form> {
        self.at += "case".len();
        self.blanks();
        let Some(subject) = self.word()? else { return Err(self.unexpected()) };
        self.newlines();
        self.expect_word("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines();
            if self.eat_word("esac") {
                return Ok(Form::Case(subject, arms));
            }
            self.eat("(");
            loop {
                self.blanks();
                if self.word()?.is_none() {
                    return Err(self.unexpected());
                }
                self.blanks();
                if !self.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            arms.push(self.body()?);
            if !(self.eat(";;&") || self.eat(";;") || self.eat(";&")) {
                self.newlines();
                self.expect_word("esac")?;
                return Ok(Form::Case(subject, arms));
            }
        }
    }

    pub(super) fn function(&mut self, name: String) -> Parsed<Form> {
        self.newlines();
        let body = self.command()?;
        if matches!(body.form, Form::Simple(_)) {
            return Err(self.error("the body of a function is no compound command"));
        }
        Ok(Form::Function(name, std::rc::Rc::new(body)))
    }

    pub(super) fn test(&mut self) -> Parsed<Form> {
        let open = self.at;
        let mut words = Vec::new();
        loop {
            self.newlines();
            if self.eat_word("]]") {
                return Ok(Form::Test(words));
            }
            match self.word_of_test()? {
                Some(word) => words.push(word),
                None => return Err(SyntaxError { message: "`[[` has no `]]`".to_owned(), at: open }),
            }
        }
    }
}

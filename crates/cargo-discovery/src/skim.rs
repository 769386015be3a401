//! A first look at a Rust text: how deep it nests, and the same text without what cannot hold a test.
//!
//! A function's body is not needed to list the function, and no test can stand in an `impl`, a `trait` or a type. All are
//! emptied before the text is tokenized, which is where the time goes. Lines and columns of what remains do not move.
//! The arguments of macros are left alone: only the macro knows what they are.

use memchr::{memchr, memchr_iter, memchr2};

/// What one pass over the text tells.
#[derive(Debug)]
pub(crate) struct Skim {
    /// The text without comments, and with bodies emptied.
    pub text: String,
    /// How deep brackets nest in that text.
    pub depth: usize,
    /// String literals of the whole text that end in `.rs`: files that something may include or compile itself.
    pub named_files: Vec<String>,
}

/// Whose block comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// `fn name`, `impl`, `trait`, `struct` or `enum`, read at this bracket depth.
    Body(usize),
    None,
}

struct Skimmer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    out: String,
    /// Where the stretch begins that has to be copied to `out`.
    kept: usize,
    depth: usize,
    deepest: usize,
    /// How many parentheses are open.
    parentheses: usize,
    head: Head,
    /// The depth of the outermost macro call that is open.
    in_macro: Option<usize>,
    /// The last two things read that are neither blank nor comment.
    last: Seen,
    before: Seen,
    named_files: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Nothing, or the end of an item: the next token may begin one.
    Boundary,
    Fn,
    /// A word that may stand before `impl`: `unsafe`, `default`, `const`, `auto`, `pub`.
    Qualifier,
    Word,
    Bang,
    Other,
}

/// Skims a text. It never fails: what is no Rust comes out as it is, for the parser to complain about.
pub(crate) fn skim(text: &str) -> Skim {
    let mut skimmer = Skimmer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        out: String::with_capacity(text.len() / 3),
        kept: 0,
        depth: 0,
        deepest: 0,
        parentheses: 0,
        head: Head::None,
        in_macro: None,
        last: Seen::Boundary,
        before: Seen::Boundary,
        named_files: Vec::new(),
    };
    skimmer.run();
    skimmer.copy_to(text.len());
    Skim { text: skimmer.out, depth: skimmer.deepest, named_files: skimmer.named_files }
}

impl Skimmer<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'/' if matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) => self.drop_comment(),
                b'{' if self.head == Head::Body(self.depth) && self.in_macro.is_none() => self.empty_block(),
                b'(' | b'[' | b'{' => self.open(),
                b')' | b']' | b'}' => self.close(byte),
                b';' => {
                    if self.head == Head::Body(self.depth) {
                        self.head = Head::None;
                    }
                    self.step(Seen::Boundary);
                }
                b'!' => self.step(Seen::Bang),
                _ if is_word(byte) || byte == b'"' || byte == b'\'' => {
                    let start = self.at;
                    let end = token_end(self.bytes, start);
                    self.note_file(start, end);
                    self.note_word(start, end);
                    self.at = end;
                }
                _ => self.step(Seen::Other),
            }
        }
    }

    fn step(&mut self, seen: Seen) {
        self.see(seen);
        self.at += 1;
    }

    fn see(&mut self, seen: Seen) {
        self.before = self.last;
        self.last = seen;
    }

    fn open(&mut self) {
        // `name!(`, `name! {`, `macro_rules! name {`
        let is_call = self.last == Seen::Bang || (self.last == Seen::Word && self.before == Seen::Bang);
        if is_call && self.in_macro.is_none() {
            self.in_macro = Some(self.depth);
        }
        let seen = if self.bytes[self.at] == b'{' { Seen::Boundary } else { Seen::Other };
        self.parentheses += usize::from(self.bytes[self.at] == b'(');
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.step(seen);
    }

    fn close(&mut self, byte: u8) {
        self.depth = self.depth.saturating_sub(1);
        self.parentheses = self.parentheses.saturating_sub(usize::from(byte == b')'));
        if self.in_macro == Some(self.depth) {
            self.in_macro = None;
        }
        // What was begun within brackets ends with them: a macro is given heads without their bodies.
        if matches!(self.head, Head::Body(depth) if depth > self.depth) {
            self.head = Head::None;
        }
        // Behind `}` and behind an attribute an item may begin; behind `pub(crate)` its keyword.
        self.step(if byte == b')' { Seen::Qualifier } else { Seen::Boundary });
    }

    fn note_word(&mut self, start: usize, end: usize) {
        // What a macro is given, or an attribute, declares nothing.
        let begins_none = self.in_macro.is_some();
        let seen = match &self.bytes[start..end] {
            b"fn" => Seen::Fn,
            b"unsafe" | b"default" | b"const" | b"auto" | b"pub" => Seen::Qualifier,
            b"impl" | b"trait" | b"struct" | b"enum"
                if matches!(self.last, Seen::Boundary | Seen::Qualifier)
                    && matches!(self.head, Head::None)
                    && !begins_none =>
            {
                self.head = Head::Body(self.depth);
                Seen::Other
            }
            word if is_word(word[0]) => {
                if self.last == Seen::Fn && !word[0].is_ascii_digit() && !begins_none {
                    self.head = Head::Body(self.depth);
                }
                Seen::Word
            }
            _ => Seen::Other,
        };
        self.see(seen);
    }

    fn note_file(&mut self, start: usize, end: usize) {
        let token = &self.text[start..end];
        let Some(inner) = token.trim_end_matches('#').strip_suffix('"') else { return };
        if let Some(open) = inner.find('"').filter(|_| inner.ends_with(".rs")) {
            self.named_files.push(inner[open + 1..].to_owned());
        }
    }

    fn drop_comment(&mut self) {
        let end = comment_end(self.bytes, self.at);
        // Within an attribute's parentheses, documentation may name a test: `#[values(/// the first ...)]`.
        // So it may among a macro's arguments, and there it is an attribute to the rules of the macro.
        let is_read = self.parentheses > 0 || self.in_macro.is_some();
        if is_read && is_documentation(&self.bytes[self.at..end]) {
            self.at = end;
            return;
        }
        self.copy_to(self.at);
        self.blank(self.at, end);
        self.at = end;
        self.kept = end;
    }

    /// Goes over the block at `at`, leaving its brackets and nothing between them.
    fn empty_block(&mut self) {
        self.head = Head::None;
        let open = self.at;
        let mut depth = 0_usize;
        let mut at = open;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'/' if matches!(self.bytes.get(at + 1), Some(b'/' | b'*')) => {
                    at = comment_end(self.bytes, at);
                    continue;
                }
                _ if is_word(byte) || byte == b'"' || byte == b'\'' => {
                    let end = token_end(self.bytes, at);
                    if byte == b'"' || self.bytes[end - 1] == b'"' || self.bytes[end - 1] == b'#' {
                        self.note_file(at, end);
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        if self.bytes.get(at) != Some(&b'}') {
            // It does not end, or not with its own bracket: the parser shall see it all and say so.
            self.open();
            return;
        }
        self.copy_to(open + 1);
        self.blank(open + 1, at);
        self.kept = at;
        self.at = at;
        self.step(Seen::Boundary);
    }

    fn copy_to(&mut self, end: usize) {
        self.out.push_str(&self.text[self.kept..end]);
        self.kept = end;
    }

    /// Puts blanks for a stretch of the text, so that what follows keeps its line and its column.
    fn blank(&mut self, start: usize, end: usize) {
        let stretch = &self.text[start..end];
        let last_line = stretch.rfind('\n').map_or(stretch, |newline| {
            let lines = memchr_iter(b'\n', stretch.as_bytes()).count();
            self.out.extend(std::iter::repeat_n('\n', lines));
            &stretch[newline + 1..]
        });
        self.out.extend(last_line.chars().map(|_| ' '));
    }
}

pub(crate) fn is_documentation(comment: &[u8]) -> bool {
    let starts = |with: &[u8]| comment.starts_with(with);
    let is_outer = (starts(b"///") && !starts(b"////")) || (starts(b"/**") && !starts(b"/***") && comment.len() > 4);
    is_outer || starts(b"//!") || starts(b"/*!")
}

/// What [`is_word`] says of each byte: it is asked of nearly every byte of a tree.
const WORDS: [bool; 256] = {
    let mut words = [false; 256];
    let mut byte = 0_u8;
    loop {
        words[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if byte == u8::MAX {
            break words;
        }
        byte += 1;
    }
};

pub(crate) fn is_word(byte: u8) -> bool {
    WORDS[usize::from(byte)]
}

/// The end of the comment at `at`; block comments nest.
pub(crate) fn comment_end(bytes: &[u8], at: usize) -> usize {
    if bytes[at + 1] == b'/' {
        return memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |newline| at + newline);
    }
    let mut depth = 0_usize;
    let mut end = at;
    while end < bytes.len() {
        match (bytes[end], bytes.get(end + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                end += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                end += 2;
                if depth == 0 {
                    return end;
                }
            }
            _ => end += 1,
        }
    }
    bytes.len()
}

/// The end of the word, number, string, character or lifetime at `at`.
pub(crate) fn token_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'"' => string_end(bytes, at),
        b'\'' => quote_end(bytes, at),
        _ => {
            let word = bytes[at..].iter().position(|&byte| !is_word(byte)).map_or(bytes.len(), |length| at + length);
            match (&bytes[at..word], bytes.get(word)) {
                (b"b" | b"c", Some(b'"')) => string_end(bytes, word),
                (b"b", Some(b'\'')) => quote_end(bytes, word),
                (b"r" | b"br" | b"cr", Some(b'"' | b'#')) => {
                    raw_string_end(bytes, word).unwrap_or_else(|| raw_identifier_end(bytes, word))
                }
                _ => word,
            }
        }
    }
}

/// The end of the string whose quote is at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(found) = bytes.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        end += found;
        if bytes[end] == b'"' {
            return end + 1;
        }
        end += 2;
    }
    bytes.len()
}

/// The end of the raw string whose first `#` or quote is at `at`; `None` for a raw identifier.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at..].iter().take_while(|&&byte| byte == b'#').count();
    let open = at + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let inside = &bytes[open + 1..];
    for quote in memchr_iter(b'"', inside) {
        let closing = inside[quote + 1..].iter().take(hashes).take_while(|&&byte| byte == b'#').count();
        if closing == hashes {
            return Some(open + 1 + quote + 1 + hashes);
        }
    }
    Some(bytes.len())
}

/// The end of the raw identifier whose `#` is at `at`; `at` where none is.
fn raw_identifier_end(bytes: &[u8], at: usize) -> usize {
    let name = bytes.get(at + 1..).unwrap_or_default();
    match name.iter().take_while(|&&byte| is_word(byte)).count() {
        0 => at,
        length => at + 1 + length,
    }
}

/// The end of the character or lifetime whose quote is at `at`.
fn quote_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => {
            // The escaped character may be a quote itself.
            let rest = bytes.get(at + 3..).unwrap_or_default();
            rest.iter().position(|&byte| byte == b'\'').map_or(bytes.len(), |quote| at + 3 + quote + 1)
        }
        Some(&first) => {
            let length = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            if bytes.get(at + 1 + length) == Some(&b'\'') { at + length + 2 } else { at + 1 }
        }
        None => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_emptied_and_nothing_behind_them_moves() {
        let body = " let x = \"}\"; /* { */ ";
        let skimmed =
            skim(&format!("fn a() {{{body}}} fn b() {{\n  '{{';\n  b'\\''; }} mod c {{\n fn d() {{é}} mod e; }}"));
        let blanks = " ".repeat(body.len());
        let expected = format!("fn a() {{{blanks}}} fn b() {{\n\n         }} mod c {{\n fn d() {{ }} mod e; }}");
        assert_eq!(skimmed.text, expected);
    }

    #[test]
    fn what_a_macro_is_given_stays() {
        let text = "cfg_rt! { fn a() { #[test] fn b() {} } } macro_rules! m { () => { fn c() { d } } }";
        assert_eq!(skim(text).text, text);
    }

    #[test]
    fn what_stands_in_a_macro_begins_no_body_behind_it() {
        let text = "mod a { m! { fn b() { c } } mod d { macro_rules! e { () => { f } } m! { fn g } } mod h { m! {} } }";
        assert_eq!(skim(text).text, text);
    }

    #[test]
    fn a_raw_identifier_is_one_word() {
        let text = "macro_rules! r#impl { () => { fn a() { b } } }";
        assert_eq!(skim(text).text, text);
        assert_eq!(skim("fn r#fn() { b } mod c {}").text, "fn r#fn() {   } mod c {}");
    }

    #[test]
    fn an_impl_is_emptied_as_an_item_and_not_as_a_type() {
        assert_eq!(skim("impl A for B { fn c() {} }").text, "impl A for B {           }");
        assert_eq!(skim("static A: fn(impl B) = { c };").text, "static A: fn(impl B) = { c };");
        assert_eq!(skim("fn a(b: impl C) -> impl D { e } mod f {}").text, "fn a(b: impl C) -> impl D {   } mod f {}");
    }

    #[test]
    fn a_type_is_emptied() {
        assert_eq!(skim("pub struct A<B> { c: D } mod e {}").text, "pub struct A<B> {      } mod e {}");
        assert_eq!(skim("struct A; mod b { enum C { D { e: F } } }").text, "struct A; mod b { enum C {            } }");
        assert_eq!(skim("struct A(B); mod c { fn d() {} }").text, "struct A(B); mod c { fn d() {} }");
    }

    #[test]
    fn an_unfinished_body_is_left_to_the_parser() {
        for text in ["fn a() { (", "fn a() { ( }", "fn a() { \"", "fn a() { r#\"", "impl A {", "fn a() { '", "'\\"] {
            assert_eq!(skim(text).text, text);
        }
    }

    #[test]
    fn files_that_strings_name_are_noted_even_in_bodies() {
        let skimmed =
            skim("fn a() { t.compile_fail(\"tests/ui/*.rs\"); include!(r\"b.rs\") } const C: &str = \"c.rs\";");
        assert_eq!(skimmed.named_files, ["tests/ui/*.rs", "b.rs", "c.rs"]);
    }
}

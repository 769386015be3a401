//! The documented items of a Rust text, with their names and nesting.
//!
//! `syntax` throws comments and bodies away, and with them what rustdoc tests. This pass goes over the original text of
//! the few files that hold code in their documentation. It keeps an item only where it, or one inside it, has such code.

use super::attribute::{self, DocAttribute};
use super::cursor::{Cursor, Form, Raw};
use super::lines::Lines;

/// Deeper than any program that people write.
const DEEPEST: usize = 256;

/// What a file documents.
#[derive(Debug, Default)]
pub(crate) struct FileDocs {
    /// `#![...]` and `//!` of the file itself.
    pub attributes: Vec<DocAttribute>,
    pub items: Vec<DocItem>,
}

/// An item that is documented with code, or has such items in it.
#[derive(Debug)]
pub(crate) struct DocItem {
    pub name: Name,
    /// Those before it, and then those inside it.
    pub attributes: Vec<DocAttribute>,
    /// The line of its keyword.
    pub line: u32,
    pub children: Vec<DocItem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    Plain(String),
    /// `mod name;`
    ModuleFile(String),
    /// The self type of an `impl`, as it is written.
    SelfType(String),
    /// `extern "C" { ... }` adds nothing to the path of what is in it.
    Nothing,
    /// What a `use` is documented as, each by itself.
    Uses(Vec<String>),
    /// `macro_rules!`, and whether what it expands to may be documented with code.
    Macro {
        name: String,
        makes_docs: bool,
    },
    /// A call of a macro, with what in its arguments looks like items. `lost` where they hold other documentation too.
    Call {
        name: String,
        lost: bool,
    },
}

/// Signs of code in documentation. They err to one side only.
const SIGNS: [&[u8]; 10] =
    [b"```", b"~~~", b"///     ", b"//!     ", b"///\t", b"//!\t", b"/**", b"/*!", b"doc = ", b"doc="];

/// Scans a text for what is documented with code; `None` where nothing is. What is no Rust gives less, never an error:
/// the parser has complained already.
pub(crate) fn scan(text: &str) -> Option<FileDocs> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bytes = text.as_bytes();
    let mut signs: Vec<usize> = SIGNS.iter().flat_map(|sign| memchr::memmem::find_iter(bytes, sign)).collect();
    signs.sort_unstable();
    (!signs.is_empty()).then(|| scanned(text, Some(signs)))
}

/// Scans a text for all modules that it declares and documents, too.
pub(super) fn scan_declarations(text: &str) -> FileDocs {
    scanned(text.strip_prefix('\u{feff}').unwrap_or(text), None)
}

fn scanned(text: &str, signs: Option<Vec<usize>>) -> FileDocs {
    let mut scanner = Scanner { cursor: Cursor::new(text), depth: 0, lines: Lines::of(text), signs };
    let mut root = Inside { starts_items: true, is_root: true, ..Inside::default() };
    scanner.block(&mut root);
    FileDocs { attributes: scanner.attributes(&root.inner), items: root.items }
}

/// What is found between two brackets.
#[derive(Default)]
pub(super) struct Inside {
    /// Whether an item may begin right behind the opening bracket.
    pub starts_items: bool,
    pub is_root: bool,
    /// `//!` and `#![...]`
    pub inner: Vec<Raw>,
    pub items: Vec<DocItem>,
    /// Documentation with code that stands before nothing that is an item.
    pub lost: bool,
}

pub(super) struct Scanner<'t> {
    pub cursor: Cursor<'t>,
    depth: usize,
    lines: Lines,
    /// Where signs of code are. What lies between them is passed over; `None` where all is to be seen.
    signs: Option<Vec<usize>>,
}

impl Scanner<'_> {
    /// Goes into the group that opens here.
    pub(super) fn group(&mut self, inside: &mut Inside) {
        if self.depth >= DEEPEST {
            self.cursor.skip_group();
            return;
        }
        if self.signs.is_some() && self.cursor.skip_group_before(self.next_sign()) {
            return;
        }
        self.cursor.at += 1;
        self.depth += 1;
        self.block(inside);
        self.depth -= 1;
    }

    /// The first sign of code from here on.
    fn next_sign(&self) -> usize {
        let signs = self.signs.as_deref().unwrap_or_default();
        let passed = signs.partition_point(|&sign| sign < self.cursor.at);
        signs.get(passed).copied().unwrap_or(usize::MAX)
    }

    /// A group in an expression or a type. What is declared in it belongs to the item around it.
    pub(super) fn nested(&mut self, inside: &mut Inside) {
        let starts_items = self.cursor.peek() == Some(b'{');
        let mut deeper = Inside { starts_items, items: std::mem::take(&mut inside.items), ..Inside::default() };
        self.group(&mut deeper);
        inside.items = deeper.items;
        inside.lost |= deeper.lost || deeper.inner.iter().any(|raw| self.may_hold_code(*raw));
    }

    /// Up to the closing bracket, and over it.
    fn block(&mut self, inside: &mut Inside) {
        let mut pending = Vec::new();
        let mut may_start = inside.starts_items;
        loop {
            if self.documented(&mut pending, &mut inside.inner) {
                may_start = true;
            }
            let Some(byte) = self.cursor.peek() else { break };
            if inside.is_root && pending.is_empty() && self.signs.is_some() && self.next_sign() == usize::MAX {
                break;
            }
            match byte {
                b'}' | b')' | b']' if inside.is_root => self.cursor.at += 1,
                b'}' | b')' | b']' => {
                    self.cursor.at += 1;
                    break;
                }
                b'{' | b'(' | b'[' => {
                    self.nested(inside);
                    may_start = byte == b'{';
                }
                b';' => {
                    self.cursor.at += 1;
                    may_start = true;
                }
                _ if may_start && self.item(&mut pending, inside) => {}
                _ => may_start = self.token(&mut pending, inside),
            }
            self.lose(&mut pending, inside);
        }
        self.lose(&mut pending, inside);
    }

    /// Takes the documentation and the attributes that stand here.
    pub(super) fn documented(&mut self, outer: &mut Vec<Raw>, inner: &mut Vec<Raw>) -> bool {
        let mut any = false;
        loop {
            self.cursor.skip_blank();
            let raw = match self.cursor.documentation() {
                Some(raw) => {
                    self.cursor.at = raw.end;
                    Some(raw)
                }
                None if self.cursor.peek() == Some(b'#') => self.cursor.attribute(),
                None => None,
            };
            let Some(raw) = raw else { return any };
            any = true;
            if raw.is_inner { inner.push(raw) } else { outer.push(raw) }
        }
    }

    pub(super) fn lose(&self, pending: &mut Vec<Raw>, inside: &mut Inside) {
        inside.lost |= pending.iter().any(|raw| self.may_hold_code(*raw));
        pending.clear();
    }

    /// Passes over a token that begins no item, or over the call of a macro; whether an item may follow.
    fn token(&mut self, pending: &mut Vec<Raw>, inside: &mut Inside) -> bool {
        let at = self.cursor.at;
        let Some(name) = self.cursor.word() else {
            self.cursor.skip_token();
            return false;
        };
        let opens = self.cursor.ahead(|cursor| {
            cursor.skip_comments();
            let is_call = cursor.peek() == Some(b'!');
            cursor.at += 1;
            cursor.skip_comments();
            is_call && matches!(cursor.peek(), Some(b'(' | b'[' | b'{'))
        });
        if !opens {
            return false;
        }
        while !matches!(self.cursor.peek(), Some(b'(' | b'[' | b'{')) {
            self.cursor.skip_token();
        }
        let is_block = self.cursor.peek() == Some(b'{');
        let mut arguments = Inside { starts_items: true, ..Inside::default() };
        self.group(&mut arguments);
        let lost = arguments.lost || arguments.inner.iter().any(|raw| self.may_hold_code(*raw));
        // Documentation of the call itself is nobody's.
        pending.retain(|raw| raw.form == Form::Attribute);
        if lost || !arguments.items.is_empty() {
            let name = Name::Call { name: name.to_owned(), lost };
            let call = self.finished(name, at, pending, arguments.items);
            inside.items.push(call);
        }
        is_block
    }

    /// Keeps an item if rustdoc may find a test in it.
    pub(super) fn keep(
        &self,
        name: Name,
        at: usize,
        attributes: &mut Vec<Raw>,
        children: Vec<DocItem>,
        inside: &mut Inside,
    ) {
        // The module's own file may go on with the documentation.
        let is_module_file = matches!(name, Name::ModuleFile(_)) && !attributes.is_empty();
        let is_maker = matches!(name, Name::Macro { makes_docs: true, .. });
        if is_module_file || is_maker || !children.is_empty() || attributes.iter().any(|raw| self.may_hold_code(*raw)) {
            let item = self.finished(name, at, attributes, children);
            inside.items.push(item);
        }
        attributes.clear();
    }

    fn finished(&self, name: Name, at: usize, attributes: &mut Vec<Raw>, children: Vec<DocItem>) -> DocItem {
        let item = DocItem { name, attributes: self.attributes(attributes), line: self.lines.of_byte(at), children };
        attributes.clear();
        item
    }

    fn attributes(&self, raws: &[Raw]) -> Vec<DocAttribute> {
        raws.iter().filter_map(|raw| attribute::read(self.cursor.text, *raw, &self.lines)).collect()
    }

    /// Whether code may begin or end in it. It errs to one side only.
    fn may_hold_code(&self, raw: Raw) -> bool {
        let text = &self.cursor.text[raw.start..raw.end];
        match raw.form {
            Form::Attribute => text.contains("doc"),
            Form::Block => text.contains("```") || text.contains("~~~") || text.contains("    ") || text.contains('\t'),
            Form::Line => {
                let text = &text[3..];
                text.starts_with("    ") || text.contains("```") || text.contains("~~~") || text.contains('\t')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Paths of the items that are kept.
    fn shown(text: &str) -> Vec<String> {
        fn add(items: &[DocItem], path: &str, all: &mut Vec<String>) {
            for item in items {
                let name = match &item.name {
                    Name::Plain(name) | Name::ModuleFile(name) | Name::SelfType(name) => name.clone(),
                    Name::Macro { name, .. } | Name::Call { name, .. } => format!("{name}!"),
                    Name::Nothing => String::new(),
                    Name::Uses(names) => names.join("|"),
                };
                let path = format!("{path}{name}");
                if !item.attributes.is_empty() {
                    all.push(path.clone());
                }
                add(&item.children, &format!("{path}/"), all);
            }
        }
        let mut all = Vec::new();
        add(&scan(text).unwrap_or_default().items, "", &mut all);
        all
    }

    #[test]
    fn only_what_is_documented_with_code_is_kept() {
        assert_eq!(shown("/// a\nfn a() {} /** ```\n```*/ fn b() {} fn c() {}"), ["b"]);
        assert_eq!(shown("mod a { fn b() {} } struct C { /** ```\n*/ pub d: u8, e: u8 }"), ["C/d"]);
    }

    #[test]
    fn a_header_may_have_brackets_of_all_kinds() {
        let doc = "/** ``` */";
        let text = format!(
            "impl<const N: usize> A<{{ N }}> for B<{{ 1 + 1 }}, fn() -> u8> where C: D {{ {doc} fn e() {{}} }}"
        );
        assert_eq!(shown(&text), ["B<{ 1 + 1 }, fn() -> u8>/e"]);
        let text =
            format!("struct A<F: Fn(u8) -> u8>(F, {doc} pub (u8, u8)) where F: B; enum C {{ D = 1 << 2, {doc} E }}");
        assert_eq!(shown(&text), ["A/1", "C/E"]);
        assert_eq!(shown(&format!("impl A for <B as C>::D {{ {doc} fn e() {{}} }}")), ["<B as C>::D/e"]);
    }

    #[test]
    fn words_that_are_no_keywords_here_begin_no_item() {
        let text = "fn a() { let union = default; unsafe { union() }; const { 1 }; static || 1; /** ``` */ fn b() {} }";
        assert_eq!(shown(text), ["a/b"]);
    }

    #[test]
    fn a_use_is_documented_under_each_of_its_names() {
        assert_eq!(shown("/** ``` */ use a::{b, c::{self, d as e}, f::*};"), ["|b||c|e|"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_broken(parts in prop::collection::vec(prop::sample::select(vec![
            "/// ```\n", "/** ``` */", "/*!", "//!     x\n", "#[doc = \"```\"]", "#![", "#", "fn a", "impl", "struct S", "enum",
            "for", "<", ">", "(", ")", "[", "]", "{", "}", ";", ",", "\"", "'", "\\", "r#", "r#\"", "b'", "mod m", "use a::{b", "macro_rules!",
            "m!", "é", "where", "extern", "\"C\"", "const", "static", "pub", "=", "::", "\n", " ", "\u{feff}",
        ]), 0..24)) {
            let text = parts.concat();
            scan(&text);
            scan_declarations(&text);
        }
    }
}

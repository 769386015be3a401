//! What makes an item, and what it is called.

use super::cursor::{Cursor, Raw, is_reserved};
use super::scan::{Inside, Name, Scanner};

/// How the header of an item ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// At the `{` of its body, which is ahead.
    Body,
    /// At the `(` of its fields, which is ahead.
    Tuple,
    /// With it the item is over.
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fields {
    Named,
    Numbered,
}

impl Scanner<'_> {
    /// Reads the item here, if it is one; `attributes` are those before it.
    pub(super) fn item(&mut self, attributes: &mut Vec<Raw>, inside: &mut Inside) -> bool {
        let start = self.cursor.at;
        let is_item = self.item_from_its_first_word(attributes, inside).is_some();
        if !is_item {
            self.cursor.at = start;
        }
        is_item
    }

    fn item_from_its_first_word(&mut self, attributes: &mut Vec<Raw>, inside: &mut Inside) -> Option<()> {
        loop {
            self.cursor.skip_comments();
            let at = self.cursor.at;
            let word = self.cursor.word()?;
            let next = self.cursor.next_word();
            match word {
                "pub" => self.visibility(),
                // Words that are no keywords elsewhere, and blocks of these names.
                "unsafe" | "async" | "default" | "safe" | "auto" | "gen" => {
                    next?;
                }
                "extern" if next == Some("crate") => {
                    let text = self.through_semicolon(&mut Inside::default());
                    let name = text.split_whitespace().last()?.to_owned();
                    self.keep(Name::Plain(name), at, attributes, Vec::new(), inside);
                    return Some(());
                }
                "extern" => {
                    self.cursor.skip_comments();
                    if matches!(self.cursor.peek(), Some(b'"' | b'r'))
                        && self.cursor.ahead(|cursor| cursor.word().is_none())
                    {
                        self.cursor.skip_token();
                        self.cursor.skip_comments();
                    }
                    if self.cursor.peek() == Some(b'{') {
                        self.body(Name::Nothing, at, attributes, Inside::default(), inside);
                        return Some(());
                    }
                }
                "const" if matches!(next, Some("fn" | "unsafe" | "async" | "extern" | "trait" | "impl" | "gen")) => {}
                "const" | "static" | "type" => {
                    if word == "static" && next == Some("mut") {
                        self.cursor.skip_comments();
                        self.cursor.word()?;
                    }
                    let name = self.name()?;
                    let begins = self.cursor.next_byte();
                    // A closure may be `static` or `const`.
                    if word != "type" && begins != Some(b':') && begins != Some(b'<') {
                        return None;
                    }
                    let mut value = Inside::default();
                    self.through_semicolon(&mut value);
                    self.keep(Name::Plain(name), at, attributes, value.items, inside);
                    return Some(());
                }
                "fn" | "trait" => {
                    let name = self.name()?;
                    return self.block_item(Name::Plain(name), at, attributes, inside);
                }
                "impl" => return self.implementation(at, attributes, inside),
                "mod" => {
                    let name = self.name()?;
                    self.cursor.skip_comments();
                    if self.cursor.peek() == Some(b'{') {
                        self.body(Name::Plain(name), at, attributes, Inside::default(), inside);
                    } else {
                        self.through_semicolon(&mut Inside::default());
                        self.keep(Name::ModuleFile(name), at, attributes, Vec::new(), inside);
                    }
                    return Some(());
                }
                "struct" | "enum" => return self.type_item(word == "enum", at, attributes, inside),
                "union" if next.is_some() => return self.type_item(false, at, attributes, inside),
                "use" => {
                    let text = self.through_semicolon(&mut Inside::default());
                    self.keep(Name::Uses(uses(&text)), at, attributes, Vec::new(), inside);
                    return Some(());
                }
                "macro_rules" if self.cursor.next_byte() == Some(b'!') => {
                    self.cursor.skip_comments();
                    self.cursor.at += 1;
                    self.macro_rules(at, attributes, inside)?;
                    return Some(());
                }
                "macro" if next.is_some() => {
                    self.macro_rules(at, attributes, inside)?;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn visibility(&mut self) {
        self.cursor.skip_comments();
        let is_restricted = self.cursor.peek() == Some(b'(')
            && self.cursor.ahead(|cursor| {
                cursor.at += 1;
                matches!(cursor.next_word(), Some("crate" | "self" | "super" | "in"))
            });
        if is_restricted {
            self.cursor.skip_group();
        }
    }

    fn name(&mut self) -> Option<String> {
        self.cursor.skip_comments();
        self.cursor.word().map(str::to_owned)
    }

    /// Passes over the rest of an item that ends with a semicolon; gives its text.
    fn through_semicolon(&mut self, inside: &mut Inside) -> String {
        let start = self.cursor.at;
        loop {
            self.cursor.skip_comments();
            match self.cursor.peek() {
                Some(b';') => {
                    let text = self.cursor.text[start..self.cursor.at].to_owned();
                    self.cursor.at += 1;
                    return text;
                }
                Some(b'{' | b'(' | b'[') => self.nested(inside),
                Some(b'}' | b')' | b']') | None => return self.cursor.text[start..self.cursor.at].to_owned(),
                Some(_) => self.cursor.skip_token(),
            }
        }
    }

    /// Passes over generics, parameters, bounds and what else stands before a body.
    fn header(&mut self, header: &mut Inside, has_tuple: bool) -> End {
        // Of what is no blank and no comment.
        let mut before = b' ';
        let mut angles = 0_usize;
        let mut is_bounds = false;
        loop {
            self.cursor.skip_comments();
            let Some(byte) = self.cursor.peek() else { return End::Over };
            match byte {
                b';' => {
                    self.cursor.at += 1;
                    return End::Over;
                }
                b'}' | b')' | b']' => return End::Over,
                // Braces behind these are an argument of a generic type.
                b'{' if !matches!(before, b'<' | b',' | b'=') || (before == b',' && angles == 0) => return End::Body,
                b'(' if has_tuple && angles == 0 && !is_bounds => return End::Tuple,
                b'{' | b'(' | b'[' => self.nested(header),
                b'<' => {
                    angles += 1;
                    self.cursor.at += 1;
                }
                b'>' => {
                    if !matches!(before, b'-' | b'=') {
                        angles = angles.saturating_sub(1);
                    }
                    self.cursor.at += 1;
                }
                _ => {
                    is_bounds |= self.cursor.next_word() == Some("where");
                    self.cursor.skip_token();
                }
            }
            before = byte;
        }
    }

    /// An item with a header and, maybe, a body of items or statements.
    fn block_item(&mut self, name: Name, at: usize, attributes: &mut Vec<Raw>, inside: &mut Inside) -> Option<()> {
        let mut header = Inside::default();
        match self.header(&mut header, false) {
            End::Body => self.body(name, at, attributes, header, inside),
            End::Tuple | End::Over => self.keep(name, at, attributes, header.items, inside),
        }
        Some(())
    }

    /// The body ahead, to which what is in the item's header belongs as well.
    fn body(&mut self, name: Name, at: usize, attributes: &mut Vec<Raw>, header: Inside, inside: &mut Inside) {
        let mut body = Inside { starts_items: true, inner: Vec::new(), ..header };
        self.group(&mut body);
        inside.lost |= body.lost;
        attributes.append(&mut body.inner);
        self.keep(name, at, attributes, body.items, inside);
    }

    fn implementation(&mut self, at: usize, attributes: &mut Vec<Raw>, inside: &mut Inside) -> Option<()> {
        self.cursor.skip_comments();
        if self.cursor.peek() == Some(b'<') && self.cursor.ahead(begins_generics) {
            self.angles();
        }
        let (start, mut header) = (self.cursor.at, Inside::default());
        if self.header(&mut header, false) != End::Body {
            return Some(());
        }
        let name = Name::SelfType(self_type(&self.cursor.text[start..self.cursor.at]).to_owned());
        self.body(name, at, attributes, header, inside);
        Some(())
    }

    /// Passes over generic parameters.
    fn angles(&mut self) {
        let (mut depth, mut before) = (0_usize, b' ');
        loop {
            self.cursor.skip_comments();
            let Some(byte) = self.cursor.peek() else { return };
            match byte {
                b'<' => depth += 1,
                b'>' if !matches!(before, b'-' | b'=') => depth = depth.saturating_sub(1),
                _ => {}
            }
            match byte {
                b'{' | b'(' | b'[' => self.cursor.skip_group(),
                _ => self.cursor.skip_token(),
            }
            before = byte;
            if depth == 0 {
                return;
            }
        }
    }

    /// `struct`, `union` and `enum`.
    fn type_item(&mut self, is_enum: bool, at: usize, attributes: &mut Vec<Raw>, inside: &mut Inside) -> Option<()> {
        let name = Name::Plain(self.name()?);
        let mut parts = Inside::default();
        match self.header(&mut parts, !is_enum) {
            End::Body if is_enum => self.variants(&mut parts),
            End::Body => self.fields(Fields::Named, &mut parts),
            End::Tuple => {
                self.fields(Fields::Numbered, &mut parts);
                self.through_semicolon(&mut parts);
            }
            End::Over => {}
        }
        inside.lost |= parts.lost;
        attributes.append(&mut parts.inner);
        self.keep(name, at, attributes, parts.items, inside);
        Some(())
    }

    fn fields(&mut self, kind: Fields, parts: &mut Inside) {
        self.cursor.at += 1;
        let mut pending = Vec::new();
        for number in 0_usize.. {
            self.documented(&mut pending, &mut parts.inner);
            if self.closes() {
                break;
            }
            let at = self.cursor.at;
            if self.cursor.next_word() == Some("pub") {
                self.cursor.word();
                self.visibility();
            }
            let name = match kind {
                Fields::Numbered => Some(number.to_string()),
                Fields::Named => self.name().filter(|_| self.cursor.next_byte() == Some(b':')),
            };
            let mut inner = Inside::default();
            self.through_comma(true, &mut inner);
            match name {
                Some(name) => self.keep(Name::Plain(name), at, &mut pending, inner.items, parts),
                None => self.lose(&mut pending, parts),
            }
        }
        self.lose(&mut pending, parts);
    }

    fn variants(&mut self, parts: &mut Inside) {
        self.cursor.at += 1;
        let mut pending = Vec::new();
        loop {
            self.documented(&mut pending, &mut parts.inner);
            if self.closes() {
                break;
            }
            let at = self.cursor.at;
            if self.cursor.next_word() == Some("pub") {
                self.cursor.word();
                self.visibility();
            }
            let name = self.name();
            let mut inner = Inside::default();
            self.cursor.skip_comments();
            match self.cursor.peek() {
                Some(b'{') => self.fields(Fields::Named, &mut inner),
                Some(b'(') => self.fields(Fields::Numbered, &mut inner),
                _ => {}
            }
            self.through_comma(false, &mut inner);
            parts.lost |= inner.lost;
            match name {
                Some(name) => self.keep(Name::Plain(name), at, &mut pending, inner.items, parts),
                None => self.lose(&mut pending, parts),
            }
        }
        self.lose(&mut pending, parts);
    }

    /// Passes over a closing bracket, or sees the end.
    fn closes(&mut self) -> bool {
        match self.cursor.peek() {
            Some(b'}' | b')' | b']') => {
                self.cursor.at += 1;
                true
            }
            byte => byte.is_none(),
        }
    }

    /// Passes over a type, or a value where `<` compares and shifts, and the comma behind it.
    fn through_comma(&mut self, is_type: bool, inside: &mut Inside) {
        let (mut angles, mut before) = (0_usize, b' ');
        loop {
            self.cursor.skip_comments();
            let Some(byte) = self.cursor.peek() else { return };
            match byte {
                b',' if angles == 0 || !is_type => {
                    self.cursor.at += 1;
                    return;
                }
                b'}' | b')' | b']' => return,
                b'{' | b'(' | b'[' => self.nested(inside),
                b'<' => {
                    angles += 1;
                    self.cursor.at += 1;
                }
                b'>' => {
                    if !matches!(before, b'-' | b'=') {
                        angles = angles.saturating_sub(1);
                    }
                    self.cursor.at += 1;
                }
                _ => self.cursor.skip_token(),
            }
            before = byte;
        }
    }

    fn macro_rules(&mut self, at: usize, attributes: &mut Vec<Raw>, inside: &mut Inside) -> Option<()> {
        let name = self.name()?;
        self.cursor.skip_comments();
        let start = self.cursor.at;
        // `macro name($a:expr) { ... }`
        while matches!(self.cursor.peek(), Some(b'(' | b'[' | b'{')) {
            let is_last = self.cursor.peek() == Some(b'{');
            self.cursor.skip_group();
            if is_last {
                break;
            }
            self.cursor.skip_comments();
        }
        let text = &self.cursor.text[start..self.cursor.at];
        let makes_docs = holds_documented_code(text);
        self.keep(Name::Macro { name, makes_docs }, at, attributes, Vec::new(), inside);
        Some(())
    }
}

/// Whether the rules of a macro may document what they make with code.
fn holds_documented_code(rules: &str) -> bool {
    let mut cursor = Cursor::new(rules);
    while cursor.peek().is_some() {
        cursor.skip_blank();
        match cursor.documentation() {
            Some(raw) => {
                let text = &rules[raw.start..raw.end];
                if text.contains("```") || text.contains("~~~") || text.contains("    ") {
                    return true;
                }
                cursor.at = raw.end;
            }
            None if cursor.peek() == Some(b'#') => match cursor.attribute() {
                Some(raw) if documents_code(&rules[raw.start..raw.end]) => return true,
                Some(_) => {}
                None => cursor.at += 1,
            },
            None => cursor.skip_token(),
        }
    }
    false
}

/// Whether an attribute in the rules of a macro may be documentation with code.
fn documents_code(attribute: &str) -> bool {
    let value = attribute.split_once("doc").and_then(|(_, rest)| rest.trim_start().strip_prefix('='));
    value.is_some_and(|value| {
        value.contains(['`', '~']) || value.contains("include_str") || value.trim_start().starts_with('$')
    })
}

/// Whether the `<` here begins generic parameters, and not a type such as `<A as B>::C`.
fn begins_generics(cursor: &mut Cursor<'_>) -> bool {
    cursor.at += 1;
    cursor.skip_comments();
    match cursor.peek() {
        Some(b'>' | b'#' | b'\'') => return true,
        None => return false,
        Some(_) => {}
    }
    match cursor.word() {
        Some("const") => true,
        Some(_) => {
            matches!(cursor.next_byte(), Some(b'>' | b',' | b':' | b'='))
                && !cursor.ahead(|cursor| {
                    cursor.skip_comments();
                    cursor.text[cursor.at..].starts_with("::")
                })
        }
        None => false,
    }
}

/// Whether the `<` behind a `for` begins lifetimes, as in `for<'a> fn(&'a u8)`.
fn binds_lifetimes(cursor: &mut Cursor<'_>) -> bool {
    cursor.skip_comments();
    if cursor.peek() != Some(b'<') {
        return false;
    }
    cursor.at += 1;
    matches!(cursor.next_byte(), Some(b'\'' | b'>'))
}

/// The self type in what stands between `impl<...>` and `{`.
fn self_type(header: &str) -> &str {
    let mut cursor = Cursor::new(header);
    let (mut start, mut end) = (0, header.len());
    let (mut angles, mut before) = (0_usize, b' ');
    loop {
        cursor.skip_comments();
        let (at, Some(byte)) = (cursor.at, cursor.peek()) else { break };
        match byte {
            b'<' => angles += 1,
            b'>' if !matches!(before, b'-' | b'=') => angles = angles.saturating_sub(1),
            _ => {}
        }
        before = byte;
        match byte {
            b'{' | b'(' | b'[' => cursor.skip_group(),
            _ => match cursor.word() {
                Some("for") if angles == 0 && !cursor.ahead(binds_lifetimes) => start = cursor.at,
                Some("where") if angles == 0 => {
                    end = at;
                    break;
                }
                Some(_) => {}
                None => cursor.skip_token(),
            },
        }
    }
    header.get(start..end).unwrap_or_default().trim()
}

/// A longer `use` is not looked at: what parses it recurses.
const LONGEST_USE: usize = 4_000;

/// Each name under which rustdoc sees a `use`: that of each leaf, and nothing for `*` and for each list.
fn uses(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if text.len() <= LONGEST_USE
        && let Ok(tree) = syn::parse_str::<UsePath>(text)
    {
        add_uses(&tree.0, None, &mut names);
    }
    names
}

/// A `use` tree that may begin with `::`.
struct UsePath(syn::UseTree);

impl syn::parse::Parse for UsePath {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Option<syn::Token![::]>>()?;
        Ok(Self(input.parse()?))
    }
}

fn add_uses(tree: &syn::UseTree, parent: Option<&syn::Ident>, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => add_uses(&path.tree, Some(&path.ident), names),
        syn::UseTree::Name(name) => {
            let ident = if name.ident == "self" { parent.unwrap_or(&name.ident) } else { &name.ident };
            names.push(plain(ident));
        }
        syn::UseTree::Rename(rename) => names.push(plain(&rename.rename)),
        syn::UseTree::Glob(_) => names.push(String::new()),
        syn::UseTree::Group(group) => {
            names.push(String::new());
            for tree in &group.items {
                add_uses(tree, parent, names);
            }
        }
    }
}

/// An identifier without an `r#` that it does not need.
pub(super) fn plain(ident: &syn::Ident) -> String {
    let text = ident.to_string();
    match text.strip_prefix("r#") {
        Some(word) if !is_reserved(word) => word.to_owned(),
        _ => text,
    }
}

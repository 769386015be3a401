//! A Rust text as the few items that matter here: modules, functions, macro calls and macro definitions.
//!
//! This is the only place that parses files; `attribute`, `generated` and `macro_rules` read arguments with the same
//! parser. Bodies are not read, so a mistake inside one goes unnoticed here.

use std::sync::Arc;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token};
use test_catalog::Position;

use crate::attribute::{self, Attribute};
use crate::doc_test::{self, FileDocs};
use crate::macro_rules::opaque;
use crate::skim::{Skim, skim};

/// Deeper than any program that people write; rustc itself gives up on macros at 128.
const DEEPEST: usize = 256;

/// A file as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct SourceFile {
    /// `#![...]` at its beginning.
    pub attributes: Vec<Attribute>,
    pub items: Vec<Item>,
    /// String literals that end in `.rs`.
    pub named_files: Vec<String>,
    /// Attribute macros that the file defines and that may make tests.
    pub attribute_macros: Vec<String>,
    /// What it documents, where there may be code in that.
    pub docs: Option<Arc<FileDocs>>,
}

#[derive(Debug)]
pub(crate) struct Item {
    pub attributes: Vec<Attribute>,
    pub at: Position,
    pub kind: ItemKind,
}

#[derive(Debug)]
pub(crate) enum ItemKind {
    Module {
        name: String,
        content: Option<Content>,
    },
    Function {
        name: String,
        /// `None` where they cannot be read.
        parameters: Option<Vec<Parameter>>,
        is_async: bool,
    },
    Call(MacroCall),
    Definition(MacroDefinition),
    Include(Included),
    /// `use path as name`
    Alias {
        name: String,
        path: Vec<String>,
    },
    /// Items that stand in the module around them, such as a branch of `cfg_if!`.
    Block(Vec<Item>),
}

/// What `include!` names.
#[derive(Debug, PartialEq)]
pub(crate) enum Included {
    /// A file, by its path from the file around.
    FromFile(String),
    /// A file, by its path from the package's folder: `concat!(env!("CARGO_MANIFEST_DIR"), "/...")`.
    FromPackage(String),
    /// What is only there after a build, or by other means.
    Generated,
}

/// What stands between the braces of an inline module.
#[derive(Debug)]
pub(crate) struct Content {
    pub attributes: Vec<Attribute>,
    pub items: Vec<Item>,
}

/// A parameter, as far as its attributes.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name, where its pattern is one.
    pub name: Option<String>,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub(crate) struct MacroCall {
    /// The segments of its path: `["crate", "check"]`.
    pub path: Vec<String>,
    /// What stands between its brackets.
    pub arguments: Arc<str>,
    /// Its arguments, where these are items.
    pub items: Option<Vec<Item>>,
    /// Whether a word with `test` in it is among its arguments.
    pub mentions_test: bool,
    /// Whether a word among its arguments may declare a module or a macro, or include a file.
    pub mentions_module: bool,
    /// Macros that its arguments call.
    pub calls: Vec<String>,
}

impl MacroCall {
    /// The last segment of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

#[derive(Debug)]
pub(crate) struct MacroDefinition {
    pub name: String,
    /// What stands between its brackets.
    pub rules: Arc<str>,
    /// Whether its text has an attribute that makes a test.
    pub makes_tests: bool,
    /// Whether its text has a word that declares a module or a macro, or includes a file, or calls a macro that it is
    /// given.
    pub makes_modules: bool,
    /// Macros that its text calls.
    pub calls: Vec<String>,
}

/// Why a text is no Rust.
#[derive(Debug, Clone)]
pub(crate) struct SyntaxError {
    pub message: String,
    pub at: Position,
}

impl From<syn::Error> for SyntaxError {
    fn from(error: syn::Error) -> Self {
        Self { message: error.to_string(), at: position(error.span()) }
    }
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Result<SourceFile, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read(text, skim(text))
}

fn read(text: &str, mut skimmed: Skim) -> Result<SourceFile, SyntaxError> {
    if skimmed.text.starts_with("#!") && !skimmed.text[2..].trim_start().starts_with('[') {
        let end = skimmed.text.find('\n').unwrap_or(skimmed.text.len());
        skimmed.text.replace_range(..end, &" ".repeat(end));
    }
    if skimmed.depth > DEEPEST {
        let message = format!("brackets nest {} deep, which is more than {DEEPEST}", skimmed.depth);
        return Err(SyntaxError { message, at: Position { line: 1, column: 1 } });
    }
    let tokens: TokenStream = skimmed.text.parse().map_err(|error: proc_macro2::LexError| SyntaxError {
        message: "a bracket or a literal does not end, or ends twice".into(),
        at: position(error.span()),
    })?;
    let parser = |input: ParseStream<'_>| {
        let attributes = attribute::inner(input)?;
        Ok(SourceFile { attributes, items: items(input)?, ..SourceFile::default() })
    };
    let mut file = parser.parse2(tokens)?;
    file.named_files = skimmed.named_files;
    file.attribute_macros = attribute_macros(&file.items, text);
    file.docs = doc_test::scan(text).map(Arc::new);
    Ok(file)
}

/// The attribute macros of a file that speaks of tests, or whose modules may.
fn attribute_macros(items: &[Item], text: &str) -> Vec<String> {
    let is_one = |item: &&Item| item.attributes.iter().any(|one| one.name() == Some("proc_macro_attribute"));
    let names = items.iter().filter(is_one).filter_map(|item| match &item.kind {
        ItemKind::Function { name, .. } => Some(name.clone()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let may_make_tests = || text.contains("test") || text.contains("mod ");
    if names.is_empty() || may_make_tests() { names } else { Vec::new() }
}

/// Reads the items that a macro expanded to.
pub(crate) fn parse_expansion(tokens: TokenStream) -> Result<Vec<Item>, SyntaxError> {
    Ok(items.parse2(opaque::opened(tokens))?)
}

/// The text of a string literal.
pub(crate) fn text_literal(text: &str) -> Result<String, SyntaxError> {
    Ok(syn::parse_str::<syn::LitStr>(text)?.value())
}

/// Goes over one item.
pub(crate) fn skip_item(input: ParseStream<'_>) -> syn::Result<()> {
    let mut items = Vec::new();
    item(input, &mut items)?;
    // The semicolon belongs to the call of a macro: `name!(...);`
    if let [Item { kind: ItemKind::Call(_) | ItemKind::Include(_), .. }] = items[..] {
        input.parse::<Option<Token![;]>>()?;
    }
    Ok(())
}

pub(crate) fn position(span: proc_macro2::Span) -> Position {
    let start = span.start();
    let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Position { line: count(start.line.max(1)), column: count(start.column.saturating_add(1)) }
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        item(input, &mut items)?;
    }
    Ok(items)
}

fn item(input: ParseStream<'_>, items: &mut Vec<Item>) -> syn::Result<()> {
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(());
    }
    let attributes = attribute::outer(input)?;
    input.parse::<syn::Visibility>()?;
    let at = position(input.span());
    let takes_template = attributes.iter().any(|one| one.name() == Some("apply"));
    let mut path = Vec::new();
    let mut is_async = false;
    loop {
        let token: TokenTree = input.parse().map_err(|error| syn::Error::new(error.span(), "expected an item"))?;
        let TokenTree::Ident(word) = &token else {
            return match &token {
                // `extern "C" fn`
                TokenTree::Literal(_) => continue,
                TokenTree::Punct(colon) if colon.as_char() == ':' && input.peek(Token![:]) => {
                    input.parse::<Token![:]>()?;
                    continue;
                }
                // `extern "C" { ... }`
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(()),
                _ => Err(syn::Error::new(token.span(), format!("expected an item, found `{token}`"))),
            };
        };
        let word_text = word.to_string();
        let is_call = input.peek(Token![!]) && word_text != "impl";
        match word_text.as_str() {
            "macro_rules" if is_call => {
                items.push(Item { attributes, at, kind: definition(input)? });
                return Ok(());
            }
            _ if is_call => {
                path.push(word_text);
                items.push(Item { attributes, at, kind: call(path, input)? });
                return Ok(());
            }
            _ if input.peek(Token![::]) && !matches!(word_text.as_str(), "use" | "impl") => {
                input.parse::<Token![::]>()?;
                path.push(word_text);
            }
            "mod" => {
                items.push(Item { attributes, at, kind: module(input)? });
                return Ok(());
            }
            "fn" => {
                let kind = function(input, is_async, takes_template)?;
                items.push(Item { attributes, at, kind });
                return Ok(());
            }
            "use" => {
                for (name, path) in aliases(input)? {
                    items.push(Item { attributes: attributes.clone(), at, kind: ItemKind::Alias { name, path } });
                }
                return Ok(());
            }
            "type" | "static" | "crate" => return skip_to_semicolon(input),
            "enum" | "struct" | "trait" | "impl" => return skip_block(input),
            "union" | "macro" if input.peek(Ident) => return skip_block(input),
            "const"
                if input.peek(Token![fn])
                    || input.peek(Token![unsafe])
                    || input.peek(Token![async])
                    || input.peek(Token![extern])
                    || input.peek(Token![trait])
                    || input.peek(Token![impl]) => {}
            "const" => return skip_to_semicolon(input),
            "async" => is_async = true,
            "unsafe" | "extern" | "safe" | "gen" | "default" | "auto" => {}
            _ => return Err(syn::Error::new(word.span(), format!("expected an item, found `{word}`"))),
        }
    }
}

fn skip_to_semicolon(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        if let TokenTree::Punct(punct) = input.parse()?
            && punct.as_char() == ';'
        {
            return Ok(());
        }
    }
    Err(input.error("expected `;`"))
}

/// Skips to the end of an item that ends with a block or a semicolon; braces among generic arguments are no block.
fn skip_block(input: ParseStream<'_>) -> syn::Result<()> {
    loop {
        if input.is_empty() {
            return Err(input.error("expected `{` or `;`"));
        }
        match input.parse()? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return Ok(()),
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && !input.peek(Token![>]) && !input.peek(Token![,]) =>
            {
                return Ok(());
            }
            _ => {}
        }
    }
}

fn ident(input: ParseStream<'_>) -> syn::Result<String> {
    Ok(input.call(<Ident as syn::ext::IdentExt>::parse_any)?.to_string())
}

fn module(input: ParseStream<'_>) -> syn::Result<ItemKind> {
    let name = ident(input)?;
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(ItemKind::Module { name, content: None });
    }
    let inside;
    syn::braced!(inside in input);
    let attributes = attribute::inner(&inside)?;
    Ok(ItemKind::Module { name, content: Some(Content { attributes, items: items(&inside)? }) })
}

/// The names that a `use` gives to what has others, each with the path of what it names.
fn aliases(input: ParseStream<'_>) -> syn::Result<Vec<(String, Vec<String>)>> {
    let mut tokens = Vec::new();
    loop {
        match input.parse().map_err(|error| syn::Error::new(error.span(), "expected `;`"))? {
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            token => tokens.push(token),
        }
    }
    let mut aliases = Vec::new();
    add_aliases(&tokens, &[], &mut aliases);
    Ok(aliases)
}

fn add_aliases(tokens: &[TokenTree], before: &[String], aliases: &mut Vec<(String, Vec<String>)>) {
    let mut path = before.to_vec();
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    aliases.push((name.to_string(), path.clone()));
                }
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => add_aliases(&group.stream().into_iter().collect::<Vec<_>>(), &path, aliases),
            TokenTree::Punct(punct) if punct.as_char() == ',' => path = before.to_vec(),
            _ => {}
        }
    }
}

/// A signature that is longer than this is read for its name only.
const LONGEST_SIGNATURE: usize = 2_000;

fn function(input: ParseStream<'_>, is_async: bool, takes_template: bool) -> syn::Result<ItemKind> {
    let name = ident(input)?;
    let mut signature: TokenStream = TokenStream::new();
    let mut length = 0;
    loop {
        if input.is_empty() {
            return Err(input.error("expected the function's body"));
        }
        let token: TokenTree = input.parse()?;
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && !input.peek(Token![>]) && !input.peek(Token![,]) =>
            {
                break;
            }
            TokenTree::Group(group) => length += size(group),
            _ => length += 1,
        }
        signature.extend([token]);
    }
    // Only parameters with attributes are of interest, and few functions have any; those of a template go by name.
    let has_attributes = takes_template || signature.clone().into_iter().any(|token| {
        matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis
            && group.stream().into_iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#')))
    });
    let parameters = match (has_attributes, length <= LONGEST_SIGNATURE) {
        (false, _) => Some(Vec::new()),
        (true, true) => parameters(&name, signature),
        (true, false) => None,
    };
    Ok(ItemKind::Function { name, parameters, is_async })
}

fn size(group: &Group) -> usize {
    let inside = |token| if let TokenTree::Group(group) = token { size(&group) } else { 1 };
    group.stream().into_iter().map(inside).sum::<usize>() + 1
}

fn parameters(name: &str, rest: TokenStream) -> Option<Vec<Parameter>> {
    let mut tokens: TokenStream = format!("fn {name}").parse().ok()?;
    tokens.extend(rest);
    let signature: syn::Signature = syn::parse2(tokens).ok()?;
    let parameters = signature.inputs.into_iter().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(typed),
        syn::FnArg::Receiver(_) => None,
    });
    Some(
        parameters
            .map(|typed| Parameter {
                name: match typed.pat.as_ref() {
                    syn::Pat::Ident(name) => Some(name.ident.to_string()),
                    _ => None,
                },
                attributes: typed.attrs.iter().filter_map(attribute::of_parameter).collect(),
            })
            .collect(),
    )
}

fn arguments(input: ParseStream<'_>) -> syn::Result<Group> {
    input.parse::<Token![!]>()?;
    if let TokenTree::Group(group) = input.parse()? {
        return Ok(group);
    }
    Err(input.error("expected the macro's arguments"))
}

fn definition(input: ParseStream<'_>) -> syn::Result<ItemKind> {
    input.parse::<Token![!]>()?;
    let name = ident(input)?;
    let TokenTree::Group(group) = input.parse()? else { return Err(input.error("expected the macro's rules")) };
    let mut definition =
        MacroDefinition { name, rules: text(&group), makes_tests: false, makes_modules: false, calls: Vec::new() };
    survey(group.stream(), &mut definition);
    Ok(ItemKind::Definition(definition))
}

fn survey(tokens: TokenStream, definition: &mut MacroDefinition) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match (token, tokens.get(index + 1)) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(group)))
                if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
            {
                definition.makes_tests |= attribute::tokens_make_a_test(group.stream());
            }
            (TokenTree::Ident(name), Some(TokenTree::Punct(bang))) if bang.as_char() == '!' => {
                let is_argument = matches!(index.checked_sub(1).map(|before| &tokens[before]),
                    Some(TokenTree::Punct(dollar)) if dollar.as_char() == '$');
                definition.makes_modules |= is_argument || name == "macro_rules" || name == "include";
                definition.calls.push(name.to_string());
            }
            // A word that another macro may put into an attribute: `with!(test, $name)`.
            (TokenTree::Ident(word), _) if word == "mod" || word == "test" || word == "rstest" => {
                definition.makes_modules = true;
            }
            _ => {}
        }
        if let TokenTree::Group(group) = token {
            survey(group.stream(), definition);
        }
    }
}

/// What stands between the brackets of a group, as its source has it.
fn text(group: &Group) -> Arc<str> {
    let source = group.span().source_text();
    let inside = source.as_deref().and_then(|source| source.get(1..source.len().checked_sub(1)?));
    inside.map_or_else(|| opaque::written(group.stream()).into(), Into::into)
}

fn call(path: Vec<String>, input: ParseStream<'_>) -> syn::Result<ItemKind> {
    let group = arguments(input)?;
    let name = path.last().map_or("", String::as_str);
    Ok(match name {
        "include" => ItemKind::Include(included(group.stream())),
        "cfg_if" => match branches.parse2(group.stream()) {
            Ok(branches) => ItemKind::Block(branches),
            Err(_) => opaque_call(path, &group),
        },
        _ => opaque_call(path, &group),
    })
}

fn included(tokens: TokenStream) -> Included {
    if let Ok(path) = syn::parse2::<syn::LitStr>(tokens.clone()) {
        return Included::FromFile(path.value());
    }
    let parser = |input: ParseStream<'_>| {
        let concat: syn::Macro = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !concat.path.is_ident("concat") {
            return Err(input.error("expected `concat!`"));
        }
        concat.parse_body_with(concatenated)
    };
    parser.parse2(tokens).unwrap_or(Included::Generated)
}

/// The parts of `concat!`, the first of which may be the package's folder.
fn concatenated(input: ParseStream<'_>) -> syn::Result<Included> {
    let is_of_package = !input.peek(syn::LitStr);
    if is_of_package {
        let folder: syn::Macro = input.parse()?;
        if !folder.path.is_ident("env") || folder.parse_body::<syn::LitStr>()?.value() != "CARGO_MANIFEST_DIR" {
            return Err(input.error("expected the package's folder"));
        }
        input.parse::<Option<Token![,]>>()?;
    }
    let parts = syn::punctuated::Punctuated::<syn::LitStr, Token![,]>::parse_terminated(input)?;
    let path: String = parts.iter().map(syn::LitStr::value).collect();
    Ok(if is_of_package {
        Included::FromPackage(path.trim_start_matches('/').to_owned())
    } else {
        Included::FromFile(path)
    })
}

fn opaque_call(path: Vec<String>, group: &Group) -> ItemKind {
    let (mut mentions_test, mut mentions_module) = (false, false);
    words(group.stream(), &mut |word| {
        mentions_test |= word.contains("test") || matches!(word, "quickcheck" | "parameterized" | "bench" | "apply");
        mentions_module |= matches!(word, "mod" | "macro_rules" | "include");
    });
    let mut calls = Vec::new();
    called(group.stream(), &mut calls);
    let parser = |input: ParseStream<'_>| {
        attribute::inner(input)?;
        items(input)
    };
    ItemKind::Call(MacroCall {
        path,
        arguments: text(group),
        items: parser.parse2(opaque::opened(group.stream())).ok(),
        mentions_test,
        mentions_module,
        calls,
    })
}

/// The names of the macros that the tokens call.
fn called(tokens: TokenStream, calls: &mut Vec<String>) {
    let mut last = None;
    for token in tokens {
        match token {
            TokenTree::Ident(word) => last = Some(word),
            TokenTree::Punct(bang) if bang.as_char() == '!' => {
                calls.extend(last.take().map(|name| name.to_string()).filter(|name| !calls.contains(name)));
            }
            TokenTree::Group(group) => {
                last = None;
                called(group.stream(), calls);
            }
            _ => last = None,
        }
    }
}

fn words(tokens: TokenStream, see: &mut impl FnMut(&str)) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => see(&word.to_string()),
            TokenTree::Group(group) => words(group.stream(), see),
            _ => {}
        }
    }
}

/// The branches of `cfg_if!`, each under its own predicate and the negation of those before it.
fn branches(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut before = Vec::new();
    let mut branches = Vec::new();
    loop {
        let at = position(input.span());
        let mut attributes: Vec<Attribute> = before.iter().cloned().map(Attribute::not).collect();
        let is_last = !input.peek(Token![if]);
        if !is_last {
            input.parse::<Token![if]>()?;
            for attribute in attribute::outer(input)? {
                before.push(attribute.clone());
                attributes.push(attribute);
            }
        }
        let inside;
        syn::braced!(inside in input);
        branches.push(Item { attributes, at, kind: ItemKind::Block(items(&inside)?) });
        if is_last || input.is_empty() {
            return Ok(branches);
        }
        input.parse::<Token![else]>()?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_uses_are_read_with_their_paths() {
        let file =
            parse("use a::b as c; use d::{e, f::{g as h}, self as i}; use j::*; pub(crate) use k as l;").unwrap();
        let shown = |item: &Item| match &item.kind {
            ItemKind::Alias { name, path } => format!("{name} = {}", path.join("::")),
            other => panic!("{other:?}"),
        };
        let shown: Vec<String> = file.items.iter().map(shown).collect();
        assert_eq!(shown, ["c = a::b", "h = d::f::g", "i = d::self", "l = k"]);
    }

    #[test]
    fn an_included_file_is_named_by_a_text_or_from_the_package() {
        let of = |text: &str| included(text.parse().unwrap());
        assert_eq!(of("\"cases.rs\""), Included::FromFile("cases.rs".into()));
        let text = "concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/tests/\", \"cases.rs\",)";
        assert_eq!(of(text), Included::FromPackage("tests/cases.rs".into()));
        assert_eq!(of("concat!(\"parts\", \"/two.rs\")"), Included::FromFile("parts/two.rs".into()));
        assert_eq!(of("concat!(env!(\"OUT_DIR\"), \"/cases.rs\")"), Included::Generated);
        assert_eq!(of("name!()"), Included::Generated);
    }

    /// What matters of items, without the documentation that only the whole text has.
    fn shape(items: &[Item], depth: usize, out: &mut String) {
        for item in items {
            let attributes: Vec<_> = item.attributes.iter().filter(|one| one.name() != Some("doc")).collect();
            out.push_str(&format!("{:depth$}{attributes:?} {:?} ", "", item.at));
            match &item.kind {
                ItemKind::Module { name, content } => {
                    out.push_str(&format!("mod {name}\n"));
                    shape(content.as_ref().map_or(&[], |content| &content.items[..]), depth + 1, out);
                }
                ItemKind::Call(call) => {
                    out.push_str(&format!("{}! {}\n", call.path.join("::"), call.mentions_module));
                    shape(call.items.as_deref().unwrap_or_default(), depth + 1, out);
                }
                ItemKind::Definition(one) => {
                    let calls = &one.calls;
                    out.push_str(&format!("{} {} {} {calls:?}\n", one.name, one.makes_tests, one.makes_modules));
                }
                ItemKind::Block(items) => shape(items, depth + 1, out),
                other => out.push_str(&format!("{other:?}\n")),
            }
        }
    }

    /// Holds every file of a folder against its parse with all bodies: how many.
    fn hold_folder(folder: &std::path::Path) -> usize {
        let mut count = 0;
        for entry in ignore::WalkBuilder::new(folder).build().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let text = text.trim_start_matches('\u{feff}');
            let whole = Skim { text: text.to_owned(), depth: 0, named_files: Vec::new() };
            let Ok(whole) = read(text, whole) else { continue };
            let skimmed = parse(text).map_err(|error| error.message).unwrap();
            let shown = |file: &SourceFile| {
                let mut out = String::new();
                shape(&file.items, 0, &mut out);
                out
            };
            assert_eq!(shown(&skimmed), shown(&whole), "{}", path.display());
            count += 1;
        }
        count
    }

    /// More files: `RUST_CORPUS=FOLDER cargo test -p cargo-discovery --lib without_bodies`.
    #[test]
    fn a_file_has_the_same_items_without_bodies_as_with_them() {
        let own = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let folder = std::env::var_os("RUST_CORPUS").map_or_else(|| own.to_owned(), std::path::PathBuf::from);
        // Nesting as deep as files have it takes more stack than a test is given.
        let held = std::thread::Builder::new().stack_size(64 << 20).spawn(move || hold_folder(&folder)).unwrap();
        let count = held.join().unwrap();
        assert!(count > 100);
    }
}

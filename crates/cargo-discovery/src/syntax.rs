//! A Rust text as the few items that matter here: modules, functions, macro calls and macro definitions.
//!
//! This is the only place that names a parser. Bodies are not read, so a mistake inside one goes unnoticed here.

use std::sync::Arc;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token};
use test_catalog::Position;

use crate::attribute::{self, Attribute};
use crate::doc_test::{self, FileDocs};
use crate::skim::skim;

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
        parameters: Option<Vec<Parameter>>,
    },
    Call(MacroCall),
    Definition(MacroDefinition),
    /// `include!`, with its path where that is a literal.
    Include(Option<String>),
    /// Items that stand in the module around them, such as a branch of `cfg_if!`.
    Block(Vec<Item>),
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
    pub attributes: Vec<Attribute>,
}

#[derive(Debug)]
pub(crate) struct MacroCall {
    /// The last segment of its path.
    pub name: String,
    /// Its arguments, where these are items.
    pub items: Option<Vec<Item>>,
    /// Whether a word with `test` in it is among its arguments.
    pub mentions_test: bool,
}

#[derive(Debug)]
pub(crate) struct MacroDefinition {
    pub name: String,
    /// Whether its text has an attribute that makes a test.
    pub makes_tests: bool,
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
    let mut skimmed = skim(text);
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
        Ok(SourceFile { attributes, items: items(input)?, named_files: Vec::new(), docs: None })
    };
    let mut file = parser.parse2(tokens)?;
    file.named_files = skimmed.named_files;
    file.docs = doc_test::scan(text).map(Arc::new);
    Ok(file)
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
    let push = |kind| items.push(Item { attributes, at, kind });
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
                push(definition(input)?);
                return Ok(());
            }
            name if is_call => return call(name, input, push),
            _ if input.peek(Token![::]) && !matches!(word_text.as_str(), "use" | "impl") => {
                input.parse::<Token![::]>()?;
            }
            "mod" => return module(input, push),
            "fn" => {
                let kind = function(input)?;
                push(kind);
                return Ok(());
            }
            "use" | "type" | "static" | "crate" => return skip_to_semicolon(input),
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
            "async" | "unsafe" | "extern" | "safe" | "gen" | "default" | "auto" => {}
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
    let ident = input.call(<Ident as syn::ext::IdentExt>::parse_any)?.to_string();
    // libtest writes `r#` only where the word is reserved.
    Ok(match ident.strip_prefix("r#") {
        Some(plain) if syn::parse_str::<Ident>(plain).is_ok() => plain.to_owned(),
        _ => ident,
    })
}

fn module(input: ParseStream<'_>, push: impl FnOnce(ItemKind)) -> syn::Result<()> {
    let name = ident(input)?;
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        push(ItemKind::Module { name, content: None });
    } else {
        let inside;
        syn::braced!(inside in input);
        let attributes = attribute::inner(&inside)?;
        push(ItemKind::Module { name, content: Some(Content { attributes, items: items(&inside)? }) });
    }
    Ok(())
}

/// A signature that is longer than this is read for its name only.
const LONGEST_SIGNATURE: usize = 2_000;

fn function(input: ParseStream<'_>) -> syn::Result<ItemKind> {
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
    // Only parameters with attributes are of interest, and few functions have any.
    let has_attributes = signature.clone().into_iter().any(|token| {
        matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis
            && group.stream().into_iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#')))
    });
    let parameters = match (has_attributes, length <= LONGEST_SIGNATURE) {
        (false, _) => Some(Vec::new()),
        (true, true) => parameters(&name, signature),
        (true, false) => None,
    };
    Ok(ItemKind::Function { name, parameters })
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
            .map(|typed| Parameter { attributes: typed.attrs.iter().filter_map(attribute::of_parameter).collect() })
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
    let mut definition = MacroDefinition { name, makes_tests: false, calls: Vec::new() };
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
                definition.calls.push(name.to_string());
            }
            _ => {}
        }
        if let TokenTree::Group(group) = token {
            survey(group.stream(), definition);
        }
    }
}

fn call(name: &str, input: ParseStream<'_>, push: impl FnOnce(ItemKind)) -> syn::Result<()> {
    let group = arguments(input)?;
    let tokens = group.stream();
    push(match name {
        "include" => ItemKind::Include(syn::parse2::<syn::LitStr>(tokens).ok().map(|path| path.value())),
        "cfg_if" => match branches.parse2(tokens.clone()) {
            Ok(branches) => ItemKind::Block(branches),
            Err(_) => opaque_call(name, tokens),
        },
        _ => opaque_call(name, tokens),
    });
    Ok(())
}

fn opaque_call(name: &str, tokens: TokenStream) -> ItemKind {
    let mentions_test = mentions_test(tokens.clone());
    let parser = |input: ParseStream<'_>| {
        attribute::inner(input)?;
        items(input)
    };
    ItemKind::Call(MacroCall { name: name.to_owned(), items: parser.parse2(tokens).ok(), mentions_test })
}

fn mentions_test(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word.to_string().contains("test"),
        TokenTree::Group(group) => mentions_test(group.stream()),
        _ => false,
    })
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

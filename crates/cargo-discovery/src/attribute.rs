//! Attributes, as far as they decide whether a test exists, what it is called and whether it runs.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Token;
use syn::parse::ParseStream;

use crate::cfg::{Predicate, separated};
use crate::generated::is_maker;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attribute {
    Cfg(Predicate),
    CfgAttr(Predicate, Vec<Attribute>),
    /// `#[path = "..."]`
    Path(String),
    /// `#[ignore]`, with the text of `#[ignore = "..."]`.
    Ignore(Option<String>),
    /// Any other, by its path, with what stands between its parentheses where that decides about tests.
    Other {
        path: Vec<String>,
        arguments: Option<String>,
    },
}

impl Attribute {
    /// The last segment of the path of an attribute that this crate gives no meaning of its own.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Other { path, .. } => path.last().map(String::as_str),
            _ => None,
        }
    }

    /// What stands between the parentheses of an attribute that [`name`](Self::name) names.
    pub(crate) fn arguments(&self) -> &str {
        match self {
            Self::Other { arguments, .. } => arguments.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// The opposite of a `cfg`.
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Cfg(predicate) => Self::Cfg(Predicate::Not(Box::new(predicate))),
            other => other,
        }
    }
}

/// `#![...]`
pub(crate) fn inner(input: ParseStream<'_>) -> syn::Result<Vec<Attribute>> {
    let mut attributes = Vec::new();
    while input.peek(Token![#]) && input.peek2(Token![!]) {
        input.parse::<Token![#]>()?;
        input.parse::<Token![!]>()?;
        attributes.extend(bracketed(input)?);
    }
    Ok(attributes)
}

/// `#[...]`
pub(crate) fn outer(input: ParseStream<'_>) -> syn::Result<Vec<Attribute>> {
    let mut attributes = Vec::new();
    while input.peek(Token![#]) {
        input.parse::<Token![#]>()?;
        attributes.extend(bracketed(input)?);
    }
    Ok(attributes)
}

fn bracketed(input: ParseStream<'_>) -> syn::Result<Option<Attribute>> {
    match input.parse()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Ok(meta(group.stream())),
        other => Err(syn::Error::new(other.span(), format!("expected an attribute, found `{other}`"))),
    }
}

/// The attribute of a parameter, read by syn.
pub(crate) fn of_parameter(attribute: &syn::Attribute) -> Option<Attribute> {
    let path = attribute.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
    let arguments = match &attribute.meta {
        syn::Meta::List(list) => Some(list.tokens.to_string()),
        _ => None,
    };
    Some(Attribute::Other { path, arguments })
}

/// What stands between the brackets.
fn meta(tokens: TokenStream) -> Option<Attribute> {
    let mut tokens = tokens.into_iter().peekable();
    let mut path = Vec::new();
    let rest = loop {
        match tokens.next() {
            Some(TokenTree::Ident(segment)) => path.push(segment.to_string()),
            Some(TokenTree::Punct(punct)) if punct.as_char() == ':' => {}
            rest => break rest,
        }
    };
    let name = path.last()?.as_str();
    if name == "unsafe"
        && let Some(TokenTree::Group(group)) = rest
    {
        return meta(group.stream());
    }
    let list = match &rest {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
        _ => None,
    };
    let value = match &rest {
        Some(TokenTree::Punct(equals)) if equals.as_char() == '=' => tokens.next(),
        _ => None,
    };
    let text = value.and_then(|value| syn::parse_str::<syn::LitStr>(&value.to_string()).ok()).map(|text| text.value());
    Some(match (path.as_slice(), list, text) {
        ([name], Some(list), _) if name == "cfg" => Attribute::Cfg(Predicate::parse(list)),
        ([name], Some(list), _) if name == "cfg_attr" => {
            let mut parts = separated(list).into_iter();
            let predicate = Predicate::parse(parts.next()?);
            Attribute::CfgAttr(predicate, parts.filter_map(meta).collect())
        }
        // Which compiler there will be is not known.
        ([library, name], Some(list), _) if library == "rustversion" && name == "attr" => {
            let mut parts = separated(list).into_iter();
            let predicate = Predicate::Other(format!("rustversion: {}", parts.next()?));
            Attribute::CfgAttr(predicate, parts.filter_map(meta).collect())
        }
        ([library, name], list, _) if library == "rustversion" => {
            Attribute::Cfg(Predicate::Other(format!("rustversion::{name}({})", list.unwrap_or_default())))
        }
        ([name], _, Some(text)) if name == "path" => Attribute::Path(text),
        ([name], _, text) if name == "ignore" => Attribute::Ignore(text),
        (_, list, _) => {
            let wanted = matches!(name, "apply" | "rstest" | "test_case" | "test_matrix") || path[0] == "case";
            let arguments = list.filter(|_| wanted).map(|list| list.to_string());
            Attribute::Other { path, arguments }
        }
    })
}

/// Whether an attribute in a macro's text, given as the tokens between its brackets, makes a test.
pub(crate) fn tokens_make_a_test(tokens: TokenStream) -> bool {
    match meta(tokens) {
        Some(Attribute::CfgAttr(_, attributes)) => attributes.iter().any(is_maker),
        Some(attribute) => is_maker(&attribute),
        None => false,
    }
}

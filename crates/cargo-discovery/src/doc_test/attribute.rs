//! Attributes as rustdoc sees them: documentation, conditions, and whatever else may change an item.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::comment;
use super::cursor::{Form, Raw};
use super::lines::Lines;
use crate::cfg::{Predicate, separated};

/// Deeper than any condition that people write.
const DEEPEST: usize = 256;

#[derive(Debug)]
pub(crate) enum DocAttribute {
    Doc(Fragment),
    Cfg(Predicate),
    CfgAttr(Predicate, Vec<DocAttribute>),
    /// Any other, by its path.
    Other(Vec<String>),
}

/// One comment, or one `doc = ...`.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub text: Text,
    /// Whether it is a comment.
    pub is_comment: bool,
    /// Where the attribute begins.
    pub line: u32,
    /// Where its value begins.
    pub value_line: u32,
}

#[derive(Debug)]
pub(crate) enum Text {
    Known(String),
    /// `include_str!`, with the path as it is written.
    File(String),
    /// What only the compiler knows.
    Unknown,
}

impl DocAttribute {
    /// Whether it is documentation, or may be under a condition.
    pub(super) fn may_document(&self) -> bool {
        match self {
            Self::Doc(_) => true,
            Self::CfgAttr(_, inner) => inner.iter().any(Self::may_document),
            Self::Cfg(_) | Self::Other(_) => false,
        }
    }
}

/// Attributes of the language and of its tools, and attribute macros that are known to give their item back as it is.
const PLAIN: [&str; 58] = [
    "allow",
    "async_trait",
    "automatically_derived",
    "bench",
    "cfg",
    "cfg_attr",
    "cold",
    "coverage",
    "default",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "export_name",
    "feature",
    "forbid",
    "global_allocator",
    "ignore",
    "inline",
    "instruction_set",
    "instrument",
    "link",
    "link_name",
    "link_section",
    "macro_export",
    "macro_use",
    "main",
    "must_use",
    "naked",
    "no_link",
    "no_mangle",
    "no_std",
    "non_exhaustive",
    "optimize",
    "panic_handler",
    "path",
    "pin_project",
    "pointee",
    "proc_macro",
    "proc_macro_attribute",
    "proc_macro_derive",
    "repr",
    "should_panic",
    "target_feature",
    "test",
    "track_caller",
    "type_length_limit",
    "used",
    "warn",
    "windows_subsystem",
    "recursion_limit",
    "crate_name",
    "crate_type",
    "no_implicit_prelude",
    "no_main",
    "debugger_visualizer",
    "unsafe",
];

/// Whether an attribute of that name leaves its item as it is, as far as documentation goes.
pub(super) fn is_plain(name: &str) -> bool {
    PLAIN.contains(&name) || name.starts_with("rustc_")
}

/// Reads one comment or attribute.
pub(super) fn read(text: &str, raw: Raw, lines: &Lines) -> Option<DocAttribute> {
    let line = lines.of_byte(raw.start);
    let text = &text[raw.start..raw.end];
    let comment = |body: String| {
        DocAttribute::Doc(Fragment { text: Text::Known(body), is_comment: true, line, value_line: line })
    };
    match raw.form {
        Form::Line => Some(comment(text[3..].trim_end_matches('\r').to_owned())),
        Form::Block => {
            let body = text[3..].strip_suffix("*/").unwrap_or(&text[3..]).replace("\r\n", "\n");
            Some(comment(comment::plain(&body, true)))
        }
        // What reads conditions recurses.
        Form::Attribute if nests_deep(text) => None,
        Form::Attribute => {
            let tokens: TokenStream = text.parse().ok()?;
            let bracketed = tokens.into_iter().find_map(|token| match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some(group.stream()),
                _ => None,
            });
            // Lines of the tokens count from the attribute's own.
            meta(bracketed?, line.saturating_sub(1))
        }
    }
}

fn nests_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

fn meta(tokens: TokenStream, lines_above: u32) -> Option<DocAttribute> {
    let line_of = |token: &TokenTree| {
        let line = u32::try_from(token.span().start().line).unwrap_or(u32::MAX);
        lines_above.saturating_add(line.max(1))
    };
    let mut tokens = tokens.into_iter();
    let first = tokens.next()?;
    let mut path = Vec::new();
    let mut next = Some(first.clone());
    let rest = loop {
        match next {
            Some(TokenTree::Ident(segment)) => path.push(segment.to_string()),
            Some(TokenTree::Punct(colon)) if colon.as_char() == ':' => {}
            rest => break rest,
        }
        next = tokens.next();
    };
    let list = match &rest {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
        _ => None,
    };
    let is_value = matches!(&rest, Some(TokenTree::Punct(equals)) if equals.as_char() == '=');
    let name = if let [name] = path.as_slice() { name.as_str() } else { "" };
    Some(match (name, list) {
        ("unsafe", Some(list)) => return meta(list, lines_above),
        ("cfg", Some(list)) => DocAttribute::Cfg(Predicate::parse(list)),
        ("cfg_attr", Some(list)) => {
            let mut parts = separated(list).into_iter();
            let predicate = Predicate::parse(parts.next()?);
            DocAttribute::CfgAttr(predicate, parts.filter_map(|part| meta(part, lines_above)).collect())
        }
        ("target_feature", Some(list)) => DocAttribute::Cfg(target_features(list)),
        ("doc", None) if is_value => {
            let value: Vec<TokenTree> = tokens.collect();
            // In brackets, an attribute begins with its `#`.
            let line = line_of(&first);
            let value_line = value.first().map_or(line, line_of);
            DocAttribute::Doc(Fragment { text: value_of(&value), is_comment: false, line, value_line })
        }
        _ => DocAttribute::Other(path),
    })
}

/// rustdoc tests what needs instructions only where the target has them.
fn target_features(list: TokenStream) -> Predicate {
    let texts = list.into_iter().filter_map(|token| match token {
        TokenTree::Literal(literal) => text_of(&literal.to_string()),
        _ => None,
    });
    let one = |feature: &str| Predicate::Pair("target_feature".to_owned(), feature.trim().to_owned());
    Predicate::all(texts.flat_map(|text| text.split(',').map(one).collect::<Vec<_>>()))
}

fn value_of(value: &[TokenTree]) -> Text {
    match value {
        [TokenTree::Literal(literal)] => {
            text_of(&literal.to_string()).map_or(Text::Unknown, |text| Text::Known(comment::plain(&text, false)))
        }
        [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(arguments)] if bang.as_char() == '!' => {
            let arguments = separated(arguments.stream());
            let texts: Option<Vec<String>> = arguments.iter().map(|one| text_of(&one.to_string())).collect();
            match (name.to_string().as_str(), texts) {
                ("include_str", Some(texts)) if texts.len() == 1 => Text::File(texts.concat()),
                ("concat", Some(texts)) => Text::Known(comment::plain(&texts.concat(), false)),
                _ => Text::Unknown,
            }
        }
        _ => Text::Unknown,
    }
}

fn text_of(literal: &str) -> Option<String> {
    syn::parse_str::<syn::LitStr>(literal).ok().map(|text| text.value())
}

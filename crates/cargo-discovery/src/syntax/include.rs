//! `include!`: the file that it names.

use proc_macro2::TokenStream;
use syn::Token;
use syn::parse::{ParseStream, Parser};

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

pub(super) fn included(tokens: TokenStream) -> Included {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
}

//! `verify`: the catalog held against the real tools. The only command that finds tests and executes code of the tree.

mod cargo;
mod pytest;

use crate::cli::{Global, LanguageArg, VerifyArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;

/// How many lines of one file or binary are shown.
const LINES: usize = 8;

pub(crate) fn run(global: &Global, args: &VerifyArgs, environment: &Environment) -> Result<Exit, Error> {
    let meant_for = |language: &str| Error::Option {
        option: "verify",
        text: format!("--language {language}"),
        why: "an option that is given is for the other language".to_owned(),
    };
    match args.language {
        LanguageArg::Python if args.rust.asks_for_something() => Err(meant_for("python")),
        LanguageArg::Python => pytest::run(global, args, environment),
        LanguageArg::Rust if args.python.asks_for_something() => Err(meant_for("rust")),
        LanguageArg::Rust => cargo::run(global, args, environment),
    }
}

//! The tools that run tests of Rust, as subcommands of cargo.

use super::{Argument, options};

/// What runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Test,
    Nextest,
    Coverage,
    /// `cargo test` by way of a tool that compiles in another way: careful, miri, insta.
    OtherCompiler,
}

/// A tool, the words behind its name, and what it does that is not known. What stands before the name is put there too:
/// these are options as well.
type Called<'a> = (Tool, Vec<Argument<'a>>, Option<String>);

/// The tool that a command calls for tests.
pub(super) fn tool<'a>(words: &[Argument<'a>]) -> Option<Called<'a>> {
    let at = subcommand(words)?;
    let Argument::Known(name) = words[at] else { return None };
    let (before, behind) = (&words[1..at], &words[at + 1..]);
    let is_toolchain = |word: &&Argument<'_>| matches!(word, Argument::Known(text) if text.starts_with('+'));
    let before = &before[before.iter().take_while(is_toolchain).count()..];
    let (tool, behind, doubt) = match name {
        "test" | "t" => (Tool::Test, behind, None),
        "nextest" => (Tool::Nextest, nextest(behind)?, None),
        "llvm-cov" => match behind.first() {
            Some(Argument::Known("nextest")) => (Tool::Nextest, &behind[1..], None),
            Some(Argument::Known("test")) => (Tool::Coverage, &behind[1..], None),
            Some(Argument::Known("report" | "clean" | "show-env" | "run" | "nextest-archive")) => return None,
            _ => (Tool::Coverage, behind, None),
        },
        "careful" | "miri" | "insta" => match behind.first()? {
            Argument::Known("test") => (Tool::OtherCompiler, &behind[1..], None),
            Argument::Known("nextest") => (Tool::Nextest, nextest(&behind[1..])?, Some(differs(name))),
            _ => return None,
        },
        // It runs its command several times, with other features, packages or toolchains.
        "hack" => {
            let runs = |word: &Argument<'_>| matches!(word, Argument::Known("test" | "t" | "nextest" | "llvm-cov"));
            let place = behind.iter().position(runs)?;
            let doubt = "which features and packages `cargo hack` builds with each other is not known";
            (Tool::Test, &behind[place + 1..], Some(doubt.to_owned()))
        }
        "tarpaulin" => (Tool::Coverage, behind, Some(differs(name))),
        _ => return None,
    };
    Some((tool, [before, behind].concat(), doubt))
}

fn differs(name: &str) -> String {
    format!("what `cargo {name}` makes of its options is not known")
}

/// Where the subcommand of cargo stands in a command; `None` where the program is another one.
pub(crate) fn subcommand(words: &[Argument<'_>]) -> Option<usize> {
    let (Argument::Known(program), rest) = words.split_first()? else { return None };
    let program = program.rsplit(['/', '\\']).next()?;
    if program != "cargo" && program != "cargo.exe" {
        return None;
    }
    let is_toolchain = |word: &&Argument<'_>| matches!(word, Argument::Known(text) if text.starts_with('+'));
    let toolchains = rest.iter().take_while(is_toolchain).count();
    Some(1 + toolchains + options::subcommand(&rest[toolchains..])?)
}

/// The words behind `run`.
fn nextest<'w, 'a>(words: &'w [Argument<'a>]) -> Option<&'w [Argument<'a>]> {
    let at = options::subcommand(words)?;
    matches!(words[at], Argument::Known("run" | "r")).then(|| &words[at + 1..])
}

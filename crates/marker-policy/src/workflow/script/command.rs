//! The commands of scripts.

use std::fmt;

use test_catalog::SourceSpan;

use super::super::directory::Directory;
use super::super::text::Text;
use super::super::unseen::Unseen;

/// A command that a step runs, or may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program's name, which is one that was asked for, and its arguments. One of unknown parts may also be no word,
    /// or several: see [`Text::splits`].
    pub words: Vec<Text>,
    /// The variables set for it alone: `RUST_TEST_THREADS=1 cargo test`.
    pub assignments: Vec<(String, Text)>,
    /// All variables that it is given: those of the step, what the script exports, and what is set for it alone. One that may
    /// be set, or whose value is not known, is an unknown text.
    pub environment: Vec<(String, Text)>,
    /// What stands in front of the program and runs it: `sudo`, `timeout 60`, `uv run`, `python -m`. Empty for most.
    pub prefix: Vec<Text>,
    /// Where it runs.
    pub directory: Directory,
    /// The line on which it begins.
    pub at: SourceSpan,
    /// What decides whether it runs, the outermost first. Empty where it does whenever its step does and nothing before it
    /// fails.
    pub branches: Vec<Branch>,
    /// Where the files are run that it stands in, the outermost first. Empty where it stands in the step's own script.
    pub called_from: Vec<SourceSpan>,
    /// What of this is not known because of what runs it: whether the program is that one, with these words, and where.
    pub doubt: Option<String>,
}

/// What a script runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptCommands {
    /// The commands of the programs that are looked for, in the order of the script, those of functions that nothing calls
    /// behind all others.
    pub commands: Vec<Command>,
    /// What it runs beside them that is not read, and that may run some.
    pub unseen: Vec<Unseen>,
}

/// Something in a script that decides whether a command runs, or how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Branch {
    /// What it is.
    pub kind: BranchKind,
    /// What it hangs on, as written and shortened: `cargo doc --no-deps` where `&& cargo test` follows.
    pub text: String,
    /// Where that stands.
    pub at: SourceSpan,
}

/// What decides whether a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BranchKind {
    /// It stands behind `&&`.
    AfterSuccess,
    /// It stands behind `||`.
    AfterFailure,
    /// It stands in a branch of `if`.
    If,
    /// It stands in `while`, `until`, or a `for` whose words are not known.
    Loop,
    /// It stands in a branch of `case`.
    Case,
    /// The script may have ended successfully before.
    AfterExit,
    /// What ran before by `eval`, `source` or a function is not known: it may have changed folder, or ended the script.
    AfterEval,
    /// It stands in a function that nothing was seen to call, or not surely that one.
    Uncalled,
}

/// The command as one would type it, with its folder: what is not known stands in `<` and `>`.
impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let assignments = self.assignments.iter().map(|(name, value)| format!("{name}={value}"));
        let words = self.prefix.iter().chain(&self.words).map(|word| match word.as_known() {
            Some("") => "''".to_owned(),
            Some(known) if known.contains(char::is_whitespace) => format!("'{known}'"),
            _ => word.to_string(),
        });
        formatter.write_str(&assignments.chain(words).collect::<Vec<_>>().join(" "))
    }
}

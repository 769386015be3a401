//! Programs that run the program behind them: `sudo`, `timeout 60`, `uv run`, `docker run image`, `python -m`.

mod container;
mod long_options;
mod options;
mod silent;
mod table;

use super::super::directory::Directory;
use super::super::text::{Part, Text};
use super::builtin::{base_name, is_assignment};
use super::files::Reader;
use super::state::State;
pub(super) use container::{Mounts, outside};
use options::Options;
use silent::SILENT;
use table::{LAUNCHERS, Launcher, Then};

/// So many programs may start each other.
const MOST_LAUNCHERS: usize = 20;

/// A command, and what stands in front of its program.
#[derive(Debug)]
pub(super) struct Launch {
    /// What stands in front.
    pub(super) prefix: Vec<Text>,
    /// The program with its arguments.
    pub(super) words: Vec<Text>,
    /// Where it runs.
    pub(super) directory: Directory,
    /// The folders of the machine that it sees elsewhere.
    pub(super) mounts: Mounts,
    /// What is set for it.
    pub(super) environment: Vec<(String, Text)>,
    /// Whether nothing else of the environment reaches it.
    pub(super) is_apart: bool,
    /// Whether it runs in this shell, so that it may change it.
    pub(super) is_here: bool,
    /// What of this is not known, so that the program may be another one or run elsewhere.
    pub(super) doubt: Option<String>,
    /// The text that it gives to a shell, which is its program.
    pub(super) script: Option<Text>,
    /// The file that it runs, whose path is that of its words.
    pub(super) file: Option<(Reader, usize)>,
    /// Whether it starts a shell whose commands stand neither in it nor in a file that it names.
    pub(super) reads_input: bool,
}

/// Takes a command line apart. `programs` are those that are looked for.
pub(super) fn launch(words: Vec<Text>, programs: &[&str], state: &State) -> Launch {
    let mut launch = Launch {
        prefix: Vec::new(),
        words,
        directory: state.directory.clone(),
        mounts: state.mounts.clone(),
        environment: Vec::new(),
        is_apart: false,
        is_here: true,
        doubt: None,
        script: None,
        file: None,
        reads_input: false,
    };
    let is_asked_for = |word: &Text| word.as_known().is_some_and(|name| programs.contains(&base_name(name)));
    for passed in 0.. {
        if launch.words.first().is_some_and(is_asked_for) {
            break;
        }
        if passed == MOST_LAUNCHERS {
            launch.doubt = Some("more programs start each other in it than are followed".to_owned());
            break;
        }
        let Some((launcher, options, behind)) = launcher_of(&launch.words) else { break };
        launch.doubt = launch.doubt.take().or_else(|| options.doubt.clone());
        launch.reads_input = launcher.then == Then::Shell && options.doubt.is_some();
        if options.doubt.is_some() || !launch.pass(launcher, &options, behind, state) {
            break;
        }
    }
    let is_file = |word: &&Text| word.to_string().contains('/') && !is_asked_for(word);
    if launch.file.is_none() && launch.doubt.is_none() && launch.words.first().filter(is_file).is_some() {
        launch.file = Some((Reader::Itself, 0));
    }
    launch
}

/// The launcher that words begin with, its options, and how many words both are.
fn launcher_of(words: &[Text]) -> Option<(&'static Launcher, Options, usize)> {
    let program = program_name(words.first()?.as_known()?);
    let named = LAUNCHERS.iter().filter(|launcher| launcher.name.first() == Some(&program));
    named.into_iter().find_map(|launcher| {
        let mut at = 1;
        let (mut given, mut doubt) = (Vec::new(), None);
        // Options may also stand in front of the subcommand.
        for subcommand in &launcher.name[1..] {
            let options = Options::read(words.get(at..)?, launcher);
            at += options.words;
            if words.get(at)?.as_known() != Some(subcommand) {
                return None;
            }
            given.extend(options.given);
            doubt = doubt.or(options.doubt);
            at += 1;
        }
        let mut options = Options::read(words.get(at..)?, launcher);
        at += options.words;
        given.append(&mut options.given);
        doubt = doubt.or(options.doubt.take());
        Some((launcher, Options { given, doubt, ..options }, at))
    })
}

/// Whether a program runs the program behind it.
pub(super) fn starts_others(program: &str) -> bool {
    let program = program_name(program);
    LAUNCHERS.iter().any(|launcher| launcher.name.first() == Some(&program))
}

/// Whether a program runs none of those that its words may name.
pub(super) fn is_silent(program: &str) -> bool {
    SILENT.contains(&base_name(program))
}

/// Whether a program runs others in containers, by some of its subcommands.
pub(super) fn enters_containers(program: &str) -> bool {
    let program = program_name(program);
    LAUNCHERS.iter().any(|launcher| launcher.name.first() == Some(&program) && launcher.then == Then::Container)
}

/// The name of a program, that of Python without its version.
fn program_name(word: &str) -> &str {
    let name = base_name(word);
    match name.trim_end_matches(|one: char| one.is_ascii_digit() || one == '.') {
        python @ ("python" | "pypy") => python,
        _ => name,
    }
}

impl Launch {
    /// Goes on to what stands behind a launcher; false where that is no program.
    fn pass(&mut self, launcher: &Launcher, options: &Options, mut behind: usize, state: &State) -> bool {
        if let Some(folder) = options.value(launcher.directory) {
            self.directory = outside(self.directory.join(folder), &self.mounts);
        }
        self.is_here &= launcher.then == Then::Here;
        match launcher.then {
            // `command -v` only tells whether there is one.
            Then::Here if options.has(&["v", "V"]) => return false,
            Then::Here | Then::Program => {}
            Then::Behind(own) => behind += own,
            Then::Variables => {
                if options.has(&["i", "ignore-environment"]) {
                    self.is_apart = true;
                }
                while let Some((name, value)) = self.words.get(behind).and_then(assignment) {
                    self.environment.push((name, value));
                    behind += 1;
                }
            }
            Then::ModuleOnly if options.has(&["m"]) => {
                // The module is the program; it may stand in the word of `-m` itself.
                let module = options.value(&["m"]).cloned().unwrap_or_default();
                let rest = self.words.split_off(behind.min(self.words.len()));
                self.prefix.append(&mut self.words);
                let is_own_word = self.prefix.last() == Some(&module);
                if is_own_word {
                    self.prefix.pop();
                }
                self.words = std::iter::once(module).chain(rest).collect();
                return true;
            }
            Then::ModuleOnly => {
                self.file = (!options.has(&["c"]) && behind < self.words.len()).then_some((Reader::Other, behind));
                return false;
            }
            Then::Module => {}
            Then::Container => behind = self.enter(options, behind, state),
            Then::Shell => {
                match self.words.get(behind) {
                    Some(script) if options.has(&["c"]) => self.script = Some(script.clone()),
                    Some(_) if !options.has(&["s"]) => self.file = Some((Reader::Shell, behind)),
                    _ => self.reads_input = true,
                }
                return false;
            }
        }
        if behind >= self.words.len() {
            return false;
        }
        let rest = self.words.split_off(behind);
        self.prefix.append(&mut self.words);
        self.words = rest;
        true
    }

    /// Enters a container, and says where its program stands.
    fn enter(&mut self, options: &Options, image: usize, state: &State) -> usize {
        let here = self.directory.clone();
        self.mounts = container::mounts(options, &here);
        self.directory = container::directory(options, &self.mounts);
        self.is_apart = true;
        self.environment.clear();
        for variable in options.values(&["e", "env"]) {
            let set = assignment(variable).or_else(|| {
                let name = variable.as_known()?;
                Some((name.to_owned(), state.environment().into_iter().find(|(known, _)| known == name)?.1))
            });
            self.environment.extend(set);
        }
        let mut behind = image + 1;
        // Unquoted, a variable may hold options as well.
        if let Some(word) = self.words.get(image).filter(|word| word.splits()) {
            self.directory = Directory::Unknown(format!("what {word} says of the container"));
            while self.words.get(behind).is_some_and(Text::splits) {
                behind += 1;
            }
        }
        // `kubectl exec pod -c container -- program`
        if let Some(separator) = self.words.iter().skip(behind).position(|word| word.as_known() == Some("--"))
            && self.words.get(behind).is_some_and(|word| word.known_start().starts_with('-'))
        {
            behind += separator + 1;
        }
        match options.value(&["entrypoint"]).filter(|program| !program.parts().is_empty()) {
            // The words behind the image are its arguments.
            Some(program) => {
                let at = behind.min(self.words.len());
                self.words.insert(at, program.clone());
                at
            }
            None => behind,
        }
    }

    /// Where the program is none that is known, one that is looked for may still stand among its words.
    pub(super) fn find_named(&mut self, programs: &[&str]) {
        let is_asked_for = |word: &Text| word.as_known().is_some_and(|name| programs.contains(&base_name(name)));
        let Some(place) = self.words.iter().position(is_asked_for).filter(|place| *place > 0) else { return };
        let program = self.words.first().and_then(Text::as_known).map(program_name);
        let is_subcommand = |launcher: &Launcher| {
            let named = |word: &Text| word.as_known().is_some_and(|word| launcher.name.last() == Some(&word));
            launcher.name.len() > 1
                && launcher.name.first().copied() == program
                && self.words[..place].iter().any(named)
        };
        let is_silent = program.is_some_and(|name| SILENT.contains(&name)) && !LAUNCHERS.iter().any(is_subcommand);
        if is_silent && self.doubt.is_none() {
            return;
        }
        let first = self.words.first().map(ToString::to_string).unwrap_or_default();
        let rest = self.words.split_off(place);
        self.doubt.get_or_insert_with(|| format!("what `{first}` does with `{}` is not known", rest[0]));
        self.prefix.append(&mut self.words);
        self.words = rest;
        self.is_here = false;
    }
}

/// `name=value`
fn assignment(word: &Text) -> Option<(String, Text)> {
    let name = word.known_start().split_once('=')?.0;
    if !is_assignment(&format!("{name}=")) || word.splits() && matches!(word.parts(), [Part::Unknown { .. }, ..]) {
        return None;
    }
    Some((name.to_owned(), word.strip_prefix(&format!("{name}="))?))
}

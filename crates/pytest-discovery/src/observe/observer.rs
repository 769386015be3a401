//! A thread that looks at test files while others evaluate them.

use std::sync::Arc;
use std::thread::{Builder, Scope, ScopedJoinHandle};

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashSet;
use test_catalog::{Observation, ObservationKind, SourceSpan, TreePath};

use super::{file, first_test, may_seed};
use crate::collect::NameFilters;
use crate::config::Config;
use crate::sources::Sources;
use crate::syntax;
use crate::walk::{Collector, Walked};

/// The thread at work; `None` where it could not be started, so that the work is left to whoever asks for the result.
pub(crate) struct Observer<'scope, 'x> {
    thread: Option<ScopedJoinHandle<'scope, Observed>>,
    config: &'x Config,
    walked: Arc<Walked>,
}

/// What was observed of all files that conftests may let through.
#[derive(Default)]
struct Observed {
    of_modules: Vec<Observation>,
    /// Files that are collected under no name of theirs, unless a module that is collected imports them.
    of_others: Vec<(Utf8PathBuf, Observation)>,
}

impl<'scope, 'x: 'scope> Observer<'scope, 'x> {
    pub(crate) fn start(
        scope: &'scope Scope<'scope, '_>,
        config: &'x Config,
        sources: &'scope Sources<'_>,
        walked: Arc<Walked>,
    ) -> Self {
        let of_thread = walked.clone();
        let thread = Builder::new().stack_size(syntax::STACK_BYTES);
        let thread = thread.spawn_scoped(scope, move || observe(config, sources, &of_thread)).ok();
        Self { thread, config, walked }
    }

    /// What was observed of the files that were collected.
    pub(crate) fn finish(self, sources: &Sources<'_>, collected: &HashSet<TreePath>) -> Vec<Observation> {
        let observed = match self.thread {
            Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => observe(self.config, sources, &self.walked),
        };
        let of_modules = observed.of_modules.into_iter().filter(|one| collected.contains(&one.at.file));
        let of_others = observed.of_others.into_iter().filter(|(path, _)| !sources.was_asked(path));
        of_modules.chain(of_others.map(|(_, observation)| observation)).collect()
    }
}

fn observe(config: &Config, sources: &Sources<'_>, walked: &Walked) -> Observed {
    let filters = NameFilters::new(config);
    // What does not parse is a problem of the catalog already.
    let seeds = |path: &Utf8Path| sources.beside(path).is_ok_and(|file| file.text().is_some_and(may_seed));
    let seeding: Vec<&Utf8Path> =
        walked.conftests.iter().filter(|path| seeds(path)).filter_map(|path| path.parent()).collect();
    let mut observed = Observed::default();
    for module in walked.modules.iter().filter(|one| one.collector == Collector::Module) {
        let Ok(source) = sources.beside(&module.path) else { continue };
        let is_seeded = seeding.iter().any(|folder| module.path.starts_with(folder));
        observed.of_modules.extend(file(&source, &filters, is_seeded));
    }
    for path in &walked.other_names {
        let Ok(source) = sources.beside(path) else { continue };
        let Some(first) = first_test(&source.body, &filters) else { continue };
        let at = source.span(first.range).start;
        let observation = Observation {
            kind: ObservationKind::OtherFileName,
            text: format!("`{}`", path.file_name().unwrap_or_default()),
            at: SourceSpan::at(source.path.clone(), at),
            test: None,
        };
        observed.of_others.push((path.clone(), observation));
    }
    observed
}

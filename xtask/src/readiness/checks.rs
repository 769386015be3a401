//! What tests need held against what is here. Pure.

use test_report::count::{counted, tests};

use test_runner::coverage::PYTHON_PACKAGE;

use super::found::SERVICES;
use super::{Found, Needs};

/// Less is too little for results and builds, and for a model, in GiB.
const LEAST_GIB: u64 = 2;
const LEAST_FOR_MODELS_GIB: u64 = 20;

const LLVM_REMEDY: &str =
    "rustup component add llvm-tools; or name both tools of that release: LLVM_PROFDATA, LLVM_COV";

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Tests that need it cannot run.
    Missing,
    /// Tests may fail for it, which cannot be known before they run.
    Doubtful,
    /// It is here.
    Here,
}

/// One thing that tests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// What: `pytest`, `etcd`.
    pub(crate) what: String,
    /// How it stands.
    pub(crate) state: State,
    /// What was found, and who needs it.
    pub(crate) detail: String,
    /// What to do, where anything is to be done.
    pub(crate) remedy: Option<String>,
    /// Whether it is said before a run: it is known that tests need it.
    pub(crate) before_run: bool,
    /// Whether a run that lacks it does not begin: it was asked for, and nothing of it would come.
    pub(crate) ends_run: bool,
}

/// A check for each thing that the tests need, the worst first. Nothing is asked for that none of them needs.
pub(crate) fn checks(needs: &Needs, found: &Found) -> Vec<Check> {
    let mut checks = Vec::new();
    if needs.python > 0 {
        checks.extend(python(needs, found));
    }
    if needs.rust > 0 {
        checks.push(check("cargo", found.cargo, State::Missing, needs.rust, "install Rust: https://rustup.rs"));
    }
    if needs.services > 0 {
        checks.extend(services(needs.services, found));
    }
    if !needs.models.is_empty() || needs.unknown_models > 0 {
        checks.extend(models(needs, found));
    }
    if needs.coverage {
        checks.extend(coverage(needs, found));
    }
    checks.extend(disk(found));
    checks.sort_by_key(|check| check.state);
    checks
}

fn check(what: &str, is_here: bool, without: State, needed_by: usize, remedy: &str) -> Check {
    Check {
        what: what.to_owned(),
        state: if is_here { State::Here } else { without },
        detail: format!("{}; {} selected", if is_here { "found" } else { "not found" }, tests(needed_by)),
        remedy: (!is_here).then(|| remedy.to_owned()),
        before_run: without == State::Missing,
        ends_run: false,
    }
}

fn python(needs: &Needs, found: &Found) -> Vec<Check> {
    let python = &found.python;
    let modules = match &found.modules {
        Ok(modules) => modules,
        Err(why) => {
            return vec![Check {
                what: "Python".to_owned(),
                state: State::Missing,
                detail: format!("{python} cannot be used: {why}; {} selected", tests(needs.python)),
                remedy: Some("install Python 3.10 or later, or name one: --python FILE".to_owned()),
                before_run: true,
                ends_run: false,
            }];
        }
    };
    let has = |name: &str| modules.iter().any(|module| module == name);
    // A run that finds no pytest makes an environment with pytest and pytest-timeout.
    let makes =
        "`test` makes an environment in target/xtask/venv, which takes the network; or name a Python: --python FILE";
    let mut checks = vec![check("pytest", has("pytest"), State::Doubtful, needs.python, makes)];
    for ((module, package), count) in needs.plugins.iter().filter(|_| has("pytest")) {
        let remedy = format!("{python} -m pip install {package}");
        checks.push(Check { before_run: true, ..check(package, has(module), State::Doubtful, *count, &remedy) });
    }
    checks
}

/// Reading does not tell which tests start a service: types other than unit may.
fn services(needed_by: usize, found: &Found) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, port) in SERVICES {
        let is_here = found.programs.contains(&name);
        let remedy = format!("install {name} and put it on the PATH, if these tests start it");
        let mut one = check(name, is_here, State::Doubtful, needed_by, &remedy);
        if is_here && found.busy.contains(&port) {
            one.state = State::Doubtful;
            one.detail = format!("found; its port {port} is in use; {} selected", tests(needed_by));
            one.remedy = Some(format!("stop what listens on port {port}, if these tests start {name} on it"));
        }
        checks.push(one);
    }
    checks
}

fn models(needs: &Needs, found: &Found) -> Vec<Check> {
    let absent: Vec<&String> = needs.models.keys().filter(|id| !found.models.contains(id)).collect();
    let named = absent.iter().take(3).map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    let more = if absent.len() > 3 { format!(" and {} more", absent.len() - 3) } else { String::new() };
    let loading: usize = needs.models.iter().filter(|(id, _)| absent.contains(id)).map(|(_, count)| count).sum();
    let loading = loading + needs.unknown_models;
    let place = found.cache.as_ref().map_or_else(|| "no cache".to_owned(), ToString::to_string);
    let mut checks = vec![Check {
        what: "models".to_owned(),
        state: if absent.is_empty() && needs.unknown_models == 0 { State::Here } else { State::Doubtful },
        detail: match (absent.len(), needs.unknown_models) {
            (0, 0) => format!("all {} in {place}", counted(needs.models.len(), "model is", "models are")),
            (0, unknown) => {
                format!("{} a model that only a run can tell", counted(unknown, "test loads", "tests load"))
            }
            (count, _) => format!("{} not in {place}: {named}{more}", counted(count, "model is", "models are")),
        },
        remedy: (loading > 0)
            .then(|| "they are downloaded while tests wait; `huggingface-cli download ID` does it before".to_owned()),
        before_run: false,
        ends_run: false,
    }];
    if loading > 0 {
        let remedy = "export HF_TOKEN=..., which models with a licence to accept need";
        checks.push(Check { before_run: true, ..check("HF_TOKEN", found.token, State::Doubtful, loading, remedy) });
    }
    checks
}

/// What measures the lines that tests run.
fn coverage(needs: &Needs, found: &Found) -> Vec<Check> {
    let mut checks = Vec::new();
    let (module, package) = PYTHON_PACKAGE;
    if let (Ok(modules), 1..) = (&found.modules, needs.python) {
        let has = |name: &str| modules.iter().any(|found| found == name);
        // Where `test` makes the environment, it installs this, too.
        let is_made = found.is_own || !has("pytest");
        let without = if is_made { State::Doubtful } else { State::Missing };
        let remedy = match is_made {
            true => "`test --coverage` installs it into target/xtask/venv, which takes the network".to_owned(),
            false => format!("{} -m pip install {package}", found.python),
        };
        let has = has(module);
        checks.push(Check { ends_run: true, ..check(package, has, without, needs.python, &remedy) });
    }
    if let Some(llvm) = &found.llvm {
        let mut one = check("llvm-tools", llvm.is_ok(), State::Missing, needs.rust, LLVM_REMEDY);
        if let Err(why) = llvm {
            one.detail = format!("{why}; {} selected", tests(needs.rust));
        }
        checks.push(Check { ends_run: true, ..one });
    }
    checks
}

fn disk(found: &Found) -> Vec<Check> {
    let gib = |bytes: u64| bytes >> 30;
    let of = |(place, free): &(camino::Utf8PathBuf, u64)| {
        let is_cache = found.cache.as_ref() == Some(place);
        let least = if is_cache { LEAST_FOR_MODELS_GIB } else { LEAST_GIB };
        let enough = gib(*free) >= least;
        Check {
            what: "disk".to_owned(),
            state: if enough { State::Here } else { State::Doubtful },
            detail: format!("{} GiB free for {place}", gib(*free)),
            remedy: (!enough).then(|| format!("make room: {least} GiB at least")),
            before_run: true,
            ends_run: false,
        }
    };
    found.free.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use test_runner::coverage::LlvmTools;

    use super::*;

    fn states(needs: &Needs, found: &Found) -> Vec<(String, State)> {
        checks(needs, found).into_iter().map(|check| (check.what, check.state)).collect()
    }

    fn found(modules: &[&str]) -> Found {
        Found {
            python: "python3".into(),
            is_own: false,
            llvm: None,
            modules: Ok(modules.iter().map(|name| (*name).to_owned()).collect()),
            cargo: false,
            programs: Vec::new(),
            busy: Vec::new(),
            token: false,
            cache: None,
            models: Vec::new(),
            free: Vec::new(),
        }
    }

    #[test]
    fn nothing_is_asked_for_that_no_test_needs() {
        assert_eq!(states(&Needs::default(), &found(&[])), []);
        let python = Needs { python: 3, ..Needs::default() };
        assert_eq!(states(&python, &found(&["pytest"])), [("pytest".to_owned(), State::Here)]);
    }

    #[test]
    fn what_is_missing_comes_first_and_with_its_remedy() {
        let needs = Needs {
            python: 3,
            rust: 2,
            services: 1,
            plugins: [(("pytest_timeout", "pytest-timeout"), 2)].into(),
            models: [("a/b".to_owned(), 1), ("c/d".to_owned(), 1)].into(),
            unknown_models: 0,
            coverage: false,
        };
        let mut here = found(&["pytest"]);
        here.models = vec!["a/b".to_owned()];
        here.programs = vec!["etcd", "nats-server"];
        here.busy = vec![4222];
        let all = checks(&needs, &here);
        let of: Vec<_> = all.iter().map(|check| (check.what.as_str(), check.state)).collect();
        assert_eq!(
            of,
            [
                ("cargo", State::Missing),
                ("pytest-timeout", State::Doubtful),
                ("nats-server", State::Doubtful),
                ("models", State::Doubtful),
                ("HF_TOKEN", State::Doubtful),
                ("pytest", State::Here),
                ("etcd", State::Here),
            ]
        );
        assert!(all.iter().all(|check| check.remedy.is_some() == (check.state != State::Here)), "{all:#?}");
        assert!(all[3].detail.contains("c/d") && !all[3].detail.contains("a/b"), "{}", all[3].detail);
        here.models.push("c/d".to_owned());
        assert!(!states(&needs, &here).iter().any(|(what, _)| what == "HF_TOKEN"), "no download, no token");
    }

    #[test]
    fn what_measures_is_asked_for_only_where_it_was_and_ends_a_run_that_lacks_it() {
        let needs = Needs { python: 1, rust: 1, coverage: true, ..Needs::default() };
        let mut here = found(&["pytest"]);
        here.cargo = true;
        here.llvm = Some(Err("there is no /rust/bin/llvm-profdata".to_owned()));
        let ending = |found: &Found| -> Vec<String> {
            let missing = |check: &Check| check.ends_run && check.state == State::Missing;
            checks(&needs, found).into_iter().filter(missing).map(|check| check.what).collect()
        };
        assert_eq!(ending(&here), ["pytest-cov", "llvm-tools"]);
        here.is_own = true;
        here.llvm = Some(Ok(LlvmTools { profdata: "a".into(), cov: "b".into() }));
        assert_eq!(ending(&here), Vec::<String>::new(), "what `test` makes, it completes");
        here.is_own = false;
        here.modules = Ok(vec!["pytest".to_owned(), "pytest_cov".to_owned()]);
        assert_eq!(ending(&here), Vec::<String>::new());
        let without = Needs { coverage: false, ..needs };
        assert!(!states(&without, &found(&["pytest"])).iter().any(|(what, _)| what == "pytest-cov"));
    }

    #[test]
    fn a_python_that_cannot_be_asked_is_missing() {
        let mut none = found(&[]);
        none.modules = Err("no such file".to_owned());
        let needs = Needs { python: 1, plugins: [(("a", "b"), 1)].into(), ..Needs::default() };
        assert_eq!(states(&needs, &none), [("Python".to_owned(), State::Missing)]);
    }
}

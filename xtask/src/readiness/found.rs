//! What this machine has. Looks at files, starts the interpreter, installs nothing.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use test_runner::coverage::{LlvmTools, PYTHON_PACKAGE};

use super::Needs;
use crate::environment::Environment;

/// The services that Dynamo's tests start: the program, and the port that it listens on where nothing else is said.
pub(super) const SERVICES: [(&str, u16); 2] = [("etcd", 2379), ("nats-server", 4222)];

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The interpreter.
    pub(crate) python: Utf8PathBuf,
    /// Of `pytest` and the plugins' modules, those that it can import; or why it could not be asked.
    pub(crate) modules: Result<Vec<String>, String>,
    /// Whether `test` makes that Python's environment itself where it lacks something.
    pub(crate) is_own: bool,
    /// LLVM's tools for the Rust that the tree is built with, or why there are none; asked for where Rust is measured.
    pub(crate) llvm: Option<Result<LlvmTools, String>>,
    /// Whether `cargo` is on the path.
    pub(crate) cargo: bool,
    /// Programs of services on the path.
    pub(crate) programs: Vec<&'static str>,
    /// Ports of services that something listens on already.
    pub(crate) busy: Vec<u16>,
    /// Whether a token of Hugging Face is set, by variable or in the file of `huggingface-cli login`.
    pub(crate) token: bool,
    /// Where models are kept, and which of those asked for are there.
    pub(crate) cache: Option<Utf8PathBuf>,
    /// Ids of models that are there.
    pub(crate) models: Vec<String>,
    /// Free bytes where results and builds go, and where models go.
    pub(crate) free: Vec<(Utf8PathBuf, u64)>,
}

impl Found {
    /// Looks for what is needed.
    pub(crate) fn of(needs: &Needs, tree: &Utf8Path, python: Option<&Utf8Path>, environment: &Environment) -> Self {
        let state_dir = crate::past::state_dir(tree);
        let named = python.map(Utf8Path::to_owned);
        let venvs = environment.virtual_env.iter().cloned().chain([tree.join(".venv"), state_dir.join("venv")]);
        let in_venv = || venvs.map(|venv| venv.join("bin/python")).find(|python| python.is_file());
        let python = named.or_else(in_venv).unwrap_or_else(|| "python3".into());
        let is_own = python.starts_with(&state_dir);
        let llvm = (needs.coverage && needs.rust > 0).then(|| llvm(tree, environment));
        let modules = if needs.python > 0 { modules(&python, needs) } else { Ok(Vec::new()) };
        let on_path = |name: &str| environment.path.iter().any(|folder| Path::new(folder).join(name).is_file());
        let has_model = |id: &&String| {
            let folder = format!("models--{}", id.replace('/', "--"));
            environment.model_cache.as_ref().is_some_and(|cache| cache.join(folder).join("snapshots").is_dir())
        };
        let mut places = vec![state_dir];
        places.extend(environment.model_cache.clone().filter(|_| !needs.models.is_empty()));
        Self {
            modules,
            is_own,
            llvm,
            python,
            cargo: on_path("cargo"),
            programs: SERVICES.iter().map(|(name, _)| *name).filter(|name| on_path(name)).collect(),
            busy: SERVICES.iter().map(|(_, port)| *port).filter(|port| is_busy(*port)).collect(),
            token: environment.has_model_token,
            models: needs.models.keys().filter(has_model).cloned().collect(),
            cache: environment.model_cache.clone(),
            free: places.into_iter().filter_map(|place| Some((place.clone(), free(&place)?))).collect(),
        }
    }
}

fn modules(python: &Utf8Path, needs: &Needs) -> Result<Vec<String>, String> {
    const ASK: &str =
        "import importlib.util, sys\nfor name in sys.argv[1:]:\n    if importlib.util.find_spec(name): print(name)";
    let mut command = Command::new(python);
    command
        .args(["-c", ASK, "pytest", PYTHON_PACKAGE.0])
        .args(needs.plugins.keys().map(|(module, _)| *module))
        .stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().last().unwrap_or("it ended without a word").to_owned())
}

/// Those that variables name, as other tools take them; else those of the toolchain.
fn llvm(tree: &Utf8Path, environment: &Environment) -> Result<LlvmTools, String> {
    let named = environment.llvm_tools.clone();
    named.map_or_else(|| LlvmTools::of_toolchain(tree), Ok)
}

fn is_busy(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

/// Of the nearest folder above that is there.
fn free(place: &Utf8Path) -> Option<u64> {
    let there = place.ancestors().find(|folder| folder.is_dir())?;
    let found = nix::sys::statvfs::statvfs(there.as_std_path()).ok()?;
    found.blocks_available().checked_mul(found.fragment_size())
}

//! Finding, or making, a Python that has pytest.

use camino::Utf8PathBuf;

/// How Python is found. The caller reads the environment; this crate does not.
#[derive(Debug, Clone, Default)]
pub struct PythonSettings {
    /// The interpreter that was asked for; nothing else is tried then.
    pub interpreter: Option<Utf8PathBuf>,
    /// What `VIRTUAL_ENV` says.
    pub virtual_env: Option<Utf8PathBuf>,
    /// What is installed beside pytest and pytest-timeout where an environment has to be made.
    pub requirements: Vec<String>,
}

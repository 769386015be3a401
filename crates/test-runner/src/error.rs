//! What keeps a run from beginning.

/// What keeps a run from beginning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A file or folder of the state folder cannot be written.
    #[error("cannot write {path}: {source}")]
    State {
        /// Which.
        path: camino::Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

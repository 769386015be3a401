//! A command's result, on stdout or in a file.

use std::fs;
use std::io::{self, BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;

/// A catalog has megabytes: few large writes are cheaper than many small ones.
const BUFFER_BYTES: usize = 1 << 18;

/// Writes a result. A reader that closed its end (`| head`) has what it wanted.
pub(crate) fn write(text: &str) -> Result<(), Error> {
    with(|out| out.write_all(text.as_bytes()))
}

/// The same, for more to come: `false` once the reader has closed its end.
pub(crate) fn write_on(text: &str) -> Result<bool, Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::Output(error)),
    }
}

/// The same for what is better written piece by piece.
pub(crate) fn with(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// Writes a file as a whole or not at all: a temporary one beside it takes its place when all is written. What stands
/// there under a link is replaced, not the link; a device or a pipe is written to as it is.
pub(crate) fn to_file(path: &Utf8Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Target { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(found) if found.is_file() => replace(&path.canonicalize_utf8().map_err(failed)?, Some(&found), bytes),
        Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(_) => fs::write(path, bytes),
        // Not there, or not to be seen: making the temporary file tells which.
        Err(_) => replace(path, None, bytes),
    }
    .map_err(failed)
}

/// Makes the folder of a file that is to be written later, and tries whether it could be: who waits an hour for what goes there
/// is told now.
pub(crate) fn make_way(path: &Utf8Path) -> Result<(), Error> {
    let failed = |source| Error::Target { path: path.to_owned(), source };
    let folder = folder_of(path);
    let not_made = |error: io::Error| io::Error::other(format!("the folder {folder} cannot be made: {}", error.kind()));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(found) if found.is_file() => path.canonicalize_utf8().and_then(|path| beside(&path, Some(&found))).map(drop),
        Ok(_) => Ok(()),
        Err(_) => fs::create_dir_all(&folder).map_err(not_made).and_then(|()| beside(path, None)).map(drop),
    }
    .map_err(failed)
}

fn replace(path: &Utf8Path, there: Option<&fs::Metadata>, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = beside(path, there)?;
    temporary.write_all(bytes)?;
    if let Some(there) = there {
        temporary.as_file().set_permissions(there.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn folder_of(path: &Utf8Path) -> Utf8PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder.to_owned(),
        _ => Utf8PathBuf::from("."),
    }
}

/// A temporary file where one is to be written or replaced.
fn beside(path: &Utf8Path, there: Option<&fs::Metadata>) -> io::Result<tempfile::NamedTempFile> {
    // The folder may let a file be replaced that may not be written to: its owner did not mean that.
    if there.is_some_and(|there| there.permissions().readonly()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".audit-");
    // As any other program would make it: the umask takes away what it should not have.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    match fs::metadata(&folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(io::Error::other(format!("{folder} is no folder: name another place"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(io::Error::other(format!("there is no folder {folder}: make it first")));
        }
        Err(error) => return Err(error),
    }
    builder.tempfile_in(&folder).map_err(|error| without_name(&error))
}

/// What went wrong with a temporary file, less its name, which tells people nothing.
pub(crate) fn without_name(error: &io::Error) -> io::Error {
    io::Error::from(error.kind())
}

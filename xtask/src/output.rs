//! A command's result, on stdout.

use std::io::{self, BufWriter, Write};

use crate::error::Error;

/// A catalog has megabytes: few large writes are cheaper than many small ones.
const BUFFER_BYTES: usize = 1 << 18;

/// Writes a result. A reader that closed its end (`| head`) has what it wanted.
pub(crate) fn write(text: &str) -> Result<(), Error> {
    with(|out| out.write_all(text.as_bytes()))
}

/// The same for what is better written piece by piece.
pub(crate) fn with(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

//! The baseline's file.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use marker_policy::{Baseline, Finding, Judged, Selector};
use test_report::count::counted;

use super::narrow;
use crate::cli::AuditArgs;
use crate::error::Error;
use crate::input;
use crate::output;

/// A baseline that leaves out a part of the tree would let that part's findings come back.
pub(super) fn check_usage(args: &AuditArgs, selector: &Selector) -> Result<(), Error> {
    let narrowed = !narrow::is_whole_tree(&args.selection) || narrow::chooses_tests(selector) || args.since.is_some();
    if args.write_baseline.is_some() && narrowed {
        return Err(Error::PartOfBaseline);
    }
    Ok(())
}

pub(in crate::commands) fn read(file: &Utf8Path) -> Result<Baseline, Error> {
    if !file.exists() {
        return Err(Error::NoBaseline(file.to_owned()));
    }
    Baseline::parse(file.as_str(), &input::text(file, Baseline::LARGEST_FILE)?).map_err(Error::Baseline)
}

/// A baseline that is to be written.
pub(super) struct Rewritten {
    file: Utf8PathBuf,
    /// What will stand in it.
    pub(super) baseline: Baseline,
    /// How many findings the file had, if it was there.
    before: Option<u64>,
}

/// What `--write-baseline` makes of a file: a new one has all findings, one that is there only loses some, unless it may
/// grow.
pub(super) fn rewrite(
    file: &Utf8Path,
    may_grow: bool,
    findings: &[Finding],
    judged: &Judged<'_>,
) -> Result<Rewritten, Error> {
    let now = Baseline::of(findings);
    let old = match fs::symlink_metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        _ => Some(read(file)?),
    };
    let before = old.as_ref().map(Baseline::findings);
    let baseline = match old {
        None => now,
        Some(old) if may_grow => old.grown(&now, judged),
        Some(old) => old.shrunk(&now, judged),
    };
    Ok(Rewritten { file: file.to_owned(), baseline, before })
}

impl Rewritten {
    /// Writes the file, and says what became of it.
    pub(super) fn write(&self) -> Result<(), Error> {
        output::to_file(&self.file, self.baseline.to_text().as_bytes())?;
        let after = self.baseline.findings();
        let count = counted(usize::try_from(after).unwrap_or(usize::MAX), "finding", "findings");
        let before = match self.before {
            Some(before) if before != after => format!(", {before} before"),
            _ => String::new(),
        };
        crate::progress::note(&format!("{} has {count}{before}", self.file));
        Ok(())
    }
}

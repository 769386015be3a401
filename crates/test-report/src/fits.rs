//! What tests need of GPUs, held against the GPUs that are visible: what fits where, and why not.

use std::fmt::Write;

use gpu_inventory::Bytes;
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::count;
use crate::terminal::{Styles, printable};

/// Tests that need the same, and where that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// What each of them needs.
    pub need: Need,
    /// Whether this machine has it.
    pub here: Here,
    /// Of each visible unit, what speaks against it; in their order. Empty for tests that need no GPU.
    pub units: Vec<UnitFit>,
    /// What of their markers does not mean what it seems to.
    pub notes: Vec<String>,
    /// The tests, in the order of the catalog.
    pub tests: Vec<String>,
}

/// What a test needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// How many GPUs at once.
    pub gpus: u32,
    /// A part of their name.
    pub model: Option<String>,
    /// Memory on each.
    pub memory: Memory,
    /// The marker that says how much memory.
    pub marker: String,
}

/// How much memory a test is given of each of its GPUs, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Memory {
    /// As its VRAM marker says.
    Marked(Bytes),
    /// By what earlier runs took, without a marker.
    Measured(Bytes),
    /// All: there is such a marker, and it says no amount.
    Unreadable,
    /// All: nothing says how much.
    Unknown,
}

impl Memory {
    /// How much, where that is known; else a test is given whole GPUs.
    #[must_use]
    pub fn amount(self) -> Option<Bytes> {
        match self {
            Self::Marked(amount) | Self::Measured(amount) => Some(amount),
            Self::Unreadable | Self::Unknown => None,
        }
    }
}

/// Whether the machine has what a test needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Here {
    /// It fits now.
    Now,
    /// It fits, and not while others hold memory.
    Later,
    /// It does not, for this reason.
    Never(String),
}

/// One unit, and what it has for a test.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitFit {
    /// As people name it: `GPU 0 (NVIDIA L4)`.
    pub name: String,
    /// Its UUID.
    pub uuid: String,
    /// What it can give now.
    pub free: Bytes,
    /// Against it, as a fragment; `None` where it fits.
    pub against: Option<Against>,
}

/// Why a unit is none that a test can have.
#[derive(Debug, Clone, PartialEq)]
pub enum Against {
    /// It never is.
    Never(String),
    /// It is not as long as others hold its memory.
    Now(String),
}

/// How many tests are named where more need the same.
const NAMED: usize = 3;

/// A block for each need, those that this machine has first, the smaller first.
#[must_use]
pub fn text(fits: &[Fit], styles: &Styles) -> String {
    let mut out = String::new();
    for fit in in_order(fits) {
        let here = match &fit.here {
            Here::Now => "fits".style(styles.good).to_string(),
            Here::Later => "fits, not while others hold its memory".style(styles.doubtful).to_string(),
            Here::Never(why) => format!("{} {}", "does not fit:".style(styles.bad), printable(why)),
        };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{}: {here}", need(&fit.need).style(styles.heading));
        for unit in &fit.units {
            let what = match &unit.against {
                None => format!("fits, {} free", unit.free),
                Some(Against::Now(why)) => format!("not now: {}", printable(why)),
                Some(Against::Never(why)) => format!("no: {}", printable(why)),
            };
            let _ = writeln!(out, "  {}  {what}", printable(&unit.name));
        }
        for note in &fit.notes {
            let _ = writeln!(out, "  {} {}", "note:".style(styles.doubtful), printable(note));
        }
        let named: Vec<_> = fit.tests.iter().take(NAMED).map(|test| printable(test)).collect();
        let more = fit.tests.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more (`--format json` has all)") };
        let _ = writeln!(out, "  {}: {}{more}", count::tests(fit.tests.len()), named.join(", "));
    }
    out
}

/// Those that the machine has first, the smaller first.
pub(crate) fn in_order(fits: &[Fit]) -> Vec<&Fit> {
    let rank = |fit: &Fit| match fit.here {
        Here::Now => 0,
        Here::Later => 1,
        Here::Never(_) => 2,
    };
    let mut fits: Vec<&Fit> = fits.iter().collect();
    fits.sort_by_key(|fit| {
        (rank(fit), fit.need.gpus, fit.need.model.clone(), fit.need.memory.amount(), fit.need.memory)
    });
    fits
}

/// A need in words: `1 GPU with 2.4 GiB (profiled_vram_gib)`.
pub(crate) fn need(need: &Need) -> String {
    if need.gpus == 0 {
        // A claim of 0 GiB makes a test of a GPU lane one of the CPU; people ask where it went.
        let why = need.memory.amount().map(|memory| format!(" ({} says {memory})", printable(&need.marker)));
        return format!("no GPU{}", why.unwrap_or_default());
    }
    let model = need.model.as_ref().map(|model| format!("{} ", printable(model))).unwrap_or_default();
    let gpus = if need.gpus == 1 { "GPU" } else { "GPUs" };
    let marker = printable(&need.marker);
    let each = if need.gpus == 1 { "" } else { " each" };
    let alone = if need.gpus == 1 { "to itself" } else { "to themselves" };
    let unknown = "how much memory it takes is not known";
    let memory = match need.memory {
        Memory::Marked(memory) => format!("with {memory}{each} ({marker})"),
        Memory::Measured(memory) => format!("with {memory}{each} (by earlier runs; no {marker})"),
        Memory::Unreadable => format!("{alone} (no amount in its {marker}: {unknown})"),
        Memory::Unknown => format!("{alone} (no {marker}: {unknown})"),
    };
    format!("{} {model}{gpus} {memory}", need.gpus)
}

/// The same for other programs: a list to go into the inventory's document. Memory is in bytes.
#[must_use]
pub fn json(fits: &[Fit]) -> impl Serialize {
    fits.iter().map(Entry::from).collect::<Vec<_>>()
}

#[derive(Serialize)]
struct Entry<'a> {
    gpus: u32,
    model: Option<&'a str>,
    memory: Option<u64>,
    /// `now`, `later` or `never`.
    here: &'static str,
    reason: Option<&'a str>,
    units: Vec<Unit<'a>>,
    notes: &'a [String],
    tests: &'a [String],
}

#[derive(Serialize)]
struct Unit<'a> {
    uuid: &'a str,
    free: u64,
    /// As for the machine.
    fits: &'static str,
    reason: Option<&'a str>,
}

impl<'a> From<&'a Fit> for Entry<'a> {
    fn from(fit: &'a Fit) -> Self {
        let (here, reason) = match &fit.here {
            Here::Now => ("now", None),
            Here::Later => ("later", None),
            Here::Never(why) => ("never", Some(why.as_str())),
        };
        let unit = |unit: &'a UnitFit| {
            let (fits, reason) = match &unit.against {
                None => ("now", None),
                Some(Against::Now(why)) => ("later", Some(why.as_str())),
                Some(Against::Never(why)) => ("never", Some(why.as_str())),
            };
            Unit { uuid: &unit.uuid, free: unit.free.0, fits, reason }
        };
        Self {
            gpus: fit.need.gpus,
            model: fit.need.model.as_deref(),
            memory: fit.need.memory.amount().map(|memory| memory.0),
            here,
            reason,
            units: fit.units.iter().map(unit).collect(),
            notes: &fit.notes,
            tests: &fit.tests,
        }
    }
}

//! Why a test does not run on this machine.

use std::fmt;

use test_catalog::{NodeId, SourceSpan};

/// A test that this machine cannot run.
#[derive(Debug, Clone, PartialEq)]
pub struct NotRun {
    /// Its id.
    pub id: NodeId,
    /// Which of the cases with this id.
    pub occurrence: u32,
    /// Where it stands.
    pub at: SourceSpan,
    /// Why.
    pub reason: NotRunReason,
}

/// What a test needs that is not here.
#[derive(Debug, Clone, PartialEq)]
pub enum NotRunReason {
    /// More GPUs than are visible.
    TooFewGpus {
        /// What it needs.
        needed: u32,
        /// How many of the needed model are visible.
        visible: u32,
        /// The model that it needs, if any.
        model: Option<String>,
    },
    /// Fewer whole GPUs than it needs: the others are MIG instances, and a process sees one of these alone.
    TooFewWhole {
        /// What it needs.
        needed: u32,
        /// How many whole GPUs of the needed kind are visible.
        whole: u32,
        /// How many MIG instances of that kind.
        instances: u32,
    },
    /// A model that no visible GPU is of.
    WrongModel {
        /// What it needs, such as `H100`.
        model: String,
        /// What is here, each name once.
        here: Vec<String>,
    },
    /// A compute capability that not enough visible GPUs have.
    TooLittleCapability {
        /// How many GPUs it needs.
        gpus: u32,
        /// What each has to have: the parts before and behind the point.
        needed: (u32, u32),
        /// What is here, each name once, with its capability.
        here: Vec<String>,
    },
    /// More memory a GPU than enough cards have.
    TooLittleMemory {
        /// How many GPUs it needs.
        gpus: u32,
        /// GiB on each of them.
        needed_gib: f64,
        /// GiB of the largest card that could take part.
        largest_gib: f64,
        /// How many cards have that much.
        fitting: u32,
    },
    /// Enough memory on enough cards, but others hold it now.
    HeldByOthers {
        /// How many GPUs it needs.
        gpus: u32,
        /// GiB on each of them; `None` for a test that takes them whole.
        needed_gib: Option<f64>,
        /// How many cards have that much free, or all of it.
        free: u32,
    },
    /// More memory of the machine itself than it has.
    TooLittleHostMemory {
        /// GiB that it needs.
        needed_gib: f64,
        /// GiB that the machine has for all of the run.
        here_gib: f64,
    },
    /// A profile above the limit that the caller set (`--max-vram-gib`).
    OverVramLimit {
        /// GiB that it needs; `None` for a test without a profile.
        needed_gib: Option<f64>,
        /// The limit in GiB.
        limit_gib: f64,
    },
    /// Something beyond CPUs and GPUs that the machine is not said to have: `k8s`, `xpu`.
    Resource {
        /// Its name.
        name: String,
        /// How many of it.
        needed: u32,
        /// How many the machine has.
        here: u32,
    },
    /// The feature set that was asked for does not compile it.
    NotCompiled {
        /// What it is compiled under, such as `feature = "integration"`.
        needs: String,
    },
    /// It needs GPUs, and they could not be looked at.
    NoInventory {
        /// Why not.
        why: String,
        /// How many it needs.
        needed: u32,
    },
}

/// A fragment that fits behind the test's name: `needs 2 GPUs, 1 visible`.
impl fmt::Display for NotRunReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewGpus { needed, visible, model } => {
                write!(formatter, "needs {}, {visible} visible", gpus(*needed, model.as_deref()))
            }
            Self::TooFewWhole { needed, whole, instances } => write!(
                formatter,
                "needs {}, {whole} visible beside {instances} MIG instance{}, of which a process can have one alone",
                gpus(*needed, None),
                if *instances == 1 { "" } else { "s" }
            ),
            Self::WrongModel { model, here } if here.is_empty() => {
                write!(formatter, "needs an {model}, no GPU visible")
            }
            Self::WrongModel { model, here } => write!(formatter, "needs an {model}, here: {}", here.join(", ")),
            Self::TooLittleCapability { gpus: count, needed: (major, minor), here } => write!(
                formatter,
                "needs {} of compute capability {major}.{minor} or more, here: {}",
                gpus(*count, None),
                if here.is_empty() { "none".to_owned() } else { here.join(", ") }
            ),
            Self::TooLittleMemory { gpus: 1, needed_gib, largest_gib, .. } => {
                write!(formatter, "needs {} GiB, the largest card has {}", gib(*needed_gib), gib(*largest_gib))
            }
            Self::TooLittleMemory { gpus, needed_gib, largest_gib, fitting } => write!(
                formatter,
                "needs {gpus} GPUs with {} GiB each, {} that much (the largest has {})",
                gib(*needed_gib),
                match fitting {
                    0 => "none has".to_owned(),
                    1 => "1 has".to_owned(),
                    _ => format!("{fitting} have"),
                },
                gib(*largest_gib)
            ),
            Self::HeldByOthers { gpus: 1, needed_gib: Some(needed), .. } => {
                write!(formatter, "needs {} GiB, and no GPU has that free: other processes hold memory", gib(*needed))
            }
            Self::HeldByOthers { gpus: count, needed_gib, free } => {
                let each =
                    needed_gib.map_or_else(|| " to itself".to_owned(), |it| format!(" with {} GiB each", gib(it)));
                let free = match free {
                    0 => "none is".to_owned(),
                    1 => "1 is".to_owned(),
                    free => format!("{free} are"),
                };
                write!(formatter, "needs {}{each}, {free} free: other processes hold memory", gpus(*count, None))
            }
            Self::TooLittleHostMemory { needed_gib, here_gib } => {
                write!(
                    formatter,
                    "needs {} GiB of the machine's memory, which has {}",
                    gib(*needed_gib),
                    gib(*here_gib)
                )
            }
            Self::OverVramLimit { needed_gib: Some(needed), limit_gib } => {
                write!(formatter, "needs {} GiB, the limit given is {}", gib(*needed), gib(*limit_gib))
            }
            Self::OverVramLimit { needed_gib: None, limit_gib } => write!(
                formatter,
                "how much memory it takes is not known, and the limit given is {} GiB: mark how much it needs",
                gib(*limit_gib)
            ),
            Self::Resource { name, needed, here: 0 } => write!(formatter, "needs {name}{}", times(*needed)),
            Self::Resource { name, needed, here } => {
                write!(formatter, "needs {name}{}, the machine has {here}", times(*needed))
            }
            Self::NotCompiled { needs } => write!(formatter, "not compiled by the chosen features: needs {needs}"),
            Self::NoInventory { why, needed } => write!(formatter, "needs {}, {why}", gpus(*needed, None)),
        }
    }
}

fn gpus(count: u32, model: Option<&str>) -> String {
    let what = model.map_or_else(|| "GPU".to_owned(), |model| format!("{model} GPU"));
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// How many of a resource, where it is not one.
fn times(needed: u32) -> String {
    if needed == 1 { String::new() } else { format!(" ({needed})") }
}

/// One decimal, none where it is whole. What is not nothing does not read as nothing, and of what no card ever has the digits
/// say nothing.
fn gib(value: f64) -> String {
    if value > 0.0 && value < 0.1 {
        return "under 0.1".to_owned();
    }
    if value >= 1e6 {
        return "over a million".to_owned();
    }
    let rounded = (value * 10.0).round() / 10.0;
    format!("{rounded}")
}

/// Something an author has to know of a planned test: it runs, but not as its markers, or some of them, say.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The test.
    pub id: NodeId,
    /// Where it stands.
    pub at: SourceSpan,
    /// What is wrong or remarkable, and what was done instead, as a fragment.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_counts_read_as_people_say_them() {
        let text = |reason: NotRunReason| reason.to_string();
        for (fitting, told) in [(0, "none has"), (1, "1 has"), (2, "2 have")] {
            let reason = NotRunReason::TooLittleMemory { gpus: 4, needed_gib: 40.0, largest_gib: 44.99, fitting };
            assert_eq!(text(reason), format!("needs 4 GPUs with 40 GiB each, {told} that much (the largest has 45)"));
        }
        for (needed_gib, told) in [(1.8e10, "over a million"), (1e-9, "under 0.1"), (0.1, "0.1")] {
            let reason = NotRunReason::TooLittleMemory { gpus: 1, needed_gib, largest_gib: 22.0, fitting: 0 };
            assert_eq!(text(reason), format!("needs {told} GiB, the largest card has 22"));
        }
    }

    #[test]
    fn reasons_read_as_people_say_them() {
        let text = |reason: NotRunReason| reason.to_string();
        assert_eq!(text(NotRunReason::TooFewGpus { needed: 2, visible: 1, model: None }), "needs 2 GPUs, 1 visible");
        assert_eq!(
            text(NotRunReason::WrongModel { model: "H100".to_owned(), here: vec!["NVIDIA L4".to_owned()] }),
            "needs an H100, here: NVIDIA L4"
        );
        assert_eq!(
            text(NotRunReason::TooLittleMemory { gpus: 1, needed_gib: 24.0, largest_gib: 22.494, fitting: 0 }),
            "needs 24 GiB, the largest card has 22.5"
        );
        assert_eq!(
            text(NotRunReason::TooLittleCapability {
                gpus: 1,
                needed: (9, 0),
                here: vec!["NVIDIA L4 (8.9)".to_owned()]
            }),
            "needs 1 GPU of compute capability 9.0 or more, here: NVIDIA L4 (8.9)"
        );
        assert_eq!(
            text(NotRunReason::TooFewWhole { needed: 2, whole: 1, instances: 2 }),
            "needs 2 GPUs, 1 visible beside 2 MIG instances, of which a process can have one alone"
        );
        let held = |gpus, needed_gib, free| text(NotRunReason::HeldByOthers { gpus, needed_gib, free });
        assert_eq!(held(2, Some(12.0), 1), "needs 2 GPUs with 12 GiB each, 1 is free: other processes hold memory");
        assert_eq!(held(1, None, 0), "needs 1 GPU to itself, none is free: other processes hold memory");
        assert_eq!(text(NotRunReason::Resource { name: "k8s".to_owned(), needed: 1, here: 0 }), "needs k8s");
        let two = NotRunReason::Resource { name: "xpu".to_owned(), needed: 2, here: 1 };
        assert_eq!(text(two), "needs xpu (2), the machine has 1");
    }
}

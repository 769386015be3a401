//! What the source shows beside its tests.

use crate::{Position, SourceSpan};

/// A construct of a test file that no case tells of, and that somebody may want to hear of: whether it is wrong is for
/// a policy to say. Only what is certain is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// What kind of thing.
    pub kind: ObservationKind,
    /// The construct, or why it is one: a fragment such as `` `time.sleep(5)` `` or `it has an __init__`.
    pub text: String,
    /// The place.
    pub at: SourceSpan,
    /// The start of the test function that it stands in: where the `span` of its cases starts. `None` for what stands
    /// in no test.
    pub test: Option<Position>,
}

/// What is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObservationKind {
    /// A class with tests that pytest leaves out, because it cannot make an instance.
    ClassLeftOut,
    /// A test that another one of the same name takes the place of.
    Redefined,
    /// A function that looks like a test inside of another function, which does not use it.
    Nested,
    /// A test that is defined only where its file is run as a program.
    BehindMain,
    /// A file with tests whose name pytest does not look for.
    OtherFileName,
    /// A file that was asked about, or a folder above it, that pytest does not come to.
    PassedOver,
    /// A file that another of the same module name takes the place of, in a run of both.
    Shadowed,
    /// A random number of a generator that nobody seeds.
    UnseededRandom,
    /// An assertion that something took no longer than so.
    WallClock,
    /// Something listens on a port that is written down.
    FixedPort,
    /// A port that is written down in a list of words, as a command line has it: `["--port", "8000"]`.
    PortOption,
    /// A call over the network.
    Network,
    /// A pause.
    Sleep,
    /// A request for sampled tokens without a seed.
    UnseededSampling,
    /// A change of the environment when the file is imported.
    EnvironmentAtImport,
}

impl ObservationKind {
    /// Whether every reading gives it. The others need the bodies of functions, and are given where they are asked for.
    #[must_use]
    pub fn is_always_given(self) -> bool {
        matches!(self, Self::ClassLeftOut | Self::Shadowed)
    }
}

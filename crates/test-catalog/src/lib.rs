//! The shared words of the Dynamo test kit.
//!
//! A [`Catalog`] lists every test of a tree as a [`TestCase`]: where it stands, which [`Marker`]s it carries and
//! where each of them comes from, whether that is certain, and what may keep it from running. Discovery crates
//! make catalogs; policy, plan, runner and report read them. This crate knows nothing of how tests are found.
//!
//! Three rules hold everywhere:
//!
//! - **Never silently wrong.** What reading cannot know is [`Certainty::Inexact`] with a [`Reason`], and markers
//!   that it might have missed leave [`Markers::open`] set.
//! - **Authored and added are apart.** Each marker carries its [`Origin`]: the source, a hook of the tree, or the
//!   policy.
//! - **Paths are the tree's.** A [`TreePath`] is relative to the tree and written with `/` on every system, so a
//!   catalog reads the same everywhere.
//!
//! ```
//! use test_catalog::{Certainty, Marker, Markers, NodeId, Origin, Position, SourceSpan, TestCase, TreePath};
//!
//! let file = TreePath::new("tests/serve/test_vllm_chat.py");
//! let span = SourceSpan::at(file.clone(), Position { line: 12, column: 1 });
//! let case = TestCase::python(
//!     NodeId::python(&file, ["TestChat", "test_streams"], Some("aggregated")),
//!     span.clone(),
//!     Markers::known(vec![Marker::bare("e2e", Origin::Source(span))]),
//!     Certainty::Exact,
//! );
//! assert_eq!(case.id.as_str(), "tests/serve/test_vllm_chat.py::TestChat::test_streams[aggregated]");
//! assert_eq!(case.function.as_str(), "tests/serve/test_vllm_chat.py::TestChat::test_streams");
//! assert!(case.markers.get("e2e").is_some());
//! ```

mod case;
mod catalog;
mod certainty;
mod comment;
pub mod comparison;
mod edit;
mod import;
pub mod json;
mod marker;
mod node_id;
mod observation;
mod pytest_names;
pub mod pytest_options;
mod reach;
mod rust_name;
mod source;
mod value;

pub use case::{CargoTarget, Ignored, Language, RustCase, RustTestKind, TargetKind, TestCase, TestKind};
pub use catalog::{Catalog, DeclaredMarker, Occurrences, Problem, ProblemKind, PytestFacts};
pub use certainty::{Certainty, Condition, Reason};
pub use comment::Comment;
pub use edit::{EditForm, EditSite, Scope};
pub use import::Import;
pub use marker::{Marker, Markers, Origin};
pub use node_id::NodeId;
pub use observation::{Observation, ObservationKind};
pub use pytest_names::{ImportPlace, ImportPlaces, MarkName, PytestNames};
pub use reach::{Obstacle, Reach};
pub use rust_name::{lies_within, named_around};
pub use source::{Position, SourceSpan, TreePath};
pub use value::Value;

//! A written policy for test markers, held against a catalog of tests.
//!
//! A [`Policy`] is read from a TOML file, or is one of the embedded presets. With it,
//!
//! - [`resolve`] gives every case its effective markers: what authors wrote, what the tree's hooks add, and what the
//!   policy derives;
//! - [`select`] takes the cases that a [`Selector`] asks for, each with the reason, in three-valued logic;
//! - [`audit`] reports what breaks the policy, one [`Finding`] a cause;
//! - [`suppress`] takes out what comments allow, [`exempt()`] what the policy holds back for a while, and [`Baseline`] what
//!   was there before.
//!
//! [`workflow`] reads which commands CI runs, from GitHub's workflows.
//!
//! It also answers what plan and runner ask: what a hardware marker needs, time-outs, budgets, engine caps. The crate
//! reads no files, starts nothing and knows nothing of how tests are found or run.
//!
//! ```
//! use marker_policy::{Category, Policy, Selector, resolve, select};
//! use test_catalog::Catalog;
//!
//! let policy = Policy::embedded();
//! assert_eq!(policy.stage("nightly").unwrap(), ["pre_merge", "post_merge", "nightly"]);
//! assert!(policy.is_member(Category::Hardware, "h100"));
//!
//! let catalog = Catalog::default();
//! let cases = resolve(&policy, &catalog);
//! let nightly = Selector { stage: Some("nightly".to_owned()), ..Selector::default() };
//! assert!(select(&policy, &cases, &nightly)?.chosen.is_empty());
//!
//! let typo = Selector { stage: Some("nightli".to_owned()), ..Selector::default() };
//! let error = select(&policy, &cases, &typo).unwrap_err();
//! assert!(error.to_string().starts_with("unknown stage `nightli`; did you mean `nightly`?"));
//! # Ok::<(), marker_policy::SelectError>(())
//! ```

mod argument;
mod audit;
mod baseline;
mod category;
mod cfg_predicate;
mod ci;
pub mod code_owners;
mod combinations;
mod container;
mod document;
mod duration;
mod effective;
mod error;
mod evidence;
mod exemption;
mod finding;
pub mod fix;
mod grouping;
mod identity;
mod judged;
pub mod keys;
mod keywords;
mod lane;
mod location;
mod nearest;
mod origin;
mod parse;
mod planning;
mod policy;
mod preset;
mod proposal;
mod resolve;
pub mod rules;
mod running;
mod select;
mod starter;
mod suppression;
mod timings;
mod toml_text;
pub mod workflow;

pub use chrono::NaiveDate;

pub use argument::{Argument, ArgumentKind};
pub use audit::{audit, audit_measured, measured_proposals};
pub use baseline::{Baseline, Change, Compared};
pub use category::{Category, CategoryRules, Requirement};
pub use ci::{PolicyAction, PolicyLane};
pub use combinations::Companions;
pub use container::Container;
pub use effective::Effective;
pub use error::{PolicyErrors, PolicyMistake};
pub use evidence::{Evidence, EvidenceKind};
pub use exemption::{Exempt, Exempted, Exemption, TestPattern, exempt};
pub use finding::{Finding, Insertion, Safety};
pub use judged::Judged;
pub use lane::{
    ContainedLane, IdleLane, Lane, LaneCondition, Lanes, MarkerSets, OtherConfiguration, PytestCommand, UnseenLane,
    why_in_no_lane,
};
pub use location::{FileNamePattern, FolderPattern};
pub use nearest::nearest;
pub use origin::Origin;
pub use planning::{Budget, BudgetScope, EngineCap, Hardware, Planning, Timeouts};
pub use policy::{Alias, Defaults, KnownMarker, Locations, Policy, RuleLevel, RustRules};
pub use resolve::{ResolvedCase, resolve, resolve_cases};
pub use rules::{Needs, Rule, RuleCode, Severity};
pub use running::{Ports, Retry};
pub use select::{Chosen, Filter, SelectError, Selection, Selector, UnknownName, select};
pub use starter::{Survey, best_preset, starter};
pub use suppression::{Allowed, Suppressed, suppress};
pub use timings::{Measured, Timings};

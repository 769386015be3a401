//! Findings, plans and results as text, JSON, JUnit XML and HTML.
//!
//! Every function here turns data of the other crates into text; none reads a file, asks a clock or prints. What a
//! tree's authors wrote (paths, ids, messages) is hostile input: on its way to a terminal it passes
//! [`terminal::printable`], and JSON and XML are written by libraries that escape.
//!
//! - [`findings`]: the audit, as text with the place shown, JSON, SARIF, annotations of GitHub, or JUnit XML;
//! - [`rule_page`]: a rule explained;
//! - [`html`]: all of it as one page to look at;
//! - [`listing`]: the catalog for people;
//! - [`lanes`]: what CI runs of it, and [`lane_changes`]: what a change does to that;
//! - [`plan`]: what would run where, and [`plan_facts`]: what is said beside it;
//! - [`plan_svg`], [`plan_html`], [`plan_dot`], [`plan_json`]: the same as a picture, a page, a graph, and for tools;
//! - [`gpus`]: the inventory as a table;
//! - [`progress`]: a line for each finished test, [`running`]: what runs now;
//! - [`summary`]: the end of a run;
//! - [`junit`]: the same for CI, [`job_summary`]: for the page of a GitHub job, [`events`]: for programs, as it happens;
//! - [`why`]: one test explained;
//! - [`verify`]: the catalog beside what the real tool lists.
//!
//! ```
//! use test_report::terminal::printable;
//!
//! assert_eq!(printable("tests/\u{1b}[2Jtest_a.py"), "tests/\\u{1b}[2Jtest_a.py");
//! ```

mod by_test;
mod columns;
pub mod count;
pub mod coverage;
pub mod events;
pub mod findings;
pub mod fits;
mod gist;
pub mod gpus;
pub mod history;
pub mod html;
pub mod job_summary;
pub mod junit;
pub mod lane_changes;
pub mod lanes;
pub mod listing;
pub mod plan;
pub mod plan_dot;
pub mod plan_facts;
pub mod plan_html;
pub mod plan_json;
pub mod plan_svg;
mod plan_usage;
pub mod policy_page;
pub mod progress;
pub mod rule_page;
pub mod running;
pub mod summary;
pub mod terminal;
mod unseen_changes;
pub mod verify;
pub mod why;

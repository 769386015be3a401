//! The report: one HTML file that shows the whole tree, and needs no server and no network.
//!
//! - [`data`]: what the page shows, as a documented JSON document;
//! - [`Subject::report`](subject::Subject::report): makes that of the catalog, the lanes and the findings;
//! - [`page`]: puts it into the page, whose template, style and script are files of their own under `page/`.
//!
//! Whoever adds a section adds its data to [`data::Report`], a script to `page/script` and a `<section>` to
//! `page/template.html`. What a tree's authors wrote reaches the page as text of the JSON document only, without anything
//! that would turn the direction of writing; the page's own policy lets nothing run but its script.

pub mod data;
mod gather;
mod page;
mod planned;
mod run;
mod subject;
mod tables;
mod timeline;

pub use page::page;
pub use subject::{Planned, Results, Subject, Trend};

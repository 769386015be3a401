//! The page of a GitHub job: its size, and what hostile names come to.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use pulldown_cmark::{Event, Options, Parser};
use support::{HOSTILE, hostile, result, run};
use test_report::job_summary::{LIMIT, text};
use test_report::summary::BudgetUse;
use test_runner::{CaseResult, NotRunCause, Outcome};

fn budgets() -> Vec<BudgetUse> {
    let budget =
        |name: &str| BudgetUse { name: name.to_owned(), used: Duration::from_secs(2), limit: Duration::from_secs(1) };
    HOSTILE.map(budget).to_vec()
}

#[test]
fn no_name_becomes_markdown_or_html() {
    let page = text(&hostile(), &budgets(), "failed", LIMIT);
    let mut code = 0;
    for event in Parser::new_ext(&page, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let known = ["<details>", "<summary>", "</summary>", "</details>", "<br>"];
                let of_ours: usize = known.iter().map(|tag| html.matches(tag).count()).sum();
                assert_eq!(html.matches('<').count(), of_ours, "{html}");
            }
            Event::Start(pulldown_cmark::Tag::Link { .. } | pulldown_cmark::Tag::Image { .. }) => panic!("{event:?}"),
            Event::Start(pulldown_cmark::Tag::Heading { level, .. }) => {
                assert_eq!(level, pulldown_cmark::HeadingLevel::H2);
            }
            Event::Start(pulldown_cmark::Tag::CodeBlock(_)) => code += 1,
            _ => {}
        }
    }
    // Each failure has a block, and each step that failed.
    assert!(code >= HOSTILE.len() * 2, "{code}");
}

#[test]
fn what_is_said_of_a_file_stands_once_for_all_of_its_tests() {
    let reason = || "cannot be collected: NameError".to_owned();
    let test = |name: &str| CaseResult {
        message: "Traceback\nE   NameError".to_owned(),
        ..result(name, Outcome::NotRun { cause: NotRunCause::Collection, reason: reason() })
    };
    let page = text(&run(vec![test("test_a.py::a"), test("test_a.py::b")]), &[], "failed", LIMIT);
    assert_eq!(page.matches("Traceback").count(), 1, "{page}");
    assert!(page.contains("test_a.py::a: and 1 more: not run: cannot be collected: NameError"), "{page}");
}

#[test]
fn it_stays_within_the_room_and_says_where_it_was_cut() {
    let big = |number: usize| CaseResult {
        message: "x\u{1}".repeat(100_000),
        ..result(&format!("test_a.py::test_{number}[{}]", "y".repeat(3000)), Outcome::Failed)
    };
    let outcome = run((0..300).map(big).collect());
    for room in [0, 100, 5_000, 100_000, LIMIT, usize::MAX] {
        let page = text(&outcome, &[], "failed", room);
        assert!(page.len() <= room.clamp(100, LIMIT), "{room}: {}", page.len());
    }
    assert!(text(&outcome, &[], "failed", 5_000).contains("no room for the rest"));
    assert!(text(&outcome, &[], "failed", LIMIT).contains("and 250 more failures"));
}

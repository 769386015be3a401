//! `skip-without-reason`: a test that does not run, or may fail, says why.

use test_catalog::{Marker, Value};

use super::{Rule, RuleCode, Severity, skipping};
use crate::audit::Audited;
use crate::finding::Finding;
use crate::grouping::{by_cause, counted, ids};

pub(super) const RULE: Rule = Rule {
    code: RuleCode("skip-without-reason"),
    severity: Severity::Warning,
    needs: &[],
    summary: "`skip`, `skipif` and `xfail` say why",
    explanation: "Nobody can tell a test that waits for a repair from one that was forgotten. The reason stands in the \
                  marker and in every report. Where the policy lists `tickets` in `[audit]`, the reason of a `skip` or an \
                  `xfail` names one of them; a `skipif` waits for a machine, and needs none.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let tickets = audited.policy.tickets();
    let causes = by_cause(audited.cases, |case| {
        case.written().find_map(|(marker, at)| Some((at, (marker.name.as_str(), wrong(marker, tickets)?))))
    });
    causes
        .into_iter()
        .map(|((at, (name, wrong)), cases)| Finding {
            label: Some(format!("on {}", counted(cases.len(), "test", "tests"))),
            cases: ids(&cases),
            has: vec![name.to_owned()],
            needs: match wrong {
                Wrong::NoReason => vec!["reason=\"...\"".to_owned()],
                Wrong::NoTicket => tickets.iter().map(|ticket| format!("{ticket}...")).collect(),
            },
            help: match wrong {
                Wrong::NoReason => "say what it waits for: `reason=\"...\"`".to_owned(),
                Wrong::NoTicket => format!("name the ticket in the reason: {}", begins(tickets)),
            },
            ..Finding::new(
                &RULE,
                match wrong {
                    Wrong::NoReason => format!("`{name}` gives no reason"),
                    Wrong::NoTicket => format!("the reason of `{name}` names no ticket"),
                },
                at.clone(),
            )
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    NoReason,
    NoTicket,
}

fn wrong(marker: &Marker, tickets: &[String]) -> Option<Wrong> {
    if !matches!(marker.name.as_str(), "skip" | "skipif" | "xfail") {
        return None;
    }
    match skipping::reason(marker) {
        None => Some(Wrong::NoReason),
        Some(Value::Str(text)) if marker.name != "skipif" && !tickets.is_empty() => {
            (!tickets.iter().any(|ticket| names(text, ticket))).then_some(Wrong::NoTicket)
        }
        Some(_) => None,
    }
}

/// Whether a text names a ticket that begins so: the beginning, and a digit.
fn names(text: &str, ticket: &str) -> bool {
    text.match_indices(ticket).any(|(at, _)| text[at + ticket.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

fn begins(tickets: &[String]) -> String {
    tickets.iter().map(|ticket| format!("`{ticket}123`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_ticket_is_its_beginning_and_a_digit() {
        assert!(names("broken since the update, see DYN-12", "DYN-"));
        assert!(names("DYN- is the project, DYN-7 the ticket", "DYN-"));
        assert!(!names("DYN-x", "DYN-") && !names("DYN-", "DYN-") && !names("", "#"));
    }
}

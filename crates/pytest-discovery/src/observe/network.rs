//! Calls over the network, and pauses.

use num_traits::Zero;
use test_catalog::ObservationKind;

use super::{Body, Words};
use crate::syntax::ast::{Call, Constant, Expr, ExprKind, Interpolation, Range, Stmt, StmtKind};
use crate::syntax::visit::{Node, walk};

/// Libraries' functions that send a request, the address first.
const REQUESTS: [&str; 13] = [
    "requests.get",
    "requests.post",
    "requests.put",
    "requests.head",
    "requests.delete",
    "httpx.get",
    "httpx.post",
    "httpx.put",
    "httpx.head",
    "httpx.delete",
    "urllib.request.urlopen",
    "urllib.request.urlretrieve",
    "urllib.request.Request",
];

/// Functions that bring a file of a model or a data set from its hub.
const DOWNLOADS: [&str; 3] =
    ["huggingface_hub.snapshot_download", "huggingface_hub.hf_hub_download", "datasets.load_dataset"];

/// Words of functions in which such a call may be another's.
const CONTROLLED: [&str; 4] = ["patch", "mock", "responses", "respx"];

const SLEEPS: [&str; 2] = ["time.sleep", "asyncio.sleep"];

/// Whether a test can have any.
pub(super) fn may_be_in(test: &str) -> bool {
    static WORDS: Words<4> = Words::new(["sleep", "://", "_download(", "load_dataset("]);
    WORDS.any_in(test)
}

pub(super) fn called(body: &mut Body<'_, '_>) {
    let text = body.text();
    let is_controlled = CONTROLLED.iter().any(|word| text.contains(word));
    let patches_sleep = text.contains("sleep\"") || text.contains("sleep'") || text.contains("\"sleep");
    let mut found = Vec::new();
    let mut loops: Vec<Range> = Vec::new();
    walk(body.def.body(), &mut |node| match node {
        Node::Statement(Stmt { kind: StmtKind::Function(_) | StmtKind::Class(_), .. }) => false,
        Node::Expression(Expr { kind: ExprKind::Lambda(_), .. }) => false,
        Node::Expression(expression) => {
            if let ExprKind::Call(call) = &expression.kind
                && let Some(path) = body.names.path(&call.function)
            {
                if !patches_sleep && SLEEPS.contains(&&*path) && call.args.first().is_some_and(is_pause) {
                    found.push((ObservationKind::Sleep, expression.range));
                } else if !is_controlled && reaches_out(&path, call) {
                    found.push((ObservationKind::Network, expression.range));
                }
            }
            true
        }
        // A loop waits for what it asks for in each round.
        Node::Statement(Stmt { kind: StmtKind::While { .. } | StmtKind::For(_), range }) => {
            loops.push(*range);
            true
        }
        Node::Statement(_) => true,
    });
    let in_loop = |range: &Range| loops.iter().any(|around| around.start <= range.start && range.end <= around.end);
    found.retain(|(kind, range)| *kind != ObservationKind::Sleep || !in_loop(range));
    for (kind, range) in found {
        let text = body.seen.quoted(range);
        body.add(kind, text, range);
    }
}

/// A number that is not 0: `sleep(0)` lets others run, and waits for nothing.
fn is_pause(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Constant(Constant::Int(number)) => !number.is_zero(),
        ExprKind::Constant(Constant::Float(number)) => *number > 0.0,
        _ => false,
    }
}

fn reaches_out(path: &str, call: &Call) -> bool {
    let is_download = DOWNLOADS.contains(&path)
        && !call.keywords.iter().any(|(name, _)| matches!(name.as_deref(), Some("local_files_only") | None));
    is_download || (REQUESTS.contains(&path) && call.args.first().and_then(start).is_some_and(is_elsewhere))
}

/// The text that an address begins with.
fn start(expression: &Expr) -> Option<&str> {
    match &expression.kind {
        ExprKind::Constant(Constant::Str(text)) => text.as_str(),
        ExprKind::Interpolated(parts) => match parts.first() {
            Some(Interpolation::Literal(text)) => text.as_str(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an address names a host that is neither this machine nor one that cannot exist.
fn is_elsewhere(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A host that goes on behind a placeholder is not known.
    let is_whole = host.len() < rest.len();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let name = host.split(':').next().unwrap_or_default();
    let reserved =
        [".test", ".example", ".invalid", ".localhost", ".local", "example.com", "example.org", "example.net"];
    matches!(scheme, "http" | "https")
        && is_whole
        && name.contains('.')
        && !name.starts_with("127.")
        && name != "0.0.0.0"
        && !reserved.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::is_elsewhere;

    #[test]
    fn an_address_is_elsewhere_where_its_host_is() {
        for address in ["https://huggingface.co/x", "http://user@a.nvidia.com:80/"] {
            assert!(is_elsewhere(address), "{address}");
        }
        for address in [
            "http://localhost:8000/v1",
            "http://127.0.0.1/",
            "http://example.com/x",
            "https://a.invalid/",
            "http://router:8000/",
            "ftp://a.b/",
            "https://a.b",
            "a.b/c",
            "",
        ] {
            assert!(!is_elsewhere(address), "{address}");
        }
    }
}

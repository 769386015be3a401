//! Ports that are written down, where something listens on them.

use num_traits::Zero;
use test_catalog::ObservationKind;

use super::{Body, Words};
use crate::syntax::ast::{Call, Constant, Expr, ExprKind};
use crate::syntax::visit::{Node, walk};

/// What listens, and where its port stands among the arguments.
const SERVERS: [(&str, Option<usize>); 6] = [
    ("uvicorn.run", None),
    ("uvicorn.Config", None),
    ("asyncio.start_server", Some(2)),
    ("aiohttp.web.TCPSite", Some(2)),
    ("aiohttp.web.run_app", None),
    ("prometheus_client.start_http_server", Some(0)),
];

/// What listens, and takes host and port together as its first argument.
const WITH_ADDRESS: [&str; 5] = [
    "http.server.HTTPServer",
    "http.server.ThreadingHTTPServer",
    "socketserver.TCPServer",
    "socketserver.ThreadingTCPServer",
    "socketserver.UDPServer",
];

/// Whether a test can have any.
pub(super) fn may_be_in(test: &str) -> bool {
    static WORDS: Words<8> =
        Words::new(["--port", "-port\"", "-port'", "port=", "bind(", "Server(", "_server(", "TCPSite("]);
    WORDS.any_in(test)
}

pub(super) fn literal(body: &mut Body<'_, '_>) {
    let mut found = Vec::new();
    walk(body.def.body(), &mut |node| {
        if let Node::Expression(expression) = node {
            match &expression.kind {
                ExprKind::Call(call) if listens(call, body) => {
                    found.push((ObservationKind::FixedPort, expression.range));
                }
                // A command line.
                ExprKind::List(items) | ExprKind::Tuple(items) => {
                    let option = items.windows(2).find(|pair| is_port_option(&pair[0]) && is_digits(&pair[1]));
                    found.extend(option.map(|pair| (ObservationKind::PortOption, pair[1].range)));
                }
                _ => {}
            }
        }
        true
    });
    for (kind, range) in found {
        let text = body.seen.quoted(range);
        body.add(kind, text, range);
    }
}

fn listens(call: &Call, body: &Body<'_, '_>) -> bool {
    let address = || matches!(call.args.first().map(|first| &first.kind), Some(ExprKind::Tuple(items)) if items.get(1).is_some_and(is_port));
    if let ExprKind::Attribute(_, name) = &call.function.kind
        && &**name == "bind"
        && call.args.len() == 1
    {
        return address();
    }
    let Some(path) = body.names.path(&call.function) else { return false };
    if WITH_ADDRESS.contains(&&*path) {
        return address();
    }
    SERVERS.iter().any(|(server, place)| {
        let by_name = call.keywords.iter().find(|(name, _)| name.as_deref() == Some("port")).map(|(_, value)| value);
        let by_place = place.and_then(|place| call.args.get(place));
        *server == path && by_name.or(by_place).is_some_and(is_port)
    })
}

/// A whole number; 0 asks the system for a free port.
fn is_port(expression: &Expr) -> bool {
    matches!(&expression.kind, ExprKind::Constant(Constant::Int(number)) if !number.is_zero())
}

fn is_port_option(expression: &Expr) -> bool {
    text(expression).is_some_and(|text| text == "--port" || (text.starts_with("--") && text.ends_with("-port")))
}

fn is_digits(expression: &Expr) -> bool {
    text(expression)
        .is_some_and(|text| text != "0" && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn text(expression: &Expr) -> Option<&str> {
    match &expression.kind {
        ExprKind::Constant(Constant::Str(text)) => text.as_str(),
        _ => None,
    }
}

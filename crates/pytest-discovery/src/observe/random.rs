//! Random numbers of generators that nobody seeds.

use test_catalog::ObservationKind;

use super::{Body, Words};
use crate::syntax::ast::{Call, ExprKind};
use crate::syntax::visit::{Node, walk};

/// What draws from the generator that Python's `random` shares.
const RANDOM: [&str; 14] = [
    "betavariate",
    "choice",
    "choices",
    "expovariate",
    "gauss",
    "getrandbits",
    "normalvariate",
    "randbytes",
    "randint",
    "random",
    "randrange",
    "sample",
    "shuffle",
    "uniform",
];

/// What draws from the generator that `numpy.random` shares.
const NUMPY: [&str; 14] = [
    "bytes",
    "choice",
    "exponential",
    "normal",
    "permutation",
    "poisson",
    "rand",
    "randint",
    "randn",
    "random",
    "random_sample",
    "shuffle",
    "standard_normal",
    "uniform",
];

/// Generators of one's own, which without an argument are seeded by the machine.
const GENERATORS: [&str; 3] = ["random.Random", "numpy.random.default_rng", "numpy.random.RandomState"];

/// Whether a file can draw any: it has to import what draws.
pub(super) fn may_be_in(file: &str) -> bool {
    static WORDS: Words<1> = Words::new(["random"]);
    WORDS.any_in(file)
}

pub(super) fn unseeded(body: &mut Body<'_, '_>) {
    let mut found = Vec::new();
    walk(body.def.body(), &mut |node| {
        if let Node::Expression(expression) = node
            && let ExprKind::Call(call) = &expression.kind
            && body.names.path(&call.function).is_some_and(|path| draws(&path, call))
        {
            found.push(expression.range);
        }
        true
    });
    for range in found {
        let text = body.seen.quoted(range);
        body.add(ObservationKind::UnseededRandom, text, range);
    }
}

fn draws(path: &str, call: &Call) -> bool {
    let is_made = GENERATORS.contains(&path) && call.args.is_empty() && call.keywords.is_empty();
    is_made
        || path.strip_prefix("numpy.random.").is_some_and(|name| NUMPY.contains(&name))
        || path.strip_prefix("random.").is_some_and(|name| RANDOM.contains(&name))
}

//! pytest's `-m` and `-k` expressions: parse, print, evaluate and reason about them.
//!
//! The grammar, the error messages and their columns are those of pytest 9.2; a differential test holds this crate
//! against the installed pytest. It knows nothing of tests, files or policies: whoever evaluates an expression says
//! what is true of each [`Atom`].
//!
//! - [`MarkExpr`] and [`KeywordExpr`] are the values of the options `-m` and `-k`, with pytest's rules for the empty
//!   and the blank text.
//! - [`Expr`] is the tree of both: to walk, to build and to print.
//! - Evaluation has three values ([`Truth`]), because static reading does not know every marker.
//! - [`ParseError`] has pytest's words and column, and shows the place with a caret.
//! - [`reason`] decides what holds for every test there could be: [`reason::implies`], [`reason::are_disjoint`],
//!   [`reason::is_satisfiable`].
//!
//! ```
//! use marker_expr::reason::{self, Groups};
//! use marker_expr::{Expr, MarkExpr, Truth};
//!
//! let lane = MarkExpr::parse("pre_merge and (gpu_1 or gpu_2) and not timeout(seconds=600)")?;
//! let marks = ["pre_merge", "gpu_1"];
//! let verdict = lane.evaluate(&mut |atom| Truth::from(atom.kwargs.is_empty() && marks.contains(&&*atom.name)));
//! assert_eq!(verdict, Truth::Yes);
//!
//! let hardware = Groups::default().at_most_one(["gpu_0", "gpu_1", "gpu_2"]);
//! assert!(reason::are_disjoint(&Expr::parse("gpu_0")?, &Expr::parse("gpu_1 or gpu_2")?, &hardware)?);
//!
//! let error = Expr::parse("pre_merge and (gpu_1 or gpu_2").unwrap_err();
//! assert_eq!(error.column(), 30);
//! assert_eq!(error.message(), "expected right parenthesis; got end of input");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod characters;
mod error;
mod expr;
mod lexer;
mod options;
mod parser;
pub mod reason;
mod truth;
mod value;

pub use error::{ErrorKind, ParseError};
pub use expr::{Atom, Expr, Operands};
pub use options::{CallParameters, KeywordExpr, Keywords, MarkExpr};
pub use parser::MAX_NESTING;
pub use truth::Truth;
pub use value::Value;

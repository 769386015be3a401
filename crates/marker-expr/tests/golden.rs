//! The rules of pytest's expressions, one by one. `differential` holds the whole grammar against pytest itself.

#![allow(clippy::unwrap_used)]

use marker_expr::{CallParameters, ErrorKind, Expr, KeywordExpr, Keywords, MAX_NESTING, MarkExpr, Truth, Value};

/// Evaluates with the words `a` and `b` true.
fn holds(text: &str) -> bool {
    let truth = Expr::parse(text).unwrap().evaluate(&mut |atom| Truth::from(["a", "b"].contains(&&*atom.name)));
    truth == Truth::Yes
}

fn error(text: &str) -> (usize, String) {
    let error = Expr::parse(text).unwrap_err();
    (error.column(), error.message().to_owned())
}

fn printed(text: &str) -> String {
    Expr::parse(text).unwrap().to_string()
}

#[test]
fn a_text_without_words_is_false() {
    assert!(!holds(""));
    assert!(!holds(" \t"));
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    assert!(holds("a or zzz and zzz"));
    assert!(holds("not not a"));
    assert!(!holds("not a or zzz"));
    assert!(holds("(a)or(b)"));
    assert!(!holds("(a or b) and zzz"));
}

#[test]
fn operators_are_lower_case_and_every_other_word_is_a_name() {
    for word in ["AND", "True", "1", "a-b", "a::b[x/1.5]", "a\\b", "__debug__", "class"] {
        assert_eq!(Expr::parse(word).unwrap(), Expr::word(word));
    }
}

#[test]
fn a_word_may_be_a_call() {
    let Expr::Atom(atom) = Expr::parse("a( b = 1,c=-7, d='x y', e=\"it's\", f=True, g=None, h=٣)").unwrap() else {
        panic!("an atom");
    };
    assert_eq!(
        atom.kwargs,
        [
            ("b".to_owned(), Value::from(1)),
            ("c".to_owned(), Value::from(-7)),
            ("d".to_owned(), Value::from("x y")),
            ("e".to_owned(), Value::from("it's")),
            ("f".to_owned(), Value::from(true)),
            ("g".to_owned(), Value::None),
            ("h".to_owned(), Value::from(3)),
        ]
    );
}

#[test]
fn errors_have_pytests_words_and_column() {
    let operand = "expected not OR left parenthesis OR identifier; got";
    for (text, column, message) in [
        ("not", 4, format!("{operand} end of input")),
        ("a b", 3, "expected end of input; got identifier".into()),
        ("(a", 3, "expected right parenthesis; got end of input".into()),
        ("()", 2, format!("{operand} right parenthesis")),
        ("a(b)", 4, "expected =; got right parenthesis".into()),
        ("a()", 3, "expected identifier; got right parenthesis".into()),
        ("a(b=1,)", 7, "expected identifier; got right parenthesis".into()),
        ("a(1=2)", 3, "not a valid python identifier 1".into()),
        ("a(class=1)", 3, "unexpected reserved python keyword `class`".into()),
        ("a(and=1)", 3, "expected identifier; got and".into()),
        ("a(b=1.5)", 5, "unexpected character/s \"1.5\"".into()),
        ("a(b=+1)", 5, "unexpected character/s \"+1\"".into()),
        ("a(b=-)", 5, "unexpected character/s \"-\"".into()),
        ("a(b=\"x", 5, "closing quote \"\"\" is missing".into()),
        ("a(b='x\\n')", 7, r#"escaping with "\" not supported in marker expression"#.into()),
        ("\"a\"", 1, format!("{operand} string literal")),
        ("a=b", 2, "expected end of input; got =".into()),
        ("a(b=1)c", 7, "expected end of input; got identifier".into()),
        ("(a)(b=1)", 4, "expected end of input; got left parenthesis".into()),
        ("a;b", 2, "unexpected character \";\"".into()),
        ("a\u{a0}b", 2, "unexpected character \"\u{a0}\"".into()),
        ("e\u{301}", 2, "unexpected character \"\u{301}\"".into()),
    ] {
        assert_eq!(error(text), (column, message), "{text}");
    }
}

#[test]
fn the_leftmost_error_wins_but_for_one_word_of_look_ahead() {
    assert_eq!(error("a b ;").0, 3);
    assert_eq!(error("a(1;=2)"), (4, "unexpected character \";\"".into()));
}

#[test]
fn columns_count_characters() {
    assert_eq!(error("日本語 and é \t;").0, 12);
}

#[test]
fn what_pythons_compiler_refuses_is_found_last_and_has_column_1() {
    let repeated = Expr::parse("a or b(c=1, d=2, c=1)").unwrap_err();
    assert_eq!(repeated.kind(), ErrorKind::Compiler);
    assert_eq!(repeated.to_string(), "None: at column 1: keyword argument repeated: c");
    assert_eq!(error("a(__debug__=1)"), (1, "cannot assign to __debug__".into()));
    assert_eq!(error("a(b=1, b=2) or").0, 15);
    assert!(Expr::parse("a(b=1) and a(b=2)").is_ok());
}

#[test]
fn what_crashes_pytest_is_an_error_that_says_so() {
    for (text, column) in [
        ("a(b=²)".to_owned(), 5),
        (format!("a(b={})", "1".repeat(4301)), 5),
        ("not ".repeat(MAX_NESTING + 1) + "a", 4 * MAX_NESTING + 1),
    ] {
        let error = Expr::parse(&text).unwrap_err();
        assert_eq!((error.kind(), error.column()), (ErrorKind::Crash, column));
    }
    assert!(Expr::parse(&format!("a(b=-{})", "0".repeat(4300))).is_ok());
}

#[test]
fn the_deepest_nesting_fits_the_stack_of_a_thread() {
    let alternating = format!("{}a or b{}", "b or c and (".repeat(MAX_NESTING), ")".repeat(MAX_NESTING));
    let negations = "not ".repeat(MAX_NESTING) + "a";
    let chain = vec!["a"; 100_000].join(" or ");
    let walk = move || {
        for text in [alternating, negations, chain] {
            let expr = Expr::parse(&text).unwrap();
            assert!(expr.to_string() == text, "{} characters", text.len());
            assert!(expr.clone() == expr);
            assert_eq!(format!("{expr:?}").len(), text.len() + "Expr()".len());
            assert_eq!(expr.evaluate(&mut |_| Truth::Yes), Truth::Yes);
            assert!(marker_expr::reason::is_satisfiable(&expr, &Default::default()).unwrap());
        }
    };
    // A smaller stack would prove nothing: the system may give a thread the larger one of a thread that has ended.
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(walk).unwrap().join().unwrap();
    assert!(Expr::parse(&"(".repeat(1_000_000)).is_err());
}

#[test]
fn no_parentheses_are_printed_but_those_that_are_needed() {
    assert_eq!(printed("((a)or(b or c))"), "a or b or c");
    assert_eq!(printed("(a and b)or(c)"), "a and b or c");
    assert_eq!(printed("a and((b)or c)"), "a and (b or c)");
    assert_eq!(printed("not(not(a))and not(b and c)"), "not not a and not (b and c)");
    assert_eq!(printed("a( b='1',c = 007 )"), "a(b=\"1\", c=7)");
    assert_eq!(printed("a(b='\"')"), "a(b='\"')");
    assert_eq!(printed(" "), "");
}

#[test]
fn an_empty_m_filters_nothing_and_a_blank_one_deselects_all() {
    let all = MarkExpr::parse("").unwrap();
    let none = MarkExpr::parse(" \t").unwrap();
    assert_eq!(all.evaluate(&mut |_| Truth::No), Truth::Yes);
    assert_eq!(none.evaluate(&mut |_| Truth::Yes), Truth::No);
    assert_eq!((all.expr(), none.expr()), (None, Some(&Expr::Never)));
    assert_eq!((all.to_string(), none.to_string()), (String::new(), " ".into()));
    assert_eq!(MarkExpr::parse("\n").unwrap_err().column(), 1);
}

#[test]
fn white_space_before_k_does_not_count() {
    let all = KeywordExpr::parse(" \u{a0}\n\u{1c}").unwrap();
    assert_eq!(all.evaluate(&mut |_| Truth::No), Ok(Truth::Yes));
    let error = KeywordExpr::parse("\n\u{3000} a b").unwrap_err();
    assert_eq!((error.text(), error.column()), ("a b", 3));
}

#[test]
fn k_refuses_call_parameters_where_it_reaches_them() {
    let keyword = KeywordExpr::parse("a or b(c=1)").unwrap();
    let evaluate = |a| keyword.evaluate(&mut |_| a);
    assert_eq!(evaluate(Truth::Yes), Ok(Truth::Yes));
    assert_eq!(evaluate(Truth::No), Err(CallParameters));
    assert_eq!(evaluate(Truth::Unknown), Err(CallParameters));
    assert_eq!(CallParameters.to_string(), "Keyword expressions do not support call parameters.");
}

#[test]
fn k_looks_for_parts_of_names_in_either_case() {
    let names = Keywords::new(["test_Par[AbC]", "ΟΔΟΣ"]);
    for word in ["par[abc]", "TEST", "οδος", ""] {
        assert!(names.contain(word), "{word}");
    }
    assert!(!names.contain("parabc"));
}

#[test]
fn an_atom_is_true_by_one_mark_alone() {
    let Expr::Atom(atom) = Expr::parse("m(a=1, b=2)").unwrap() else {
        panic!("an atom");
    };
    let mark = |name, a: Option<i64>, b: Option<i64>| {
        atom.matches_mark(name, |key, value| {
            let known = if key == "a" { a } else { b };
            Truth::from(known.is_some_and(|known| Value::from(known).python_eq(value)))
        })
    };
    assert_eq!(mark("m", Some(1), Some(2)), Truth::Yes);
    assert_eq!(mark("m", Some(1), None), Truth::No);
    assert_eq!(mark("n", Some(1), Some(2)), Truth::No);
    assert_eq!(atom.matches_mark("m", |_, _| Truth::Unknown), Truth::Unknown);
}

#[test]
fn what_is_unknown_stays_so_only_where_it_matters() {
    let evaluate = |text| {
        Expr::parse(text).unwrap().evaluate(&mut |atom| match &*atom.name {
            "yes" => Truth::Yes,
            "no" => Truth::No,
            _ => Truth::Unknown,
        })
    };
    assert_eq!(evaluate("x or yes"), Truth::Yes);
    assert_eq!(evaluate("x and no"), Truth::No);
    assert_eq!(evaluate("not (x and yes)"), Truth::Unknown);
}

#[test]
fn atoms_come_with_their_columns() {
    let lane = MarkExpr::parse("é and not (b(c=1) or a)").unwrap();
    let found: Vec<_> = lane.atoms().map(|(column, atom)| (column, atom.to_string())).collect();
    assert_eq!(found, [(1, "é".into()), (12, "b(c=1)".into()), (22, "a".into())]);
}

#[test]
fn building_folds_what_is_never_true() {
    let a = || Expr::word("a");
    assert_eq!(a().and(Expr::Never), Expr::Never);
    assert_eq!(Expr::Never.or(a()), a());
    let lane = a().and(Expr::word("b").or(Expr::word("c"))).or(Expr::word("d"));
    assert_eq!(lane, Expr::parse("a and (b or c) or d").unwrap());
}

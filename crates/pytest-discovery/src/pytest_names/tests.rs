use test_catalog::ImportPlace;

use super::*;

/// The names, each with the line that binds it.
fn marks(text: &str) -> Vec<(String, u32)> {
    let names = pytest_names(text).unwrap();
    names.marks.into_iter().map(|mark| (mark.text, mark.from.line)).collect()
}

#[test]
fn a_name_counts_where_the_module_imports_it() {
    for (text, expected) in [
        ("import pytest\n", vec![("pytest.mark", 1)]),
        ("import os, pytest as pt\n", vec![("pt.mark", 1)]),
        ("import pytest.mark\n", vec![("pytest.mark", 1)]),
        ("from pytest import (\n    fixture,\n    mark,\n)\n", vec![("mark", 4)]),
        ("from pytest import mark as m\nimport pytest\n", vec![("pytest.mark", 2), ("m", 1)]),
        ("import pytest\nimport pytest\n", vec![("pytest.mark", 1)]),
        ("x = '''\nimport pytest\n'''\n", vec![]),
        ("# import pytest\n", vec![]),
        (
            "import pytest_asyncio\nimport pytest.mark as m\nfrom _pytest import mark\nfrom .pytest import mark\n",
            vec![],
        ),
        ("from pytest import *\n", vec![]),
        // Not for sure, or not there.
        ("if x:\n    import pytest\n", vec![]),
        ("def f():\n    import pytest\n", vec![]),
        ("class A:\n    import pytest as pt\n", vec![]),
        ("from pytest import mark\nfrom x import *\n", vec![]),
        ("from x import *\nfrom pytest import mark\nimport pytest\nfrom y import *\n", vec![("pytest.mark", 3)]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
        assert_eq!(marks(text), expected, "{text}");
    }
}

#[test]
fn a_name_that_something_else_has_anywhere_does_not_count() {
    for other in [
        "NAME = 1",
        "NAME: int = 1",
        "NAME += 1",
        "del NAME",
        "(a, [*NAME]) = x",
        "for NAME in x: pass",
        "with x as NAME: pass",
        "def NAME(): pass",
        "class NAME: pass",
        "def f(NAME): pass",
        "def f(*NAME): pass",
        "def f():\n    NAME = 1",
        "def f():\n    global NAME",
        "class A:\n    NAME = 1",
        "x = lambda NAME: 1",
        "x = [NAME for NAME in y]",
        "x = (NAME := 1)",
        "try:\n    pass\nexcept A as NAME:\n    pass",
        "match x:\n    case [NAME]: pass",
        "match x:\n    case NAME: pass",
        "import x as NAME",
        "import NAME.x",
        "from x import NAME",
        "import pytest.x as NAME",
        "type NAME = int",
        "if x:\n    from x import y as NAME",
    ] {
        let text = |name| format!("{}\n", other.replace("NAME", name));
        assert_eq!(marks(&format!("import pytest as pt\n{}", text("pt"))), [], "{other}");
        let names = pytest_names(&text("pytest")).unwrap();
        let is_part = other.starts_with("import NAME.");
        assert!(is_part || matches!(names.import, ImportPlaces::Taken(_)), "{other}");
    }
    // An attribute or a keyword is no name, and a further import of pytest is no other thing.
    for same in ["x.pt = 1", "f(pt=1)", "pt.x = 1", "x[pt] = 1", "def f():\n    import pytest as pt"] {
        assert_eq!(marks(&format!("import pytest as pt\n{same}\n")).len(), 1, "{same}");
    }
}

/// A text with the best place for `import pytest` in it, `+` where blank lines keep it apart.
fn placed(text: &str) -> String {
    let names = pytest_names(text).unwrap();
    let ImportPlaces::At(places) = names.import else { panic!("{names:?}") };
    let Some(ImportPlace { line, apart }) = places.first() else { return "nowhere".to_owned() };
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(*line as usize - 1, if *apart { "+" } else { "-" });
    lines.join("\n")
}

#[test]
fn the_place_is_the_one_that_isort_gives_where_that_is_plain_to_see() {
    for expected in [
        "import os\nimport sys\n\nimport numpy\n-\nimport torch\nfrom x import y\n\nimport own",
        "import os\nimport sys\n\n-\nimport torch",
        "import numpy\nimport os\n-\nimport sys",
        "import numpy\n-",
        "import numpy\n-\nfrom numpy import x",
        // A group of its own.
        "import os\nfrom sys import x\n+\n\nfrom own.x import y",
        "import os\n+\n\nX = 1\nimport torch",
        "'''d'''\nfrom __future__ import annotations\n\nimport os\n+\n\ndef f(): pass",
        // Not plain to see.
        "import torch\nimport numpy\n-\n\nimport zlib",
        "from numpy import x\nimport torch\n-",
        "from own import x\n-\n\nfrom own import y",
        "import os\n+\n\n# why\nimport torch",
        "import os, torch\n-",
        "from . import x\n-",
    ] {
        let text: String =
            expected.lines().filter(|line| !matches!(*line, "+" | "-")).map(|it| it.to_owned() + "\n").collect();
        assert_eq!(placed(&text), expected, "{text}");
    }
}

#[test]
fn without_imports_the_place_is_behind_the_head() {
    for expected in [
        "+\ndef f(): pass",
        "'''d'''\n+\ndef f(): pass",
        "# licence\n\n'''d\n'''\n+\n\ndef f(): pass",
        "'''d'''\nfrom __future__ import annotations\n+",
        "+\nf'''no docstring'''",
        "# licence\n# it is\n+\n\n# of f\ndef f(): pass",
        "#!/usr/bin/python\n+\ndef f(): pass",
        "# -*- coding: utf-8 -*-\n+\ndef f(): pass",
        "\n# SPDX-License-Identifier: X\n+\ndef f(): pass",
        "+\n# of f\ndef f(): pass",
        "# nothing else\n+",
        "+\n@a\ndef f(): pass",
        "+\nif x:\n    import y",
    ] {
        let text: String =
            expected.lines().filter(|line| !matches!(*line, "+" | "-")).map(|it| it.to_owned() + "\n").collect();
        assert_eq!(placed(&text), expected, "{text}");
    }
}

#[test]
fn no_place_is_within_a_statement() {
    // What stands there goes on below, or is joined to what follows: the head is left.
    for text in ["import os; X = '''\n'''\nimport numpy", "import os\\\n\nx = 1"] {
        assert_eq!(placed(&format!("{text}\n")), format!("+\n{text}"));
    }
    assert_eq!(placed("'''d'''; X = [\n]\n"), "'''d'''; X = [\n]\n+");
    assert_eq!(placed("'''d'''\\\n\nx = 1\n"), "nowhere");
}

#[test]
fn a_text_that_does_not_parse_shows_nothing() {
    assert_eq!(pytest_names("import pytest\ndef (\n"), None);
    assert!(pytest_names("\u{feff}import pytest\r\nx = 1\r").is_some());
}

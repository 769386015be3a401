//! pytest's own fixtures, and markers that well-known plugins declare.

/// The fixtures that pytest itself brings, and what they ask for.
pub(crate) const BUILTIN_FIXTURES: [(&str, &[&str]); 23] = [
    ("cache", &["request"]),
    ("capfd", &["request"]),
    ("capfdbinary", &["request"]),
    ("caplog", &["request"]),
    ("capsys", &["request"]),
    ("capsysbinary", &["request"]),
    ("capteesys", &["request"]),
    ("doctest_namespace", &[]),
    ("linecomp", &[]),
    ("LineMatcher", &["request"]),
    ("monkeypatch", &[]),
    ("pytestconfig", &["request"]),
    ("pytester", &["request", "tmp_path_factory", "monkeypatch"]),
    ("record_property", &["request"]),
    ("record_testsuite_property", &["request"]),
    ("record_xml_attribute", &["request"]),
    ("recwarn", &[]),
    ("subtests", &["request"]),
    ("testdir", &["pytester"]),
    ("tmp_path", &["request", "tmp_path_factory"]),
    ("tmp_path_factory", &["request"]),
    ("tmpdir", &["tmp_path"]),
    ("tmpdir_factory", &["request"]),
];

/// Those of them that its plugin `pytester` brings, which is not there by itself.
pub(crate) const PYTESTER_FIXTURES: [&str; 4] = ["linecomp", "LineMatcher", "pytester", "testdir"];

/// Whether pytest itself passes it to tests, as a fixture or otherwise.
pub(crate) fn is_builtin_fixture(name: &str) -> bool {
    matches!(name, "config" | "request") || BUILTIN_FIXTURES.iter().any(|(one, _)| *one == name)
}

/// Whether such a fixture is made once in a session.
pub(crate) fn is_session_fixture(name: &str) -> bool {
    matches!(
        name,
        "doctest_namespace" | "pytestconfig" | "record_testsuite_property" | "tmp_path_factory" | "tmpdir_factory"
    )
}

/// The markers that pytest itself and widespread plugins register.
pub(crate) fn is_plugin_marker(name: &str) -> bool {
    matches!(
        name,
        "filterwarnings"
            | "skip"
            | "skipif"
            | "xfail"
            | "parametrize"
            | "usefixtures"
            | "tryfirst"
            | "trylast"
            | "anyio"
            | "asyncio"
            | "timeout"
            | "xdist_group"
            | "flaky"
            | "forked"
            | "hypothesis"
            | "benchmark"
            | "django_db"
            | "trio"
            | "order"
            | "repeat"
            | "mypy"
    )
}

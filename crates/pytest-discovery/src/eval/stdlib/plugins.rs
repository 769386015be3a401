//! pytest's own fixtures, and markers that well-known plugins declare.

/// The fixtures that pytest itself brings.
pub(crate) fn is_builtin_fixture(name: &str) -> bool {
    matches!(
        name,
        "cache"
            | "capfd"
            | "capfdbinary"
            | "caplog"
            | "capsys"
            | "capsysbinary"
            | "capteesys"
            | "config"
            | "doctest_namespace"
            | "monkeypatch"
            | "pytestconfig"
            | "record_property"
            | "record_testsuite_property"
            | "record_xml_attribute"
            | "recwarn"
            | "request"
            | "subtests"
            | "testdir"
            | "tmp_path"
            | "tmp_path_factory"
            | "tmpdir"
            | "tmpdir_factory"
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

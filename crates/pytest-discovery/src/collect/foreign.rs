//! Which classes of libraries may be test classes, or bring tests to those that derive from them. Nothing of them is
//! read, so their names have to tell.

use crate::eval::stdlib;
use crate::standard_library;

/// Cases of well-known libraries that have no tests of their own.
const BARE_CASES: [&str; 20] = [
    "APILiveServerTestCase",
    "APISimpleTestCase",
    "APITestCase",
    "APITransactionTestCase",
    "AioHTTPTestCase",
    "AsyncHTTPSTestCase",
    "AsyncHTTPTestCase",
    "AsyncTestCase",
    "BaseTestCase",
    "GraphQLTestCase",
    "IsolatedAsyncioTestCase",
    "JitTestCase",
    "LiveServerTestCase",
    "SimpleTestCase",
    "StaticLiveServerTestCase",
    "SynchronousTestCase",
    "TestCase",
    "TestCaseBase",
    "TransactionTestCase",
    "URLPatternsTestCase",
];
/// How classes are called that help tests, or have nothing to do with any.
const HELPERS: [&str; 28] = [
    "App",
    "Application",
    "BaseModel",
    "BaseSettings",
    "Backend",
    "Client",
    "Config",
    "Context",
    "Enum",
    "Error",
    "Exception",
    "Factory",
    "Handler",
    "Loader",
    "Model",
    "Plugin",
    "Process",
    "Report",
    "Request",
    "Response",
    "Result",
    "Runner",
    "Server",
    "Session",
    "Settings",
    "Thread",
    "Transport",
    "Warning",
];

/// Whether a class that derives from it may be a `TestCase`.
pub(super) fn may_be_case(path: &str) -> bool {
    !stdlib::is_plain_base(path) && !stdlib::is_value_base(path) && !is_standard(path) && !is_helper(path)
}

/// Whether a class that derives from it may get tests from it.
pub(super) fn brings_tests(path: &str) -> bool {
    let suggests = path.to_ascii_lowercase().contains("test") || names_tests(last(path));
    is_function_case(path) || (suggests && may_be_case(path) && !BARE_CASES.contains(&last(path)))
}

/// Whether a class that derives from it may be a `TestCase` with no tests but those that it gets.
pub(super) fn is_called_test(path: &str) -> bool {
    brings_tests(path) && (last(path).contains("Test") || names_tests(last(path)))
}

/// Whether it may be a class with tests, where a module has it under a name that is not for test classes.
pub(super) fn is_suite(path: &str) -> bool {
    names_tests(last(path)) && brings_tests(path)
}

/// Whether a class of this name looks like one with tests.
pub(super) fn names_tests(name: &str) -> bool {
    is_class_name(name) && ["Test", "Tests", "TestCase", "Cases", "TestSuite"].iter().any(|end| name.ends_with(end))
}

/// Whether the reason why a base is not known, which shows the base, looks like tests.
pub(super) fn hints_at_tests(reason: &str) -> bool {
    reason.starts_with("the base class")
        && (reason.contains("test") || reason.contains("Test") || reason.contains("Case"))
}

/// `LikeThis`.
pub(super) fn is_class_name(text: &str) -> bool {
    text.starts_with(|one: char| one.is_ascii_uppercase()) && text.contains(|one: char| one.is_lowercase())
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn is_helper(path: &str) -> bool {
    HELPERS.iter().any(|end| last(path).ends_with(end))
}

/// The one case of unittest that has a test.
fn is_function_case(path: &str) -> bool {
    matches!(path, "unittest.FunctionTestCase" | "unittest.case.FunctionTestCase")
}

/// Whether it is of the standard library, where only `unittest` and Python's own tests have cases.
fn is_standard(path: &str) -> bool {
    let top = path.split('.').next().unwrap_or(path);
    let is_library = matches!(top, "builtins" | "typing_extensions") || standard_library::has(top);
    is_library && top != "test" && !is_function_case(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_brings_tests_by_its_name() {
        for path in
            ["test.seq_tests.CommonTest", "lib.testing.Mixin", "lib.ComplianceTests", "unittest.FunctionTestCase"]
        {
            assert!(brings_tests(path), "{path}");
        }
        for path in
            ["django.test.TestCase", "starlette.testclient.TestClient", "unittest.TestSuite", "lib.Base", "enum.Enum"]
        {
            assert!(!brings_tests(path), "{path}");
        }
    }

    #[test]
    fn what_a_test_module_imports_is_mostly_no_suite() {
        assert!(["lib.ViewTests", "test.test_int.IntTestCases"].into_iter().all(is_suite));
        assert!(
            !["lib.testing.Mixin", "lib.CamelCase", "lib.TestClient", "unittest.TestCase"].into_iter().any(is_suite)
        );
    }
}

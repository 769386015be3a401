//! The comments of a Python file.

use test_catalog::Comment;

use crate::read::python_text;
use crate::syntax;

/// The comments of a Python text, in its order; none of a text that does not parse, in which nobody can tell a comment
/// from a string.
///
/// ```
/// let text = "x = '''\n# no comment\n'''  # one\n";
/// let found = pytest_discovery::comments(text);
/// assert_eq!(found.len(), 1);
/// assert_eq!((found[0].text.as_str(), found[0].at.line), ("one", 3));
/// ```
#[must_use]
pub fn comments(text: &str) -> Vec<Comment> {
    let text = python_text(text);
    let read = || syntax::comments(&text);
    // The deepest file that is read takes more stack than a caller may have.
    std::thread::scope(|scope| {
        let helper = std::thread::Builder::new().stack_size(syntax::STACK_BYTES).spawn_scoped(scope, read);
        helper.ok().and_then(|helper| helper.join().ok()).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::comments;

    #[test]
    fn a_comment_is_about_its_line_or_the_code_right_below() {
        let text = "\
# licence
# above
import pytest  # behind


# of the test
# continued
@pytest.mark.parametrize(  # in a decorator
    'x', [1],
)
# between
@pytest.mark.unit
async def test_a(x):
    pass  # last of the body
    # below
# of nothing, as a blank line follows

# of the class
class TestB: ...
# at the end
";
        let found: Vec<_> =
            comments(text).iter().map(|it| (it.text.clone(), it.at.line, it.at_top, it.lines.clone())).collect();
        let expected = [
            ("licence", 1, true, 3..=3),
            ("above", 2, true, 3..=3),
            ("behind", 3, false, 3..=3),
            ("of the test", 6, false, 8..=13),
            ("continued", 7, false, 8..=13),
            ("in a decorator", 8, false, 8..=8),
            ("between", 11, false, 12..=13),
            ("last of the body", 14, false, 14..=14),
            ("below", 15, false, EMPTY),
            ("of nothing, as a blank line follows", 16, false, EMPTY),
            ("of the class", 18, false, 19..=19),
            ("at the end", 20, false, EMPTY),
        ];
        #[expect(clippy::reversed_empty_ranges, reason = "it is about no line")]
        const EMPTY: std::ops::RangeInclusive<u32> = 1..=0;
        let expected = expected.map(|(text, line, at_top, lines)| (text.to_owned(), line, at_top, lines));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_only_looks_like_a_comment_is_none() {
        for text in [
            "x = '# a'\n",
            "x = '''\n# a\n'''\n",
            "x = r\"\\\"  # a\"\n",
            "x = f'{y}# a'\n",
            "x = f'''\n# a {y:# b}\n'''\n",
            "x = '\\\n# a'\n",
            "\"\"\"\n# a\n\"\"\"\n",
            "def (  # does not parse\n",
            "x = '''\n# does not end\n",
        ] {
            assert_eq!(comments(text), [], "{text}");
        }
        let found = comments("x = f'''{\n  # within a value\n y}'''\n");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn line_ends_and_marks_of_order_move_nothing() {
        for text in ["\u{feff}# a\r\nx = 1\r\n# b\r\ny = 2", "# a\rx = 1\r# b\ry = 2", "# a\nx = 1\n# b\ny = 2"] {
            let lines: Vec<_> = comments(text).iter().map(|it| (it.at.line, *it.lines.start())).collect();
            assert_eq!(lines, [(1, 2), (3, 4)], "{text:?}");
        }
    }
}

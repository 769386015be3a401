//! A finding's insertion as an edit of the file: only where the text at its place is of the form that was expected.

use marker_policy::Insertion;
use test_catalog::{EditForm, Position};

use crate::terminal::printable;

/// Text to put in at a place; nothing is taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: Position,
    pub(super) text: String,
}

/// The edits that make the insertion, in the order of the file; none where its place does not look as expected.
pub(super) fn edits(insertion: &Insertion, source: &str) -> Vec<Edit> {
    let start = insertion.at.start;
    let Some(line) = line(source, start.line) else { return Vec::new() };
    let text = &insertion.text;
    // No marker is named like that, and no editor shall write it.
    if printable(text) != *text {
        return Vec::new();
    }
    let edit = match insertion.form {
        EditForm::Decorator => imports_pytest(source, start.line).then(|| {
            let indentation = &line[..line.len() - line.trim_start().len()];
            Edit { at: Position { column: 1, ..start }, text: format!("{indentation}{text}\n") }
        }),
        EditForm::NewPytestmark => {
            imports_pytest(source, start.line).then(|| Edit { at: start, text: format!("\n{text}\n") })
        }
        EditForm::ListElement => list_element(source, start, line, text),
        EditForm::ParamMarks => param_marks(insertion, line),
        EditForm::WrapInList => return wrap_in_list(insertion, line),
    };
    edit.into_iter().collect()
}

fn line(source: &str, number: u32) -> Option<&str> {
    source.lines().nth((number as usize).checked_sub(1)?)
}

/// Whether a line above imports pytest under its own name.
fn imports_pytest(source: &str, above: u32) -> bool {
    let lines = source.lines().take((above as usize).saturating_sub(1));
    lines.map(|line| line.split('#').next().unwrap_or_default().trim_end()).any(|line| line == "import pytest")
}

/// The characters of a line from a column on.
fn rest_of(line: &str, column: u32) -> Option<&str> {
    let index = (column as usize).checked_sub(1)?;
    line.char_indices().map(|(byte, _)| byte).chain([line.len()]).nth(index).and_then(|byte| line.get(byte..))
}

/// What the insertion spans, where that is within one line without a comment.
fn spanned<'a>(insertion: &Insertion, line: &'a str) -> Option<&'a str> {
    let (start, end) = (insertion.at.start, insertion.at.end);
    let rest = rest_of(line, start.column).filter(|_| start.line == end.line && start.column <= end.column)?;
    let length = rest.len() - rest_of(line, end.column)?.len();
    rest.get(..length).filter(|text| !text.contains('#'))
}

/// Behind the bracket that opens the list: there it is an element, whatever follows.
fn list_element(source: &str, start: Position, line: &str, text: &str) -> Option<Edit> {
    let behind = rest_of(line, start.column)?.strip_prefix('[')?;
    let column = start.column.saturating_add(1);
    let text = if behind.trim().is_empty() {
        let next = self::line(source, start.line.saturating_add(1))?;
        format!("\n{}{text}", &next[..next.len() - next.trim_start().len()])
    } else if behind.starts_with(char::is_whitespace) {
        text.to_owned()
    } else {
        format!("{text} ")
    };
    Some(Edit { at: Position { column, ..start }, text })
}

fn param_marks(insertion: &Insertion, line: &str) -> Option<Edit> {
    let arguments = spanned(insertion, line)?.strip_prefix("pytest.param(")?.strip_suffix(')')?;
    if arguments.contains("marks") {
        return None;
    }
    let given = arguments.trim_end();
    let separator = match given.chars().last() {
        None => "",
        Some(',') => " ",
        Some(_) => ", ",
    };
    let end = insertion.at.end;
    Some(Edit {
        at: Position { column: end.column.saturating_sub(1), ..end },
        text: format!("{separator}{}", insertion.text),
    })
}

/// `pytest.mark.a`, with arguments or without, becomes the first element of a list.
fn wrap_in_list(insertion: &Insertion, line: &str) -> Vec<Edit> {
    let is_one_mark = spanned(insertion, line).and_then(|text| text.strip_prefix("pytest.mark.")).is_some_and(|mark| {
        let arguments = mark.trim_start_matches(|character: char| character.is_alphanumeric() || character == '_');
        arguments.is_empty()
            || (arguments.starts_with('(') && arguments.ends_with(')') && arguments.matches(['(', ')']).count() == 2)
    });
    if !is_one_mark {
        return Vec::new();
    }
    vec![
        Edit { at: insertion.at.start, text: "[".to_owned() },
        Edit { at: insertion.at.end, text: insertion.text.clone() },
    ]
}

#[cfg(test)]
mod tests {
    use marker_policy::Safety;
    use test_catalog::{SourceSpan, TreePath};

    use super::*;

    /// The source with the edits made.
    fn fixed(form: EditForm, (start, end): ((u32, u32), (u32, u32)), text: &str, source: &str) -> Option<String> {
        let position = |(line, column)| Position { line, column };
        let at = SourceSpan { file: TreePath::new("test_a.py"), start: position(start), end: position(end) };
        let insertion =
            Insertion { form, at, marker: "unit".to_owned(), text: text.to_owned(), safety: Safety::Proposal };
        let edits = edits(&insertion, source);
        let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
        for edit in edits.iter().rev() {
            let line = &mut lines[edit.at.line as usize - 1];
            let rest = rest_of(line, edit.at.column).map_or(0, str::len);
            line.insert_str(line.len() - rest, &edit.text);
        }
        (!edits.is_empty()).then(|| lines.join("\n"))
    }

    #[test]
    fn an_insertion_is_made_where_its_place_is_as_expected() {
        let cases = [
            (
                EditForm::Decorator,
                ((2, 1), (2, 1)),
                "@pytest.mark.unit",
                "import pytest\ndef test_a(): ...",
                Some("import pytest\n@pytest.mark.unit\ndef test_a(): ..."),
            ),
            (
                EditForm::Decorator,
                ((3, 5), (3, 5)),
                "@pytest.mark.unit",
                "import pytest\nclass TestA:\n    def test_a(): ...",
                Some("import pytest\nclass TestA:\n    @pytest.mark.unit\n    def test_a(): ..."),
            ),
            (EditForm::Decorator, ((2, 1), (2, 1)), "@pytest.mark.unit", "import pytest as p\ndef test_a(): ...", None),
            (
                EditForm::NewPytestmark,
                ((2, 1), (2, 1)),
                "pytestmark = [pytest.mark.unit]",
                "import pytest\n\nx = 1",
                Some("import pytest\n\npytestmark = [pytest.mark.unit]\n\nx = 1"),
            ),
            (EditForm::NewPytestmark, ((1, 1), (1, 1)), "pytestmark = [pytest.mark.unit]", "'''The module.'''", None),
            (
                EditForm::ListElement,
                ((1, 14), (1, 15)),
                "pytest.mark.unit,",
                "pytestmark = [pytest.mark.é]",
                Some("pytestmark = [pytest.mark.unit, pytest.mark.é]"),
            ),
            (
                EditForm::ListElement,
                ((1, 14), (3, 2)),
                "pytest.mark.unit,",
                "pytestmark = [\n    pytest.mark.a,\n]",
                Some("pytestmark = [\n    pytest.mark.unit,\n    pytest.mark.a,\n]"),
            ),
            (
                EditForm::ListElement,
                ((1, 14), (3, 2)),
                "pytest.mark.unit,",
                "pytestmark = [  # why\n    pytest.mark.a,\n]",
                Some("pytestmark = [pytest.mark.unit,  # why\n    pytest.mark.a,\n]"),
            ),
            (EditForm::ListElement, ((1, 14), (1, 20)), "pytest.mark.unit,", "pytestmark = other", None),
            (
                EditForm::WrapInList,
                ((1, 14), (1, 27)),
                ", pytest.mark.unit]",
                "pytestmark = pytest.mark.a",
                Some("pytestmark = [pytest.mark.a, pytest.mark.unit]"),
            ),
            (
                EditForm::WrapInList,
                ((1, 14), (1, 30)),
                ", pytest.mark.unit]",
                "pytestmark = pytest.mark.a(1)",
                Some("pytestmark = [pytest.mark.a(1), pytest.mark.unit]"),
            ),
            (EditForm::WrapInList, ((1, 14), (1, 20)), ", pytest.mark.unit]", "pytestmark = (a, b)", None),
            (
                EditForm::ParamMarks,
                ((1, 1), (1, 16)),
                "marks=pytest.mark.unit",
                "pytest.param(1)",
                Some("pytest.param(1, marks=pytest.mark.unit)"),
            ),
            (
                EditForm::ParamMarks,
                ((1, 1), (1, 19)),
                "marks=pytest.mark.unit",
                "pytest.param('é',)",
                Some("pytest.param('é', marks=pytest.mark.unit)"),
            ),
            (
                EditForm::ParamMarks,
                ((1, 1), (1, 15)),
                "marks=pytest.mark.unit",
                "pytest.param()",
                Some("pytest.param(marks=pytest.mark.unit)"),
            ),
            (EditForm::ParamMarks, ((1, 1), (1, 31)), "marks=pytest.mark.unit", "pytest.param(1, marks=a_marks)", None),
        ];
        for (form, place, text, source, expected) in cases {
            assert_eq!(fixed(form, place, text, source).as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn a_place_outside_of_the_text_is_no_edit() {
        for form in [EditForm::Decorator, EditForm::ListElement, EditForm::WrapInList, EditForm::ParamMarks] {
            for place in [((9, 1), (9, 2)), ((1, 90), (1, 95)), ((1, 5), (1, 2))] {
                assert_eq!(fixed(form, place, "x", "import pytest"), None, "{form:?} {place:?}");
            }
        }
    }
}

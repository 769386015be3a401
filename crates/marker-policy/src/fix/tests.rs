use proptest::prelude::*;
use test_catalog::{ImportPlace, ImportPlaces, MarkName, SourceSpan, TreePath};

use super::*;
use crate::finding::Safety;

fn insertion(form: EditForm, start: (u32, u32), end: (u32, u32), marker: &str) -> Insertion {
    let position = |(line, column)| Position { line, column };
    let at = SourceSpan { file: TreePath::new("test_a.py"), start: position(start), end: position(end) };
    Insertion { form, at, marker: marker.to_owned(), text: String::new(), safety: Safety::Safe }
}

/// What shows of a text that begins with `import pytest`.
fn imported() -> PytestNames {
    bound("pytest.mark", (1, 14))
}

/// What shows of a text in which one name is bound.
fn bound(name: &str, (line, column): (u32, u32)) -> PytestNames {
    let from = Position { line, column };
    PytestNames { marks: vec![MarkName { text: name.to_owned(), from }], import: ImportPlaces::At(Vec::new()) }
}

/// What shows of a text without names, in which there is a place for an import.
fn importable(line: u32, apart: bool) -> PytestNames {
    PytestNames { marks: Vec::new(), import: ImportPlaces::At(vec![ImportPlace { line, apart }]) }
}

/// Puts `unit` at what stands between `«` and `»`; `«` alone is a place.
fn fixed(form: EditForm, marked: &str) -> Result<String, Refusal> {
    let text = format!("import pytest\n{}", marked.replace(['«', '»'], ""));
    let marked = format!("import pytest\n{marked}");
    let place = |sign: char| {
        let before = marked.split(sign).next().unwrap().replace('«', "");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
    };
    let start = place('«');
    let end = if marked.contains('»') { place('»') } else { start };
    apply(&text, &imported(), &[&insertion(form, start, end, "unit")])
        .map(|fixed| fixed["import pytest\n".len()..].to_owned())
}

#[test]
fn decorators_go_above_with_the_same_indentation() {
    let fixed = |text| fixed(EditForm::Decorator, text).unwrap();
    assert_eq!(fixed("«def test_a(): pass\n"), "@pytest.mark.unit\ndef test_a(): pass\n");
    assert_eq!(
        fixed("class TestA:\n    # why\n    «@other\n    def test_a(self): pass\n"),
        "class TestA:\n    # why\n    @pytest.mark.unit\n    @other\n    def test_a(self): pass\n"
    );
    assert_eq!(fixed("\t«def test_a(): pass"), "\t@pytest.mark.unit\n\tdef test_a(): pass");
}

#[test]
fn lists_take_one_more_element_in_their_own_layout() {
    let fixed = |text| fixed(EditForm::ListElement, text).unwrap();
    assert_eq!(fixed("pytestmark = «[]»\n"), "pytestmark = [pytest.mark.unit]\n");
    assert_eq!(fixed("pytestmark = «[a]»\n"), "pytestmark = [a, pytest.mark.unit]\n");
    assert_eq!(fixed("pytestmark = «[a,]»\n"), "pytestmark = [a, pytest.mark.unit,]\n");
    assert_eq!(
        fixed("pytestmark = «[\n    a,\n    b,\n]»\n"),
        "pytestmark = [\n    a,\n    b,\n    pytest.mark.unit,\n]\n"
    );
    assert_eq!(
        fixed("pytestmark = «[\n    a,\n    b(\"],#\")  # last ]\n]»  # end\n"),
        "pytestmark = [\n    a,\n    b(\"],#\"),  # last ]\n    pytest.mark.unit,\n]  # end\n"
    );
    assert_eq!(fixed("pytestmark = «[\n    a, b]»\n"), "pytestmark = [\n    a, b, pytest.mark.unit]\n");
    assert_eq!(
        fixed("pytestmark = «[a,\n    b  # why\n]»\n"),
        "pytestmark = [a,\n    b,  # why\n    pytest.mark.unit,\n]\n"
    );
    assert_eq!(
        fixed("pytestmark = «[\n    a,  # why [\n]»\n"),
        "pytestmark = [\n    a,  # why [\n    pytest.mark.unit,\n]\n"
    );
}

#[test]
fn a_single_mark_becomes_a_list_and_anything_else_is_refused() {
    let fixed = |text| fixed(EditForm::WrapInList, text);
    assert_eq!(
        fixed("pytestmark = «pytest.mark.e2e»\n").unwrap(),
        "pytestmark = [pytest.mark.e2e, pytest.mark.unit]\n"
    );
    assert!(matches!(fixed("pytestmark = «MARKS»\n"), Err(Refusal::Shape { line: 2, .. })));
    assert!(matches!(fixed("pytestmark = «(a, b)»\n"), Err(Refusal::Shape { line: 2, .. })));
}

#[test]
fn parameter_sets_get_marks_or_more_of_them() {
    let fixed = |text| fixed(EditForm::ParamMarks, text);
    for (before, after) in [
        ("«pytest.param(1)»", "pytest.param(1, marks=pytest.mark.unit)"),
        ("«pytest.param(1, id=\"marks=)\")»", "pytest.param(1, id=\"marks=)\", marks=pytest.mark.unit)"),
        ("«pytest.param(1, marks=pytest.mark.e2e)»", "pytest.param(1, marks=[pytest.mark.e2e, pytest.mark.unit])"),
        ("«pytest.param(1, marks = [a], id=\"x\")»", "pytest.param(1, marks = [a, pytest.mark.unit], id=\"x\")"),
        ("«pytest.param(1, marks=(a, b))»", "pytest.param(1, marks=(a, b, pytest.mark.unit))"),
        ("«pytest.param(1, marks=(a,))»", "pytest.param(1, marks=(a, pytest.mark.unit,))"),
        (
            "«pytest.param(\n    1,\n    id=\"x\",\n)»",
            "pytest.param(\n    1,\n    id=\"x\",\n    marks=pytest.mark.unit,\n)",
        ),
    ] {
        assert_eq!(fixed(before).unwrap(), after, "{before}");
    }
    for refused in ["«pytest.param(1, marks=MARKS)»", "«pytest.param(1, marks=(a))»", "«PARAM»"] {
        assert!(matches!(fixed(refused), Err(Refusal::Shape { .. })), "{refused}");
    }
}

#[test]
fn a_new_pytestmark_stands_behind_the_imports() {
    let fixed = |text| fixed(EditForm::NewPytestmark, text).unwrap();
    assert_eq!(fixed("«\n\ndef test_a(): pass\n"), "\npytestmark = [pytest.mark.unit]\n\n\ndef test_a(): pass\n");
    assert_eq!(fixed("«def test_a(): pass\n"), "\npytestmark = [pytest.mark.unit]\n\ndef test_a(): pass\n");
}

#[test]
fn several_markers_of_one_place_are_written_together_and_once() {
    let at = |marker| insertion(EditForm::NewPytestmark, (2, 1), (2, 1), marker);
    let all = [at("unit"), at("gpu_0"), at("unit")];
    let fixed = apply("import pytest\n", &imported(), &all.iter().collect::<Vec<_>>()).unwrap();
    assert_eq!(fixed, "import pytest\n\npytestmark = [pytest.mark.unit, pytest.mark.gpu_0]\n");
}

#[test]
fn lines_end_as_those_of_the_file_do() {
    for end in ["\n", "\r\n", "\r"] {
        let ended = |text: &str| text.replace('\n', end);
        let decorator = insertion(EditForm::Decorator, (2, 1), (2, 1), "unit");
        let fixed = apply(&ended("import pytest\ndef test_a(): pass\n"), &imported(), &[&decorator]);
        assert_eq!(fixed.unwrap(), ended("import pytest\n@pytest.mark.unit\ndef test_a(): pass\n"));
        let fixed = apply(&ended("import os\ndef test_a(): pass\n"), &importable(2, false), &[&decorator]);
        assert_eq!(fixed.unwrap(), ended("import os\nimport pytest\n@pytest.mark.unit\ndef test_a(): pass\n"));
    }
}

#[test]
fn a_last_line_without_an_end_has_none_afterwards() {
    let pytestmark = insertion(EditForm::NewPytestmark, (2, 1), (2, 1), "unit");
    let fixed = apply("import pytest", &imported(), &[&pytestmark]);
    assert_eq!(fixed.unwrap(), "import pytest\n\npytestmark = [pytest.mark.unit]");
    let fixed = apply("import os", &importable(2, true), &[&pytestmark]);
    assert_eq!(fixed.unwrap(), "import os\n\nimport pytest\n\npytestmark = [pytest.mark.unit]");
}

#[test]
fn the_mark_of_byte_order_stays_in_front() {
    let decorator = insertion(EditForm::Decorator, (1, 1), (1, 1), "unit");
    let fixed = apply("\u{feff}def test_a(): pass\n", &importable(1, true), &[&decorator]).unwrap();
    assert_eq!(fixed, "\u{feff}import pytest\n@pytest.mark.unit\ndef test_a(): pass\n");
}

#[test]
fn a_marker_is_written_by_the_name_that_the_file_has_for_it() {
    let decorator = insertion(EditForm::Decorator, (2, 1), (2, 1), "unit");
    for (first, name) in [("import pytest as pt", "pt.mark"), ("from pytest import mark", "mark")] {
        let names = bound(name, (1, 24));
        let fixed = apply(&format!("{first}\ndef test_a(): pass\n"), &names, &[&decorator]).unwrap();
        assert_eq!(fixed, format!("{first}\n@{name}.unit\ndef test_a(): pass\n"));
        let text = format!("{first}\npytestmark = {name}.e2e\n");
        let end = 14 + u32::try_from(name.len()).unwrap() + 4;
        let fixed = apply(&text, &names, &[&insertion(EditForm::WrapInList, (2, 14), (2, end), "unit")]).unwrap();
        assert_eq!(fixed, format!("{first}\npytestmark = [{name}.e2e, {name}.unit]\n"));
    }
    // The best of those that are bound above.
    let mut names = bound("pytest.mark", (2, 14));
    names.marks.push(MarkName { text: "mark".to_owned(), from: Position { line: 1, column: 24 } });
    let text = "from pytest import mark\nimport pytest\ndef test_a(): pass\n";
    for (line, name) in [(2, "mark"), (3, "pytest.mark")] {
        let place = (line, 1);
        let fixed = apply(text, &names, &[&insertion(EditForm::Decorator, place, place, "unit")]).unwrap();
        assert!(fixed.contains(&format!("\n@{name}.unit\n")), "{fixed}");
    }
}

#[test]
fn a_file_without_a_name_for_it_gets_the_import_with_the_marker() {
    let pytestmark = insertion(EditForm::NewPytestmark, (2, 1), (2, 1), "unit");
    let decorator = insertion(EditForm::Decorator, (4, 1), (4, 1), "e2e");
    let text = "import os\n\n\ndef test_a(): pass\n";
    for (names, expected) in [
        (importable(1, false), "import pytest\nimport os\n\npytestmark = [pytest.mark.unit]\n\n\n"),
        (importable(2, false), "import os\nimport pytest\n\npytestmark = [pytest.mark.unit]\n\n\n"),
        (importable(2, true), "import os\n\nimport pytest\n\npytestmark = [pytest.mark.unit]\n\n\n"),
    ] {
        let fixed = apply(text, &names, &[&decorator, &pytestmark]).unwrap();
        assert_eq!(fixed, format!("{expected}@pytest.mark.e2e\ndef test_a(): pass\n"));
        let edits = edits(text, &names, &[&decorator, &pytestmark]).unwrap();
        assert_eq!(edits.len(), 3, "{edits:?}");
    }
    // Alone at the head, it stands apart from what follows.
    let first = insertion(EditForm::Decorator, (2, 1), (2, 1), "unit");
    let fixed = apply("X = 1\ndef test_a(): pass\n", &importable(1, true), &[&first]).unwrap();
    assert_eq!(fixed, "import pytest\n\nX = 1\n@pytest.mark.unit\ndef test_a(): pass\n");
}

#[test]
fn a_marker_without_a_name_and_without_a_place_for_the_import_is_refused() {
    let decorator = insertion(EditForm::Decorator, (1, 1), (1, 1), "unit");
    let marker = "unit".to_owned();
    let below = apply("def test_a(): pass\n", &importable(2, false), &[&decorator]);
    assert_eq!(below, Err(Refusal::NoImport { marker: marker.clone(), line: 1 }));
    let taken = PytestNames { marks: Vec::new(), import: ImportPlaces::Taken(Position { line: 7, column: 1 }) };
    assert_eq!(apply("def test_a(): pass\n", &taken, &[&decorator]), Err(Refusal::Taken { marker, line: 7 }));
}

#[test]
fn what_is_not_the_file_that_was_audited_is_left_alone() {
    let gone = apply("import pytest\n", &imported(), &[&insertion(EditForm::Decorator, (9, 1), (9, 1), "unit")]);
    assert_eq!(gone, Err(Refusal::Gone { line: 9 }));
}

#[test]
fn edits_are_where_apply_writes() {
    let text = "import pytest\ns = 'é'; pytestmark = pytest.mark.e2e\n";
    let wrap = insertion(EditForm::WrapInList, (2, 23), (2, 38), "unit");
    let found = edits(text, &imported(), &[&wrap]).unwrap();
    let places: Vec<_> = found.iter().map(|edit| (edit.at.line, edit.at.column, edit.text.as_str())).collect();
    assert_eq!(places, [(2, 23, "["), (2, 38, ", pytest.mark.unit]")]);
    assert_eq!(
        apply(text, &imported(), &[&wrap]).unwrap(),
        "import pytest\ns = 'é'; pytestmark = [pytest.mark.e2e, pytest.mark.unit]\n"
    );
}

proptest! {
    /// Whatever the text and the place, nothing panics, and what was there is still there, in its order.
    #[test]
    fn nothing_is_lost(
        body in "[a\\[\\](){},#'\"\\\\\n\r =é]{0,40}",
        form in prop_oneof![
            Just(EditForm::Decorator),
            Just(EditForm::ListElement),
            Just(EditForm::WrapInList),
            Just(EditForm::NewPytestmark),
            Just(EditForm::ParamMarks)
        ],
        start in (1_u32..5, 0_u32..12),
        end in (1_u32..5, 0_u32..12),
        (named, line, apart) in (any::<bool>(), 0_u32..5, any::<bool>()),
    ) {
        let text = format!("import pytest\n{body}");
        let names = if named { imported() } else { importable(line, apart) };
        if let Ok(fixed) = apply(&text, &names, &[&insertion(form, start, end, "unit")]) {
            let mut rest = fixed.chars();
            prop_assert!(text.chars().all(|one| rest.any(|other| other == one)), "{text:?} became {fixed:?}");
        }
    }
}

//! A catalog beside what real pytest collects.
//!
//! The rule: an exact case is one of the tool's, with the same markers in the same order and at its place; each of the
//! tool's tests is an exact case, or covered by an inexact case of its function, class or file. Where the tool could
//! not look, nothing is compared.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Place;
use crate::{Catalog, Marker, NodeId, TestCase, Value};

/// One test as the real tool lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its id.
    pub id: NodeId,
    /// Its markers, the closest first.
    pub markers: Vec<ListedMarker>,
}

/// A marker as the real tool has it. A value that is no literal is [`Value::Expr`], whatever its text.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedMarker {
    /// Its name.
    pub name: String,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Keyword arguments, in order.
    pub kwargs: Vec<(String, Value)>,
}

/// What agrees and what does not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// How many of the tool's tests are exact cases that are right in everything.
    pub exact: usize,
    /// How many of the tool's tests are covered by inexact cases.
    pub covered: usize,
    /// Exact cases under a condition that the tool does not list here.
    pub conditional: usize,
    /// Cases that lie where the tool could not look.
    pub left_out: usize,
    /// Tests that no case accounts for, in the tool's order.
    pub missing: Vec<NodeId>,
    /// Exact cases that the tool does not list, in the catalog's order.
    pub invented: Vec<Place>,
    /// Exact cases with other markers than the tool's.
    pub markers: Vec<OtherMarkers>,
    /// Exact cases that stand elsewhere in the tool's order: the fewest that have to move.
    pub moved: Vec<Moved>,
}

impl Comparison {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.wrong() == 0
    }

    /// How many tests are wrong in some way, each counted once.
    #[must_use]
    pub fn wrong(&self) -> usize {
        let twice: HashSet<_> = self.markers.iter().map(|other| (&other.case.id, other.case.occurrence)).collect();
        let moved = self.moved.iter().filter(|moved| !twice.contains(&(&moved.case.id, moved.case.occurrence))).count();
        self.missing.len() + self.invented.len() + self.markers.len() + moved
    }
}

/// A case with other markers.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherMarkers {
    /// The case.
    pub case: Place,
    /// What only the tool has, as an author would write it.
    pub missing: Vec<String>,
    /// What only the catalog has. Empty like `missing` where the same markers stand in another order.
    pub invented: Vec<String>,
}

/// A case that stands elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The case.
    pub case: Place,
    /// The test in front of it in the tool's order; `None` where it is the first.
    pub behind: Option<NodeId>,
}

/// Holds a catalog against what the real tool lists. `unseen` are nodes (folders, files, classes) that the tool could
/// not look into, or that took themselves out: cases below them are left out of the comparison.
#[must_use]
pub fn compare(catalog: &Catalog, listed: &[Listed], unseen: &[NodeId]) -> Comparison {
    let mut comparison = Comparison::default();
    let unseen: HashSet<&str> = unseen.iter().map(NodeId::as_str).collect();
    let mut inexact: HashSet<&str> = HashSet::new();
    let mut places: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (place, test) in listed.iter().enumerate() {
        places.entry(test.id.as_str()).or_default().push_back(place);
    }
    let mut taken = vec![false; listed.len()];
    let mut found = Vec::new();
    for case in &catalog.cases {
        if case.doubt().is_some() {
            inexact.insert(case.function.as_str());
        } else if let Some(place) = places.get_mut(case.id.as_str()).and_then(VecDeque::pop_front) {
            taken[place] = true;
            found.push((case, place));
        } else if is_below(case.id.as_str(), &unseen) {
            comparison.left_out += 1;
        } else if case.conditions.is_empty() && case.ignored_by.is_none() {
            comparison.invented.push(Place::of(case));
        } else {
            comparison.conditional += 1;
        }
    }
    for (test, _) in listed.iter().zip(&taken).filter(|(_, taken)| !**taken) {
        if is_below(test.id.as_str(), &inexact) {
            comparison.covered += 1;
        } else {
            comparison.missing.push(test.id.clone());
        }
    }
    comparison.markers =
        found.iter().filter_map(|(case, place)| other_markers(case, &listed[*place].markers)).collect();
    let in_order = longest_rising(&found.iter().map(|(_, place)| *place).collect::<Vec<_>>());
    let moved = found.iter().zip(in_order).filter(|(_, stays)| !stays);
    comparison.moved = moved
        .map(|((case, place), _)| Moved {
            case: Place::of(case),
            behind: place.checked_sub(1).map(|before| listed[before].id.clone()),
        })
        .collect();
    let wrong_among_found = comparison.wrong() - comparison.missing.len() - comparison.invented.len();
    comparison.exact = found.len() - wrong_among_found;
    comparison
}

/// Whether one of the nodes is this test, its function, or a class, file or folder around it.
fn is_below(id: &str, nodes: &HashSet<&str>) -> bool {
    if nodes.is_empty() {
        return false;
    }
    // The first two are pytest's names for the folder that it started in.
    if nodes.contains("") || nodes.contains(".") || nodes.contains(id) {
        return true;
    }
    let function = NodeId::from_text(id);
    let mut rest = function.without_param();
    loop {
        if nodes.contains(rest) {
            return true;
        }
        match rest.rfind("::").or_else(|| rest.rfind('/')) {
            Some(end) => rest = &rest[..end],
            None => return false,
        }
    }
}

fn other_markers(case: &TestCase, listed: &[ListedMarker]) -> Option<OtherMarkers> {
    let here = &case.markers.list;
    if here.len() == listed.len() && here.iter().zip(listed).all(|(here, listed)| same_marker(here, listed)) {
        return None;
    }
    let mut invented: Vec<&Marker> = here.iter().map(|marker| &**marker).collect();
    let mut missing = Vec::new();
    for marker in listed {
        match invented.iter().position(|here| same_marker(here, marker)) {
            Some(place) => drop(invented.remove(place)),
            None => missing.push(marker.to_string()),
        }
    }
    let invented = invented.into_iter().map(ToString::to_string).collect();
    Some(OtherMarkers { case: Place::of(case), missing, invented })
}

fn same_marker(here: &Marker, listed: &ListedMarker) -> bool {
    here.name == listed.name
        && here.args.len() == listed.args.len()
        && here.args.iter().zip(&listed.args).all(|(here, listed)| same_value(here, listed))
        && here.kwargs.len() == listed.kwargs.len()
        && here
            .kwargs
            .iter()
            .zip(&listed.kwargs)
            .all(|((name, here), (listed_name, listed))| name == listed_name && same_value(here, listed))
}

/// Where one side is no literal, there is nothing to hold the other against.
fn same_value(here: &Value, listed: &Value) -> bool {
    let all = |here: &[Value], listed: &[Value]| {
        here.len() == listed.len() && here.iter().zip(listed).all(|(here, listed)| same_value(here, listed))
    };
    match (here, listed) {
        (Value::Expr(_), _) | (_, Value::Expr(_)) => true,
        (Value::List(here), Value::List(listed)) | (Value::Tuple(here), Value::Tuple(listed)) => all(here, listed),
        (Value::Dict(here), Value::Dict(listed)) => {
            here.len() == listed.len()
                && here
                    .iter()
                    .zip(listed)
                    .all(|((key, here), (listed_key, listed))| same_value(key, listed_key) && same_value(here, listed))
        }
        _ => here == listed,
    }
}

impl std::fmt::Display for ListedMarker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let origin = crate::Origin::Policy { rule: String::new() };
        Marker { name: self.name.clone(), args: self.args.clone(), kwargs: self.kwargs.clone(), origin, scope: None }
            .fmt(formatter)
    }
}

/// Which elements belong to a longest rising subsequence: patience sorting with links back.
fn longest_rising(numbers: &[usize]) -> Vec<bool> {
    // The last element of the best subsequence of each length, and what stands in front of each element.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut rising = vec![false; numbers.len()];
    let mut next = ends.last().copied();
    while let Some(index) = next {
        rising[index] = true;
        next = before[index];
    }
    rising
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Certainty, Condition, Markers, Origin, Position, Reason, SourceSpan, TreePath};

    fn span(file: &str) -> SourceSpan {
        SourceSpan::at(TreePath::new(file), Position { line: 1, column: 1 })
    }

    fn case(id: &str, markers: &[&str]) -> TestCase {
        let at = span(id.split("::").next().unwrap_or(id));
        let markers = Markers::known(markers.iter().map(|name| Marker::bare(*name, Origin::Source(at.clone()))));
        TestCase::python(NodeId::from_text(id), at, markers, Certainty::Exact)
    }

    fn inexact(id: &str) -> TestCase {
        let reason = Reason { text: "a call".to_owned(), at: span("a.py") };
        TestCase { certainty: Certainty::Inexact(Box::new(reason)), ..case(id, &[]) }
    }

    fn test(id: &str, markers: &[&str]) -> Listed {
        let bare = |name: &&str| ListedMarker { name: (*name).to_owned(), args: Vec::new(), kwargs: Vec::new() };
        Listed { id: NodeId::from_text(id), markers: markers.iter().map(bare).collect() }
    }

    fn compared(cases: Vec<TestCase>, listed: &[Listed], unseen: &[&str]) -> Comparison {
        let mut catalog = Catalog { cases, ..Catalog::default() };
        catalog.number_occurrences();
        let unseen: Vec<_> = unseen.iter().map(NodeId::from_text).collect();
        compare(&catalog, listed, &unseen)
    }

    #[test]
    fn what_agrees_is_counted_and_nothing_is_said() {
        let comparison = compared(
            vec![case("a.py::a", &["m"]), inexact("a.py::b"), inexact("b.py")],
            &[test("a.py::a", &["m"]), test("a.py::b[1]", &[]), test("b.py::C::d[x::y]", &["m"])],
            &[],
        );
        assert_eq!(comparison, Comparison { exact: 1, covered: 2, ..Comparison::default() });
        assert!(comparison.is_same());
    }

    #[test]
    fn a_test_that_no_case_accounts_for_is_missing_and_an_exact_one_too_many_is_invented() {
        let comparison = compared(vec![case("a.py::a", &[])], &[test("a.py::ab", &[])], &[]);
        assert_eq!(comparison.missing, [NodeId::from_text("a.py::ab")]);
        assert_eq!(comparison.invented.len(), 1);
        assert_eq!((comparison.exact, comparison.wrong()), (0, 2));
    }

    #[test]
    fn each_of_several_equal_ids_counts() {
        let comparison = compared(
            vec![case("a.py::a[x]", &[]), case("a.py::a[x]", &[]), case("a.py::a[x]", &[])],
            &[test("a.py::a[x]", &[]), test("a.py::a[x]", &[])],
            &[],
        );
        assert_eq!((comparison.exact, comparison.missing.len(), comparison.invented.len()), (2, 0, 1));
        assert_eq!(comparison.invented[0].occurrence, 2);
    }

    #[test]
    fn a_case_under_a_condition_may_be_absent() {
        let condition = Condition { text: "importorskip".to_owned(), at: span("a.py") };
        let conditional = TestCase { conditions: vec![condition], ..case("a.py::a", &[]) };
        let comparison = compared(vec![conditional], &[], &[]);
        assert_eq!(comparison, Comparison { conditional: 1, ..Comparison::default() });
    }

    #[test]
    fn where_the_tool_could_not_look_nothing_is_compared() {
        let cases = || vec![case("d/a.py::a", &[]), case("d/a.py::C::b", &[]), case("e.py::c", &[])];
        let left_out = |unseen: &[&str]| {
            let comparison = compared(cases(), &[], unseen);
            (comparison.left_out, comparison.invented.len())
        };
        assert_eq!(left_out(&["d/a.py"]), (2, 1));
        assert_eq!(left_out(&["d"]), (2, 1));
        assert_eq!(left_out(&["d/a.py::C"]), (1, 2));
        assert_eq!(left_out(&["d/a.p"]), (0, 3));
        assert_eq!(left_out(&["."]), (3, 0));
    }

    #[test]
    fn markers_are_said_by_which_side_has_them() {
        let comparison = compared(
            vec![case("a.py::a", &["x", "y"]), case("a.py::b", &["x", "y"]), case("a.py::c", &["x"])],
            &[test("a.py::a", &["y", "z"]), test("a.py::b", &["y", "x"]), test("a.py::c", &["x"])],
            &[],
        );
        let [a, b] = &comparison.markers[..] else { panic!("{comparison:?}") };
        assert_eq!((&a.missing[..], &a.invented[..]), (&["z".to_owned()][..], &["x".to_owned()][..]));
        assert!(b.missing.is_empty() && b.invented.is_empty());
        assert_eq!((comparison.exact, comparison.wrong()), (1, 2));
    }

    #[test]
    fn the_fewest_tests_that_have_to_move_are_said_with_their_place() {
        let cases = ["d", "a", "b", "c"].map(|name| case(&format!("a.py::{name}"), &[])).into();
        let listed = ["a", "b", "c", "d"].map(|name| test(&format!("a.py::{name}"), &[]));
        let comparison = compared(cases, &listed, &[]);
        let [moved] = &comparison.moved[..] else { panic!("{comparison:?}") };
        assert_eq!(moved.case.id.as_str(), "a.py::d");
        assert_eq!(moved.behind, Some(NodeId::from_text("a.py::c")));
    }

    #[test]
    fn what_is_no_literal_is_held_against_nothing() {
        assert!(same_value(&Value::Expr("f()".to_owned()), &Value::Int(1)));
        assert!(same_value(&Value::List(vec![Value::Int(1)]), &Value::List(vec![Value::Expr("<object>".to_owned())])));
        assert!(!same_value(&Value::List(Vec::new()), &Value::Tuple(Vec::new())));
        assert!(!same_value(&Value::Int(1), &Value::Bool(true)));
    }
}

//! What somebody who wrote an unknown name probably meant.

/// How alike two names must be, from 0 to 1, for the one to be offered for the other. Below this, suggestions are
/// further off than they help (`unit` for `nightly`).
const ALIKE: f64 = 0.75;

/// The longest name that is compared, in bytes: comparing takes the product of both lengths.
const LONGEST: usize = 100;

/// The candidates that `name` was probably meant to be, the likeliest first, at most three.
///
/// ```
/// use marker_policy::nearest;
///
/// assert_eq!(nearest("premerge", ["nightly", "pre_merge", "post_merge"]), ["pre_merge"]);
/// assert!(nearest("zebra", ["nightly"]).is_empty());
/// ```
///
/// Of a name that is longer than any that people write, none.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    let mut alike: Vec<(f64, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len() <= LONGEST)
        .map(|candidate| (likeness(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(one, first), (other, second)| other.total_cmp(one).then_with(|| first.cmp(second)));
    alike.dedup_by_key(|(_, candidate)| *candidate);
    alike.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Letters only: `pre-merge`, `PreMerge` and `pre_merge` are one word to whoever mistypes them.
fn likeness(name: &str, candidate: &str) -> f64 {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
    };
    strsim::normalized_damerau_levenshtein(&letters(name), &letters(candidate))
}

/// `; did you mean `a` or `b`?`, or nothing.
pub(crate) fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("; did you mean {}?", quoted.join(" or "))
        }
    }
}

//! How a text looks where programs write it for other programs: in a URL, in a header, in JSON, on a command line.

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What Python's `urllib.parse.quote` leaves of a value and of a path, and what JavaScript's `encodeURIComponent` leaves.
const PYTHON: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &PYTHON.remove(b'/');
const JAVASCRIPT: &AsciiSet = &PYTHON.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');

/// The forms of a text, some of them the text itself.
pub(crate) fn forms(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for set in [PYTHON, PATH, JAVASCRIPT] {
        let encoded = utf8_percent_encode(text, set).to_string();
        // The word of a form has a plus where a URL has a space, and some write small digits.
        forms.extend([encoded.replace("%20", "+"), small_digits(&encoded), encoded]);
    }
    let json = serde_json::Value::from(text).to_string();
    forms.extend(json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).map(str::to_owned));
    // As Python shows it, and as it shows one that has both quotes.
    let backslashes = text.replace('\\', "\\\\");
    forms.push(backslashes.replace('\'', "\\'"));
    forms.push(backslashes);
    // By `shlex.quote`, and by hand.
    forms.push(text.replace('\'', "'\"'\"'"));
    forms.push(text.replace('\'', "'\\''"));
    for before in 0..3 {
        forms.push(in_base64(&STANDARD_NO_PAD, text, before));
        forms.push(in_base64(&URL_SAFE_NO_PAD, text, before));
    }
    forms
}

/// `%2f` for `%2F`.
fn small_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |small, part| {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        small + "%" + &digits.to_ascii_lowercase() + rest
    })
}

/// Those characters of base64 that are of the text alone, where so many bytes stand in front of it, as `user:` does, and any behind.
fn in_base64(engine: &impl base64::Engine, text: &str, before: usize) -> String {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(text.as_bytes());
    let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    engine.encode(bytes).get(first..last).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_of_programs_that_people_use_are_known() {
        let text = "a/b c'd\"e\\f~(g)";
        for form in [
            "a%2Fb%20c%27d%22e%5Cf~%28g%29",
            "a/b%20c%27d%22e%5Cf~%28g%29",
            "a%2fb%20c%27d%22e%5cf~%28g%29",
            "a%2Fb+c%27d%22e%5Cf~%28g%29",
            "a%2Fb%20c'd%22e%5Cf~(g)",
            r#"a/b c'd\"e\\f~(g)"#,
            r#"a/b c\'d"e\\f~(g)"#,
            r#"a/b c'"'"'d"e\f~(g)"#,
            r#"a/b c'\''d"e\f~(g)"#,
        ] {
            assert!(forms(text).iter().any(|found| found == form), "{form}: {:#?}", forms(text));
        }
    }

    proptest! {
        /// Whatever stands around it, all of a text's characters but those at both ends that it shares are found.
        #[test]
        fn a_text_is_found_in_base64(before in prop::collection::vec(any::<u8>(), 0..9), text in "[ -~]{6,40}", after in prop::collection::vec(any::<u8>(), 0..9)) {
            let all = [&before[..], text.as_bytes(), &after[..]].concat();
            for encoded in [STANDARD.encode(&all), URL_SAFE.encode(&all)] {
                let found = forms(&text).into_iter().any(|form| form.len() * 6 > (text.len() - 2) * 8 && encoded.contains(&form));
                prop_assert!(found, "{encoded}");
            }
        }
    }
}

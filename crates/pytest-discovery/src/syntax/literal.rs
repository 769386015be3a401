//! String literals with lone surrogates, which parsers that decode into Rust strings cannot give.

use super::ast::Text;

/// The value of one or several adjacent string literals; `None` where one has an escape that names a character
/// (`\N{...}`) or they do not read as literals.
pub(super) fn decode(source: &str) -> Option<Text> {
    let mut points = Vec::new();
    let mut rest = source;
    while !rest.is_empty() {
        if let Some(first) = rest.chars().next().filter(|first| first.is_whitespace() || "()\\".contains(*first)) {
            rest = &rest[first.len_utf8()..];
        } else if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
        } else {
            rest = one(rest, &mut points)?;
        }
    }
    let text: Option<String> = points.iter().map(|point| char::from_u32(*point)).collect();
    Some(text.map_or_else(|| Text::Surrogates(points.into()), Text::from))
}

/// Reads one literal and gives what stands behind it.
fn one<'a>(source: &'a str, points: &mut Vec<u32>) -> Option<&'a str> {
    let quote_at = source.find(['"', '\''])?;
    let prefix = source[..quote_at].to_ascii_lowercase();
    if !matches!(prefix.as_str(), "" | "r" | "u") {
        return None;
    }
    let quote = &source[quote_at..=quote_at];
    let triple = quote.repeat(3);
    let quote = if source[quote_at..].starts_with(&triple) { triple.as_str() } else { quote };
    let mut rest = &source[quote_at + quote.len()..];
    loop {
        if let Some(behind) = rest.strip_prefix(quote) {
            return Some(behind);
        }
        let character = rest.chars().next()?;
        rest = &rest[character.len_utf8()..];
        if character != '\\' {
            points.push(u32::from(character));
        } else if prefix == "r" {
            let escaped = rest.chars().next()?;
            points.extend([u32::from('\\'), u32::from(escaped)]);
            rest = &rest[escaped.len_utf8()..];
        } else {
            rest = escape(rest, points)?;
        }
    }
}

fn escape<'a>(rest: &'a str, points: &mut Vec<u32>) -> Option<&'a str> {
    let kind = rest.chars().next()?;
    let behind = &rest[kind.len_utf8()..];
    let hexadecimal = |digits: usize| {
        let text = behind.get(..digits)?;
        Some((u32::from_str_radix(text, 16).ok()?, behind.get(digits..)?))
    };
    let (point, behind) = match kind {
        '\n' => return Some(behind),
        '\\' | '\'' | '"' => (u32::from(kind), behind),
        'a' => (7, behind),
        'b' => (8, behind),
        'f' => (12, behind),
        'n' => (10, behind),
        'r' => (13, behind),
        't' => (9, behind),
        'v' => (11, behind),
        'x' => hexadecimal(2)?,
        'u' => hexadecimal(4)?,
        'U' => hexadecimal(8)?,
        '0'..='7' => {
            let digits = rest.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
            (u32::from_str_radix(&rest[..digits], 8).ok()?, &rest[digits..])
        }
        'N' => return None,
        other => {
            points.push(u32::from('\\'));
            (u32::from(other), behind)
        }
    };
    points.push(point);
    Some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_stay_code_points() {
        assert_eq!(decode(r"'a\ud800' 'b'"), Some(Text::Surrogates([0x61, 0xd800, 0x62].into())));
        assert_eq!(decode("'\u{fffd}'"), Some(Text::from("\u{fffd}")));
    }
}

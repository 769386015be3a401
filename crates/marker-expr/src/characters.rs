//! Python's classes of characters, as far as pytest's grammar rests on them.
//!
//! A character that is newer than the Unicode version of a Python (14.0 in 3.11) is unassigned there and belongs to
//! none of these classes; here it has the class that Unicode gave it since.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// A character of a word: `re`'s `\w`, or one of `: + - . [ ] \ /`.
///
/// `\w` is `str.isalnum` and the underscore. That is narrower than Rust's `char::is_alphanumeric`, which takes in
/// combining marks.
pub(crate) fn is_word(c: char) -> bool {
    matches!(c, '_' | ':' | '+' | '-' | '.' | '[' | ']' | '\\' | '/')
        || matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number)
}

/// `str.isidentifier`, of a text of word characters.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c))
        && characters.all(unicode_ident::is_xid_continue)
}

/// `keyword.iskeyword`: the hard keywords. A soft one, such as `match`, is an ordinary name.
pub(crate) fn is_reserved(text: &str) -> bool {
    matches!(
        text,
        "False"
            | "None"
            | "True"
            | "and"
            | "as"
            | "assert"
            | "async"
            | "await"
            | "break"
            | "class"
            | "continue"
            | "def"
            | "del"
            | "elif"
            | "else"
            | "except"
            | "finally"
            | "for"
            | "from"
            | "global"
            | "if"
            | "import"
            | "in"
            | "is"
            | "lambda"
            | "nonlocal"
            | "not"
            | "or"
            | "pass"
            | "raise"
            | "return"
            | "try"
            | "while"
            | "with"
            | "yield"
    )
}

/// `str.isdigit` of one character: the decimal digits of every script, and those that are only drawn as digits, of
/// which `int` refuses the latter.
pub(crate) fn is_digit(c: char) -> bool {
    is_decimal(c) || is_drawn_digit(c)
}

/// The value of a decimal digit of any script, as `int` reads it.
pub(crate) fn decimal_value(c: char) -> Option<u32> {
    // Unicode assigns the decimal digits in runs of ten, from zero to nine, and some runs follow one another.
    is_decimal(c).then(|| {
        let before = (0..u32::from(c)).rev().map_while(char::from_u32).take_while(|&c| is_decimal(c));
        u32::try_from(before.count() % 10).unwrap_or_default()
    })
}

fn is_decimal(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.general_category() == GeneralCategory::DecimalNumber)
}

/// `Numeric_Type=Digit`: superscripts, circled digits and the like. Unicode gives it to no new character.
fn is_drawn_digit(c: char) -> bool {
    matches!(
        c,
        '\u{b2}'..='\u{b3}' | '\u{b9}' | '\u{1369}'..='\u{1371}' | '\u{19da}' | '\u{2070}' | '\u{2074}'..='\u{2079}'
            | '\u{2080}'..='\u{2089}' | '\u{2460}'..='\u{2468}' | '\u{2474}'..='\u{247c}' | '\u{2488}'..='\u{2490}'
            | '\u{24ea}' | '\u{24f5}'..='\u{24fd}' | '\u{24ff}' | '\u{2776}'..='\u{277e}' | '\u{2780}'..='\u{2788}'
            | '\u{278a}'..='\u{2792}' | '\u{10a40}'..='\u{10a43}' | '\u{10e60}'..='\u{10e68}'
            | '\u{11052}'..='\u{1105a}' | '\u{1f100}'..='\u{1f10a}'
    )
}

/// `str.isspace` of one character, what `str.lstrip` takes off: Unicode's white space and the four ASCII separators.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Whether a terminal may obey the character instead of showing it: controls, format characters (which reorder or
/// hide text) and line separators. The tab is not among them.
pub(crate) fn is_control(c: char) -> bool {
    c != '\t'
        && matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Prints, for each character that this Python's Unicode has, what each of Python's classes says of it.
    const CLASSES: &str = "
import re, sys, unicodedata
for point in range(0x110000):
    c = chr(point)
    if unicodedata.category(c) not in ('Cn', 'Cs'):
        word = re.fullmatch(r'(:?\\w|:|\\+|-|\\.|\\[|\\]|\\\\|/)+', c) is not None
        flags = [word, word and c.isidentifier(), word and ('a' + c).isidentifier(), c.isdigit(), c.isspace()]
        decimal = unicodedata.decimal(c, '-')
        lower = '.'.join(str(ord(l)) for l in c.lower())
        print(point, ''.join(str(int(flag)) for flag in flags), decimal, lower)
";

    #[test]
    fn every_character_is_classified_as_python_does() {
        let output = Command::new(oracle::python()).args(["-c", CLASSES]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let mut characters = 0;
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let c = char::from_u32(line.split_once(' ').unwrap().0.parse().unwrap()).unwrap();
            let flags: String = [
                is_word(c),
                is_word(c) && is_identifier(&c.to_string()),
                is_word(c) && is_identifier(&format!("a{c}")),
                is_digit(c),
                is_space(c),
            ]
            .map(|flag| if flag { '1' } else { '0' })
            .iter()
            .collect();
            let decimal = decimal_value(c).map_or("-".to_owned(), |value| value.to_string());
            let lower: Vec<String> = c.to_lowercase().map(|l| u32::from(l).to_string()).collect();
            assert_eq!(line, format!("{} {flags} {decimal} {}", u32::from(c), lower.join(".")));
            characters += 1;
        }
        assert!(characters > 280_000, "{characters} characters");
    }

    #[test]
    fn the_reserved_words_are_those_of_python() {
        let output = Command::new(oracle::python())
            .args(["-c", "import keyword; print(*keyword.kwlist, *keyword.softkwlist)"])
            .output()
            .unwrap();
        let words = String::from_utf8(output.stdout).unwrap();
        let reserved = words.split_whitespace().filter(|word| is_reserved(word)).count();
        assert_eq!(reserved, 35, "{words}");
        assert!(!is_reserved("match") && !is_reserved("_"));
    }
}

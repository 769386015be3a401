//! Durations as a policy file writes them: `15 s`, `5 min`, `2 h`.

use std::time::Duration;

/// The duration, or `None` where the text is not a number of seconds, minutes or hours.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let unit = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(parse("15 s"), Some(Duration::from_secs(15)));
        assert_eq!(parse("5min"), Some(Duration::from_mins(5)));
        assert_eq!(parse("2 h"), Some(Duration::from_hours(2)));
        for wrong in ["", "15", "s", "-1 s", "1.5 h", "5 m", "99999999999999999999 h", "18446744073709551615 h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}

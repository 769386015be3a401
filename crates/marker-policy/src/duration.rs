//! Durations as a policy file writes them: `15 s`, `5 min`, `2 h`.

use std::time::Duration;

/// So many digits are enough for 30 years in seconds, and hours that are so many do not overflow.
const MOST_DIGITS: usize = 9;

/// The duration, or `None` where the text is not a number of seconds, minutes or hours.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    if number.len() > MOST_DIGITS {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    let unit = match unit.trim_start_matches(' ') {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_secs)
}

/// The same, with the largest unit of which it is a whole number.
pub(crate) fn write(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => "0 s".to_owned(),
        _ if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(parse("15 s"), Some(Duration::from_secs(15)));
        assert_eq!(parse("5min"), Some(Duration::from_mins(5)));
        assert_eq!(parse("2 h"), Some(Duration::from_hours(2)));
        for wrong in ["", "15", "s", "-1 s", "1.5 h", "5 m", "5 s ", "99999999999999999999 h", "1000000000 h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for seconds in [0, 1, 59, 60, 61, 3600, 3660, 7200, 90_000] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(parse(&write(duration)), Some(duration), "{seconds}");
        }
    }
}

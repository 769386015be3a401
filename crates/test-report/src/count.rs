//! Counts with their noun, as people say them.

/// `1 test`, `1,402 tests`.
#[must_use]
pub fn tests(count: usize) -> String {
    counted(count, "test", "tests")
}

/// `1 file`, `23 files`.
#[must_use]
pub fn files(count: usize) -> String {
    counted(count, "file", "files")
}

/// `1 binary`, `3 binaries`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// `1,402`.
#[must_use]
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time as people say it: `0.42 s`, `41 s`, `4 min 10 s`, `45 min`, `2 h 5 min`, `4 h`.
#[must_use]
pub fn duration(time: std::time::Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 {
        return format!("{seconds:.2} s");
    }
    // Rounded first, so that 59.7 s is "1 min" and never "60 s".
    match seconds.round() as u64 {
        whole @ 0..60 => format!("{whole} s"),
        whole @ 60..3600 if whole % 60 == 0 => format!("{} min", whole / 60),
        whole @ 60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        whole if whole % 3600 < 60 => format!("{} h", whole / 3600),
        whole => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn counts_and_times_are_said_as_people_say_them() {
        assert_eq!(super::tests(1), "1 test");
        assert_eq!(super::tests(1402), "1,402 tests");
        assert_eq!(super::grouped(1_234_567), "1,234,567");
        assert_eq!(super::duration(Duration::from_millis(420)), "0.42 s");
        assert_eq!(super::duration(Duration::from_millis(59_700)), "1 min");
        assert_eq!(super::duration(Duration::from_secs(250)), "4 min 10 s");
        assert_eq!(super::duration(Duration::from_secs(7500)), "2 h 5 min");
        assert_eq!(super::duration(Duration::from_secs(14_400)), "4 h");
    }
}

//! Days, as a file names them.

use crate::scenario::prelude::*;
use crate::scenario::units::DAY_FORM;
use std::time::SystemTime;
use toml::de::DeValue;

/// A day of the calendar that is in use everywhere. Written `2027-02-28`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

const SECONDS_A_DAY: u64 = 86_400;

impl Date {
    /// The day of `time` in UTC. What is before 1970 is its first day.
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::after_1970(since.as_secs() / SECONDS_A_DAY)
    }

    /// So many days after the first of 1970.
    fn after_1970(mut days: u64) -> Self {
        let mut year = 1970;
        while days >= days_of_year(year) {
            days -= days_of_year(year);
            year += 1;
        }
        let mut month = 1;
        while days >= u64::from(days_of(year, month)) {
            days -= u64::from(days_of(year, month));
            month += 1;
        }
        Self { year, month, day: days as u8 + 1 }
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

/// How many days a month has.
fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let parts: Vec<&str> = text.trim().split('-').collect();
        let is_written = |lengths: [usize; 3]| {
            parts.len() == 3
                && parts
                    .iter()
                    .zip(lengths)
                    .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let wrong = || not_a(text, "day").help(DAY_FORM);
        if !is_written([4, 2, 2]) {
            return Err(wrong());
        }
        let number = |part: usize| parts[part].parse::<u16>().unwrap_or_default();
        let (year, month, day) = (number(0), number(1) as u8, number(2) as u8);
        let is_day = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        is_day.then_some(Self { year, month, day }).ok_or_else(wrong)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A day, in quotes or as TOML has one.
pub(super) const DATE: Special<Date> = Special {
    schema: |_| json!({ "type": "string", "format": "date" }),
    read: |key, raw, reader| {
        let text = match raw.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Datetime(date) => date.to_string(),
            _ => return reader.report.shape(misfit("a day", key, raw)),
        };
        reader.report.take(text.parse(), raw.span())
    },
    write: |date| date.to_string(),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_leap_year_are_counted() {
        let of = |days| Date::after_1970(days).to_string();
        assert_eq!(
            [0, 58, 59, 364, 365, 789, 20_787].map(of),
            ["1970-01-01", "1970-02-28", "1970-03-01", "1970-12-31", "1971-01-01", "1972-02-29", "2026-11-30"]
        );
    }

    #[test]
    fn a_day_that_there_is_not_is_refused() {
        let is_day = |text: &str| text.parse::<Date>().is_ok();
        assert!(["2028-02-29", "2000-02-29", "2027-12-31"].into_iter().all(is_day));
        assert!(
            !["2027-02-29", "2100-02-29", "2027-13-01", "2027-1-1", "2027-01-00", "soon", ""].into_iter().any(is_day)
        );
    }
}

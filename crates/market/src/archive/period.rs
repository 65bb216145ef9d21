//! A month or a day of UTC time.

use std::fmt;

use crate::time::datetime;

const DAY_MS: i64 = 86_400_000;

/// A month or a day of UTC time, written `2024-01` or `2024-01-31`: what one file of the archive
/// covers.
///
/// # Examples
///
/// ```
/// use market::Period;
/// let month = Period::month_of(1_706_700_000_000);
/// assert_eq!(month.to_string(), "2024-01");
/// assert_eq!(month.start_ms(), 1_704_067_200_000);
/// assert_eq!(month.next().to_string(), "2024-02");
/// assert_eq!(month.days().count(), 31);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    start_ms: i64,
    end_ms: i64,
}

impl Period {
    /// The month that `time_ms` falls in.
    pub fn month_of(time_ms: i64) -> Self {
        let (date, day) = (datetime(time_ms), Self::day_of(time_ms));
        let start_ms = day.start_ms - i64::from(date.day() - 1) * DAY_MS;
        Self {
            start_ms,
            end_ms: start_ms + i64::from(date.days_in_month()) * DAY_MS,
        }
    }

    /// The day that `time_ms` falls in.
    pub fn day_of(time_ms: i64) -> Self {
        let start_ms = time_ms.div_euclid(DAY_MS) * DAY_MS;
        Self {
            start_ms,
            end_ms: start_ms + DAY_MS,
        }
    }

    /// Its first millisecond.
    pub fn start_ms(self) -> i64 {
        self.start_ms
    }

    /// The first millisecond after it.
    pub fn end_ms(self) -> i64 {
        self.end_ms
    }

    /// Whether it is a month, not a day.
    pub fn is_month(self) -> bool {
        self.end_ms - self.start_ms > DAY_MS
    }

    /// The month or day that follows.
    pub fn next(self) -> Self {
        if self.is_month() {
            Self::month_of(self.end_ms)
        } else {
            Self::day_of(self.end_ms)
        }
    }

    /// Its days, the first one first.
    pub fn days(self) -> impl Iterator<Item = Self> {
        let count = (self.end_ms - self.start_ms) / DAY_MS;
        (0..count).map(move |day| Self::day_of(self.start_ms + day * DAY_MS))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.is_month() { "%Y-%m" } else { "%Y-%m-%d" };
        formatter.pad(&datetime(self.start_ms).strftime(form).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Period;

    #[test]
    fn months_and_days_follow_the_calendar() {
        let mut month = Period::month_of(1_672_531_200_000);
        let mut names = Vec::new();
        for _ in 0..15 {
            names.push(format!("{month} {}", month.days().count()));
            month = month.next();
        }
        assert_eq!(names[1], "2023-02 28");
        assert_eq!(
            names[11..],
            ["2023-12 31", "2024-01 31", "2024-02 29", "2024-03 31"]
        );
        let day = Period::day_of(1_709_164_800_000 + 5);
        assert_eq!(
            (day.to_string().as_str(), day.next().to_string().as_str()),
            ("2024-02-29", "2024-03-01")
        );
        assert!(!day.is_month() && !day.next().is_month());
    }
}

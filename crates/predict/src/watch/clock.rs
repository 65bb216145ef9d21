//! The exchange's clock, carried on by this machine's between readings, which outvote one that is
//! wrong.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use dataset::YEAR_2100_MS;
use market::RestClient;

/// How long readings are trusted: a quartz drifts by a few milliseconds in that time.
const READING_LASTS: Duration = Duration::from_secs(600);

/// How long old readings are put up with after one that failed or that was left out.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How often the exchange is asked at once: one wrong answer is outvoted.
const ROW: usize = 3;

/// How many readings are kept: two rows and the last of the one before, so that a row of wrong ones
/// is outvoted too.
const KEPT: usize = 7;

/// An answer that took longer than this was perhaps asked for more than once, and says little.
const SLOW_ANSWER: Duration = Duration::from_secs(1);

/// How far, in real milliseconds, candles may close ahead of the clock, or readings be apart: more
/// than half an answer's way is off.
const SLOW_MS: f64 = 2000.0;

/// The exchange's clock: the median of the last readings. The local time of day is never asked.
#[derive(Debug, Clone)]
pub struct ExchangeClock {
    /// By this machine's clock, the time at which every reading says what the exchange's clock
    /// showed.
    zero: Instant,
    /// What it showed then by each reading, UTC ms, oldest first.
    readings: VecDeque<f64>,
    /// Their median.
    at_zero_ms: f64,
    read_again_at: Instant,
    speed: f64,
    left_out_ms: Vec<i64>,
}

/// One answer of the exchange.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    server_ms: i64,
    /// When it was written: about half-way between question and answer.
    at: Instant,
    took: Duration,
}

impl ExchangeClock {
    /// Asks the exchange what time it is. `speed` is 1 but in rehearsals.
    ///
    /// # Errors
    /// An exchange that does not answer, or whose answer is no time of this century.
    pub async fn read(client: &RestClient, speed: f64) -> Result<Self, market::Error> {
        let readings = Self::readings(client).await?;
        Ok(Self::of(&readings, speed))
    }

    fn of(readings: &[Reading], speed: f64) -> Self {
        let zero = Instant::now();
        let (readings_kept, left_out_ms) = (VecDeque::new(), Vec::new());
        let mut clock = Self {
            zero,
            readings: readings_kept,
            at_zero_ms: 0.0,
            read_again_at: zero,
            speed,
            left_out_ms,
        };
        clock.add(readings);
        clock
    }

    /// Asks the exchange several times at once.
    ///
    /// # Errors
    /// As [`ExchangeClock::read`], where not one answer was good.
    pub async fn readings(client: &RestClient) -> Result<Vec<Reading>, market::Error> {
        let answers = tokio::join!(reading(client), reading(client), reading(client));
        let mut readings: Vec<Reading> = Vec::with_capacity(ROW);
        let mut error = None;
        for answer in <[_; ROW]>::from(answers) {
            match answer {
                Ok(reading) => readings.push(reading),
                Err(other) => error = Some(other),
            }
        }
        if let Some(error) = error.filter(|_| readings.is_empty()) {
            return Err(error);
        }
        if readings.iter().any(|reading| reading.took < SLOW_ANSWER) {
            readings.retain(|reading| reading.took < SLOW_ANSWER);
        }
        Ok(readings)
    }

    /// Takes readings in; where the others outvote one, it is left out, and the exchange is asked
    /// again soon.
    pub fn add(&mut self, readings: &[Reading]) {
        let first = self.readings.len();
        for reading in readings {
            let since_zero_ms = match reading.at.checked_duration_since(self.zero) {
                Some(since) => since.as_secs_f64() * 1000.0,
                None => -(self.zero - reading.at).as_secs_f64() * 1000.0,
            };
            self.readings
                .push_back(reading.server_ms as f64 - since_zero_ms * self.speed);
        }
        let new = self.readings.len() - first;
        while self.readings.len() > KEPT {
            self.readings.pop_front();
        }
        // Of two halves that contradict each other, the newer one is believed where it is more than
        // one answer.
        let newest = self.readings.back().copied().unwrap_or(self.at_zero_ms);
        let favoured = if new > 1 || first == 0 {
            newest
        } else {
            self.at_zero_ms
        };
        self.at_zero_ms = median(&self.readings, favoured).unwrap_or(self.at_zero_ms);
        let apart = self
            .readings
            .iter()
            .rev()
            .take(new)
            .map(|at_zero_ms| (at_zero_ms - self.at_zero_ms) as i64);
        let most_ms = (SLOW_MS * self.speed) as i64;
        self.left_out_ms = apart.filter(|apart_ms| apart_ms.abs() > most_ms).collect();
        let lasts = if self.left_out_ms.is_empty() {
            READING_LASTS
        } else {
            PAUSE_AFTER_FAILURE
        };
        self.read_again_at = Instant::now() + lasts;
    }

    /// How far ahead of the clock those of the last answers are, in ms, that the others outvoted.
    pub fn left_out_ms(&self) -> &[i64] {
        &self.left_out_ms
    }

    /// Takes new readings alone: candles have proved the old ones wrong.
    pub fn replace(&mut self, readings: &[Reading]) {
        self.readings.clear();
        self.add(readings);
    }

    /// Whether it should be read again.
    pub fn is_old(&self) -> bool {
        Instant::now() >= self.read_again_at
    }

    /// Reads it again at the next opportunity: what the exchange does is not what it would do at
    /// this time.
    pub fn doubt(&mut self) {
        self.read_again_at = Instant::now();
    }

    /// Puts up with the readings for a while, as another one has just failed.
    pub fn keep_for_now(&mut self) {
        self.read_again_at = Instant::now() + PAUSE_AFTER_FAILURE;
    }

    /// No candle can have closed later than this, UTC ms. One that has proves the clock slow: while
    /// this machine sleeps, the readings are not carried on.
    pub fn latest_close_ms(&self) -> i64 {
        self.now_ms() + (SLOW_MS * self.speed) as i64
    }

    /// UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        (self.at_zero_ms + self.zero.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64
    }

    /// How long to sleep until it shows `time_ms`; zero when it does already.
    pub fn until(&self, time_ms: i64) -> Duration {
        self.real((time_ms - self.now_ms()) as f64)
    }

    /// How long a span of the exchange's milliseconds takes.
    pub fn real(&self, span_ms: f64) -> Duration {
        Duration::from_secs_f64((span_ms / 1000.0 / self.speed).clamp(0.0, 1e6))
    }
}

async fn reading(client: &RestClient) -> Result<Reading, market::Error> {
    let asked = Instant::now();
    let server_ms = of_this_century(client.server_time_ms().await?)?;
    let took = asked.elapsed();
    Ok(Reading {
        server_ms,
        at: asked + took / 2,
        took,
    })
}

/// Refuses an answer that would carry every later calculation beyond what a candle's time can be.
fn of_this_century(server_ms: i64) -> Result<i64, market::Error> {
    if (0..YEAR_2100_MS).contains(&server_ms) {
        return Ok(server_ms);
    }
    Err(market::Error::WrongShape {
        request: "GET time".to_owned(),
        place: "serverTime".to_owned(),
        expected: "UTC milliseconds before 2100".to_owned(),
        found: server_ms.to_string(),
    })
}

/// The middle value; of the two middle ones of an even number, the one that `favoured` is nearer
/// to.
fn median(readings: &VecDeque<f64>, favoured: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = readings.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let low = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    let high = *sorted.get(sorted.len() / 2)?;
    Some(if (favoured - low).abs() <= (favoured - high).abs() {
        low
    } else {
        high
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_717_286_400_000;
    const WRONG_MS: i64 = NOW_MS + 480_000;

    fn readings(server_ms: &[i64]) -> Vec<Reading> {
        let at = Instant::now();
        server_ms
            .iter()
            .map(|&server_ms| Reading {
                server_ms,
                at,
                took: Duration::ZERO,
            })
            .collect()
    }

    /// How far the clock is ahead, in minutes.
    fn ahead(clock: &ExchangeClock) -> i64 {
        (clock.now_ms() - NOW_MS) / 60_000
    }

    #[test]
    fn a_clock_that_slept_is_found_out() {
        let mut clock = ExchangeClock::of(&readings(&[NOW_MS]), 1.0);
        assert!(!clock.is_old() && clock.latest_close_ms() > NOW_MS + 1000);
        assert!(clock.latest_close_ms() < NOW_MS + 3_600_000);
        clock.replace(&readings(&[NOW_MS + 3_600_000]));
        assert_eq!(ahead(&clock), 60);
        clock.doubt();
        assert!(clock.is_old());
        clock.keep_for_now();
        assert!(!clock.is_old());
    }

    /// One answer eight minutes ahead once cost eighteen minutes.
    #[test]
    fn a_wrong_answer_is_outvoted() {
        for wrong in 0..3 {
            let mut row = [NOW_MS; 3];
            row[wrong] = WRONG_MS;
            let mut clock = ExchangeClock::of(&readings(&row), 1.0);
            assert_eq!(ahead(&clock), 0, "answer {wrong} is wrong");
            assert_eq!(clock.left_out_ms(), [480_000]);
            assert!(
                clock.read_again_at <= Instant::now() + PAUSE_AFTER_FAILURE,
                "asked again soon"
            );
            clock.add(&readings(&[WRONG_MS]));
            assert_eq!(ahead(&clock), 0);
        }
    }

    #[test]
    fn a_row_of_wrong_answers_is_outvoted_by_the_next_and_by_those_before() {
        let mut clock = ExchangeClock::of(&readings(&[WRONG_MS; 3]), 1.0);
        assert_eq!(ahead(&clock), 8);
        clock.add(&readings(&[NOW_MS; 3]));
        assert_eq!(ahead(&clock), 0, "of equals, the newer ones");
        let mut clock = ExchangeClock::of(&readings(&[NOW_MS; 3]), 1.0);
        clock.add(&readings(&[NOW_MS; 3]));
        clock.add(&readings(&[WRONG_MS; 3]));
        assert_eq!(ahead(&clock), 0);
        clock.add(&readings(&[WRONG_MS; 3]));
        assert_eq!(ahead(&clock), 8, "two rows in a row are believed");
    }

    #[test]
    fn a_time_of_the_far_future_is_none() {
        for wrong in [i64::MAX, 1_717_286_460_000_000, -5] {
            assert!(
                of_this_century(wrong)
                    .unwrap_err()
                    .to_string()
                    .contains(&wrong.to_string())
            );
        }
        assert_eq!(of_this_century(NOW_MS).unwrap(), NOW_MS);
    }
}

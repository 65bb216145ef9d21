//! Prediction intervals as a run keeps them.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use cli::WithHint;
use dataset::{IntervalMethod, TablePart, TimeSpan};
use serde::{Deserialize, Serialize};
use storage::write_atomically;

/// How wide the intervals of one horizon are at which time, in units of the trailing volatility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedIntervals {
    /// How far ahead the target looks.
    pub horizon: TimeSpan,
    /// Shares of the targets that the intervals should hold.
    pub coverage: Vec<f64>,
    /// In order of time; each step holds until the next one begins. Before the first one there is
    /// no interval.
    pub steps: Vec<WidthStep>,
}

/// The widths from one time on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WidthStep {
    /// Open time of the first candle at which they hold, UTC ms. Whatever they are fitted to is
    /// known before it, with the reach of the targets and the embargo.
    pub from_ms: i64,
    /// Number of forecasts whose errors they are quantiles of.
    pub errors: usize,
    /// Half the width for each coverage; None where there are too few errors for it.
    pub half_widths: Vec<Option<f64>>,
}

/// An interval around one forecast, in the unit of the target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PredictionInterval {
    /// The share of the targets that such intervals should hold.
    pub coverage: f64,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
}

impl FittedIntervals {
    /// The interval of each coverage around a forecast at `time_ms`, the open time of its last
    /// candle; `volatility` is the coin's trailing volatility there. Empty where the widths or the
    /// volatility are unknown.
    pub fn around(&self, time_ms: i64, forecast: f64, volatility: f64) -> Vec<PredictionInterval> {
        let of = |(place, &coverage): (usize, &f64)| {
            let [lower, upper] = self.bounds(place, time_ms, forecast, volatility)?;
            Some(PredictionInterval {
                coverage,
                lower,
                upper,
            })
        };
        self.coverage.iter().enumerate().filter_map(of).collect()
    }

    /// The bounds of one of the coverages by its place among them.
    fn bounds(
        &self,
        place: usize,
        time_ms: i64,
        forecast: f64,
        volatility: f64,
    ) -> Option<[f64; 2]> {
        let begun = self.steps.partition_point(|step| step.from_ms <= time_ms);
        let step = self.steps.get(begun.checked_sub(1)?)?;
        let half = (*step.half_widths.get(place)?)? * volatility;
        half.is_finite()
            .then_some([forecast - half, forecast + half])
    }

    /// Adds the columns `lower_P` and `upper_P` to a table's rows of the horizon; NaN where there
    /// is no interval.
    pub(super) fn add_bounds(&self, part: &mut TablePart) {
        for (place, coverage) in self.coverage.iter().enumerate() {
            let bounds = |row: usize| {
                let (forecast, volatility) = (part.forecast[row], part.trailing_volatility[row]);
                let bounds = self.bounds(place, part.time_ms[row], forecast, volatility);
                bounds.map_or((f64::NAN, f64::NAN), |[lower, upper]| (lower, upper))
            };
            let (lower, upper) = (0..part.len()).map(bounds).unzip();
            let percent = (coverage * 100.0).round();
            part.outputs.insert(format!("lower_{percent}"), lower);
            part.outputs.insert(format!("upper_{percent}"), upper);
        }
    }
}

/// The intervals of all horizons of a run: the content of its `intervals.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedIntervals {
    pub method: IntervalMethod,
    pub horizons: Vec<FittedIntervals>,
}

impl SavedIntervals {
    /// The file's name in the folder of the run.
    const FILE: &str = "intervals.json";

    /// Writes the file into a run's folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, run: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string(self)? + "\n";
        Ok(write_atomically(&run.join(Self::FILE), text.as_bytes())?)
    }

    /// Reads what [`SavedIntervals::write`] wrote.
    ///
    /// # Errors
    /// A file that is missing or broken.
    pub fn read(run: &Path) -> anyhow::Result<Self> {
        let path = run.join(Self::FILE);
        let hint = "`--resume` joins the run's folds again, which writes it";
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))
            .hint(hint)?;
        let saved: Self = serde_json::from_str(&text)
            .with_context(|| format!("{}: no prediction intervals", path.display()))
            .hint(hint)?;
        saved
            .checked()
            .map_err(|reason| anyhow!("{}: {reason}", path.display()).hint(hint))
    }

    /// Refuses what no run wrote.
    fn checked(self) -> Result<Self, String> {
        for FittedIntervals {
            horizon,
            coverage,
            steps,
        } in &self.horizons
        {
            if !steps.is_sorted_by(|one, next| one.from_ms < next.from_ms) {
                return Err(format!("steps of {horizon} are not in order of time"));
            }
            let is_whole = |step: &WidthStep| {
                let is_width = |half: &f64| half.is_finite() && *half >= 0.0;
                step.half_widths.len() == coverage.len()
                    && step.half_widths.iter().flatten().all(is_width)
            };
            if let Some(step) = steps.iter().find(|step| !is_whole(step)) {
                return Err(format!(
                    "the widths of {horizon} are {:?}, expected one of 0 or more for each of {} coverages",
                    step.half_widths,
                    coverage.len()
                ));
            }
        }
        Ok(self)
    }

    /// Those of one horizon.
    ///
    /// # Errors
    /// A horizon that they do not have; `run` names the folder.
    pub fn of_horizon(
        self,
        run: &Path,
        horizon: TimeSpan,
    ) -> anyhow::Result<Option<FittedIntervals>> {
        let found = (self.horizons.into_iter()).find(|fitted| fitted.horizon == horizon);
        match found {
            Some(fitted) => Ok(Some(fitted)),
            None => Err(anyhow!(
                "{}: no intervals of horizon {horizon}, expected those of every horizon of the run",
                run.join(Self::FILE).display()
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn saved(steps: Vec<WidthStep>) -> SavedIntervals {
        SavedIntervals {
            method: IntervalMethod::Split,
            horizons: vec![FittedIntervals {
                horizon: TimeSpan::minutes(15),
                coverage: vec![0.8, 0.95],
                steps,
            }],
        }
    }

    fn step(from_ms: i64, half_widths: [Option<f64>; 2]) -> WidthStep {
        WidthStep {
            from_ms,
            errors: 19,
            half_widths: half_widths.to_vec(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let run = tempfile::tempdir().unwrap();
        let written = saved(vec![
            step(5, [Some(1.5), None]),
            step(9, [Some(0.1), Some(3.25)]),
        ]);
        written.write(run.path()).unwrap();
        let read = SavedIntervals::read(run.path()).unwrap();
        assert_eq!(read, written);
        let other = read.clone().of_horizon(run.path(), TimeSpan::minutes(5));
        assert!(
            other
                .unwrap_err()
                .to_string()
                .contains("no intervals of horizon 5m")
        );
        let fitted = read
            .of_horizon(run.path(), TimeSpan::minutes(15))
            .unwrap()
            .unwrap();
        assert_eq!(fitted.around(4, 1.0, 2.0), []);
        let bounds = |time_ms: i64| -> Vec<(f64, f64, f64)> {
            let found = fitted.around(time_ms, 1.0, 2.0);
            found
                .iter()
                .map(|one| (one.coverage, one.lower, one.upper))
                .collect()
        };
        assert_eq!(bounds(8), [(0.8, -2.0, 4.0)]);
        assert_eq!(bounds(9), [(0.8, 0.8, 1.2), (0.95, -5.5, 7.5)]);
    }

    #[test]
    fn what_no_run_wrote_is_refused() {
        let run = tempfile::tempdir().unwrap();
        let bad = [
            saved(vec![step(9, [None, None]), step(9, [None, None])]),
            saved(vec![step(9, [Some(-1.0), None])]),
        ];
        for (bad, reason) in bad
            .into_iter()
            .zip(["not in order of time", "expected one of 0 or more"])
        {
            bad.write(run.path()).unwrap();
            let error = format!("{:#}", SavedIntervals::read(run.path()).unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
        fs::remove_file(run.path().join(SavedIntervals::FILE)).unwrap();
        let error = SavedIntervals::read(run.path()).unwrap_err();
        assert!(error.to_string().starts_with("cannot read "), "{error}");
    }
}

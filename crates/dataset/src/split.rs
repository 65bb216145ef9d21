//! Walk-forward folds by time, purged at every boundary.

use std::fmt;
use std::ops::Range;

use market::Interval;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Column, Error, Panel, Targets, TimeSpan};

/// The `[split]` section: the walk-forward folds, each trained on what comes before it. The reach
/// of the target is always left out before every boundary, so that no target of the training time
/// looks into what is scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// Whether the training time grows from fold to fold or has a fixed length.
    pub scheme: Scheme,
    /// How many folds are scored. The usable time is cut into one part more than that, the first of
    /// which only trains. With `split.test` the last so many spans are scored, and `"all"` scores as
    /// many as there is time for.
    #[serde(with = "notation::or_all")]
    #[schemars(with = "notation::OrAll<usize>")]
    pub folds: Option<usize>,
    /// With `split.scheme = "rolling"` the length of the training time; without it that is the
    /// length of one part. With `split.scheme = "expanding"` and `split.test` the least training
    /// time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<TimeSpan>,
    /// Length of a scored fold. Without it the time is cut into equal parts. It needs `split.train`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TimeSpan>,
    /// How often a forecaster is fitted anew within a fold. The scored time is cut so often, counted
    /// from the UTC midnight before it, and each piece is forecast by a fit on what lies before the
    /// piece. Without it there is one fit a fold, but for `ridge`, whose default is a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refit_every: Option<TimeSpan>,
    /// Which rows are scored: those whose bar closes at a whole multiple of it, counted in UTC from
    /// 1970, such as `"1d"` for one row a day out of bars of 5 minutes. The folds are cut into equal
    /// counts of these rows, and classical models of volatility and trees are fitted to these rows
    /// alone. Networks learn from every row that `training.stride` leaves, and `predict` answers at any
    /// time. Without it all rows are scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_every: Option<TimeSpan>,
    /// Time that is left out before every boundary on top of the target's reach.
    pub embargo: TimeSpan,
    /// Share of the training time, at its end, that decides early stopping and is never trained on,
    /// from 0 to 0.9.
    pub early_stopping_share: f64,
    /// How many bars back a coin must have closes for its time to count as usable when the time is
    /// cut into folds. It is a count, as it stands for a warm-up, and it does not depend on the
    /// forecaster, so that all forecasters share the folds.
    pub history_bars: usize,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            scheme: Scheme::Expanding,
            folds: Some(7),
            train: None,
            test: None,
            refit_every: None,
            score_every: None,
            embargo: TimeSpan::ZERO,
            early_stopping_share: 0.15,
            history_bars: 60,
        }
    }
}

/// No data is cut into more folds, nor a fold into more pieces.
const MOST_FOLDS: usize = 10_000;

const DAY_MS: i64 = 86_400_000;

/// A hundred years of minutes: no span is longer, and none can overflow.
const MOST_BARS: usize = 52_560_000;

/// How the training time moves from fold to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// A fold is trained on all that comes before it.
    Expanding,
    /// A fold is trained on the last `split.train` before it.
    Rolling,
}

/// One fold, or one refit within a fold: rows of the panel, each range half-open.
///
/// No target of `train` reaches into `stop`, none of `stop` into `score`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// 1-based number of the fold.
    pub number: usize,
    /// Of a refit, its 1-based number within the fold.
    pub refit: Option<usize>,
    /// What weights and statistics are fitted on.
    pub train: Range<usize>,
    /// What early stopping is decided on.
    pub stop: Range<usize>,
    /// What is scored.
    pub score: Range<usize>,
    /// With `split.refit_every`: the pieces of what is scored, in order of time, each with what it
    /// is fitted on.
    pub refits: Vec<Self>,
}

impl Fold {
    /// What is fitted for the fold: its refits, or itself.
    pub fn fits(&self) -> &[Self] {
        match self.refits.as_slice() {
            [] => std::slice::from_ref(self),
            refits => refits,
        }
    }

    /// Its folder in a run's: `fold-2`, or `fold-2/refit-3`.
    pub fn dir(&self) -> String {
        match self.refit {
            None => format!("fold-{}", self.number),
            Some(refit) => format!("fold-{}/refit-{refit}", self.number),
        }
    }
}

impl fmt::Display for Fold {
    /// `fold 2`, or `fold 2 refit 3`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "fold {}", self.number)?;
        self.refit
            .map_or(Ok(()), |refit| write!(formatter, " refit {refit}"))
    }
}

/// The folds of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPlan {
    /// In order of time.
    pub folds: Vec<Fold>,
}

impl SplitConfig {
    pub(crate) fn validate(&self, interval: Interval) -> Result<(), Error> {
        match self.folds {
            Some(folds) if !(1..=MOST_FOLDS).contains(&folds) => {
                return Err(Error::config(
                    "split.folds",
                    folds,
                    format!("1 to {MOST_FOLDS} folds, or \"all\" with split.test"),
                ));
            }
            None if self.test.is_none() => {
                return Err(Error::config(
                    "split.folds",
                    "\"all\"",
                    "a number of folds, or split.test too, the length of one",
                ));
            }
            _ => {}
        }
        for (key, span, least) in [
            ("split.train", self.train, 1),
            ("split.test", self.test, 1),
            ("split.refit_every", self.refit_every, 1),
            ("split.score_every", self.score_every, 1),
            ("split.embargo", Some(self.embargo), 0),
        ] {
            if let Some(span) = span {
                span.check_bars(key, interval, (least, MOST_BARS))?;
            }
        }
        if self.history_bars > MOST_BARS {
            return Err(Error::config(
                "split.history_bars",
                self.history_bars,
                format!("0 to {MOST_BARS} bars"),
            ));
        }
        if let (Some(test), None) = (self.test, self.train) {
            return Err(Error::config(
                "split.test",
                test,
                "split.train too, the time that is trained on before it",
            ));
        }
        if !(0.0..=0.9).contains(&self.early_stopping_share) {
            return Err(Error::config(
                "split.early_stopping_share",
                self.early_stopping_share,
                "a share from 0 to 0.9",
            ));
        }
        Ok(())
    }

    /// Whether a row is one of those that are scored, by the time at which its bar closes.
    pub fn is_scored(&self, panel: &Panel, row: usize) -> bool {
        let closes_ms = panel.time_ms(row) + panel.interval().ms();
        let is_multiple = |every: TimeSpan| closes_ms.rem_euclid(every.ms()) == 0;
        self.score_every.is_none_or(is_multiple)
    }

    /// Cuts the usable times of the panel into `folds + 1` parts of equal count or, with `test`,
    /// into spans of that length, the last of which ends with them.
    ///
    /// # Errors
    /// Fewer usable times than parts, or a part shorter than the purge.
    pub fn plan(
        &self,
        panel: &Panel,
        targets: &Targets,
        reach_bars: usize,
    ) -> Result<SplitPlan, Error> {
        let usable = usable_rows(panel, targets, self);
        let bars = |span: TimeSpan| span.bars(panel.interval());
        let gap = reach_bars + bars(self.embargo);
        let train = self.train.map(bars);
        let spans = match self.test.map(bars) {
            None => {
                let step = self.score_every.map_or(1, bars).max(1);
                self.parts(&usable, (gap, gap.div_ceil(step)), train)?
            }
            Some(test) => self.spans(&usable, gap, (train.unwrap_or(0), test))?,
        };
        let fit = |number, refit, span: &Span| self.fit((number, refit), span, &usable, gap);
        let mut folds = Vec::with_capacity(spans.len());
        for (number, span) in (1..).zip(&spans) {
            let mut fold = fit(number, None, span)?;
            if let Some(every) = self.refit_every {
                let pieces = span.cut(panel, every)?;
                let refit = |(refit, piece): (usize, &Span)| fit(number, Some(refit), piece);
                fold.refits = (1..).zip(&pieces).map(refit).collect::<Result<_, _>>()?;
            }
            folds.push(fold);
        }
        Ok(SplitPlan { folds })
    }

    /// What is fitted on and stopped early on before a span is scored, a gap before every boundary.
    fn fit(
        &self,
        (number, refit): (usize, Option<usize>),
        span: &Span,
        usable: &[usize],
        gap: usize,
    ) -> Result<Fold, Error> {
        let train_start = span.train_start();
        let train_end = span.score.start.saturating_sub(gap);
        let before = |row: usize| usable.partition_point(|&other| other < row);
        let times = &usable[before(train_start)..before(train_end.max(train_start))];
        let held_out = (times.len() as f64 * self.early_stopping_share) as usize;
        let (fitted_end, stop_start) = match held_out {
            0 => (train_end, train_end),
            _ => {
                let stop_start = times[times.len() - held_out];
                (stop_start.saturating_sub(gap), stop_start)
            }
        };
        if times.first().is_none_or(|&first| first >= fitted_end) {
            return Err(self.too_few(times.len(), gap + 2));
        }
        Ok(Fold {
            number,
            refit,
            train: train_start..fitted_end,
            stop: stop_start..train_end,
            score: span.score.clone(),
            refits: Vec::new(),
        })
    }

    /// `folds + 1` parts of equal count, the first of which only trains; the gap is in bars and in
    /// rows that are scored.
    fn parts(
        &self,
        usable: &[usize],
        (gap, gap_rows): (usize, usize),
        train: Option<usize>,
    ) -> Result<Vec<Span>, Error> {
        // Without `test` there is a number of them.
        let folds = self.folds.unwrap_or(1);
        let parts = folds + 1;
        if usable.len() < parts * (gap_rows + 2) {
            return Err(self.too_few(usable.len(), parts * (gap_rows + 2)));
        }
        let boundary = |part: usize| match self.score_every {
            // What does not divide evenly goes to the last fold.
            None => usable[usable.len() / parts * part],
            // The rows are few: no part has more than one row more than another.
            Some(_) => usable[usable.len() * part / parts],
        };
        let span = |number: usize| {
            let start = boundary(number);
            let end = if number == folds {
                usable[usable.len() - 1] + 1
            } else {
                boundary(number + 1)
            };
            let before = match (self.scheme, train) {
                (Scheme::Expanding, _) => None,
                (Scheme::Rolling, None) => Some(start - boundary(number - 1)),
                (Scheme::Rolling, Some(bars)) => Some(gap + bars),
            };
            Span {
                before,
                score: start..end,
            }
        };
        Ok((1..=folds).map(span).collect())
    }

    /// Spans of `test` rows back from the last usable one, each with `train` rows and the gap before
    /// it.
    ///
    /// They end with the time there is, not begin with it, so that the last forecaster is the
    /// freshest.
    fn spans(
        &self,
        usable: &[usize],
        gap: usize,
        (train, test): (usize, usize),
    ) -> Result<Vec<Span>, Error> {
        let (first, end) = (
            usable.first().copied().unwrap_or(0),
            usable.last().map_or(0, |last| last + 1),
        );
        let before = train + gap;
        let fitting = (end - first).saturating_sub(before) / test.max(1);
        let folds = self.folds.unwrap_or(fitting.max(1));
        if folds > fitting {
            return Err(self.too_few(end - first, before + folds * test));
        }
        let span = |fold: usize| {
            let start = end - (folds - fold) * test;
            Span {
                before: (self.scheme == Scheme::Rolling).then_some(before),
                score: start..start + test,
            }
        };
        Ok((0..folds).map(span).collect())
    }

    fn too_few(&self, found: usize, expected: usize) -> Error {
        let (what, way_out) = match self.test {
            None => (
                format!("{} folds", self.folds.unwrap_or(1)),
                "fewer folds (--set split.folds=N)",
            ),
            Some(test) => (
                format!("folds of {test}"),
                "shorter or fewer ones (split.train, split.test, split.folds)",
            ),
        };
        let hint = format!(
            "{way_out}, a shorter horizon, or more candles (`quarterhour audit` shows what \
             there is)"
        );
        Error::TooFewRows {
            what,
            found,
            expected,
            hint,
        }
    }
}

/// What is scored, and from where on is trained; the training time ends a gap before.
struct Span {
    /// Rows from the beginning of the training time; None: all there are.
    before: Option<usize>,
    score: Range<usize>,
}

impl Span {
    fn train_start(&self) -> usize {
        self.before
            .map_or(0, |before| self.score.start.saturating_sub(before))
    }

    /// Cuts it every so often, counted from the UTC midnight before it, so that it does not matter
    /// where in a day the fold happens to begin. The first and last piece may be shorter.
    fn cut(&self, panel: &Panel, every: TimeSpan) -> Result<Vec<Self>, Error> {
        let (first_ms, step_ms) = (panel.time_ms(self.score.start), panel.interval().ms());
        let midnight_ms = first_ms - first_ms.rem_euclid(DAY_MS);
        let skipped = (first_ms - midnight_ms) / every.ms();
        let cut_ms = midnight_ms + (skipped + 1) * every.ms();
        // The grid has midnights and the interval's multiples, so these are whole rows.
        let first = self.score.start + ((cut_ms - first_ms) / step_ms) as usize;
        let cuts = (first..self.score.end).step_by(every.bars(panel.interval()).max(1));
        let starts: Vec<usize> = std::iter::once(self.score.start).chain(cuts).collect();
        if starts.len() > MOST_FOLDS {
            let expected = format!(
                "at most {MOST_FOLDS} refits in a fold, found {}",
                starts.len()
            );
            return Err(Error::config("split.refit_every", every, expected));
        }
        let ends = starts[1..].iter().copied().chain([self.score.end]);
        let piece = |(&start, end): (&usize, usize)| Self {
            before: self.before,
            score: start..end,
        };
        Ok(starts.iter().zip(ends).map(piece).collect())
    }
}

/// Rows where some coin is usable.
fn usable_rows(panel: &Panel, targets: &Targets, split: &SplitConfig) -> Vec<usize> {
    let cells = usable_cells(panel, targets, 0..panel.rows(), split);
    let mut rows: Vec<usize> = cells.map(|(row, _)| row).collect();
    rows.dedup();
    rows
}

/// The rows and coins, in order of time, where the coin is usable: the row is one of those that are
/// scored, and the coin has a target and closes, filled ones included, for `split.history_bars` bars
/// back.
pub(crate) fn usable_cells<'a>(
    panel: &'a Panel,
    targets: &'a Targets,
    rows: Range<usize>,
    split: &'a SplitConfig,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let history_bars = split.history_bars;
    let mut run = vec![0usize; panel.coins()];
    let first = rows.start.saturating_sub(history_bars);
    (first..rows.end).flat_map(move |row| {
        for (coin, run) in run.iter_mut().enumerate() {
            *run = match panel.value(Column::Close, row, coin).is_nan() {
                true => 0,
                false => *run + 1,
            };
        }
        let is_asked = row >= rows.start && split.is_scored(panel, row);
        let is_usable = |coin: &usize| {
            is_asked && run[*coin] > history_bars && !targets.value(row, *coin).is_nan()
        };
        let coins: Vec<usize> = (0..run.len()).filter(is_usable).collect();
        coins.into_iter().map(move |coin| (row, coin))
    })
}

#[cfg(test)]
mod tests;

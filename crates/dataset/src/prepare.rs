//! From a config to everything that forecasters share: panel, features, targets, folds.

use std::borrow::Cow;
use std::ops::Range;

use market::Symbol;
use storage::Scratch;

use crate::settled::settled;
use crate::source_panel::{
    KnownCoins, check_ranked_before, on_grid, simulated_panel, spelled_out, stored_panel,
    with_known_coins,
};
use crate::split::usable_cells;
use crate::{
    Config, Eligibility, Entry, Error, FeatureMatrix, FeatureSet, Fold, LeftOut, Normalizer, Panel,
    Source, SplitConfig, SplitPlan, TargetKind, TargetScales, Targets, TimeSpan, TrainingRows,
    TrainingTargets, WindowSet,
};

/// The parts that every forecaster of a run shares.
///
/// Features are not among them: they are computed from the panel where they are needed, by
/// [`Dataset::features`] as a whole or by [`crate::TabularFeatures`] in chunks, so that a table
/// larger than memory can be streamed.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The configuration, with the universe and the panel's span spelled out: a run that goes on
    /// after its store has grown has the folds that it began with, or is refused.
    pub config: Config,
    /// Candles of all coins on one grid.
    pub panel: Panel,
    /// Targets of every row and coin, at the first horizon of the config.
    pub targets: Targets,
    /// Which windows can be forecast from.
    pub eligibility: Eligibility,
    /// The folds.
    pub plan: SplitPlan,
    /// Simulated market only, and of targets that have one: the expected target given all that is
    /// known at t, `[rows, coins]`; no forecaster can do better, and none may see it.
    pub oracle: Option<Vec<f64>>,
    /// The panels of the `[[panel]]` sections: forecasters learn from them, and nothing of them is
    /// forecast or scored.
    pub further: Vec<FurtherPanel>,
    /// Names of the `[[panel]]` sections that have no candles before the last scored time.
    pub unused_panels: Vec<String>,
    /// Coins of the store that have no candles between `data.from` and `data.until`, where the
    /// universe is all of them: they are left out.
    pub without_candles: Vec<Symbol>,
    /// Coins that the rule of the universe leaves out.
    pub left_out: Vec<LeftOut>,
    /// Each coin's weight in the weighted correlation.
    weights: Vec<f64>,
}

/// A further panel to learn from, as a data set without folds.
#[derive(Debug, Clone)]
pub struct FurtherPanel {
    /// Its name.
    pub name: String,
    /// Its candles, targets and windows.
    pub dataset: Dataset,
}

impl Dataset {
    /// Reads candles and computes the rest, all in memory.
    ///
    /// # Errors
    /// A config that makes no sense, missing candles or columns, too little time for the folds.
    pub fn load(config: &Config) -> Result<Self, Error> {
        Self::load_in(config, &Scratch::default())
    }

    /// As [`Dataset::load`], with the arrays that have a number for each row and coin in `scratch`:
    /// columns of candles, features, targets and what these are divided by. The values are the same.
    /// The candles of a simulated market, which is made as a whole, stay in memory.
    ///
    /// # Errors
    /// As [`Dataset::load`]; a disk without room for the arrays.
    pub fn load_in(config: &Config, scratch: &Scratch) -> Result<Self, Error> {
        config.validate()?;
        let asked = config;
        let KnownCoins {
            config,
            without_candles,
            left_out,
            ranked_until_ms,
        } = with_known_coins(asked)?;
        let (panel, oracle) = match config.data.source {
            Source::Store => (stored_panel(&config, scratch)?, None),
            Source::Simulated => {
                let (panel, oracle) = simulated_panel(&config)?;
                (panel.with_scratch(scratch), oracle)
            }
        };
        let mut config = spelled_out(config, &panel);
        config.target = config.target.at_first_horizon();
        let mut dataset = Self::of_panel(config, panel);
        let Self {
            config,
            panel,
            targets,
            ..
        } = &dataset;
        let plan = config.split.plan(panel, targets, config.purge_bars())?;
        let first = plan.folds.first();
        let first_scored_ms = first.map(|fold| panel.time_ms(fold.score.start));
        check_ranked_before(asked, ranked_until_ms, first_scored_ms)?;
        dataset.oracle = oracle.map(|expected| on_grid(panel, &expected));
        dataset.plan = plan;
        dataset.without_candles = without_candles;
        dataset.left_out = left_out;
        dataset.load_further()?;
        Ok(dataset)
    }

    /// Cuts the same folds into the refits of another `split.refit_every`; all else stays.
    ///
    /// # Errors
    /// A time that is refused; too many refits.
    pub fn set_refit_every(&mut self, every: Option<TimeSpan>) -> Result<(), Error> {
        let split = SplitConfig {
            refit_every: every,
            ..self.config.split.clone()
        };
        split.validate(self.config.data.interval)?;
        let purge_bars = self.config.purge_bars();
        self.plan = split.plan(&self.panel, &self.targets, purge_bars)?;
        self.config.split = split;
        Ok(())
    }

    /// What a panel and a valid config make, without folds.
    pub fn of_panel(config: Config, panel: Panel) -> Self {
        let interval = config.data.interval;
        Self {
            targets: config.target.compute(&panel),
            eligibility: Eligibility::of(&panel, &config.features),
            plan: SplitPlan { folds: Vec::new() },
            oracle: None,
            further: Vec::new(),
            unused_panels: Vec::new(),
            without_candles: Vec::new(),
            left_out: Vec::new(),
            weights: config.target.weights_of(panel.symbols(), interval),
            config,
            panel,
        }
    }

    /// Every horizon of the config as a data set of that horizon alone, with the folds of all; this
    /// one where it has one.
    pub fn by_horizon(&self) -> Vec<Cow<'_, Self>> {
        let target = &self.config.target;
        if target.horizons.is_empty() {
            return vec![Cow::Borrowed(self)];
        }
        let at = |horizon: &TimeSpan| Cow::Owned(self.at_horizon(*horizon));
        target.horizons.iter().map(at).collect()
    }

    /// The data set at one horizon. What a simulated market expects is known of the first alone.
    fn at_horizon(&self, horizon: TimeSpan) -> Self {
        let is_first = horizon == self.config.target.horizon;
        let mut config = self.config.clone();
        config.target = config.target.at_horizon(horizon);
        Self {
            targets: match is_first {
                true => self.targets.clone(),
                false => config.target.compute(&self.panel),
            },
            panel: self.panel.clone(),
            eligibility: self.eligibility.clone(),
            plan: self.plan.clone(),
            oracle: self.oracle.clone().filter(|_| is_first),
            // A config of several horizons has no further panels.
            further: Vec::new(),
            unused_panels: Vec::new(),
            without_candles: Vec::new(),
            left_out: Vec::new(),
            weights: self.weights.clone(),
            config,
        }
    }

    /// Simulated market only: the expected target of a coin at a time, given all that is known
    /// then.
    pub fn expected(&self, time_ms: i64, symbol: &str) -> Option<f64> {
        let row = self.panel.row_of(time_ms)?;
        let coin = self
            .panel
            .symbols()
            .iter()
            .position(|other| other.as_str() == symbol)?;
        self.oracle
            .as_ref()
            .map(|expected| expected[row * self.panel.coins() + coin])
    }

    /// The features of all rows.
    pub fn features(&self) -> FeatureMatrix {
        let chosen = self.config.features.chosen(self.panel.interval());
        chosen.compute_in(&self.panel, 0..self.panel.rows(), self.panel.scratch())
    }

    /// What forecasters of `fold` are fitted to, on the rows before its scored ones: the targets,
    /// or with `target.entry = "next_close"` those of a bar later; with `target.shuffle_seed` the
    /// same in another order of days, which nothing can be learnt from.
    pub fn fitted_targets(&self, fold: &Fold) -> Cow<'_, Targets> {
        let targets = self.ordered_targets(fold);
        match self.config.target.entry {
            Entry::Close => targets,
            Entry::NextClose => Cow::Owned(targets.a_row_later(&[&fold.train, &fold.stop])),
        }
    }

    fn ordered_targets(&self, fold: &Fold) -> Cow<'_, Targets> {
        match self.config.target.shuffle_seed {
            None => Cow::Borrowed(&self.targets),
            Some(seed) => {
                let day_bars = (86_400_000 / self.config.data.interval.ms()).max(1) as usize;
                let until = fold.train.end.max(fold.stop.end);
                Cow::Owned(self.targets.shuffled(
                    fold.train.start..until,
                    day_bars,
                    seed.wrapping_add(fold.number as u64),
                ))
            }
        }
    }

    /// The rows and coins among `rows` that are usable whatever the forecaster, in order of time and
    /// then of coins: the row is one of those that `split.score_every` scores, and the coin has a
    /// target and closes for `split.history_bars` bars back. Folds
    /// are cut by them, and regimes and the coin's mean are fitted on them.
    pub fn usable_cells(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, usize)> + '_ {
        usable_cells(&self.panel, &self.targets, rows, &self.config.split)
    }

    /// The targets of the training rows of a fold, or of the fold that a refit belongs to, where
    /// they are usable.
    pub fn training_targets(&self, fold: &Fold) -> TrainingTargets {
        let whole = self
            .plan
            .folds
            .iter()
            .find(|whole| whole.number == fold.number);
        let rows = whole.unwrap_or(fold).train.clone();
        let mut targets = vec![Vec::new(); self.panel.coins()];
        for (row, coin) in self.usable_cells(rows) {
            targets[coin].push(self.targets.value(row, coin));
        }
        targets
    }

    /// Statistics of the fold's training rows, of the targets of every horizon.
    ///
    /// # Errors
    /// As [`Normalizer::fit`].
    pub fn fit_normalizer(
        &self,
        features: &FeatureMatrix,
        fold: &Fold,
        run: &str,
    ) -> Result<Normalizer, Error> {
        let mut normalizer = Normalizer::fit(
            &self.config.normalize,
            &self.config.features.chosen(self.panel.interval()),
            &TrainingRows {
                panel: &self.panel,
                features,
                targets: &self.targets,
                train: fold.train.clone(),
            },
            (run, fold.number),
        )?;
        let target = self.config.target.init(self.panel.interval());
        if target.task().is_of_volatility() {
            normalizer.center_targets(&self.targets, fold.train.clone());
        }
        for further in &self.by_horizon()[1..] {
            let rows = fold.train.clone();
            normalizer.add_horizon(&self.config.normalize, &further.targets, rows);
        }
        Ok(normalizer)
    }

    /// What targets are divided by while training, with the statistics of a fold.
    pub fn target_scales(&self, normalizer: &Normalizer) -> TargetScales {
        TargetScales::new(&self.config, normalizer.target_scales(), &self.panel)
            .with_center(f64::from(normalizer.target_center))
    }

    /// The windows to fit to that end in `rows`, every `stride` rows: of the coins that
    /// [`UniverseConfig::is_trained`](crate::UniverseConfig::is_trained) names and that have a `target_std`, and so training rows.
    pub fn trained_windows(
        &self,
        targets: &Targets,
        rows: Range<usize>,
        stride: usize,
        target_std: &[Option<f32>],
    ) -> WindowSet {
        self.windows(
            targets,
            rows.step_by(stride.max(1)),
            target_std,
            |coin| self.is_trained(coin),
            |_, _| false,
        )
    }

    /// The windows to fit to that end in those of `rows` that `split.score_every` scores: what a
    /// forecaster learns from whose rows are to be like the scored ones. Coins are those of
    /// [`Dataset::trained_windows`].
    pub fn fitted_windows(
        &self,
        targets: &Targets,
        rows: Range<usize>,
        target_std: &[Option<f32>],
    ) -> WindowSet {
        let rows = self.scored_rows(rows);
        let is_trained = |coin| self.is_trained(coin);
        self.windows(targets, rows, target_std, is_trained, |_, _| false)
    }

    fn is_trained(&self, coin: usize) -> bool {
        let symbol = self.panel.symbols()[coin].as_str();
        self.config.universe.is_trained(symbol)
    }

    /// The windows to forecast that end in those of `rows` that `split.score_every` scores, of the
    /// coins in `universe.scored` that have a `target_std` and, unless `universe.score_settled`, are
    /// not settled.
    pub fn scored_windows(&self, rows: Range<usize>, target_std: &[Option<f32>]) -> WindowSet {
        let (start, coins) = (rows.start, self.panel.coins());
        let scored = &self.config.universe.scored;
        let settled =
            (!self.config.universe.score_settled).then(|| settled(&self.panel, rows.clone()));
        let is_settled = |row: usize, coin: usize| {
            settled
                .as_ref()
                .is_some_and(|at| at[(row - start) * coins + coin])
        };
        self.windows(
            &self.targets,
            self.scored_rows(rows),
            target_std,
            |coin| scored.is_empty() || scored.contains(&self.panel.symbols()[coin]),
            is_settled,
        )
    }

    /// Those of some rows that `split.score_every` scores.
    fn scored_rows(&self, rows: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        rows.filter(|&row| self.config.split.is_scored(&self.panel, row))
    }

    fn windows(
        &self,
        targets: &Targets,
        rows: impl Iterator<Item = usize>,
        target_std: &[Option<f32>],
        is_wanted: impl Fn(usize) -> bool,
        is_settled: impl Fn(usize, usize) -> bool,
    ) -> WindowSet {
        let is_known = |coin: usize| target_std[coin].is_some();
        WindowSet::new(
            rows,
            targets,
            &self.eligibility,
            is_wanted,
            is_known,
            is_settled,
        )
    }

    /// The coin's weight in the weighted correlation.
    pub(crate) fn weight(&self, coin: usize) -> f64 {
        self.weights[coin]
    }
}

impl Panel {
    /// The closes of the candles that a config names, without features or targets.
    ///
    /// # Errors
    /// As [`Dataset::load`], save for its features, targets and folds.
    pub fn of_closes(config: &Config) -> Result<Self, Error> {
        Self::of_columns(config, FeatureSet::CLOSE6)
    }

    /// As [`Panel::of_closes`], with the volumes where the candles have any.
    ///
    /// # Errors
    /// As [`Panel::of_closes`].
    pub fn of_closes_and_volumes(config: &Config) -> Result<Self, Error> {
        match Self::of_columns(config, FeatureSet::default()) {
            Err(Error::MissingColumns { .. }) => Self::of_closes(config),
            found => found,
        }
    }

    /// The columns of the candles that a feature set needs.
    fn of_columns(config: &Config, set: FeatureSet) -> Result<Self, Error> {
        let mut config = config.clone();
        config.features.set = set;
        config.target.kind = TargetKind::default();
        Self::of_config(&config)
    }

    /// The candles that a config names, with the columns of its features and target.
    ///
    /// # Errors
    /// As [`Panel::of_closes`].
    pub fn of_config(config: &Config) -> Result<Self, Error> {
        match config.data.source {
            Source::Store if config.universe.quote.is_some() => {
                stored_panel(&with_known_coins(config)?.config, &Scratch::default())
            }
            Source::Store => stored_panel(config, &Scratch::default()),
            Source::Simulated => Ok(simulated_panel(config)?.0),
        }
    }
}

//! The sections of the config file that every forecaster shares.

use market::{Interval, Symbol};
use serde::{Deserialize, Serialize};

use crate::{
    Base, Column, DataConfig, Entry, Error, FeatureConfig, FeatureSet, Features, Fit,
    IntervalMethod, IntervalsConfig, LearnFrom, NormalizeConfig, PanelConfig, RegimeConfig, Source,
    SplitConfig, TargetConfig, TargetScale, TimeSpan, UniverseConfig, parse_time,
};

/// The shared sections: what is forecast, from what, on which rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `[data]`
    pub data: DataConfig,
    /// `[universe]`
    pub universe: UniverseConfig,
    /// `[[panel]]`
    #[serde(rename = "panel", skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<PanelConfig>,
    /// `[features]`
    pub features: FeatureConfig,
    /// `[target]`
    pub target: TargetConfig,
    /// `[split]`
    pub split: SplitConfig,
    /// `[normalize]`
    pub normalize: NormalizeConfig,
    /// `[intervals]`; not written where it is as by default, so that files of runs stay the same.
    #[serde(skip_serializing_if = "IntervalsConfig::is_default")]
    pub intervals: IntervalsConfig,
    /// `[regime]`; not written where it is as by default.
    #[serde(skip_serializing_if = "RegimeConfig::is_default")]
    pub regime: RegimeConfig,
}

/// The `[run]` section, which only a run's own run.toml has: what wrote the forecasts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// The kind of forecaster: `network`, `lightgbm`, `ensemble` ...; empty in runs of older
    /// versions, whose name in the tables begins with it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `network`, `lightgbm`, ...: the name in the tables of `evaluate`.
    pub forecaster: String,
    /// Version of this project that began the run.
    pub version: String,
}

/// A month of minutes: no price is carried forward for longer, and no live forecast needs more
/// candles for it.
const MOST_FILLED_BARS: usize = 44_640;

/// 30 GB at 150 bytes each; `quarterhour simulate` stores a larger market, coin by coin.
const MOST_SIMULATED_CANDLES: usize = 200_000_000;

impl Config {
    /// Checks every value that its type alone does not.
    ///
    /// # Errors
    /// [`Error::Config`] with the key, the value found and what is expected.
    pub fn validate(&self) -> Result<(), Error> {
        let symbols = &self.universe.symbols;
        if symbols.len() == 1 && self.target.fit != Fit::Whole {
            let expected = "whole with one coin, which has no part of its own beside the market";
            return Err(Error::config(
                "target.fit",
                self.target.fit.name(),
                expected,
            ));
        }
        self.universe.validate()?;
        self.validate_data()?;
        self.features.validate()?;
        self.target.validate(self.data.interval)?;
        self.split.validate(self.data.interval)?;
        self.normalize.validate(self.data.interval)?;
        self.intervals.validate()?;
        self.regime.validate()?;
        self.validate_volatility()?;
        self.validate_panels()
    }

    /// Refuses what is measured in units of returns beside a target that is the logarithm of a
    /// volatility.
    fn validate_volatility(&self) -> Result<(), Error> {
        if !self
            .target
            .init(self.data.interval)
            .task()
            .is_of_volatility()
        {
            return Ok(());
        }
        if self.intervals.method != IntervalMethod::Off {
            let expected =
                "no [intervals] with target.kind = \"volatility\", which has intervals of its own";
            return Err(Error::config("intervals.method", "on", expected));
        }
        if self.normalize.target == TargetScale::Trailing {
            let expected = "coin or pooled with target.kind = \"volatility\", which is no return";
            return Err(Error::config("normalize.target", "trailing", expected));
        }
        Ok(())
    }

    /// Checks every `[[panel]]` section as if the run were its own.
    fn validate_panels(&self) -> Result<(), Error> {
        if !self.panels.is_empty() && !self.target.horizons.is_empty() {
            let found: Vec<String> = self
                .target
                .horizons
                .iter()
                .map(TimeSpan::to_string)
                .collect();
            let expected = "no such key beside [[panel]] sections, which take one target.horizon";
            return Err(Error::config("target.horizons", found.join(" "), expected));
        }
        if self.panels.is_empty() && self.universe.learn_from == LearnFrom::Panels {
            let expected = "[[panel]] sections to learn from";
            return Err(Error::config("universe.learn_from", "panels", expected));
        }
        for (place, panel) in self.panels.iter().enumerate() {
            let is_same = |other: &PanelConfig| other.name == panel.name;
            if panel.name.is_empty() || self.panels[..place].iter().any(is_same) {
                let expected = "a name that no other [[panel]] section has";
                return Err(Error::config(
                    "panel.name",
                    format!("{:?}", panel.name),
                    expected,
                ));
            }
            if let [only] = panel.symbols.as_slice() {
                let expected = "at least 2 coins, or [] for all in the store";
                let error = Error::config("universe.symbols", only, expected);
                return Err(error.in_panel(&panel.name));
            }
            let config = self.of_panel(panel);
            let checked = config
                .validate()
                .and_then(|()| self.check_reach(&config))
                .and_then(|()| self.check_features(&config));
            checked.map_err(|error| error.in_panel(&panel.name))?;
        }
        Ok(())
    }

    /// Checks that the target of another panel reaches as far ahead as that of the run's own.
    fn check_reach(&self, other: &Self) -> Result<(), Error> {
        let reach = |config: &Self| TimeSpan::of_bars(config.reach_bars(), config.data.interval);
        let (found, expected) = (reach(other), reach(self));
        if found.ms() == expected.ms() {
            return Ok(());
        }
        let expected = format!(
            "an interval at which the target `{}` reaches {expected} ahead, as on the run's own \
             panel; here it reaches {found}",
            self.target.init(self.data.interval).name()
        );
        Err(Error::config(
            "panel.interval",
            other.data.interval,
            expected,
        ))
    }

    /// Checks that another panel has the features of the run's own: longer bars have fewer of the
    /// time.
    fn check_features(&self, other: &Self) -> Result<(), Error> {
        if self.chosen_features().names() == other.chosen_features().names() {
            return Ok(());
        }
        let expected = "an interval whose bars have the same features of the time as the run's own, \
                        or features.time = false";
        Err(Error::config(
            "panel.interval",
            other.data.interval,
            expected,
        ))
    }

    /// The config of a further panel alone: its own candles and coins, and all else as for the
    /// run's own panel.
    pub fn of_panel(&self, panel: &PanelConfig) -> Self {
        let data = self.data.clone();
        Self {
            data: DataConfig {
                source: Source::Store,
                dir: panel.dir.clone().unwrap_or(data.dir),
                market: panel.market.unwrap_or(data.market),
                interval: panel.interval.unwrap_or(data.interval),
                resample_from: match panel.interval {
                    None => panel.resample_from.or(data.resample_from),
                    Some(_) => panel.resample_from,
                },
                from: panel.from.clone(),
                until: panel.until.clone(),
                fill_limit: panel.fill_limit.unwrap_or(data.fill_limit),
                fill: data.fill,
                jump_ratio: data.jump_ratio,
                symbols_file: data.symbols_file,
                simulated: data.simulated,
            },
            universe: UniverseConfig {
                symbols: panel.symbols.clone(),
                ..UniverseConfig::default()
            },
            panels: Vec::new(),
            ..self.clone()
        }
    }

    /// Returns true when forecasters of some fold are fitted to rows of the coin, in whatever panel.
    pub fn is_trained(&self, symbol: &str) -> bool {
        let is_in = |symbols: &[Symbol]| symbols.iter().any(|other| other.as_str() == symbol);
        self.universe.is_trained(symbol) || self.panels.iter().any(|panel| is_in(&panel.symbols))
    }

    /// Checks `[data]` alone: what a description of the candles needs.
    pub(crate) fn validate_data(&self) -> Result<(), Error> {
        let DataConfig {
            interval,
            from,
            until,
            ..
        } = &self.data;
        let (from_ms, until_ms) = self.range_ms()?;
        if from_ms >= until_ms {
            let (from, until) = (from.as_deref(), until.as_deref());
            let expected = format!("a time after {}", from.unwrap_or("the first candle"));
            return Err(Error::config("data.until", until.unwrap_or("-"), expected));
        }
        let stored = self.data.stored_interval()?;
        if stored != *interval && self.data.source == Source::Simulated {
            let expected = "no such key, as the simulated market makes candles of any interval";
            return Err(Error::config("data.resample_from", stored, expected));
        }
        if self.data.source == Source::Simulated {
            self.check_simulated()?;
            if let Some(quote) = &self.universe.quote {
                let expected = "no such key with data.source = simulated, which has no other coins";
                return Err(Error::config("universe.quote", quote, expected));
            }
        }
        let ratio = self.data.jump_ratio;
        if !(ratio > 1.0 && ratio.is_finite()) {
            return Err(Error::config(
                "data.jump_ratio",
                ratio,
                "a finite number above 1",
            ));
        }
        let filling = self.data.filling();
        filling
            .fill
            .validate(self.data.fill_limit, filling.limit_bars)?;
        if self.data.fill_limit_bars() > MOST_FILLED_BARS {
            let most = TimeSpan::of_bars(MOST_FILLED_BARS, *interval);
            return Err(Error::config(
                "data.fill_limit",
                self.data.fill_limit,
                format!("at most {most}, which is {MOST_FILLED_BARS} bars"),
            ));
        }
        Ok(())
    }

    /// Checks the simulated market, and that its candles fit into memory.
    fn check_simulated(&self) -> Result<(), Error> {
        let (simulated, interval) = (&self.data.simulated, self.data.interval);
        simulated.check(interval)?;
        let minutes_a_bar = (interval.ms() / Interval::ONE_MINUTE.ms()) as usize;
        let most = MOST_SIMULATED_CANDLES / simulated.coins * minutes_a_bar;
        if simulated.minutes > most {
            let expected = format!(
                "at most {most} with {} coins: {MOST_SIMULATED_CANDLES} candles fit into memory",
                simulated.coins
            );
            return Err(Error::config(
                "data.simulated.minutes",
                simulated.minutes,
                expected,
            ));
        }
        Ok(())
    }

    /// `data.from` and `data.until` in ms; the whole of time without them.
    ///
    /// # Errors
    /// Text that is no time.
    pub fn range_ms(&self) -> Result<(i64, i64), Error> {
        let time = |key, text: &Option<String>, open| match text {
            None => Ok(open),
            Some(text) => {
                parse_time(text).map_err(|_| Error::config(key, text, "a time such as 2021-04-02"))
            }
        };
        Ok((
            time("data.from", &self.data.from, i64::MIN)?,
            time("data.until", &self.data.until, i64::MAX)?,
        ))
    }

    /// The features that are asked for, at the interval of the bars.
    pub fn chosen_features(&self) -> Features {
        self.features.chosen(self.data.interval)
    }

    /// How many bars ahead the target looks.
    pub fn horizon_bars(&self) -> usize {
        self.target.horizon_bars(self.data.interval)
    }

    /// How many bars after t the target at t needs.
    pub fn reach_bars(&self) -> usize {
        self.target.reach_bars(self.data.interval)
    }

    /// How many bars are left out before every boundary for the targets: the longest reach of all
    /// horizons.
    pub fn purge_bars(&self) -> usize {
        self.target.longest_reach_bars(self.data.interval)
    }

    /// How many bars are left out before every boundary, on top of the purge.
    pub fn embargo_bars(&self) -> usize {
        self.split.embargo.bars(self.data.interval)
    }

    /// All columns that features, target and the target's base are computed from.
    pub fn columns(&self) -> Vec<Column> {
        let base = self.target.base.map(Base::features);
        let mut columns = [
            &self.features.columns(),
            base.map(FeatureSet::columns).unwrap_or_default(),
            self.target.init(self.data.interval).columns(),
            &[Column::Close],
        ]
        .concat();
        columns.sort();
        columns.dedup();
        columns
    }

    /// Bytes of the arrays of a panel that [`crate::Dataset::load_in`] keeps in a scratch folder.
    pub fn array_bytes(&self, rows: usize, coins: usize) -> u64 {
        let target = &self.target;
        let copies = [
            target.shuffle_seed.is_some(),
            target.entry == Entry::NextClose,
        ];
        let targets = 1 + copies.iter().filter(|is_made| **is_made).count();
        let scales = usize::from(self.normalize.target == TargetScale::Trailing);
        let horizons = target.all_horizons().len().max(1);
        let of_cell = size_of::<f64>() * (self.columns().len() + horizons * targets)
            + size_of::<f32>() * (self.chosen_features().len() + horizons * scales);
        (rows * coins * of_cell) as u64
    }

    /// How many bars up to t a forecast at t is a function of: window, warm-up (or what targets are
    /// scaled by, or the base's warm-up) and fill.
    pub fn history_bars(&self) -> usize {
        let interval = self.data.interval;
        let window = self.features.lookback_bars + self.chosen_features().warm_up_bars();
        let trailing = self.normalize.trailing.bars(interval) + 1;
        let warm_up = |base: Base| {
            Features::all(base.features())
                .of_bars(interval)
                .warm_up_bars()
        };
        let base = self.target.base.map_or(0, warm_up);
        window.max(trailing).max(base) + self.data.fill_limit_bars()
    }
}

#[cfg(test)]
mod tests;

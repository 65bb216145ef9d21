//! What a fold learns from in further panels: the rows that are known before it in real time.

use std::borrow::Cow;

use crate::source_panel::{spelled_out, stored_panel, symbols_with_candles};
use crate::{Dataset, Error, Fold, FurtherPanel, PanelConfig, Targets, format_time, target_std};

/// The rows of a further panel that a fold or refit learns from.
#[derive(Debug, Clone)]
pub struct PanelFold<'a> {
    /// Place of the panel in [`Dataset::further`].
    pub place: usize,
    /// The panel.
    pub panel: &'a FurtherPanel,
    /// The fold with its rows in that panel: those to train on, and those of the time that is held
    /// back for early stopping, which are not looked at. None are scored.
    pub fold: Fold,
    /// What is fitted to, of all rows of that panel.
    pub targets: Cow<'a, Targets>,
}

impl Dataset {
    /// Loads the panels of the `[[panel]]` sections that have candles before the last fit's scored
    /// time, and spells out their coins and times in the config; the other sections are taken out.
    pub(crate) fn load_further(&mut self) -> Result<(), Error> {
        for panel in std::mem::take(&mut self.config.panels) {
            match self.load_panel(&panel) {
                Err(error) => return Err(error.in_panel(&panel.name)),
                Ok(None) => self.unused_panels.push(panel.name),
                Ok(Some(dataset)) => {
                    self.config.panels.push(PanelConfig {
                        symbols: dataset.config.universe.symbols.clone(),
                        from: dataset.config.data.from.clone(),
                        until: dataset.config.data.until.clone(),
                        ..panel.clone()
                    });
                    let name = panel.name;
                    self.further.push(FurtherPanel { name, dataset });
                }
            }
        }
        Ok(())
    }

    /// One panel; None where fewer than two coins have candles before the last scored time.
    fn load_panel(&self, panel: &PanelConfig) -> Result<Option<Self>, Error> {
        let mut config = self.config.of_panel(panel);
        let fits = self.plan.folds.iter().flat_map(Fold::fits);
        let Some(last) = fits.map(|fit| fit.score.start).max() else {
            return Ok(None);
        };
        let until_ms = config.range_ms()?.1.min(self.panel.time_ms(last));
        config.data.until = Some(format_time(until_ms));
        if config.range_ms()?.0 >= until_ms {
            return Ok(None);
        }
        config.universe.symbols = symbols_with_candles(&config)?;
        if config.universe.symbols.len() < 2 {
            return Ok(None);
        }
        let panel = stored_panel(&config, self.panel.scratch())?;
        Ok(Some(Self::of_panel(spelled_out(config, &panel), panel)))
    }

    /// Open time of the first row that a fold looks at without being fitted to it: the first one
    /// that decides early stopping, or is scored.
    fn first_unfitted_ms(&self, fold: &Fold) -> i64 {
        let first = match fold.stop.is_empty() {
            true => fold.score.start,
            false => fold.stop.start,
        };
        self.panel.time_ms(first)
    }

    /// How many rows of this panel, from its first one on, have targets that are known, with the
    /// embargo after them, when a bar opens at `time_ms`.
    fn rows_known_at(&self, time_ms: i64) -> usize {
        let step = self.panel.interval().ms();
        // The last price of a row's target is that of the bar `reach` later, known at its end.
        let after = (self.config.purge_bars() + 1 + self.config.embargo_bars()) as i64 * step;
        let rows = (time_ms - after - self.panel.time_ms(0)).div_euclid(step) + 1;
        rows.clamp(0, self.panel.rows() as i64) as usize
    }

    /// Open time of the first row that a fold or refit learns from, in whatever panel.
    pub(crate) fn fitted_from_ms(&self, fold: &Fold) -> i64 {
        let until_ms = self.first_unfitted_ms(fold);
        let panels = self.further.iter().map(|panel| &panel.dataset);
        let known = panels.filter(|dataset| dataset.rows_known_at(until_ms) > 0);
        known
            .map(|dataset| dataset.panel.time_ms(0))
            .fold(self.panel.time_ms(fold.train.start), i64::min)
    }

    /// What a fold or refit learns from in further panels: the rows whose targets are known before it,
    /// and the embargo over, in real time; nothing of a panel that has no target that varies there.
    ///
    /// As the run's own rows, they come before those that decide early stopping, or without such
    /// rows before the scored ones.
    pub fn further_folds(&self, fold: &Fold) -> Vec<PanelFold<'_>> {
        let (train_until_ms, until_ms) = (
            self.first_unfitted_ms(fold),
            self.panel.time_ms(fold.score.start),
        );
        let mut folds = Vec::new();
        for (place, panel) in self.further.iter().enumerate() {
            let dataset = &panel.dataset;
            let end = dataset.rows_known_at(until_ms);
            let train = 0..dataset.rows_known_at(train_until_ms);
            let std = target_std(&dataset.targets, train.clone());
            if std.iter().all(Option::is_none) {
                continue;
            }
            let fold = Fold {
                number: fold.number,
                refit: fold.refit,
                stop: train.end..end,
                train,
                score: end..end,
                refits: Vec::new(),
            };
            let targets = dataset.fitted_targets(&fold);
            folds.push(PanelFold {
                place,
                panel,
                fold,
                targets,
            });
        }
        folds
    }
}

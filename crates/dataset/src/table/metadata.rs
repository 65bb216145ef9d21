//! What a table says of itself, and the form that it has in the file.

use std::fmt;

use market::{Interval, Market};
use serde::{Deserialize, Serialize};

use crate::{Config, ControlColumn, DataConfig, Source, TargetConfig, Task, TimeSpan};

/// What all rows of a table have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableMetadata {
    /// Name of the target: `return`, `bar` and so on.
    pub target: String,
    /// Unit of forecasts, realized values and controls, in words.
    pub unit: String,
    /// Length of a bar.
    pub bar: Interval,
    /// The target's controls, in the order of reports.
    pub controls: Vec<ControlColumn>,
}

/// The target whose forecasts say a price.
const PRICED: &str = "return";

const DAY_MS: i64 = 86_400_000;

impl TableMetadata {
    /// Returns true when rows have the close that a return begins at: on bars of a day, of whose
    /// forecasts the price is asked for.
    pub fn has_closes(&self) -> bool {
        self.target == PRICED && self.bar.ms() >= DAY_MS
    }

    /// The kind of quantity that is forecast; a target outside the list is a return.
    pub fn task(&self) -> Task {
        let task = self.target.parse().map(|kind| {
            let target = TargetConfig {
                kind,
                ..TargetConfig::default()
            };
            target.init(self.bar).task()
        });
        task.unwrap_or(Task::Return)
    }

    /// Metadata of the forecasts that a config asks for.
    pub fn new(config: &Config) -> Self {
        let target = config.target.init(config.data.interval);
        let controls = target.controls().into_iter();
        Self {
            target: target.name().to_owned(),
            unit: target.unit().to_owned(),
            bar: config.data.interval,
            controls: controls.map(|control| control.column).collect(),
        }
    }
}

/// The horizon and the panel that the rows of a part belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartKey {
    /// Name of the panel: of its market, or `simulated`.
    pub panel: String,
    /// How far ahead the target looks.
    pub horizon: TimeSpan,
    /// Time from a forecast's last candle to the last price that its target uses, in whole bars.
    pub reach: TimeSpan,
    /// The market of the panel's coins.
    pub market: Market,
}

impl PartKey {
    /// The horizon and panel of a config.
    pub fn new(config: &Config) -> Self {
        let DataConfig {
            source,
            market,
            interval,
            ..
        } = &config.data;
        Self {
            panel: match source {
                Source::Store => market.to_string(),
                Source::Simulated => "simulated".to_owned(),
            },
            horizon: config.target.horizon,
            reach: TimeSpan::of_bars(config.reach_bars(), *interval),
            market: *market,
        }
    }
}

impl fmt::Display for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "horizon {}, panel {}", self.horizon, self.panel)
    }
}

/// The version that is written; files without metadata are of version 1.
pub(super) const VERSION: u32 = 2;

/// The key of the metadata in the Parquet file; its value is a [`FileMetadata`] as JSON.
pub(super) const METADATA_KEY: &str = "quarterhour.forecasts";

/// A table's metadata as the file has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileMetadata {
    pub version: u32,
    #[serde(flatten)]
    pub table: TableMetadata,
    pub horizons: Vec<HorizonEntry>,
    pub panels: Vec<PanelName>,
}

/// A horizon as the file has it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HorizonEntry {
    pub name: TimeSpan,
    pub reach: TimeSpan,
}

/// A panel as the file has it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PanelName {
    pub name: String,
    pub market: Market,
}

impl FileMetadata {
    /// Metadata of a table with these parts.
    pub fn new<'a>(table: &TableMetadata, keys: impl Iterator<Item = &'a PartKey>) -> Self {
        let (mut horizons, mut panels) = (Vec::new(), Vec::new());
        for key in keys {
            push_new(&mut horizons, HorizonEntry::of(key));
            push_new(&mut panels, PanelName::of(key));
        }
        Self {
            version: VERSION,
            table: table.clone(),
            horizons,
            panels,
        }
    }

    /// The key of the part at these places in the lists of panels and horizons.
    pub fn key(&self, panel: usize, horizon: usize) -> Option<PartKey> {
        let (panel, horizon) = (self.panels.get(panel)?, self.horizons.get(horizon)?);
        Some(PartKey {
            panel: panel.name.clone(),
            horizon: horizon.name,
            reach: horizon.reach,
            market: panel.market,
        })
    }
}

impl HorizonEntry {
    fn of(key: &PartKey) -> Self {
        Self {
            name: key.horizon,
            reach: key.reach,
        }
    }
}

impl PanelName {
    fn of(key: &PartKey) -> Self {
        Self {
            name: key.panel.clone(),
            market: key.market,
        }
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

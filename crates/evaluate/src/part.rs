//! The horizon and panel of a table that a command looks at.

use dataset::{ForecastTable, PartKey, TimeSpan};

/// Which horizon and panel is looked at, where a table has several.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PartArgs {
    /// Horizon to look at, such as 1h, where the forecasts have several
    #[arg(long, value_name = "TIME")]
    pub horizon: Option<TimeSpan>,
    /// Panel to look at, such as spot, where the forecasts have several
    #[arg(long, value_name = "NAME")]
    pub panel: Option<String>,
}

impl PartArgs {
    /// The tables of the horizons and panels that are wanted: all of them where none is named.
    ///
    /// # Errors
    /// A usage error where no table is of the wanted ones; `origin` names them.
    pub fn chosen(&self, table: ForecastTable, origin: &str) -> anyhow::Result<Vec<ForecastTable>> {
        let known: Vec<String> = table
            .parts()
            .iter()
            .map(|part| part.key.to_string())
            .collect();
        let is_wanted = |key: &PartKey| {
            self.horizon.is_none_or(|horizon| key.horizon == horizon)
                && self.panel.as_ref().is_none_or(|panel| key.panel == *panel)
        };
        let tables: Vec<ForecastTable> = (table.into_parts().into_iter())
            .filter(|table| table.parts().iter().all(|part| is_wanted(&part.key)))
            .collect();
        if tables.is_empty() {
            return Err(cli::usage(anyhow::anyhow!(
                "{origin} has no forecasts of the horizon and panel that are asked for, expected {}",
                known.join(" or ")
            )));
        }
        Ok(tables)
    }
}

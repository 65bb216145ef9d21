//! Forecasts from a saved run: of the minute that has just closed, or of a past one.

mod candles;
mod checkpoint;
mod forecast;
mod run;

pub use candles::{CandleSource, History};
pub use checkpoint::Checkpoint;
pub use forecast::{CoinForecast, Forecasts, forecast_at};
pub use run::{Args, run};

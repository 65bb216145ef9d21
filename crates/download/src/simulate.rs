//! `quarterhour simulate`: the simulated market as a store, for trying things at any size.

use dataset::{DataConfig, Store};
use market::simulate_coin;

use crate::lock::lock;

/// `quarterhour simulate`
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    pub(crate) config: cli::ConfigArgs,
}

/// Writes one coin after the other, so that a market larger than memory can be made.
pub fn run(data: &DataConfig) -> anyhow::Result<()> {
    let store = Store::new(&data.dir, data.market, data.interval);
    let _lock = lock(&store)?;
    let bar = cli::progress_bar("simulating", data.simulated.coins as u64);
    let (mut candles, mut added) = (0, 0);
    for index in 0..data.simulated.coins {
        let coin = simulate_coin(&data.simulated, data.interval, index)?;
        candles += coin.candles.len();
        added += store.append(&coin.symbol, &coin.candles.into_iter().collect(), false)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let dir = data.dir.display();
    Ok(cli::print(&format!(
        "{} coins, {candles} candles, {added} of them new in {dir}\n",
        data.simulated.coins
    ))?)
}

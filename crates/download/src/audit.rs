//! `quarterhour audit`: what the store holds.

use anyhow::anyhow;
use cli::WithHint;
use dataset::{DataConfig, Store, format_time};
use terminal::Table;

/// `quarterhour audit`
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(flatten)]
    pub(crate) config: cli::ConfigArgs,
    /// How many holes to list for each symbol
    #[arg(long, default_value_t = 3)]
    holes: usize,
}

pub fn run(data: &DataConfig, args: &AuditArgs) -> anyhow::Result<()> {
    let store = Store::new(&data.dir, data.market, data.stored_interval()?);
    let symbols = store.symbols()?;
    if symbols.is_empty() {
        return Err(anyhow!(
            "no {} {} candles in {}",
            store.interval(),
            data.market,
            data.dir.display()
        )
        .hint(
            "`quarterhour download --config configs/binance20.toml` fetches candles, \
             `quarterhour import FILE...` takes them from files; --set \
             data.interval=1d or --set data.market=futures looks at other candles",
        ));
    }
    let header = [
        "symbol", "first", "last", "rows", "holes", "missing", "longest",
    ];
    let mut table = Table::new(header).left([1, 2, 6]).unbroken();
    let mut idle = Vec::new();
    for symbol in symbols {
        let Some(audit) = store.audit(&symbol)? else {
            continue;
        };
        idle.extend(audit.idle.map(|idle| format!("{symbol}: {idle}\n")));
        let missing: i64 = audit.holes.iter().map(|(_, bars)| bars).sum();
        let mut holes = audit.holes.clone();
        holes.sort_by_key(|&(start, bars)| (-bars, start));
        let longest: Vec<String> = holes
            .iter()
            .take(args.holes)
            .map(|&(start, bars)| format!("{bars} from {}", format_time(start)))
            .collect();
        let cells = [
            format_time(audit.first_ms),
            format_time(audit.last_ms),
            audit.rows.to_string(),
            audit.holes.len().to_string(),
            missing.to_string(),
            longest.join(", "),
        ];
        table.push(symbol.as_str(), cells);
    }
    cli::print(&(table.render() + &idle.concat()))?;
    Ok(())
}

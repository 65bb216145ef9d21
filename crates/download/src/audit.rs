//! `quarterhour audit`: what the store holds.

use dataset::{DataConfig, Store, format_time};
use terminal::Table;

use crate::AuditArgs;

pub fn run(data: &DataConfig, args: &AuditArgs) -> anyhow::Result<()> {
    let store = Store::new(&data.dir, data.market, data.stored_interval()?);
    let symbols = store.symbols()?;
    if symbols.is_empty() {
        anyhow::bail!(
            "no {} {} candles in {}\n\
             hint: `quarterhour download --config configs/binance20.toml` fetches candles, \
             `quarterhour import FILE...` takes them from files; \
             --set data.interval=1d or --set data.market=futures looks at other candles",
            store.interval(),
            data.market,
            data.dir.display()
        );
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

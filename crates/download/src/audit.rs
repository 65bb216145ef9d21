//! `quarterhour audit`: what the store holds.

use anyhow::anyhow;
use cli::WithHint;
use std::fmt::Write;

use dataset::{DataConfig, Store, format_time};

use crate::AuditArgs;

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
    let mut table = format!(
        "{:<12} {:<17} {:<17} {:>9} {:>6} {:>8}  longest\n",
        "symbol", "first", "last", "rows", "holes", "missing"
    );
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
        writeln!(
            table,
            "{:<12} {:<17} {:<17} {:>9} {:>6} {:>8}  {}",
            symbol.as_str(),
            format_time(audit.first_ms),
            format_time(audit.last_ms),
            audit.rows,
            audit.holes.len(),
            missing,
            longest.join(", ")
        )?;
    }
    table.extend(idle);
    cli::print(&table)?;
    Ok(())
}

//! Seconds from a candle store to its panel, and from the panel to the features of every set.
//!
//! `cargo bench -p dataset --bench features -- DIR [SETS...]`; the fastest of five, and on Linux the CPU time of the
//! features, the mean of five, which says more where other work runs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dataset::{CandleTable, Column, FeatureSet, Features, Panel, Store, TabularFeatures};
use market::{Interval, Market, Symbol};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const REPEATS: u32 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo hands `--bench` on.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let Some((dir, wanted)) = arguments.split_first() else {
        println!("skipped: no candle store given; cargo bench -p dataset --bench features -- DIR");
        return Ok(());
    };
    let store = Store::new(&PathBuf::from(dir), Market::Spot, Interval::ONE_MINUTE);
    for set in FeatureSet::all() {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == set.name()) {
            continue;
        }
        let ([read, _], panel) = fastest(|| panel(&store, set.columns()))?;
        let chosen = Features::all(set);
        let ([computed, cpu], features) = fastest(|| Ok(chosen.compute(&panel, 0..panel.rows())))?;
        let tabular = TabularFeatures::new(chosen, &[]);
        let ([streamed, _], _) = fastest(|| Ok(in_chunks(&tabular, &panel)))?;
        println!(
            "{set}: {} rows x {} coins; panel {:.3} s, {} features a coin {:.3} s (of CPU {:.4} s), in chunks {:.3} s",
            panel.rows(),
            panel.coins(),
            read.as_secs_f64(),
            features.per_coin(),
            computed.as_secs_f64(),
            cpu.as_secs_f64(),
            streamed.as_secs_f64()
        );
    }
    Ok(())
}

fn panel(store: &Store, columns: &[Column]) -> Result<Panel, Box<dyn std::error::Error>> {
    let read = |symbol: Symbol| {
        Ok((
            symbol.clone(),
            store.read(&symbol, columns, i64::MIN, i64::MAX)?,
        ))
    };
    let coins: Vec<(Symbol, CandleTable)> = store
        .symbols()?
        .into_iter()
        .map(read)
        .collect::<Result<_, dataset::Error>>()?;
    let times = || {
        coins
            .iter()
            .flat_map(|(_, candles)| candles.open_time_ms.iter().copied())
    };
    let (first, last) = (
        times().min().ok_or("an empty store")?,
        times().max().ok_or("an empty store")?,
    );
    Ok(Panel::build(
        &coins,
        store.interval(),
        (first, last + store.interval().ms()),
        60,
        columns,
    ))
}

/// Computes and drops all rows, as they stream into a data set; the sum keeps them from being
/// optimized away.
fn in_chunks(features: &TabularFeatures, panel: &Panel) -> f32 {
    let step = features.chunk_rows(panel);
    let chunks = (0..panel.rows())
        .step_by(step)
        .map(|start| start..panel.rows().min(start + step));
    chunks
        .map(|rows| features.compute(panel, rows).cell(0, 0)[0])
        .sum()
}

/// The least time on the clock and the mean CPU time of several calls, and what the last one returned.
fn fastest<T>(
    mut work: impl FnMut() -> Result<T, Box<dyn std::error::Error>>,
) -> Result<([Duration; 2], T), Box<dyn std::error::Error>> {
    let (mut least, mut result) = (Duration::MAX, None);
    let before = cpu_time();
    for _ in 0..REPEATS {
        drop(result.take());
        let began = Instant::now();
        result = Some(work()?);
        least = least.min(began.elapsed());
    }
    // Of all calls together: the system counts in steps of some milliseconds.
    let cpu = cpu_time().saturating_sub(before) / REPEATS;
    Ok(([least, cpu], result.ok_or("no repeats")?))
}

/// The CPU time of all threads that there are; 0 where the system does not tell.
fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let nanos = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

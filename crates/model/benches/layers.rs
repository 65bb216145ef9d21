//! Where the time of a training step goes: the time and the rate of each layer's kernels, forward and
//! backward, and what is left.
//!
//! `cargo bench -p model --bench layers -- [FORM] [BATCH] [f32|bf16] [RATE] [--json]`, such as `shared 32
//! bf16 420`: RATE is the machine's own rate of matrix products in GFLOP/s, which shares are of
//! (`scripts/bench-pytorch --compiled` prints it). Medians of 20 steps, after 5.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::{DeviceChoice, KernelCall, Precision, keep_freed_memory, profiled};
use serde_json::json;

use work::{Outcome, forms, steps};

#[expect(dead_code, reason = "what the other benchmark measures")]
mod work;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const STEPS: usize = 20;
const BEFORE: usize = 5;

/// The calls of one layer in one direction, step by step.
#[derive(Default)]
struct Layer {
    calls: usize,
    flop: u64,
    times: Vec<Duration>,
}

fn main() -> Outcome<()> {
    keep_freed_memory();
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let is_json = arguments.iter().any(|argument| argument == "--json");
    let words: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|argument| *argument != "--json")
        .collect();
    let word = |place: usize, usual| words.get(place).copied().unwrap_or(usual);
    let (form, batch): (&str, usize) = (word(0, "shared"), word(1, "32").parse()?);
    let precision = match word(2, "f32") {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        other => return Err(format!("precision {other}, expected f32 or bf16").into()),
    };
    let rate: Option<f64> = words.get(3).map(|rate| rate.parse()).transpose()?;
    let (_, config, lookback) = forms()
        .into_iter()
        .find(|(name, ..)| name == form)
        .ok_or_else(|| format!("no form {form}"))?;
    let device = DeviceChoice::Flex.open()?.device;
    let mut work = steps(&config, lookback, batch, (&device, precision))?;

    let mut layers: BTreeMap<(bool, String), Layer> = BTreeMap::new();
    let mut times = Vec::new();
    for step in 0..BEFORE + STEPS {
        let began = Instant::now();
        let (done, calls) = profiled(|| work(step));
        done?;
        if step < BEFORE {
            continue;
        }
        times.push(began.elapsed());
        add_step(&mut layers, calls);
    }

    let whole = median(times);
    let flop: u64 = layers.values().map(|layer| layer.flop).sum();
    let rows: Vec<_> = layers
        .into_iter()
        .map(|((is_backward, name), layer)| {
            (
                is_backward,
                name,
                layer.calls,
                layer.flop,
                median(layer.times),
            )
        })
        .collect();
    if is_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(is_backward, layer, calls, flop, seconds)| {
                json!({"layer": layer, "is_backward": is_backward, "calls": calls, "flop": flop, "seconds": seconds})
            })
            .collect();
        println!(
            "{}",
            json!({"seconds": whole, "flop": flop, "layers": rows})
        );
        return Ok(());
    }
    let share = |flop: u64, seconds: f64| {
        let gflops = flop as f64 / seconds / 1e9;
        let share = rate.map(|rate| format!("{:>7.0} %", 100.0 * gflops / rate));
        format!("{gflops:>9.0}{}", share.unwrap_or_default())
    };
    println!(
        "{:<52} {:>5} {:>9} {:>7} {:>9}{}",
        "layer",
        "calls",
        "ms",
        "time",
        "GFLOP/s",
        rate.map_or("", |_| "    share")
    );
    let mut rest = whole;
    for (is_backward, layer, calls, flop, seconds) in rows {
        rest -= seconds;
        let layer = format!("{}, {layer}", if is_backward { "back" } else { "forward" });
        let part = 100.0 * seconds / whole;
        println!(
            "{layer:<52} {calls:>5} {:>9.3} {part:>5.1} % {}",
            1e3 * seconds,
            share(flop, seconds)
        );
    }
    println!(
        "{:<52} {:>5} {:>9.3} {:>5.1} %",
        "all other operations",
        "",
        1e3 * rest,
        100.0 * rest / whole
    );
    println!(
        "{:<52} {:>5} {:>9.3} {:>5.1} % {}",
        "the step",
        "",
        1e3 * whole,
        100.0,
        share(flop, whole)
    );
    Ok(())
}

/// Adds a step's calls, those of the same sizes together.
fn add_step(layers: &mut BTreeMap<(bool, String), Layer>, calls: Vec<KernelCall>) {
    let mut of_step: BTreeMap<(bool, String), (usize, u64, Duration)> = BTreeMap::new();
    for call in calls {
        let sum = of_step.entry((call.is_backward, call.layer)).or_default();
        *sum = (sum.0 + 1, sum.1 + call.flop, sum.2 + call.elapsed);
    }
    for (key, (calls, flop, time)) in of_step {
        let layer = layers.entry(key).or_default();
        (layer.calls, layer.flop) = (calls, flop);
        layer.times.push(time);
    }
}

/// Seconds of the middle one.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times
        .get(times.len() / 2)
        .map_or(0.0, Duration::as_secs_f64)
}

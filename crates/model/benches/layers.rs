//! Where the time of a training step goes: the time and the rate of each layer's kernels, forward and
//! backward, and what is left.
//!
//! `cargo bench -p model --bench layers -- [FORM] [BATCH] [f32|bf16] [RATE] [--json]`, such as `shared 32
//! bf16 420`: RATE is the machine's own rate of matrix products in GFLOP/s, which shares are of
//! (`scripts/bench-pytorch --compiled` prints it). Medians of 20 steps, after 5; on Linux the CPU time and
//! the page faults of a step, too, which say more than the time where other work runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::{Device, DeviceChoice, KernelCall, Precision, in_pool, profiled};
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
    let arguments = std::env::args().skip(1);
    let (flags, words): (Vec<String>, Vec<String>) =
        arguments.partition(|argument| argument.starts_with("--"));
    let word = |place: usize, usual| words.get(place).map_or(usual, String::as_str);
    let precision = match word(2, "f32") {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        other => return Err(format!("precision {other}, expected f32 or bf16").into()),
    };
    let rate: Option<f64> = words.get(3).map(|rate| rate.parse()).transpose()?;
    let (form, batch) = (word(0, "shared"), word(1, "32").parse()?);
    let device = DeviceChoice::Flex.open()?.device;
    let measured = || measure(form, batch, (&device, precision)).map_err(|error| error.to_string());
    // As a training is.
    let profile = in_pool(&device, measured)?;
    match flags.iter().any(|flag| flag == "--json") {
        true => println!("{}", profile.to_json()),
        false => profile.print(rate),
    }
    Ok(())
}

/// Where the time of a step goes.
struct Profile {
    /// Of a whole step.
    seconds: f64,
    /// Backward or not, the layer, its calls, FLOP and seconds.
    rows: Vec<(bool, String, usize, u64, f64)>,
    usage: Option<Usage>,
}

fn measure(
    form: &str,
    batch: usize,
    (device, precision): (&Device, Precision),
) -> Outcome<Profile> {
    let (_, config, lookback) = forms()
        .into_iter()
        .find(|(name, ..)| name == form)
        .ok_or_else(|| format!("no form {form}"))?;
    let mut work = steps(&config, lookback, batch, (device, precision))?;

    let mut layers: BTreeMap<(bool, String), Layer> = BTreeMap::new();
    let (mut times, mut before) = (Vec::new(), None);
    for step in 0..BEFORE + STEPS {
        if step == BEFORE {
            before = Usage::now();
        }
        let began = Instant::now();
        let (done, calls) = profiled(|| work(step));
        done?;
        if step >= BEFORE {
            times.push(began.elapsed());
            add_step(&mut layers, calls);
        }
    }
    let usage = before.zip(Usage::now());
    let row = |((is_backward, name), layer): ((bool, String), Layer)| {
        let seconds = median(layer.times);
        (is_backward, name, layer.calls, layer.flop, seconds)
    };
    Ok(Profile {
        seconds: median(times),
        rows: layers.into_iter().map(row).collect(),
        usage: usage.map(|(before, after)| after.a_step_since(&before)),
    })
}

impl Profile {
    fn flop(&self) -> u64 {
        self.rows.iter().map(|(.., flop, _)| flop).sum()
    }

    fn to_json(&self) -> serde_json::Value {
        let row = |(is_backward, layer, calls, flop, seconds): &(bool, String, usize, u64, f64)| json!({"layer": layer, "is_backward": is_backward, "calls": calls, "flop": flop, "seconds": seconds});
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let usage = self.usage.as_ref().map(|usage| usage.0);
        json!({"seconds": self.seconds, "flop": self.flop(), "layers": rows, "usage": usage})
    }

    /// A table; shares are of `rate`, in GFLOP/s.
    fn print(&self, rate: Option<f64>) {
        let line = |name: &str, calls: &str, seconds: f64, flop: u64| {
            let gflops = flop as f64 / seconds / 1e9;
            let share = rate.map(|rate| format!("{:>6.0} %", 100.0 * gflops / rate));
            let (millis, part) = (1e3 * seconds, 100.0 * seconds / self.seconds);
            let share = share.unwrap_or_default();
            println!("{name:<62} {calls:>5} {millis:>9.3} {part:>6.1} % {gflops:>9.0} {share}");
        };
        let share = rate.map_or("", |_| "   share");
        println!(
            "{:<62} {:>5} {:>9} {:>8} {:>9} {share}",
            "layer", "calls", "ms", "time", "GFLOP/s"
        );
        let mut rest = self.seconds;
        for (is_backward, layer, calls, flop, seconds) in &self.rows {
            rest -= seconds;
            let direction = if *is_backward { "back" } else { "forward" };
            let name = format!("{direction}, {layer}");
            line(&name, &calls.to_string(), *seconds, *flop);
        }
        line("all other operations", "", rest, 0);
        line("the step", "", self.seconds, self.flop());
        if let Some(Usage([user, system, faults, peak])) = self.usage {
            println!(
                "CPU time of a step: {user:.1} ms, and {system:.1} ms of the system; {faults:.0} page \
                 faults a step; {peak:.0} MiB at most"
            );
        }
    }
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

/// Milliseconds of CPU time, the system's apart, page faults, and the most memory in MiB.
struct Usage([f64; 4]);

impl Usage {
    /// Of this process until now; None where the system does not tell.
    fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        let field = |place| fields.split(' ').nth(place)?.parse::<f64>().ok();
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let peak: f64 = peak.split_whitespace().next()?.parse().ok()?;
        // A tick is a hundredth of a second.
        Some(Self([
            10.0 * field(11)?,
            10.0 * field(12)?,
            field(7)?,
            peak / 1024.0,
        ]))
    }

    fn a_step_since(&self, before: &Self) -> Self {
        let part = |place: usize| (self.0[place] - before.0[place]) / STEPS as f64;
        Self([part(0), part(1), part(2), self.0[3]])
    }
}

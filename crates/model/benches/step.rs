//! Training steps and forward passes on made-up windows of the real size.
//!
//! `cargo bench -p model --bench step` measures both forms of the network, and the encoders beside the ResNet on
//! stacked coins and a window of 60 and 512 bars, at several batch sizes on the CPU and, where
//! there is one, on the GPU; a filter picks some, as in `cargo bench -p model --bench step --
//! step/flex/shared/64`, `step/flex-bf16/shared/64` or `step/flex/lstm-512`. `scripts/bench-pytorch` runs it in turns with
//! PyTorch.
#![allow(
    clippy::panic,
    reason = "a benchmark that fails has nothing to go on with"
)]

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use model::{Device, DeviceChoice, Precision, in_pool};

use work::{Outcome, Work, forms, passes, steps};

mod work;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Outcome<()> {
    let cpu = DeviceChoice::Flex.open()?.device;
    // As a training is.
    in_pool(&cpu, || {
        measured(cpu.clone()).map_err(|error| error.to_string())
    })?;
    Ok(())
}

fn measured(cpu: Device) -> Outcome<()> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let mut devices = vec![
        ("flex", cpu.clone(), Precision::F32),
        ("flex-bf16", cpu, Precision::Bf16),
    ];
    // A software adapter shows that `scripts/bench-gpu` works.
    let gpu = match std::env::var("BENCH_GPU").as_deref() {
        Ok("wgpu") => DeviceChoice::Wgpu,
        _ => DeviceChoice::Gpu,
    };
    match gpu.open() {
        Ok(gpu) => devices.push(("gpu", gpu.device, Precision::F32)),
        Err(reason) => eprintln!("skipped on a GPU: {reason}"),
    }
    for (name, device, precision) in &devices {
        for (form, config, lookback) in forms() {
            let variant = format!("{name}/{form}");
            for batch in [1, 32, 64, 256] {
                measure(&mut criterion, "forward", &variant, batch, || {
                    passes(&config, lookback, batch, (device, *precision))
                });
            }
            for batch in [32, 64, 256] {
                measure(&mut criterion, "step", &variant, batch, || {
                    steps(&config, lookback, batch, (device, *precision))
                });
            }
        }
    }
    criterion.final_summary();
    Ok(())
}

fn measure(
    criterion: &mut Criterion,
    what: &str,
    variant: &str,
    batch: usize,
    prepare: impl Fn() -> Outcome<Work>,
) {
    let mut group = criterion.benchmark_group(what);
    group.throughput(Throughput::Elements(batch as u64));
    // Prepared once, and only where no filter leaves it out: criterion calls this for every sample.
    let (mut prepared, mut call) = (None, 0);
    group.bench_function(BenchmarkId::new(variant, batch), |bencher| {
        let work = prepared.get_or_insert_with(|| {
            prepare().unwrap_or_else(|error| panic!("{what} on {variant}: {error}"))
        });
        bencher.iter(|| {
            work(call).unwrap_or_else(|error| panic!("{what} on {variant}: {error}"));
            call += 1;
        });
    });
    group.finish();
}

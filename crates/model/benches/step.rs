//! Milliseconds of a training step and of a forward pass, on made-up windows of the real size.
//!
//! `cargo bench -p model --bench step -- [--device flex] [--form shared|stacked] [--batch 64] [--what step|forward]
//! [--seconds 3]`; what is left out runs in all its values. One line of JSON a measurement; `scripts/bench-pytorch`
//! runs it in turns with PyTorch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    AdamWConfig, Device, DeviceChoice, GradientsParams, Loss, Mixing, NetworkConfig, ResNet1d, Tensor, TensorData,
    Windows, clip_grad_norm, forecast, masked_loss,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// One measured call, told how many came before it.
type Work = Box<dyn FnMut(usize) -> Outcome<()>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COINS: usize = 20;
const FEATURES: usize = 8;
const LOOKBACK: usize = 512;
const ROWS: usize = 20_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let choices = |name: &str, all: &[&str]| match option(name) {
        Some(one) => vec![one],
        None => all.iter().map(|&one| one.to_owned()).collect(),
    };
    let device: DeviceChoice = option("--device").unwrap_or("flex".to_owned()).parse()?;
    let device = device.open()?.device;
    let seconds = Duration::from_secs_f64(option("--seconds").unwrap_or("3".to_owned()).parse()?);
    for form in choices("--form", &["shared", "stacked"]) {
        for batch in choices("--batch", &["1", "32", "64", "256"]) {
            for what in choices("--what", &["step", "forward"]) {
                if (batch == "1") != (what == "forward") && option("--what").is_none() {
                    continue;
                }
                measure(&form, batch.parse()?, &what, &device, seconds)?;
            }
        }
    }
    Ok(())
}

fn measure(form: &str, batch: usize, what: &str, device: &Device, seconds: Duration) -> Outcome<()> {
    let mixing = if form == "stacked" { Mixing::Stacked } else { Mixing::Shared };
    let config = NetworkConfig { mixing, ..NetworkConfig::default() };
    let windows = Windows::new(Arc::new(values()), COINS * FEATURES, LOOKBACK, device);
    let mut millis = Vec::new();
    let began = Instant::now();
    let mut work: Work = match what {
        "forward" => {
            let network = config.init(COINS, FEATURES, LOOKBACK, device)?;
            Box::new(move |step| {
                forecast(&network, &windows, &ends(step, batch), &mut |_| {})?;
                Ok(())
            })
        }
        _ => training(config.init(COINS, FEATURES, LOOKBACK, &device.clone().autodiff())?, windows, batch)?,
    };
    // The first calls warm caches up.
    for step in 0.. {
        let one = Instant::now();
        work(step)?;
        if step >= 2 {
            millis.push(one.elapsed().as_secs_f64() * 1e3);
        }
        if began.elapsed() > seconds && millis.len() >= 3 {
            break;
        }
    }
    millis.sort_by(f64::total_cmp);
    let median = millis[millis.len() / 2];
    println!(
        "{{\"form\":\"{form}\",\"batch\":{batch},\"what\":\"{what}\",\"median_ms\":{median:.3},\"best_ms\":{:.3},\
         \"samples_per_sec\":{:.1},\"runs\":{}}}",
        millis[0],
        batch as f64 * 1e3 / median,
        millis.len()
    );
    Ok(())
}

/// A step as training makes it: batch, forward, loss, backward, clip, AdamW.
fn training(network: ResNet1d, windows: Windows, batch: usize) -> Outcome<Work> {
    let device = windows.device().clone().autodiff();
    let mut optimizer = AdamWConfig::default().init()?;
    let targets: Vec<f32> = (0..batch * COINS).map(|index| (index as f32 * 0.7).sin()).collect();
    let mut network = Some(network);
    Ok(Box::new(move |step| {
        let current = network.take().ok_or("no network")?;
        let input = windows.batch(&ends(step, batch))?.autodiff();
        let target = Tensor::from_data(TensorData::new(targets.clone(), [batch, COINS]), &device);
        let mask = Tensor::ones([batch, COINS], &device);
        let loss = masked_loss(Loss::L1, current.forward(input), target, mask);
        let grads = GradientsParams::from_grads(loss.backward(), &current);
        let (grads, norm) = clip_grad_norm(&current, grads, 1.0);
        network = Some(optimizer.step(1e-3, current, grads));
        // Waits for the device.
        norm.try_into_data()?;
        Ok(())
    }))
}

fn ends(step: usize, batch: usize) -> Vec<usize> {
    (0..batch).map(|window| LOOKBACK + (step * 7919 + window * 613) % (ROWS - LOOKBACK)).collect()
}

fn values() -> Vec<f32> {
    (0..ROWS * COINS * FEATURES).map(|index| ((index as u32).wrapping_mul(2_654_435_761) as f32) / 2e9 - 1.0).collect()
}

#!/usr/bin/env python3
"""Golden numbers for crates/model: PyTorch's forward, gradients and AdamW in float64.

Usage: python scripts/golden-model.py        (from the repository's root; needs torch, safetensors, numpy)

Writes crates/model/tests/golden/*.safetensors, which crates/model/tests/it reads. Each file holds
the network's config as JSON in its metadata. The networks themselves are in python/src/quarterhour/network.py.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python/src"))
from quarterhour.network import network

DEFAULT = dict(
    mixing="shared", stem_width=4, stem_kernel=4, stem_stride=4, stages=[4, 6],
    blocks_per_stage=1, kernel=3, stage_stride=2, dropout=0.2, activation="relu",
    norm="none", pool="mean", head_width=0, input_norm="none",
)


CASES = {
    "shared-patch": dict(),
    "shared-overlap": dict(
        stem_kernel=5, stem_stride=2, activation="silu", pool="mean_last", head_width=5,
        norm="layer", input_norm="window",
    ),
    "shared-even-stem": dict(stem_kernel=6, stem_stride=3, norm="layer", stages=[4], head_width=3, kernel=5),
    "stacked-dense": dict(
        mixing="stacked", stem_kernel=3, stem_stride=1, activation="silu", stages=[6, 6],
        stage_stride=1, kernel=5, pool="last",
    ),
    "stacked-patch": dict(
        mixing="stacked", stages=[6, 4, 4], blocks_per_stage=2, stage_stride=3,
        pool="mean_last", head_width=4, input_norm="window",
    ),
}
# Encoders beside the ResNet: with and without a first convolution, of several layers, in both directions.
ENCODER_CASES = {
    "lstm-plain": dict(encoder="lstm", stem_width=0, pool="last", lstm=dict(width=5, layers=1, bidirectional=False)),
    "lstm-deep": dict(
        encoder="lstm", mixing="stacked", pool="mean_last", head_width=4, input_norm="window",
        lstm=dict(width=6, layers=2, bidirectional=True),
    ),
    "gru-plain": dict(encoder="gru", stem_width=0, pool="last", gru=dict(width=5, layers=1, bidirectional=False)),
    "gru-deep": dict(
        encoder="gru", pool="mean_last", stem_kernel=3, stem_stride=1,
        gru=dict(width=18, layers=2, bidirectional=True),
    ),
    "tcn-plain": dict(encoder="tcn", stem_width=0, pool="last", tcn=dict(widths=[5, 5, 5], kernel=3)),
    "tcn-deep": dict(
        encoder="tcn", mixing="stacked", pool="mean_last", activation="silu", norm="layer", head_width=3,
        stem_kernel=1, stem_stride=1, tcn=dict(widths=[4, 6, 6, 3], kernel=2),
    ),
}
# A linear skip beside the encoder, after the normalization of the window.
SKIP_CASES = {
    "skip-shared": dict(linear_skip=True, stem_kernel=3, stem_stride=1, pool="mean_last", head_width=5),
    "skip-stacked": dict(
        linear_skip=True, mixing="stacked", input_norm="window", encoder="lstm",
        lstm=dict(width=5, layers=1, bidirectional=False),
    ),
}
# Networks of several horizons, with unknown targets.
HORIZON_CASES = {
    "horizons-shared": dict(pool="mean_last", head_width=5),
    "horizons-stacked": dict(mixing="stacked", stem_kernel=3, stem_stride=1, pool="last"),
}
# Losses of volatility, of networks that see a coin's own channels alone.
LOSS_CASES = {
    "own-gaussian": dict(
        mixing="own", encoder="gru", stem_width=0, pool="last", head_width=5, log_scale=True,
        linear_skip=True, linear_skip_bars=3, gru=dict(width=5, layers=1, bidirectional=False),
    ),
    "own-qlike": dict(mixing="own", stem_kernel=3, stem_stride=1, pool="mean_last", linear_skip=True, linear_skip_bars=1),
}
COINS, FEATURES, LOOKBACK, BATCH, HORIZONS = 3, 2, 29, 4, 2


def make(config, horizons=1):
    """A network with every weight away from zero, rounded to float32, in float64 and without dropout."""
    net = network(config, COINS, FEATURES, horizons, LOOKBACK).double().eval()
    with torch.no_grad():
        for parameter in net.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 8
            parameter.copy_((torch.randn(parameter.shape) * (1.4 / fan_in**0.5)).float())
        for module in net.modules():
            if isinstance(module, nn.LayerNorm):
                module.weight.add_(1.0).copy_(module.weight.float())
    return net


def prefixed(prefix, tensors):
    return {f"{prefix}.{name}": tensor.detach().float().contiguous() for name, tensor in tensors}


def write(folder, name, config, tensors):
    from safetensors.torch import save_file  # scripts/bench-pytorch needs only the network and does without

    metadata = dict(
        config=json.dumps(config), coins=str(COINS), features=str(FEATURES), lookback=str(LOOKBACK)
    )
    save_file(tensors, folder / f"{name}.safetensors", metadata)


def masked_mean(losses, mask):
    return (losses * mask).sum() / mask.sum().clamp(min=1)


def parts_loss(loss, output, target, mask, scale, market_weight):
    """The coins' own parts, and the market's: each as a quotient of its scale (crates/model/src/loss.rs)."""
    known = mask.sum(1, keepdim=True)
    mean = lambda values: (values * mask).sum(1, keepdim=True) / known.clamp(min=1)
    error = (output - target) * scale
    market = mean(error)
    own = masked_mean(loss((error - market) / scale), mask)
    return own + market_weight * masked_mean(loss(market / mean(scale).clamp(min=1e-30)), known.clamp(max=1))


def horizon_cases(folder, windows):
    """Losses of several heads: the mean over horizons of the loss of each, by PyTorch's HuberLoss."""
    huber = lambda error: F.huber_loss(error, torch.zeros_like(error), reduction="none")
    for name, changes in HORIZON_CASES.items():
        config = DEFAULT | changes
        net, x = make(config, HORIZONS), windows()
        target = 2 * torch.randn(HORIZONS, BATCH, COINS).float().double()
        mask = (torch.rand(HORIZONS, BATCH, COINS) < 0.7).double()
        mask[1, 2] = 0  # nothing is known of a whole window at one horizon
        scale = (0.5 + torch.rand(HORIZONS, BATCH, COINS)).float().double()
        output = net(x)
        by_horizon = output.reshape(BATCH, COINS, HORIZONS).permute(2, 0, 1)
        each = list(zip(by_horizon, target, mask, scale))
        loss = sum(masked_mean(huber(o - t), m) for o, t, m, _ in each) / HORIZONS
        parts = sum(parts_loss(huber, *one, market_weight=0.5) for one in each) / HORIZONS
        loss.backward()
        tensors = {"windows": x.float(), "target": target.float(), "mask": mask.float(), "scale": scale.float()}
        tensors |= {"output": output.detach().float(), "losses": torch.stack([loss, parts]).detach().float()}
        tensors |= prefixed("weight", net.named_parameters())
        tensors |= prefixed("grad", ((n, p.grad) for n, p in net.named_parameters()))
        write(folder, name, config, tensors)


def loss_cases(folder, windows):
    """PyTorch's GaussianNLLLoss of a learnt variance, and QLIKE in logarithms, outputs being in units of `scale`."""
    for name, changes in LOSS_CASES.items():
        config = DEFAULT | changes
        net, x = make(config), windows()
        target = torch.randn(BATCH, COINS).float().double()
        mask = (torch.rand(BATCH, COINS) < 0.7).double()
        scale = (0.3 + 0.4 * torch.rand(BATCH, COINS)).float().double()
        output, log_scale = net.forward_with_scale(x)
        tensors = {"windows": x.float(), "target": target.float(), "mask": mask.float(), "scale": scale.float()}
        tensors["output"] = output.detach().float()
        if log_scale is None:
            ratio = 2 * (target - output) * scale
            losses = ratio.exp() - ratio - 1
        else:
            losses = F.gaussian_nll_loss(output, target, (2 * log_scale).exp(), reduction="none", eps=0)
            tensors["log_scale"] = log_scale.detach().float()
        loss = masked_mean(losses, mask)
        loss.backward()
        tensors["loss"] = loss.detach().float().reshape(1)
        tensors |= prefixed("weight", net.named_parameters())
        tensors |= prefixed("grad", ((n, p.grad) for n, p in net.named_parameters()))
        write(folder, name, config, tensors)


def main():
    torch.manual_seed(20240229)
    folder = Path(__file__).resolve().parent.parent / "crates/model/tests/golden"
    folder.mkdir(parents=True, exist_ok=True)
    windows = lambda: torch.randn(BATCH, COINS * FEATURES, LOOKBACK).float().double()
    targets = lambda: torch.randn(BATCH, COINS).float().double()

    def forward_and_gradients(cases):
        for name, changes in cases.items():
            config = DEFAULT | changes
            net, x, y = make(config), windows(), targets()
            output = net(x)
            F.l1_loss(output, y).backward()
            tensors = {"windows": x.float(), "target": y.float(), "output": output.detach().float()}
            tensors |= prefixed("weight", net.named_parameters())
            tensors |= prefixed("grad", ((n, p.grad) for n, p in net.named_parameters()))
            write(folder, name, config, tensors)

    forward_and_gradients(CASES)

    # Five steps of AdamW with the norm of all gradients clipped; biases and scales do not decay.
    config = DEFAULT | dict(activation="silu", norm="layer", head_width=4)
    net, x, y = make(config), windows(), targets()
    tensors = {"windows": x.float(), "target": y.float()} | prefixed("weight", net.named_parameters())
    decaying = [p for p in net.parameters() if p.dim() > 1]
    rest = [p for p in net.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [dict(params=decaying, weight_decay=0.1), dict(params=rest, weight_decay=0.0)], lr=1e-2
    )
    norms = []
    for _ in range(5):
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        norms.append(nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0))
        optimizer.step()
    tensors["norms"] = torch.stack(norms).float()
    tensors |= prefixed("stepped", net.named_parameters())
    write(folder, "adamw", config, tensors)

    forward_and_gradients(ENCODER_CASES)
    forward_and_gradients(SKIP_CASES)
    torch.manual_seed(20240301)
    horizon_cases(folder, windows)
    torch.manual_seed(20261128)
    loss_cases(folder, windows)


if __name__ == "__main__":
    main()

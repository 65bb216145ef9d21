#!/usr/bin/env python3
"""Golden numbers for crates/model: PyTorch's forward, gradients and AdamW in float64.

Usage: python scripts/golden-model.py        (from the repository's root; needs torch, safetensors, numpy)

Writes crates/model/tests/golden/*.safetensors, which crates/model/tests/it reads. Each file holds
the network's config as JSON in its metadata. `network` below is also the way to use a
`model.safetensors` in PyTorch, `config` being the section [network] of the run.toml beside it:

    net = network(config, coins, features, horizons=1, lookback=lookback)
    net.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

EPSILON = 1e-5  # WINDOW_NORM_EPSILON and LAYER_NORM_EPSILON in crates/model
ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}
DEFAULT = dict(
    mixing="shared", stem_width=4, stem_kernel=4, stem_stride=4, stages=[4, 6],
    blocks_per_stage=1, kernel=3, stage_stride=2, dropout=0.2, activation="relu",
    norm="none", pool="mean", head_width=0, input_norm="none",
)


class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels of [batch, channels, time]."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class Block(nn.Module):
    def __init__(self, config, channels_in, channels_out, stride):
        super().__init__()
        norm = lambda channels: ChannelNorm(channels, EPSILON) if config["norm"] == "layer" else nn.Identity()
        kernel = config["kernel"]
        self.norm1 = norm(channels_in)
        self.conv1 = nn.Conv1d(channels_in, channels_out, kernel, stride, padding=(kernel - 1) // 2)
        self.norm2 = norm(channels_out)
        self.conv2 = nn.Conv1d(channels_out, channels_out, kernel, 1, padding=(kernel - 1) // 2)
        reshapes = stride != 1 or channels_in != channels_out
        width = 1 if stride == 1 else kernel
        projection = nn.Conv1d(channels_in, channels_out, width, stride, padding=(width - 1) // 2)
        self.projection = projection if reshapes else nn.Identity()
        self.dropout = nn.Dropout(config["dropout"])
        self.act = ACTIVATIONS[config["activation"]]

    def forward(self, x):
        y = self.dropout(self.conv1(self.act(self.norm1(x))))
        return self.projection(x) + self.conv2(self.act(self.norm2(y)))


class Stage(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.blocks = nn.Sequential(*blocks)


class Head(nn.Module):
    def __init__(self, units_in, width, outputs, act, log_scale=False):
        super().__init__()
        self.hidden = nn.Linear(units_in, width) if width else None
        self.output = nn.Linear(width or units_in, outputs)
        self.scale = nn.Linear(width or units_in, outputs) if log_scale else None
        self.act = act

    def forward(self, x):
        """The outputs and the logarithms of their scales, or None."""
        x = self.act(self.hidden(x)) if self.hidden else x
        return self.output(x), self.scale(x) if self.scale else None


class Network(nn.Module):
    """Coin mixing, an encoder over time (what a subclass adds), a head, a linear skip of the last bars of `lookback`."""

    def __init__(self, config, coins, features, horizons=1, lookback=None):
        super().__init__()
        self.config, self.coins, self.features, self.horizons = config, coins, features, horizons
        self.act = ACTIVATIONS[config["activation"]]
        channels = {"shared": 2 * features, "own": features, "stacked": coins * features}[config["mixing"]]
        seen, width = channels, config["stem_width"]
        if width:
            kernel, stride = config["stem_kernel"], config["stem_stride"]
            padding = 0 if kernel == stride else (kernel - 1) // 2
            self.stem = nn.Conv1d(channels, width, kernel, stride, padding)
        else:
            self.stem = nn.Identity()
        channels = self.build(config, width or channels)
        pooled = 2 * channels if config["pool"] == "mean_last" else channels
        outputs = horizons * (coins if config["mixing"] == "stacked" else 1)
        self.head = Head(pooled, config["head_width"], outputs, self.act, config.get("log_scale", False))
        self.skip_bars = config.get("linear_skip_bars", lookback)
        self.skip = nn.Conv1d(seen, outputs, self.skip_bars) if config.get("linear_skip", False) else None

    def forward(self, x):  # [batch, coins * features, lookback] -> [batch, coins * horizons]
        return self.forward_with_scale(x)[0]

    def forward_with_scale(self, x):
        batch, _, lookback = x.shape
        if self.config["input_norm"] == "window":
            x = (x - x.mean(2, keepdim=True)) / (x.var(2, correction=0, keepdim=True) + EPSILON).sqrt()
        if self.config["mixing"] == "shared":
            own = x.reshape(batch, self.coins, self.features, lookback)
            market = own.mean(1, keepdim=True).expand_as(own)
            x = torch.cat([own, market], 2).reshape(batch * self.coins, 2 * self.features, lookback)
        if self.config["mixing"] == "own":
            x = x.reshape(batch * self.coins, self.features, lookback)
        values = self.encode(self.stem(x))  # [window, channels, time]
        mean, last = values.mean(2), self.last(values)
        pooled = {"mean": mean, "last": last, "mean_last": torch.cat([mean, last], 1)}[self.config["pool"]]
        output, scale = self.head(pooled)
        shape = (batch, self.coins * self.horizons)
        output = output.reshape(shape)
        if self.skip:
            output = output + self.skip(x[:, :, lookback - self.skip_bars :]).reshape(shape)
        return output, None if scale is None else scale.reshape(shape)

    def last(self, values):
        return values[:, :, -1]


class ResNet1d(Network):
    def build(self, config, channels):
        stages = []
        for stage, width in enumerate(config["stages"]):
            blocks = []
            for block in range(config["blocks_per_stage"]):
                blocks.append(Block(config, channels, width, config["stage_stride"] if stage and not block else 1))
                channels = width
            stages.append(Stage(blocks))
        self.stages = nn.ModuleList(stages)
        self.norm = ChannelNorm(channels, EPSILON) if config["norm"] == "layer" else nn.Identity()
        return channels

    def encode(self, x):
        for stage in self.stages:
            x = stage.blocks(x)
        return self.act(self.norm(x))


class Recurrent(Network):
    """Layers of nn.LSTM or nn.GRU with dropout between: the same as one module of several layers."""

    def build(self, config, channels):
        options = config[self.name]
        width, both = options["width"], options["bidirectional"]
        layers = []
        for _ in range(options["layers"]):
            layers.append(self.module(channels, width, batch_first=True, bidirectional=both))
            channels = 2 * width if both else width
        setattr(self, self.name, nn.ModuleList(layers))
        self.dropout = nn.Dropout(config["dropout"])
        return channels

    def encode(self, x):
        x = x.transpose(1, 2)
        for index, layer in enumerate(getattr(self, self.name)):
            x, _ = layer(self.dropout(x) if index else x)
        return x.transpose(1, 2)

    def last(self, values):
        """The step that each direction ends with."""
        if not self.config[self.name]["bidirectional"]:
            return values[:, :, -1]
        ahead, back = values.chunk(2, 1)
        return torch.cat([ahead[:, :, -1], back[:, :, 0]], 1)


class Lstm(Recurrent):
    name, module = "lstm", nn.LSTM


class Gru(Recurrent):
    name, module = "gru", nn.GRU


class CausalConv1d(nn.Conv1d):
    def forward(self, x):
        return super().forward(F.pad(x, ((self.kernel_size[0] - 1) * self.dilation[0], 0)))


class CausalBlock(nn.Module):
    def __init__(self, config, channels_in, channels_out, dilation):
        super().__init__()
        norm = lambda channels: ChannelNorm(channels, EPSILON) if config["norm"] == "layer" else nn.Identity()
        kernel = config["tcn"]["kernel"]
        self.norm1 = norm(channels_in)
        self.conv1 = CausalConv1d(channels_in, channels_out, kernel, dilation=dilation)
        self.norm2 = norm(channels_out)
        self.conv2 = CausalConv1d(channels_out, channels_out, kernel, dilation=dilation)
        self.downsample = nn.Conv1d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()
        self.dropout = nn.Dropout(config["dropout"])
        self.act = ACTIVATIONS[config["activation"]]

    def forward(self, x):
        y = self.dropout(self.conv1(self.act(self.norm1(x))))
        return self.downsample(x) + self.conv2(self.act(self.norm2(y)))


class Tcn(Network):
    def build(self, config, channels):
        blocks = []
        for index, width in enumerate(config["tcn"]["widths"]):
            blocks.append(CausalBlock(config, channels, width, 2**index))
            channels = width
        self.tcn = nn.Sequential(*blocks)
        self.norm = ChannelNorm(channels, EPSILON) if config["norm"] == "layer" else nn.Identity()
        return channels

    def encode(self, x):
        return self.act(self.norm(self.tcn(x)))


ENCODERS = {"resnet": ResNet1d, "lstm": Lstm, "gru": Gru, "tcn": Tcn}


def network(config, coins, features, horizons=1, lookback=None):
    """The network of a section [network]; runs from before there was a choice have a ResNet.

    Outputs are [coin, horizon], `horizons` being the length of target.horizons; a linear skip needs `lookback`.
    """
    return ENCODERS[config.get("encoder", "resnet")](config, coins, features, horizons, lookback)


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

"""The networks of runs as PyTorch modules, with the names that their weights have in `model.safetensors`.

    network(config, coins, features, horizons, lookback) builds one of the section [network] of a run.toml.
    load_network(run) builds that of a run and loads its weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from quarterhour.runs import Run

EPSILON = 1e-5  # WINDOW_NORM_EPSILON and LAYER_NORM_EPSILON in crates/model
ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}


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


def network(
    config: dict[str, Any], coins: int, features: int, horizons: int = 1, lookback: int | None = None
) -> Network:
    """The network of a section [network]; runs from before there was a choice have a ResNet.

    Outputs are `[coin, horizon]`, `horizons` being the length of `target.horizons`; a linear skip needs `lookback`.
    """
    encoder = config.get("encoder", "resnet")
    if encoder not in ENCODERS:
        raise ValueError(f"network.encoder is {encoder!r}, expected one of {sorted(ENCODERS)}")
    return ENCODERS[encoder](config, coins, features, horizons, lookback)


def network_of(run: Run | str | Path, fold: int | None = None) -> Network:
    """The network of a run's config, with weights of PyTorch's own choice."""
    run = Run.of(run)
    stats = run.stats(fold)
    shape = (len(stats["coins"]), len(stats["features"]), len(run.horizon_bars), run.lookback)
    return network(run.config["network"], *shape)


def load_weights(module: Network, file: str | Path) -> Network:
    """The network with the weights of a file, ready to forecast."""
    from safetensors.torch import load_file

    module.load_state_dict(load_file(file))
    return module.eval()


def load_network(run: Run | str | Path, fold: int | None = None, seed: int = 0) -> Network:
    """The network of a run with its weights.

    It takes normalized windows `[batch, coins * features, lookback]`, channel `coin * features + feature`, and gives
    `[batch, coins * horizons]` in units of the targets' scales. `load_forecaster` takes features as they are and forecasts
    in the unit of the target.

    Args:
        run: Folder of a run of `quarterhour train`.
        fold: Which fold's network; the run's own without, which is the last fold's.
        seed: Which of several networks that were trained from different seeds, from 0.
    """
    run = Run.of(run)
    files = run.weights(fold)
    if seed >= len(files):
        raise IndexError(f"{run.folder} has {len(files)} networks a fold, so that there is no number {seed}")
    return load_weights(network_of(run, fold), files[seed])

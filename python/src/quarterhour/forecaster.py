"""A run's networks from features as they are to forecasts in the unit of the target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from quarterhour.network import Network, load_network
from quarterhour.ranks import normal_score
from quarterhour.runs import Run

# `normalize.target = "trailing"`: the least scale, as a share of the coin's own from training.
LEAST_SHARE = 0.1


class Forecaster(nn.Module):
    """Normalization, the networks of all seeds, and the way back to the unit of the target, as one module.

    Build it with `load_forecaster`.
    """

    mean: Tensor
    std: Tensor
    knots: Tensor
    is_known: Tensor
    scale: Tensor
    horizon_bars: Tensor

    def __init__(self, networks: list[Network], stats: dict[str, Any], horizon_bars: list[int], is_trailing: bool) -> None:
        super().__init__()
        coins = stats["coins"]
        table = lambda key: torch.tensor([coin[key] for coin in coins], dtype=torch.float64)
        scales = [[coin["target_scale"], *(of["target_scale"] for of in coin.get("further", []))] for coin in coins]
        self.networks = nn.ModuleList(networks)
        self.register_buffer("mean", table("mean"))
        self.register_buffer("std", table("std"))
        # Quantiles of training with `normalize.method = "rank"`, each coin's own or those of all; else none.
        knots = [coin.get("knots") or stats.get("knots") or [] for coin in coins]
        self.register_buffer("knots", torch.tensor(knots, dtype=torch.float64))
        self.register_buffer("is_known", torch.tensor([coin["target_std"] is not None for coin in coins]))
        self.register_buffer("scale", torch.tensor(scales, dtype=torch.float64))
        self.register_buffer("horizon_bars", torch.tensor(horizon_bars, dtype=torch.float64))
        self.clip, self.center, self.is_trailing = stats["clip"], stats.get("target_center", 0.0), is_trailing

    def forward(self, features: Tensor, volatility: Tensor | None = None) -> Tensor:
        """Forecasts of some windows.

        Args:
            features: `[batch, lookback, coins, features]`, NaN where missing; `quarterhour.windows` makes them.
            volatility: `[batch, coins]`, which only runs with `normalize.target = "trailing"` take;
                `quarterhour.trailing_volatility` makes it.

        Returns:
            `[batch, coins, horizons]` in float64, NaN for a coin that training had no rows of.
        """
        batch, _, coins, _ = features.shape
        channels = self.normalized(features).flatten(2).transpose(1, 2)
        outputs = torch.stack([network(channels) for network in self.networks]).double().mean(0)
        forecasts = outputs.reshape(batch, coins, -1) * self.scales(volatility) + self.center
        return torch.where(self.is_known[:, None], forecasts, torch.nan)

    def normalized(self, features: Tensor) -> Tensor:
        """(x - mean) / std, or the normal score of x's rank, cut off at `clip`.

        What is missing becomes the mean over the coins that have it.
        """
        if self.knots.numel():
            values = normal_score(features, self.knots).float()
        else:
            values = ((features.double() - self.mean) / self.std).float()
        is_there = ~torch.isnan(values) & self.is_known[:, None]
        values = torch.where(is_there, values, 0.0).clamp(-self.clip, self.clip)
        market = values.sum(2, keepdim=True) / is_there.sum(2, keepdim=True).clamp(min=1)
        return torch.where(is_there, values, market)

    def scales(self, volatility: Tensor | None) -> Tensor:
        """What outputs are multiplied with: `[coins, horizons]`, or `[batch, coins, horizons]` if they are trailing."""
        if not self.is_trailing:
            return self.scale
        if volatility is None:
            raise ValueError('the run has normalize.target = "trailing", so that forecasts need the volatility')
        trailing = volatility.double()[:, :, None] * self.horizon_bars.sqrt()
        trailing = torch.where(torch.isnan(trailing), self.scale, trailing)
        return torch.maximum(trailing, LEAST_SHARE * self.scale)


def load_forecaster(run: Run | str | Path, fold: int | None = None) -> Forecaster:
    """The forecaster of a run of `quarterhour train`: what scored the fold, in PyTorch.

    Args:
        run: Folder of the run.
        fold: Which fold's networks; the run's own without, which are the last fold's.

    Raises:
        NotImplementedError: The run adds the forecasts of a ridge (`target.base`).
    """
    run = Run.of(run)
    if run.config["target"].get("base"):
        raise NotImplementedError(f"{run.folder} adds the forecasts of a ridge (target.base), which is no network")
    networks = [load_network(run, fold, seed) for seed in range(len(run.weights(fold)))]
    is_trailing = run.config["normalize"]["target"] == "trailing"
    return Forecaster(networks, run.stats(fold), run.horizon_bars, is_trailing).eval()

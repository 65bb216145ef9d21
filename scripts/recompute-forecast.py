#!/usr/bin/env python3
"""Recomputes forecasts of a run from raw candles in numpy and PyTorch, by the README's formulas alone.

Usage: python scripts/recompute-forecast.py RUN CANDLES.parquet [N]      (needs numpy, polars, torch, safetensors)

Takes N (default 20) rows of RUN/forecasts.parquet evenly spaced, computes `ohlcv8` for their windows from the
long-format file, normalizes with the fold's stats.json, averages the seeds' networks in PyTorch (float64) and prints the
largest difference in units of the forecasts' standard deviation. A second pair of eyes on the whole path: nothing of it
is shared with the Rust code but the formulas.
"""

import importlib.util
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import torch
from safetensors.torch import load_file

MINUTE = 60_000
FILL_LIMIT = 60

spec = importlib.util.spec_from_file_location("golden_model", Path(__file__).with_name("golden-model.py"))
golden_model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden_model)


def features(candles, first, rows):
    """The eight features of one coin on the grid of `rows` minutes from `first`: [rows, 8]."""
    grid = pl.DataFrame({"open_time": first + MINUTE * np.arange(rows)}).join(candles, on="open_time", how="left")
    observed = grid["close"].is_not_null()
    close = grid["close"].forward_fill(limit=FILL_LIMIT).to_numpy()
    price = lambda name: np.where(observed, grid[name].to_numpy(), close)
    high, low = price("high"), price("low")
    log = np.log(close)

    def mean(values, window):
        out = np.full(rows, np.nan)
        for row in range(window - 1, rows):
            seen = values[row + 1 - window : row + 1]
            if np.isfinite(seen).any():
                out[row] = np.nanmean(seen)
        return out

    def change(k):
        return np.concatenate([np.full(k, np.nan), log[k:] - log[:-k]])

    turnover = np.log1p(grid["volume"].to_numpy() * close)
    span = high - low
    position = np.where(span == 0, 0.0, (2 * close - high - low) / np.where(span == 0, 1.0, span))
    volatility = np.log(np.maximum(np.sqrt(mean(change(1) ** 2, 59)), 1e-6))
    return np.stack(
        [change(1), change(15), log - mean(log, 60), log - mean(log, 240), np.log(high / low), position,
         turnover - mean(turnover, 240), volatility],
        axis=1,
    )


def volatility(candles, time):
    """Root mean square of the 240 one-minute log returns that end at `time`."""
    rows = 241 + FILL_LIMIT
    grid = pl.DataFrame({"open_time": time + MINUTE * np.arange(1 - rows, 1)}).join(candles, on="open_time", how="left")
    log = np.log(grid["close"].forward_fill(limit=FILL_LIMIT).to_numpy())
    return np.sqrt(np.nanmean(np.diff(log)[-240:] ** 2))


def main(run, path, count=20):
    run = Path(run)
    config = tomllib.loads((run / "run.toml").read_text())
    # Bars of a minute: "15m", or their count in older runs.
    horizon = str(config["target"].get("horizon") or config["target"]["horizon_bars"])
    horizon = int(horizon.rstrip("mhd")) * {"h": 60, "d": 1440}.get(horizon[-1], 1)
    symbols, lookback = config["universe"]["symbols"], config["features"]["lookback_bars"]
    # Times are timestamps, and milliseconds in tables of version 1.
    table = pl.read_parquet(run / "forecasts.parquet").with_columns(pl.col("time").cast(pl.Int64))
    candles = {key[0]: frame for key, frame in pl.read_parquet(path).partition_by("symbol", as_dict=True).items()}
    worst = 0.0
    for row in table.gather_every(table.height // int(count)).iter_rows(named=True):
        rows = lookback + 240 + FILL_LIMIT
        first = row["time"] - (rows - 1) * MINUTE
        stats = json.loads((run / f"fold-{row['fold']}/stats.json").read_text())
        normalized = []
        for symbol, coin in zip(symbols, stats["coins"]):
            values = (features(candles[symbol], first, rows) - np.array(coin["mean"])) / np.array(coin["std"])
            normalized.append(np.clip(values, -stats["clip"], stats["clip"])[-lookback:])
        normalized = np.stack(normalized)  # [coins, lookback, features]
        known = np.isfinite(normalized)
        market = np.where(known, normalized, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        normalized = np.where(known, normalized, market)
        window = torch.tensor(np.concatenate(list(normalized), axis=1).T[None])  # [1, coins * features, lookback]
        outputs = []
        for weights in sorted((run / f"fold-{row['fold']}").glob("seed-*/weights.safetensors")):
            shape = dict(coins=len(symbols), features=len(stats["features"]), lookback=lookback)
            network = golden_model.network(config["network"], **shape).double().eval()
            network.load_state_dict(load_file(weights))
            with torch.no_grad():
                outputs.append(network(window)[0].numpy())
        coin = symbols.index(row["symbol"])
        scale = stats["coins"][coin]["target_scale"]
        if config["normalize"]["target"] == "trailing":
            scale = max(0.1 * scale, volatility(candles[row["symbol"]], row["time"]) * horizon ** 0.5)
        forecast = np.mean(outputs, axis=0)[coin] * scale
        worst = max(worst, abs(forecast - row["forecast"]))
    print(f"{count} forecasts: largest difference {worst / table['forecast'].std():.2e} standard deviations")


if __name__ == "__main__":
    main(*sys.argv[1:])

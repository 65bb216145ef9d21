#!/usr/bin/env python3
"""Recomputes forecasts of a run from raw candles in numpy and PyTorch, by the README's formulas alone.

Usage: python scripts/recompute-forecast.py RUN CANDLES.parquet [N]      (needs numpy, polars, torch, safetensors)

Takes N (default 20) rows of RUN/forecasts.parquet evenly spaced, computes `ohlcv8` for their windows from the
long-format file, forecasts from them with the package in python/ and prints the largest difference in units of the
forecasts' standard deviation. A second pair of eyes on the whole path: nothing of it is shared with the Rust code but the
formulas.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python/src"))
from quarterhour import Run, load_forecaster, read_forecasts

MINUTE = 60_000
FILL_LIMIT = 60


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
    run = Run.of(run)
    symbols = run.config["universe"]["symbols"]
    table = read_forecasts(run).with_columns(pl.col("time").cast(pl.Int64))
    candles = {key[0]: frame for key, frame in pl.read_parquet(path).partition_by("symbol", as_dict=True).items()}
    forecasters = {fold: load_forecaster(run, fold) for fold in table["fold"].unique()}
    worst = 0.0
    for row in table.gather_every(table.height // int(count)).iter_rows(named=True):
        rows = run.lookback + 240 + FILL_LIMIT
        first = row["time"] - (rows - 1) * MINUTE
        window = np.stack([features(candles[symbol], first, rows)[-run.lookback :] for symbol in symbols], axis=1)
        trailing = [volatility(candles[symbol], row["time"]) for symbol in symbols]
        with torch.no_grad():
            forecasts = forecasters[row["fold"]](torch.tensor(window[None]), torch.tensor([trailing]))
        forecast = forecasts[0, symbols.index(row["symbol"]), 0].item()
        worst = max(worst, abs(forecast - row["forecast"]))
    print(f"{count} forecasts: largest difference {worst / table['forecast'].std():.2e} standard deviations")


if __name__ == "__main__":
    main(*sys.argv[1:])

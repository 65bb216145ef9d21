"""From tables of features and candles to what a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from quarterhour.runs import Run, seconds


def _grid(
    table: pl.DataFrame, symbols: list[str], columns: list[str], step_ms: int
) -> tuple[int, NDArray[np.float32], NDArray[np.bool_]]:
    """The first time in ms, values `[rows, coins, columns]` on a grid of bars, and which cells the table has."""
    times = table["time"].dt.epoch("ms").to_numpy()
    first = int(times.min())
    row = (times - first) // step_ms
    place = {symbol: index for index, symbol in enumerate(symbols)}
    coin = np.array([place.get(symbol, -1) for symbol in table["symbol"]])
    row, kept = row[coin >= 0], coin >= 0
    values = np.full((int(row.max()) + 1, len(symbols), len(columns)), np.nan, table[columns].to_numpy().dtype)
    values[row, coin[kept]] = table[columns].to_numpy()[kept]
    is_there = np.zeros(values.shape[:2], bool)
    is_there[row, coin[kept]] = True
    return first, values, is_there


def windows(
    run: Run | str | Path, features: pl.DataFrame, times: Sequence[datetime], fold: int | None = None
) -> NDArray[np.float32]:
    """The windows that end at `times`, for `Forecaster`.

    Args:
        run: The run whose coins, features and lookback they have.
        features: What `read_features` returns, of the run's config.
        times: Open time of the last bar of each window, with its time zone.
        fold: The fold whose statistics name the features; the last one without.

    Returns:
        `[times, lookback, coins, features]`, NaN where a feature is missing.

    Raises:
        ValueError: A window reaches before the table, or over a candle that is missing. The program carries prices
            forward over missing candles, but its table of features has no row of them.
    """
    run = Run.of(run)
    step_ms, lookback, symbols = 1000 * run.bar_seconds, run.lookback, run.symbols
    first, values, is_there = _grid(features, symbols, run.stats(fold)["features"], step_ms)
    windows = []
    for time in times:
        end = (int(time.timestamp() * 1000) - first) // step_ms + 1
        if end < lookback or end > len(values):
            raise ValueError(f"the window of {lookback} bars that ends at {time} is not in the table of features")
        if not is_there[end - lookback : end].all():
            row, coin = np.argwhere(~is_there[end - lookback : end])[0]
            missing = pl.from_epoch(pl.Series([first + (end - lookback + row) * step_ms]), "ms")[0]
            raise ValueError(f"the window that ends at {time} needs {symbols[coin]} at {missing}, which has no candle")
        windows.append(values[end - lookback : end])
    return np.stack(windows).astype(np.float32)


def trailing_volatility(
    run: Run | str | Path, candles: pl.DataFrame, times: Sequence[datetime]
) -> NDArray[np.float64]:
    """Root mean square of each coin's log returns of one bar over `normalize.trailing` up to `times`.

    Networks of a run with `normalize.target = "trailing"` forecast in units of it.

    Args:
        run: The run.
        candles: What `read_candles` returns.
        times: Open times of the last bars, with their time zone.

    Returns:
        `[times, coins]`, NaN where the history is too short.
    """
    run = Run.of(run)
    step_ms = 1000 * run.bar_seconds
    first, closes, _ = _grid(candles, run.symbols, ["close"], step_ms)
    bars = seconds(run.config["normalize"].get("trailing", "4h")) // run.bar_seconds
    limit = run.config["data"].get("fill_limit", "1h")
    table = pl.DataFrame(closes[:, :, 0]).fill_nan(None)
    filled = table.select(pl.all().forward_fill(limit=seconds(limit) // run.bar_seconds)).to_numpy()
    squares = np.diff(np.log(filled.astype(np.float64)), axis=0, prepend=np.nan) ** 2
    found = np.full((len(times), closes.shape[1]), np.nan)
    for place, time in enumerate(times):
        end = (int(time.timestamp() * 1000) - first) // step_ms + 1
        if bars <= end <= len(squares):
            part = squares[end - bars : end]
            known = np.isfinite(part)
            with np.errstate(invalid="ignore"):
                found[place] = np.sqrt(np.where(known, part, 0).sum(0) / known.sum(0))
    return found

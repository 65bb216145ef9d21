"""Tables on disk as Polars data frames."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from quarterhour.runs import Run

TIME = pl.Datetime("ms", "UTC")


def _table(run: Run | str | Path) -> Path:
    if isinstance(run, Run):
        return run.folder / "forecasts.parquet"
    path = Path(run)
    return path / "forecasts.parquet" if path.is_dir() else path


def read_forecasts(run: Run | str | Path, horizon: str | None = None) -> pl.DataFrame:
    """The out-of-sample forecasts of a run.

    Args:
        run: Folder of a run, or a `forecasts.parquet`.
        horizon: Which horizon, such as `15m`; all without.

    Returns:
        One row for each horizon, time and coin, with the columns of the book's chapter *The forecast table*. `time` is
        the open time of the last candle that the forecast knows, in UTC.
    """
    path = _table(run)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: the run is not finished, or this is no run")
    table = pl.read_parquet(path)
    if table.schema["time"] == pl.Int64:  # tables of version 1
        table = table.with_columns(pl.from_epoch("time", "ms").dt.replace_time_zone("UTC"))
    if horizon is not None:
        found = table["horizon"].unique().to_list()
        if horizon not in found:
            raise ValueError(f"{path} has no horizon {horizon!r}, it has {sorted(found)}")
        table = table.filter(pl.col("horizon") == horizon)
    return table


def forecast_metadata(run: Run | str | Path) -> dict[str, Any]:
    """Target, unit, bar, horizons, panels and controls of a forecast table; empty for tables of version 1."""
    return json.loads(pl.read_parquet_metadata(_table(run)).get("quarterhour.forecasts", "{}"))


def read_candles(
    data: str | Path,
    symbols: list[str] | None = None,
    *,
    market: str = "spot",
    interval: str = "1m",
    start: datetime | None = None,
    end: datetime | None = None,
) -> pl.DataFrame:
    """Candles of a store, sorted by symbol and time.

    Args:
        data: The store's folder (`data.dir`).
        symbols: The coins; all without.
        market: `spot` or `futures`.
        interval: Length of a bar.
        start: First open time, with its time zone.
        end: Open time of the first candle that is left out, with its time zone.

    Returns:
        `symbol`, `time` (open time, UTC), `open`, `high`, `low`, `close`, `volume` and what else the store has. A candle
        that is missing has no row.
    """
    folder = Path(data) / "candles" / market / interval
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there\nhint: quarterhour download, import or simulate fills a store")
    known = sorted(path.name for path in folder.iterdir() if path.is_dir())
    missing = sorted(set(symbols or []) - set(known))
    if missing:
        raise ValueError(f"{folder} has no {', '.join(missing)}")
    frames = [_candles_of(folder / symbol, start, end) for symbol in symbols or known]
    return pl.concat(frames, how="diagonal").sort("symbol", "time")


def _candles_of(folder: Path, start: datetime | None, end: datetime | None) -> pl.DataFrame:
    files = sorted(folder.glob("*.parquet"))
    frame = pl.concat([pl.read_parquet(file) for file in files], how="diagonal")
    time = pl.from_epoch("open_time", "ms").dt.replace_time_zone("UTC").cast(TIME).alias("time")
    frame = frame.select(pl.lit(folder.name).alias("symbol"), time, pl.exclude("open_time"))
    if start is not None:
        frame = frame.filter(pl.col("time") >= start)
    return frame if end is None else frame.filter(pl.col("time") < end)


def read_features(folder: str | Path) -> pl.DataFrame:
    """Features as `quarterhour features --out FOLDER` wrote them: `time`, `symbol` and one column a feature."""
    files = sorted(Path(folder).glob("features-*.parquet"))
    if not files:
        raise FileNotFoundError(f"{folder} has no features-*.parquet\nhint: quarterhour features --out {folder}")
    return pl.concat([pl.read_parquet(file) for file in files])

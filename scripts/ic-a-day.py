#!/usr/bin/env python3
"""IC a day of forecasts on some folds, by numpy, beside the controls of the same table.

    python3 scripts/ic-a-day.py RUN/forecasts.parquet [--folds 6-7] [--minus OTHER/forecasts.parquet] [--horizon 1h] [--power]

Needs numpy and polars. It computes from the table what `quarterhour evaluate` does in Rust: market-neutral, entered a bar
later, in units of the trailing volatility, the log return clipped at 5, about zero within a UTC day; then mean over days, its
interval from days drawn again and its t, and that of the forecasts minus each control. Where days share returns, as those over a
day from shorter bars, blocks of days are drawn, and t has Newey and West's standard error.
"""

import argparse
import glob
import json

import numpy as np
import polars as pl

CONTROLS = ["last_return", "deviation_30m", "deviation_60m", "deviation_240m"]


def per_day(frame, column):
    """One correlation a day; the frame has time, forecast columns, realized_delayed and trailing_volatility."""
    unit = pl.col("trailing_volatility")
    both = frame.with_columns(
        x=pl.col(column) / unit, y=pl.col("realized_delayed").log1p() / unit
    ).filter(pl.col("x").is_finite() & pl.col("y").is_finite())
    over = lambda name: pl.col(name) - pl.col(name).mean().over("time")
    # What is left of equal values is rounding: a forecast of the market alone says nothing of a coin beside the others.
    rounding = 1e-12 * pl.col("x").abs().max().over("time")
    own = pl.when(over("x").abs() <= rounding).then(0.0).otherwise(over("x"))
    both = both.with_columns(x=own, y=over("y").clip(-5, 5))
    sums = (pl.col("x") * pl.col("y")).sum() / ((pl.col("x") ** 2).sum() * (pl.col("y") ** 2).sum()).sqrt()
    sums = pl.when((pl.col("x") ** 2).sum() == 0).then(0.0).otherwise(sums)
    return both.group_by(pl.col("time").dt.date().alias("day")).agg(ic=sums).sort("day")


UNIT_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}


def overlap(path, horizon):
    """How many days a return reaches beyond its own, to the nearest whole day; a table of version 1 does not say it: 0."""
    text = pl.read_parquet_metadata(sorted(glob.glob(path))[0]).get("quarterhour.forecasts")
    if text is None:
        return 0
    minutes = lambda span: int(span[:-1]) * UNIT_MINUTES[span[-1]]
    metadata = json.loads(text)
    reach = next(one["reach"] for one in metadata["horizons"] if horizon in (None, one["name"]))
    return (minutes(reach) - minutes(metadata["bar"]) + 720) // 1440


def standard_error(values, overlap):
    """Of the mean over days; with autocovariances up to twice the overlap (Newey and West 1987), as `quarterhour evaluate` has it."""
    own, lags = values - values.mean(), min(2 * overlap, len(values) - 1)
    weighted = ((1 - lag / (lags + 1)) * (own[lag:] @ own[:-lag]) for lag in range(1, lags + 1))
    return np.sqrt((own @ own + 2 * sum(weighted)) / (len(own) - 1) / len(own))


def summary(values, overlap):
    values = np.asarray(values)
    t = values.mean() / standard_error(values, overlap)
    count, block = len(values), overlap + 1
    first = np.random.default_rng(0).choice(count, (2000, -(-count // block)))
    days = (first[..., None] + np.arange(block)) % count
    low, high = np.quantile(values[days.reshape(2000, -1)[:, :count]].mean(1), [0.025, 0.975])
    return f"{values.mean():+.4f} ({low:+.4f} to {high:+.4f}, t {t:+.1f}, {count} days)"


# Of a normal mean: t 3 is exceeded in half of the cases where the true mean is 3 standard errors, in four of five where it is 3.84.
HALF, FOUR_OF_FIVE = 3.0, 3.0 + 0.8416


def power(values, overlap):
    """Which mean these days could have told from 0 with a t above 3."""
    values = np.asarray(values)
    error = standard_error(values, overlap)
    enough = (FOUR_OF_FIVE * error / values.mean()) ** 2 * len(values)
    return (
        f"  a day's IC has a standard deviation of {values.std(ddof=1):.4f}; t is above 3 in half of the cases at a true mean of "
        f"{HALF * error:.4f}, in four of five at {FOUR_OF_FIVE * error:.4f}; were {values.mean():+.4f} the true mean, {enough:.0f} days would do that"
    )


def chosen(frame, column, wanted):
    """The rows of one horizon or panel; a table of version 1, or of one panel, has no such column."""
    if column not in frame.columns:
        return frame
    found = frame[column].unique().sort().to_list()
    if wanted is None and len(found) > 1:
        raise SystemExit(f"{column}: found {', '.join(found)}, expected one\nhint: --{column} {found[0]}")
    return frame if wanted is None else frame.filter(pl.col(column) == wanted)


def read(path, args):
    """The rows of a table that are asked for."""
    first, last = (int(part) for part in (args.folds.split("-") * 2)[:2])
    whole = pl.read_parquet(path)
    frame = whole.filter(pl.col("fold").is_between(first, last))
    if frame.is_empty():
        raise SystemExit(f"{path}: found no row of folds {args.folds}, expected some\nhint: --folds {whole['fold'].min()}-{whole['fold'].max()}")
    frame = chosen(frame, "horizon", args.horizon)
    frame = chosen(frame, "panel", args.panel)
    if not isinstance(frame.schema["time"], pl.Datetime):  # version 1 has milliseconds
        frame = frame.with_columns(pl.from_epoch("time", time_unit="ms"))
    return frame.with_columns(pl.col("symbol").cast(pl.String))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("--folds", default="1-99", help="such as 6-7")
    parser.add_argument("--minus", metavar="TABLE", help="also the difference from another run, on the rows of both")
    parser.add_argument("--horizon", help="such as 1h, where the table has several")
    parser.add_argument("--panel", help="such as spot, where the table has several")
    parser.add_argument("--power", action="store_true", help="also which mean the days could have told from 0")
    args = parser.parse_args()
    frame = read(args.table, args)
    if args.minus is not None:
        other = read(args.minus, args).select("time", "symbol", pl.col("forecast").alias("other"))
        frame = frame.join(other, on=["time", "symbol"])
    shared = overlap(args.table, args.horizon)
    own = per_day(frame, "forecast")
    print(f"{'forecast':24} {summary(own['ic'], shared)}")
    if args.power:
        print(power(own["ic"], shared))
    if args.minus is not None:
        ahead = own.join(per_day(frame, "other"), on="day", suffix="_other")
        difference = ahead["ic"] - ahead["ic_other"]
        print(f"{'the other':24} {summary(ahead['ic_other'], shared)}; forecast minus it {summary(difference, shared)}")
        if args.power:
            print(power(difference, shared))
    for control in (name for name in CONTROLS if name in frame.columns):
        other = per_day(frame.with_columns(-pl.col(control)), control)
        joined = own.join(other, on="day", suffix="_control")
        ahead = joined["ic"] - joined["ic_control"]
        print(f"{'negated ' + control:24} {summary(other['ic'], shared)}; forecast minus it {summary(ahead, shared)}")
        if args.power:
            print(power(ahead, shared))


if __name__ == "__main__":
    main()

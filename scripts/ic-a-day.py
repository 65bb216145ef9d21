#!/usr/bin/env python3
"""IC a day of forecasts on some folds, by numpy, beside the controls of the same table.

    python3 scripts/ic-a-day.py RUN/forecasts.parquet [--folds 6-7] [--minus OTHER/forecasts.parquet] [--horizon 1h] [--power]

Needs numpy and polars. It computes from the table what `quarterhour evaluate` does in Rust: market-neutral, entered a bar
later, in units of the trailing volatility, the log return clipped at 5, about zero within a UTC day; then mean over days, its
interval from days drawn again and its t, and that of the forecasts minus each control.
"""

import argparse

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


def summary(values):
    values = np.asarray(values)
    t = values.mean() / (values.std(ddof=1) / np.sqrt(len(values)))
    drawn = np.random.default_rng(0).choice(values, (2000, len(values))).mean(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{values.mean():+.4f} ({low:+.4f} to {high:+.4f}, t {t:+.1f}, {len(values)} days)"


# Of a normal mean: t 3 is exceeded in half of the cases where the true mean is 3 standard errors, in four of five where it is 3.84.
HALF, FOUR_OF_FIVE = 3.0, 3.0 + 0.8416


def power(values):
    """Which mean these days could have told from 0 with a t above 3."""
    values = np.asarray(values)
    spread = values.std(ddof=1)
    error = spread / np.sqrt(len(values))
    enough = (FOUR_OF_FIVE * spread / values.mean()) ** 2
    return (
        f"  a day's IC has a standard deviation of {spread:.4f}; t is above 3 in half of the cases at a true mean of {HALF * error:.4f}, "
        f"in four of five at {FOUR_OF_FIVE * error:.4f}; were {values.mean():+.4f} the true mean, {enough:.0f} days would do that"
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
    frame = pl.read_parquet(path).filter(pl.col("fold").is_between(first, last))
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
    own = per_day(frame, "forecast")
    print(f"{'forecast':24} {summary(own['ic'])}")
    if args.power:
        print(power(own["ic"]))
    if args.minus is not None:
        ahead = own.join(per_day(frame, "other"), on="day", suffix="_other")
        difference = ahead["ic"] - ahead["ic_other"]
        print(f"{'the other':24} {summary(ahead['ic_other'])}; forecast minus it {summary(difference)}")
        if args.power:
            print(power(difference))
    for control in (name for name in CONTROLS if name in frame.columns):
        other = per_day(frame.with_columns(-pl.col(control)), control)
        joined = own.join(other, on="day", suffix="_control")
        ahead = joined["ic"] - joined["ic_control"]
        print(f"{'negated ' + control:24} {summary(other['ic'])}; forecast minus it {summary(ahead)}")
        if args.power:
            print(power(ahead))


if __name__ == "__main__":
    main()

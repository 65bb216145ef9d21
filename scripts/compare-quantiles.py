#!/usr/bin/env python3
"""The comparison: what `quarterhour quantiles` does, written as one does in pandas, and both timed in interleaved runs.

    pip install numpy pandas pyarrow
    cargo build -p quarterhour --release
    scripts/compare-quantiles.py --binary target/release/quarterhour RUN            (a run's own forecasts)
    scripts/compare-quantiles.py --binary target/release/quarterhour --made 10000000 --bins 5000

From forecasts.parquet to the printed result, on either side: bins (of the coins of a time; with one coin, of its last
forecasts), count, mean, cluster-robust interval and cumulative return of each, rank correlation over all rows, rank IC of
each time. The pandas side ranks with groupby().rank and rolling().rank and takes the bin from the rank; pandas.qcut in a
groupby().transform gives the same bins and takes some hundred times as long (--qcut times it). Both sides' means are
compared. Prints one line of JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

DAY, HOUR = 86_400_000, 3_600_000
WEEK_BARS = 10_080


def make(folder, rows):
    """A run of one made-up coin with a forecast every minute."""
    generator = np.random.default_rng(1)
    forecast = generator.standard_normal(rows)
    table = pd.DataFrame({
        "time": 1_262_304_000_000 + 60_000 * np.arange(rows),
        "symbol": "AUSDT",
        "fold": 1,
        "forecast": 1e-3 * forecast,
        "realized": 1e-3 * (0.05 * forecast + generator.standard_normal(rows)),
    })
    folder.mkdir(parents=True)
    table.to_parquet(folder / "forecasts.parquet", index=False)
    (folder / "run.toml").write_text('[run]\nforecaster = "made"\n[target]\nhorizon = "1m"\n')


def bin_of(below, count, bins):
    return np.where(below == 0, 0, -(-(below * bins) // np.maximum(count - 1, 1)) - 1)


def correlation(x, y, groups):
    """Pearson correlation of ranks within each group."""
    x, y = x - x.groupby(groups).transform("mean"), y - y.groupby(groups).transform("mean")
    sums = pd.DataFrame({"xy": x * y, "xx": x * x, "yy": y * y}).groupby(groups).sum()
    return sums["xy"] / np.sqrt(sums["xx"] * sums["yy"])


def with_pandas(run, bins, reach, use_qcut):
    table = pd.read_parquet(run / "forecasts.parquet", columns=["time", "symbol", "forecast", "realized"])
    several = table["symbol"].nunique() > 1
    if several:
        groups = table.groupby("time")["forecast"]
        if use_qcut:
            cut = lambda values: pd.qcut(values.rank(method="first"), bins, labels=False) if len(values) >= bins else np.nan
            table["bin"] = groups.transform(cut)
        else:
            count = groups.transform("size")
            place = bin_of(groups.rank(method="first").to_numpy() - 1, count.to_numpy(), bins)
            table["bin"] = np.where(count >= bins, place, np.nan)
    else:
        rolling = table["forecast"].rolling(WEEK_BARS, min_periods=60)
        rank = rolling.rank(method="max").to_numpy()
        count = np.minimum(np.arange(len(table)) + 1, WEEK_BARS)
        table["bin"] = np.where(np.isnan(rank), np.nan, bin_of(np.nan_to_num(rank, nan=1.0) - 1, count, bins))
    held = table.dropna(subset="bin")
    by_bin = held.groupby("bin")["realized"]
    count, mean = by_bin.size(), by_bin.mean()
    cumulative = held.groupby(["time", "bin"])["realized"].mean().groupby("bin").sum() / reach
    slice_ms = DAY if (table["time"] // DAY).nunique() >= 20 else HOUR
    off = (held["realized"] - held["bin"].map(mean)).groupby([held["time"] // slice_ms, held["bin"]]).sum()
    squares, slices = (off**2).groupby("bin").sum(), off.groupby("bin").size()
    error = np.sqrt(squares * slices / (slices - 1)) / count
    result = pd.DataFrame({
        "count": count, "mean": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error, "cumulative": cumulative,
    })
    overall = table["forecast"].corr(table["realized"], method="spearman")
    each = pd.Series(dtype=float)
    if several:
        ranked = table.groupby("time")[["forecast", "realized"]].rank()
        each = correlation(ranked["forecast"], ranked["realized"], table["time"])
    print(result.to_string(), overall, each.mean(), each.median(), file=sys.stderr)
    return result["mean"].to_numpy()


def ours(binary, run, bins, csv):
    command = [binary, "quantiles", str(run), "--bins", str(bins), "--csv", str(csv), "--trailing-bars", str(WEEK_BARS)]
    subprocess.run(command, check=True, capture_output=True)
    return pd.read_csv(csv)["mean"].to_numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--made", type=int, help="rows of a made-up run of one coin")
    parser.add_argument("--bins", type=int, default=10)
    parser.add_argument("--reach-bars", type=int, default=15, help="of the run's target; 1 with --made")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--qcut", action="store_true", help="pandas.qcut in a groupby on the pandas side")
    # The pandas side runs in a process of its own each time, as ours does.
    parser.add_argument("--pandas-alone", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    reach = 1 if args.made else args.reach_bars
    if args.pandas_alone:
        np.save(args.pandas_alone, with_pandas(args.run, args.bins, args.reach_bars, args.qcut))
        return
    with tempfile.TemporaryDirectory() as folder:
        run = args.run
        if args.made:
            run = Path(folder) / "made"
            make(run, args.made)
        if run is None:
            parser.error("expected a RUN or --made ROWS")
        seconds = {"ours": [], "pandas": []}
        means = {}
        for _ in range(args.pairs):
            since = time.monotonic()
            means["ours"] = ours(args.binary, run, args.bins, Path(folder) / "bins.csv")
            seconds["ours"].append(round(time.monotonic() - since, 2))
            since = time.monotonic()
            saved = Path(folder) / "means.npy"
            command = [sys.executable, __file__, str(run), "--binary", "none", "--bins", str(args.bins)]
            command += ["--reach-bars", str(reach), "--pandas-alone", str(saved)] + ["--qcut"] * args.qcut
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            seconds["pandas"].append(round(time.monotonic() - since, 2))
            means["pandas"] = np.load(saved)
    difference = float(np.nanmax(np.abs(means["ours"] - means["pandas"])))
    assert difference < 1e-12, f"means differ by {difference}"
    ratios = [round(own / theirs, 3) for own, theirs in zip(seconds["ours"], seconds["pandas"])]
    print(json.dumps({"bins": args.bins, "seconds": seconds, "ours / pandas": ratios, "largest difference": difference}))


main()

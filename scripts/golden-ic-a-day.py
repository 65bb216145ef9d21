#!/usr/bin/env python3
"""Makes the golden numbers of the IC a day: crates/score/tests/golden/ic_a_day.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy pandas statsmodels
    venv/bin/python scripts/golden-ic-a-day.py

The formula is that of crates/score/src/metrics/ic_a_day.rs, written again here in pandas: both sides in units of the
trailing volatility, minus their mean over coins at the time, the log return clipped at five of them; the correlation
about zero of each UTC day; the mean over days, its t, and an interval from days drawn one by one (the reach is less than
a day). For returns over a day, which two days share, t is that of a fit of a constant by statsmodels with errors that are robust to
autocorrelation (Newey and West) up to two days. Days begin within a fold, some rows and targets are missing, one day has two pairs and so no IC.

Every number is drawn with a fixed seed: running it again writes the same bytes (made with numpy 2.4.6, pandas 3.1.1 and statsmodels
0.15.0).
None of the Rust code is used here.
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

PATH = Path(__file__).resolve().parent.parent / "crates/score/tests/golden/ic_a_day.json"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DRAWS = 10_000
CLIP = 5.0
LEAST_PAIRS = 3
BEST_DAYS = 3
# Returns over a day reach one day beyond their own: twice that.
OVERLAP_LAGS = 2


def made_up_panel():
    generator = np.random.default_rng(20260401)
    rows = []
    hours = [*range(5, 24 * 14 + 7), 24 * 15 + 4]  # the last day has a single hour
    for hour in hours:
        market = generator.standard_normal()
        for symbol in range(4):
            own = generator.standard_normal()
            # Heavy tails: some returns are beyond the clip.
            shock = generator.standard_t(2)
            volatility = 0.004 * (1 + symbol) * math.exp(0.3 * generator.standard_normal())
            rows.append(
                {
                    "time": 1_704_067_200_000 + hour * HOUR_MS,
                    "symbol": symbol,
                    "fold": 1 + (hour > 200),
                    "first": round(volatility * (0.4 * own + 0.1 * market + generator.standard_normal()), 6),
                    "second": round(volatility * (0.2 * own + generator.standard_normal()), 6),
                    "realized_delayed": round(max(volatility * (market + own + shock), -0.9), 6),
                    "trailing_volatility": round(volatility, 6),
                }
            )
    rows = pd.DataFrame(rows)
    rows.loc[generator.random(len(rows)) < 0.05, "realized_delayed"] = math.nan
    rows.loc[generator.random(len(rows)) < 0.03, "trailing_volatility"] = math.nan
    kept = (generator.random(len(rows)) < 0.9) & ~((rows["time"] == rows["time"].max()) & (rows["symbol"] > 1))
    rows = rows[kept | (rows["time"] == rows["time"].max()) & (rows["symbol"] <= 1)]
    # One forecast for all coins at some hours: nothing is said of a coin beside the others.
    same = rows["time"] // HOUR_MS % 17 == 0
    rows.loc[same, "first"] = 0.002
    return rows.reset_index(drop=True)


def daily(rows, name, is_neutral):
    """The IC of every day that has one, by its date."""
    unit = rows["trailing_volatility"]
    sides = pd.DataFrame(
        {
            "time": rows["time"],
            "f": rows[name] / unit,
            "r": np.log1p(rows["realized_delayed"]) / unit,
            "is_one_view": rows.groupby("time")[name].transform("nunique") == 1,
        }
    ).dropna()
    if is_neutral:
        sides = sides[sides.groupby("time")["f"].transform("size") > 1].copy()
        for side in ["f", "r"]:
            sides[side] -= sides.groupby("time")[side].transform("mean")
        sides.loc[sides["is_one_view"], "f"] = 0.0
    sides["r"] = sides["r"].clip(-CLIP, CLIP)

    def ic(day):
        if len(day) < LEAST_PAIRS:
            return math.nan
        return (day["f"] * day["r"]).sum() / math.sqrt((day["f"] ** 2).sum() * (day["r"] ** 2).sum())

    return sides.groupby(sides["time"] // DAY_MS)[["f", "r"]].apply(ic).dropna()


def summary(days, seed):
    values = days.to_numpy()
    drawn = np.random.default_rng(seed).integers(0, len(values), (DRAWS, len(values)))
    means = values[drawn].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    best = np.sort(values)
    robust = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="HAC", cov_kwds={"maxlags": OVERLAP_LAGS, "use_correction": True}
    )
    return {
        "days": len(values),
        "mean": float(values.mean()),
        "t": float(values.mean() / (values.std(ddof=1) / math.sqrt(len(values)))),
        "t_of_a_day_ahead": float(robust.tvalues[0]),
        "low": float(low),
        "high": float(high),
        "std": float(means.std()),
        "without_best_three": float(best[:-BEST_DAYS].mean()),
        "best_day": float(best[-1] / best.sum()),
        "above_zero": float((values > 0).mean()),
    }


def main():
    rows = made_up_panel()
    expected = {"first": {}, "second": {}, "difference": {}}
    for seed, (key, is_neutral) in enumerate([("ic_a_day", True), ("ic_a_day_raw", False)]):
        first, second = (daily(rows, name, is_neutral) for name in ["first", "second"])
        expected["first"][key] = summary(first, 10 * seed)
        expected["second"][key] = summary(second, 10 * seed + 1)
        expected["difference"][key] = summary((first - second).dropna(), 10 * seed + 2)
    columns = {
        name: [None if isinstance(value, float) and math.isnan(value) else value for value in rows[name].tolist()]
        for name in rows.columns
    }
    PATH.write_text(json.dumps({"rows": columns, "expected": expected}) + "\n")
    print(f"{PATH}: {PATH.stat().st_size} bytes")
    print(json.dumps(expected, indent=1))


if __name__ == "__main__":
    main()

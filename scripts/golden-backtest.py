#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour quantiles` and `quarterhour backtest`: crates/rules/tests/golden/backtest.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy pandas scipy statsmodels empyrical-reloaded quantstats
    venv/bin/python scripts/golden-backtest.py

bins         pandas.qcut of rank(method="first"): a whole series, each UTC day, each trailing window
z_score      pandas' rolling mean and standard deviation
performance  Sharpe and Sortino ratio, drawdown and the probabilistic Sharpe ratio of quantstats (and empyrical's, equal)
quantiles    means, cluster-robust intervals (statsmodels), rank IC (scipy) on two small made-up panels
backtests    positions, profits, turnover and figures of the same panel, written again in pandas; deflated Sharpe ratio
             by the paper's formulas; probability of overfitting by a plain loop over all halves of the slices

Every number is drawn with a fixed seed: running it again writes the same bytes (made with numpy 2.4.6, pandas 3.1.1,
scipy 1.17.1, statsmodels 0.15.0, empyrical-reloaded 0.7.1, quantstats 0.0.86). None of the Rust code is used here.
"""

import json
import math
from itertools import combinations
from pathlib import Path

import empyrical
import numpy as np
import pandas as pd
import quantstats.stats
import scipy.stats
import statsmodels.api as sm

PATH = Path(__file__).resolve().parent.parent / "crates/rules/tests/golden/backtest.json"
DAY_MS, HOUR_MS, YEAR_MS = 86_400_000, 3_600_000, 365 * 86_400_000
COINS, REACH, FEE_BPS = 8, 3, 2.5


def cut(values, bins):
    return pd.qcut(pd.Series(values).rank(method="first"), bins, labels=False).to_numpy()


def bins():
    generator = np.random.default_rng(20260301)
    whole = []
    for length, number in [(20, 10), (23, 10), (97, 7), (1440, 50), (3, 3), (11, 10), (100, 99), (7, 20)]:
        # One digit: many equal values.
        values = np.round(generator.standard_normal(length), 1)
        whole.append({"values": values.tolist(), "bins": number, "expected": cut(values, number).tolist()})
    trailing = []
    for length, number, window in [(300, 10, 100), (200, 7, 60), (150, 100, 90)]:
        values = np.round(generator.standard_normal(length).cumsum() / 3, 1)
        windows = [values[max(0, end + 1 - window) : end + 1] for end in range(length)]
        expected = [int(cut(known, number)[-1]) if len(known) >= 60 else None for known in windows]
        trailing.append({"values": values.tolist(), "bins": number, "window": window, "expected": expected})
    return {"whole": whole, "trailing": trailing}


def z_score():
    generator = np.random.default_rng(20260302)
    values = pd.Series(np.round(0.001 + 1e-4 * generator.standard_normal(700).cumsum(), 7))
    rolling = values.rolling(96, min_periods=60)
    score = (values - rolling.mean()) / rolling.std()
    return {"values": values.tolist(), "window": 96, "least": 60, "expected": clean(score)}


def clean(values):
    return [None if pd.isna(value) else float(value) for value in values]


def figures(gross, traded, exposure, periods):
    """The figures of a series of bars, by quantstats; empyrical's are the same."""
    net = gross - FEE_BPS * 1e-4 * traded
    stamped = pd.Series(net.to_numpy(), index=pd.date_range("2021-01-01", periods=len(net), freq="min"))
    sharpe = quantstats.stats.sharpe(stamped, periods=periods)
    sortino = quantstats.stats.sortino(stamped, periods=periods)
    drawdown = quantstats.stats.max_drawdown(stamped)
    assert np.isclose(sharpe, empyrical.sharpe_ratio(net, annualization=periods), rtol=1e-12)
    assert np.isclose(sortino, empyrical.sortino_ratio(net, annualization=periods), rtol=1e-12)
    assert np.isclose(drawdown, empyrical.max_drawdown(net), rtol=1e-12)
    return {
        "total_before_fees": float(empyrical.cum_returns_final(gross)),
        "total": float(empyrical.cum_returns_final(net)),
        "sharpe_before_fees": float(empyrical.sharpe_ratio(gross, annualization=periods)),
        "sharpe": float(sharpe),
        "sortino": float(sortino),
        "max_drawdown": float(drawdown),
        "turnover": float(traded.mean()),
        "exposure": float(exposure.mean()),
        "break_even_bps": float(gross.sum() / traded.sum() * 1e4),
    }


def performance():
    generator = np.random.default_rng(20260303)
    returns = pd.Series(np.round(0.0004 + 0.01 * generator.standard_t(4, 600), 6))
    stamped = pd.Series(returns.to_numpy(), index=pd.date_range("2021-01-01", periods=len(returns), freq="D"))
    return {
        "returns": returns.tolist(),
        "sharpe": float(quantstats.stats.sharpe(stamped, periods=365)),
        "sortino": float(quantstats.stats.sortino(stamped, periods=365)),
        "max_drawdown": float(quantstats.stats.max_drawdown(stamped)),
        "skewness": float(stamped.skew()),
        "kurtosis": float(stamped.kurtosis() + 3),
        "probabilistic": float(quantstats.stats.probabilistic_sharpe_ratio(stamped)),
    }


# --- a small panel ---------------------------------------------------------------------------------------------------


def panel(seed, times, bar_ms):
    """Rows in order of time, then coin; some are missing, some do not know their last bar, and one bar has no row."""
    generator = np.random.default_rng(seed)
    slow = np.zeros(COINS)
    forecasts, returns = np.zeros((times, COINS)), np.zeros((times + REACH, COINS))
    for time in range(times + REACH):
        market = generator.standard_normal()
        own = generator.standard_normal(COINS)
        returns[time] = np.round(1e-3 * (0.3 * slow + 0.5 * market + own), 6)
        slow = 0.8 * slow + generator.standard_normal(COINS)
        if time < times:
            forecasts[time] = np.round(3e-4 * slow, 5)
    rows = []
    for time in range(times):
        for coin in range(COINS):
            if time == times // 2 or generator.random() < 0.02:
                continue
            realized = np.prod(1 + returns[time + 1 : time + 1 + REACH, coin]) - 1
            last = None if generator.random() < 0.02 else returns[time, coin]
            rows.append([time * bar_ms, coin, forecasts[time, coin], round(float(realized), 8), last])
    return pd.DataFrame(rows, columns=["time", "symbol", "forecast", "realized", "last_return"])


def columns(rows):
    return {name: clean(rows[name]) if name == "last_return" else rows[name].tolist() for name in rows}


# --- quantiles -------------------------------------------------------------------------------------------------------


def bins_of(rows, scope, number, window):
    """The bin of every row; missing where there is too little to rank among."""
    if scope == "timestamp":
        groups = rows.groupby("time")["forecast"]
        return groups.transform(lambda values: cut(values, number) if len(values) >= number else np.nan)
    if scope == "date":
        groups = rows.groupby(["symbol", rows["time"] // DAY_MS])["forecast"]
        return groups.transform(lambda values: cut(values, number) if len(values) >= min(number, 60) else np.nan)
    last = lambda known: cut(known, number)[-1]
    by_coin = rows.groupby("symbol")["forecast"]
    return by_coin.transform(lambda values: values.rolling(window, min_periods=60).apply(last, raw=True))


def clustered(y, x, groups):
    fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    slices = len(set(groups))
    z = scipy.stats.norm.ppf(0.975)
    error = fit.bse[-1] * math.sqrt(slices / (slices - 1))
    return [float(fit.params[-1]), float(fit.params[-1] - z * error), float(fit.params[-1] + z * error)]


def quantiles(rows, bar_ms, scope, number, window):
    rows = rows.assign(bin=bins_of(rows, scope, number, window))
    usual = DAY_MS if (rows["time"] // DAY_MS).nunique() >= 20 else HOUR_MS
    # Never less than twice the reach.
    slice_ms = usual * max(1, -(-2 * REACH * bar_ms // usual))
    slices = rows["time"] // slice_ms
    found = []
    for place in range(number):
        held = rows[rows["bin"] == place]
        y = held["realized"].to_numpy()
        mean, low, high = clustered(y, np.ones_like(y), slices[held.index].to_numpy())
        cumulative = held.groupby("time")["realized"].mean().sum() / REACH
        found.append([len(held), mean, low, high, float(cumulative)])
    ends = rows[rows["bin"].isin([0, number - 1])]
    x = sm.add_constant((ends["bin"] == number - 1).to_numpy(float))
    spread = clustered(ends["realized"].to_numpy(), x, slices[ends.index].to_numpy())
    each = [
        scipy.stats.spearmanr(group["forecast"], group["realized"]).statistic
        for _, group in rows.groupby("time")
        if len(group) > 2
    ]
    return {
        "scope": scope,
        "bins": number,
        "trailing_bars": window,
        "left_out": int(rows["bin"].isna().sum()),
        "slice_ms": slice_ms,
        "quantiles": found,
        "spread": spread,
        "rank_correlation": float(scipy.stats.spearmanr(rows["forecast"], rows["realized"]).statistic),
        "rank_ic_mean": float(np.mean(each)),
        "rank_ic_median": float(np.median(each)),
    }


# --- backtests -------------------------------------------------------------------------------------------------------


def simulate(rows, bar_ms, signal, direction, hold, delay, options):
    """Profits, turnover and exposure of the portfolio and of each coin alone."""
    scope, window = options
    if signal[0] == "bins":
        place = bins_of(rows, scope, signal[1], window)
        wanted = (place == signal[1] - 1).astype(float) - (place == 0).astype(float)
    else:
        size = signal[1] * 1e-4
        wanted = (rows["forecast"] >= size).astype(float) - (rows["forecast"] <= -size).astype(float)
    wanted = wanted.clip(lower=0 if direction == "long" else None, upper=0 if direction == "short" else None)
    clock = np.arange(rows["time"].min(), rows["time"].max() + bar_ms, bar_ms)
    wide = lambda values: rows.assign(v=values).pivot(index="time", columns="symbol", values="v").reindex(clock)
    alone = wide(wanted)
    is_row = alone.notna()
    alone = alone.fillna(0.0)
    if signal[0] == "bins" and scope == "timestamp":
        part = 0.5 if direction == "longshort" else 1.0
        sides = [alone.clip(lower=0), alone.clip(upper=0)]
        weight = sum(part * side.div(side.abs().sum(axis=1), axis=0).fillna(0.0) for side in sides)
    else:
        weight = alone / COINS
    earned = wide(rows["last_return"]).shift(-1 - delay).where(is_row)
    goes_on = is_row.shift(-1, fill_value=False) & earned.notna()

    def bars(position):
        position = position.copy()
        if hold > 1:
            for coin in position:
                stretch = (~goes_on[coin]).shift(1, fill_value=True).cumsum()
                held = position[coin].groupby(stretch).rolling(hold, min_periods=1).sum() / hold
                position[coin] = held.droplevel(0)
        before = position.shift(1, fill_value=0.0).where(goes_on.shift(1, fill_value=False), 0.0)
        traded = ((position - before).abs() + position.abs().where(~goes_on, 0.0)).where(is_row, 0.0)
        return position * earned.fillna(0.0), traded, position.abs().where(is_row, 0.0)

    kept = is_row.any(axis=1)
    portfolio = [part.sum(axis=1)[kept] for part in bars(weight)]
    parts = bars(alone)
    coins = [[part[coin][is_row[coin]] for part in parts] for coin in alone]
    return portfolio, coins


def expected_maximum(trials, variance):
    quantile = scipy.stats.norm.ppf
    return math.sqrt(variance) * (
        (1 - np.euler_gamma) * quantile(1 - 1 / trials) + np.euler_gamma * quantile(1 - 1 / (trials * math.e))
    )


def deflated(net, best):
    sharpes = [series.mean() / series.std() for series in net]
    variance, series = np.var(sharpes, ddof=1), net[best]
    maximum = expected_maximum(len(net), variance)
    sharpe, skewness, kurtosis = sharpes[best], scipy.stats.skew(series), scipy.stats.kurtosis(series, fisher=False)
    spread = math.sqrt(1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2)
    z = (sharpe - maximum) * math.sqrt(len(series) - 1) / spread
    return [float(variance), float(maximum), float(scipy.stats.norm.cdf(z))]


def overfitting(net, slices):
    """The plain formula: every half of the slices picks its best rule, whose rank is looked up in the other half."""
    length = len(net[0]) // slices
    blocks = np.array([series.to_numpy()[: length * slices].reshape(slices, length) for series in net])
    logits, losses = [], 0
    for chosen in combinations(range(slices), slices // 2):
        others = [place for place in range(slices) if place not in chosen]
        sharpe = lambda places: [one[list(places)].mean() / one[list(places)].std(ddof=1) for one in blocks]
        best, elsewhere = int(np.argmax(sharpe(chosen))), sharpe(others)
        share = scipy.stats.rankdata(elsewhere)[best] / (len(net) + 1)
        logits.append(math.log(share / (1 - share)))
        losses += elsewhere[best] < 0
    return [len(logits), float(np.mean(np.array(logits) <= 1e-12)), losses / len(logits), float(np.median(logits))]


def backtests(rows, bar_ms):
    periods = YEAR_MS / bar_ms
    found = []
    every = [("bins", 4), ("bins", 2), ("bps", 4.0)]
    cases = [
        (every, ["long", "short", "longshort"], [1, 5], 0, ("timestamp", 96)),
        ([("bins", 10)], ["longshort"], [1], 1, ("trailing", 100)),
        ([("bins", 5), ("bins", 10)], ["long", "longshort"], [3], 0, ("date", 96)),
    ]
    for signals, directions, holds, delay, options in cases:
        trials = [(signal, direction, hold) for signal in signals for direction in directions for hold in holds]
        results = [simulate(rows, bar_ms, *trial, delay, options) for trial in trials]
        net = [gross - FEE_BPS * 1e-4 * traded for (gross, traded, _), _ in results]
        best = int(np.argmax([series.mean() / series.std() for series in net]))
        several = len(trials) > 1
        found.append({
            "scope": options[0],
            "trailing_bars": options[1],
            "delay": delay,
            "slices": 8,
            "trials": [
                {"signal": list(signal), "direction": direction, "hold": hold, **figures(*portfolio, periods)}
                for (signal, direction, hold), (portfolio, _) in zip(trials, results)
            ],
            "best": best,
            "coins": [figures(*coin, periods) for coin in results[best][1]],
            "deflated": deflated(net, best) if several else None,
            "overfitting": overfitting(net, 8) if several else None,
            "alpha": alpha(rows) if not found else None,
        })
    return found


def alpha(rows):
    rolling = rows.groupby("symbol")["forecast"].rolling(96, min_periods=60)
    mean, std = rolling.mean().droplevel(0), rolling.std().droplevel(0)
    score = (rows["forecast"] - mean) / std * 0.01
    by_time = score.groupby(rows["time"]).mean().dropna()
    return [[int(time), float(value)] for time, value in by_time.items()]


def main():
    quarter_hours, hours = panel(20260304, 320, 900_000), panel(20260305, 25 * 8, 3 * HOUR_MS)
    content = {
        "bins": bins(),
        "z_score": z_score(),
        "performance": performance(),
        "reach_bars": REACH,
        "fee_bps": FEE_BPS,
        "panels": [
            {
                "bar_ms": 900_000,
                "rows": columns(quarter_hours),
                "quantiles": [
                    quantiles(quarter_hours, 900_000, "timestamp", 4, 96),
                    quantiles(quarter_hours, 900_000, "date", 10, 96),
                    quantiles(quarter_hours, 900_000, "trailing", 10, 100),
                ],
                "backtests": backtests(quarter_hours, 900_000),
            },
            {
                "bar_ms": 3 * HOUR_MS,
                "rows": columns(hours),
                "quantiles": [quantiles(hours, 3 * HOUR_MS, "timestamp", 5, 60)],
                "backtests": [],
            },
        ],
    }
    PATH.write_text(json.dumps(content) + "\n")
    print(f"{PATH}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour thresholds`: crates/rules/tests/golden/thresholds.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy scipy arch empyrical-reloaded holdout-backtest
    venv/bin/python scripts/golden-thresholds.py

normal       scipy.stats.norm.cdf and ppf
performance  empyrical's sharpe_ratio, sortino_ratio and max_drawdown
deflated     the formulas of Bailey and López de Prado with scipy, their published example, and the package holdout, which
             must agree
tuning       candidates, choice and judged trades on a small made-up panel, written again here in numpy; intervals by
             arch.bootstrap.StationaryBootstrap

Every number is drawn with a fixed seed: running it again writes the same bytes (made with numpy 2.4.6, scipy 1.17.1,
arch 8.0.0, empyrical-reloaded 0.7.1, holdout-backtest 0.1.0). None of the Rust code is used here.
"""

import json
import math
from pathlib import Path

import empyrical
import holdout
import numpy as np
import scipy.stats
from arch.bootstrap import StationaryBootstrap, optimal_block_length

PATH = Path(__file__).resolve().parent.parent / "crates/rules/tests/golden/thresholds.json"

# --- distribution, performance, deflation ----------------------------------------------------------------------------


def normal():
    z = [-37.0, -20.0, -8.5, -5.0, -3.1, -3.0, -2.9, -1.96, -1.0, -0.3, -1e-9, 0.0, 0.2, 1.0, 1.5, 2.5, 3.0, 4.0, 8.0]
    probability = [1e-300, 1e-100, 1e-12, 1e-6, 0.001, 0.024, 0.025, 0.1, 0.4, 0.5, 0.6, 0.9, 0.975, 0.999, 1 - 1e-9]
    return {
        "z": z,
        "cdf": scipy.stats.norm.cdf(z).tolist(),
        "probability": probability,
        "quantile": scipy.stats.norm.ppf(probability).tolist(),
    }


def performance():
    generator = np.random.default_rng(20260201)
    cases = []
    for length, mean, periods in [(2, 0.001, 1), (30, 0.002, 365), (500, -0.0005, 365), (900, 0.0004, 252)]:
        returns = np.round(mean + 0.02 * generator.standard_t(4, length), 6)
        cases.append({
            "returns": returns.tolist(),
            "periods_per_year": periods,
            "sharpe": float(empyrical.sharpe_ratio(returns, annualization=periods)),
            "sortino": float(empyrical.sortino_ratio(returns, annualization=periods)),
            "max_drawdown": float(empyrical.max_drawdown(returns)),
        })
    return cases


def expected_maximum(trials, variance):
    quantile = scipy.stats.norm.ppf
    return math.sqrt(variance) * (
        (1 - np.euler_gamma) * quantile(1 - 1 / trials) + np.euler_gamma * quantile(1 - 1 / (trials * math.e))
    )


def deflated_sharpe(sharpe, observations, skewness, kurtosis, trials, variance):
    spread = math.sqrt(1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2)
    z = (sharpe - expected_maximum(trials, variance)) * math.sqrt(observations - 1) / spread
    return float(scipy.stats.norm.cdf(z))


def deflated():
    published = (2.5 / math.sqrt(250), 1250, -3.0, 10.0, 100, 0.5 / 250)
    # The paper's own figures: SR0 0.1132, DSR 0.9004.
    assert round(expected_maximum(*published[4:]), 4) == 0.1132
    assert round(deflated_sharpe(*published), 4) == 0.9004
    names = ["sharpe", "observations", "skewness", "kurtosis", "trials", "variance"]
    others = [(0.08, 400, 0.3, 4.5, 2, 0.001), (-0.1, 60, -1.2, 7.0, 1600, 0.02), (0.5, 25, 0.0, 3.0, 40, 0.01)]
    for sharpe, observations, skewness, kurtosis, trials, variance in [published, *others]:
        package = holdout.deflated_sharpe_ratio(
            sharpe, observations, n_trials=trials, trials_variance=variance, skewness=skewness, kurtosis=kurtosis
        )
        formula = deflated_sharpe(sharpe, observations, skewness, kurtosis, trials, variance)
        assert abs(package - formula) < 1e-12, (package, formula)
    return [
        dict(zip(names, case))
        | {"expected_maximum": float(expected_maximum(*case[4:])), "deflated": deflated_sharpe(*case)}
        for case in [published, *others]
    ]


# --- tuning ----------------------------------------------------------------------------------------------------------

BAR_MS, DAY_MS = 900_000, 86_400_000
HOLD, COINS, TIMES, LEVELS = 5, 3, 1500, 8
FEE_BPS, SLIPPAGE_BPS = 3.0, 1.0
TUNE_SHARE, MIN_TRADES, CONFIDENCE, FLOOR_BARS, DRAWS = 0.6, 20, 0.95, 20, 10_000


def panel():
    """Columns in order of time, then coin; a few rows are missing, a few have no later return."""
    generator = np.random.default_rng(20260202)
    columns = {name: [] for name in ["time", "symbol", "forecast", "realized", "realized_delayed"]}
    slow = np.zeros(COINS)
    for time in range(TIMES):
        market = generator.standard_normal()
        for coin in range(COINS):
            slow[coin] = 0.8 * slow[coin] + generator.standard_normal()
            realized = 6e-4 * (1 - 0.4 * coin) * slow[coin] + 7e-4 * (market + generator.standard_normal())
            delayed = 0.8 * realized + 2e-4 * generator.standard_normal()
            if generator.random() < 0.05:
                continue
            columns["time"].append(time)
            columns["symbol"].append(coin)
            columns["forecast"].append(round(8e-4 * slow[coin] + 1e-4, 6))
            columns["realized"].append(round(realized, 6))
            columns["realized_delayed"].append(None if generator.random() < 0.1 else round(delayed, 6))
    return columns


def net(side, price_return):
    fee, slippage = FEE_BPS * 1e-4, SLIPPAGE_BPS * 1e-4
    bought, sold = (1 + slippage) * (1 + fee), (1 - slippage) * (1 - fee)
    return (1 + price_return) * sold - bought if side == "buy" else sold - (1 + price_return) * bought


def wanted(forecast, buy, sell):
    if buy is not None and forecast >= buy:
        return "buy"
    return "sell" if sell is not None and forecast <= sell else None


def trade(rows, buy, sell, held, overlapping=False):
    """(side, profit, due) of each position on one coin's rows (time, forecast, return)."""
    profits, due = [], -math.inf
    for time, forecast, price_return in rows:
        side = wanted(forecast, buy, sell)
        if side is None or math.isnan(price_return) or (time < due and not overlapping):
            continue
        due = time + held
        profits.append((side, net(side, price_return), due))
    return profits


def figures(profits):
    profits = np.array(profits)
    sharpe = profits.mean() / profits.std(ddof=1)
    return {
        "trades": len(profits),
        "mean": float(profits.mean()),
        "total": float(profits.sum()),
        "t": float(scipy.stats.ttest_1samp(profits, 0.0).statistic),
        "sharpe": float(sharpe),
        "max_drawdown": float(empyrical.max_drawdown(profits)),
        "skewness": float(scipy.stats.skew(profits)),
        "kurtosis": float(scipy.stats.kurtosis(profits, fisher=False)),
    }


def interval(profits, held, seed):
    profits = np.array(profits)
    length = float(optimal_block_length(profits)["stationary"].iloc[0])
    block = max(math.ceil(length), math.ceil(FLOOR_BARS / held))
    draws = StationaryBootstrap(block, profits, seed=seed).apply(lambda sample: np.array([sample.mean()]), DRAWS)[:, 0]
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"block": block, "low": float(low), "high": float(high), "std": float(draws.std())}


def tuning(columns, delay, overlapping):
    held = HOLD + delay
    returns = columns["realized"] if delay == 0 else [math.nan if r is None else r for r in columns["realized_delayed"]]
    times = sorted(set(columns["time"]))
    judged_from = times[int(len(times) * TUNE_SHARE)]
    tuned_until = max(time for time in times if time + held < judged_from)
    if overlapping:
        tuned_until = times[-1]
    table = list(zip(columns["time"], columns["symbol"], columns["forecast"], returns))
    candidates = []
    for coin in range(COINS):
        rows = [(time, forecast, value) for time, symbol, forecast, value in table if symbol == coin and time <= tuned_until]
        for side, sign in [("buy", 1), ("sell", -1)]:
            sizes = np.array([sign * forecast for _, forecast, _ in rows if sign * forecast > 0])
            beyond = np.geomspace(0.5, 0.001, LEVELS)
            for threshold in sign * np.quantile(sizes, 1 - beyond):
                pair = (threshold, None) if side == "buy" else (None, threshold)
                profits = [profit for _, profit, _ in trade(rows, *pair, held, overlapping)]
                candidates.append({"coin": coin, "side": side, "threshold": float(threshold), "profits": profits})
    for candidate in candidates:
        profits = candidate["profits"]
        candidate |= figures(profits) if len(profits) > 1 else {"trades": len(profits), "total": float(sum(profits))}
    counted = [candidate for candidate in candidates if candidate["trades"] >= MIN_TRADES]
    variance = float(np.var([candidate["sharpe"] for candidate in counted], ddof=1))
    for candidate in counted:
        shape = (candidate["sharpe"], candidate["trades"], candidate["skewness"], candidate["kurtosis"], len(candidates))
        candidate["deflated"] = deflated_sharpe(*shape, variance)
        candidate["by_chance"] = deflated_sharpe(*shape, 1 / (candidate["trades"] - 1))
    expected = {
        "tuned": [times[0], tuned_until],
        "judged": [judged_from, times[-1]],
        "counted": len(counted),
        "variance": variance,
        "candidates": candidates,
    }
    if overlapping:
        best = {}
        for candidate in candidates:
            key = (candidate["coin"], candidate["side"])
            if candidate["trades"] and (key not in best or candidate["total"] >= best[key]["total"]):
                best[key] = candidate
        expected["taken"] = [[*key, one["threshold"]] for key, one in best.items() if one["total"] > 0]
    else:
        for number, candidate in enumerate(counted):
            candidate["interval"] = interval(candidate["profits"], held, number)
        taken = {}
        for candidate in counted:
            key = (candidate["coin"], candidate["side"])
            # An interval needs five blocks.
            credible = candidate["by_chance"] >= CONFIDENCE and candidate["interval"]["low"] > 0
            credible &= candidate["trades"] >= 5 * candidate["interval"]["block"]
            if credible and (key not in taken or candidate["t"] >= taken[key]["t"]):
                taken[key] = candidate
        expected["taken_by_chance"] = [[*key, one["threshold"]] for key, one in taken.items()]
        thresholds = {key: one["threshold"] for key, one in taken.items()}
        later = [row for row in table if row[0] >= judged_from]
        expected["judged_by_chance"] = judge(later, thresholds, held, judged_from, times[-1])
    for candidate in candidates:
        del candidate["profits"]
    return expected


def judge(table, thresholds, held, first, last):
    """Trades of the thresholds taken, one position a coin; the capital's return of each UTC day."""
    sides, pooled = {}, []
    coins = sorted({coin for coin, _ in thresholds})
    first_day, last_day = first * BAR_MS // DAY_MS, (last + held) * BAR_MS // DAY_MS
    days = np.zeros(last_day - first_day + 1)
    for coin in coins:
        rows = [(time, forecast, value) for time, symbol, forecast, value in table if symbol == coin]
        for side, profit, due in trade(rows, thresholds.get((coin, "buy")), thresholds.get((coin, "sell")), held):
            sides.setdefault((coin, side), []).append(profit)
            pooled.append(profit)
            days[due * BAR_MS // DAY_MS - first_day] += profit / len(coins)
    return {
        "sides": [[*key, figures(profits)] for key, profits in sorted(sides.items())],
        "coins": len(coins),
        "trades": len(pooled),
        "mean": float(np.mean(pooled)),
        "days": len(days),
        "total": float(days.sum()),
        "sharpe": float(empyrical.sharpe_ratio(days, annualization=365)),
        "max_drawdown": float(empyrical.max_drawdown(days)),
    }


def main():
    columns = panel()
    honest = tuning(columns, 0, False)
    delayed = tuning(columns, 1, False)
    seed = tuning(columns, 0, True)
    settings = {
        "bar_ms": BAR_MS, "hold": HOLD, "levels": LEVELS, "fee_bps": FEE_BPS, "slippage_bps": SLIPPAGE_BPS, "tune_share": TUNE_SHARE,
        "min_trades": MIN_TRADES, "floor_bars": FLOOR_BARS, "draws": DRAWS,
    }
    content = {
        "normal": normal(),
        "performance": performance(),
        "deflated": deflated(),
        "tuning": {"settings": settings, "rows": columns, "honest": honest, "delayed": delayed, "seed": seed},
    }
    PATH.write_text(json.dumps(content) + "\n")
    print(f"{PATH}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()

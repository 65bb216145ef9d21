#!/usr/bin/env python3
"""Makes the golden numbers of `quarterhour ledger`: crates/trading/tests/golden/ledger.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy pandas quantstats
    venv/bin/python scripts/golden-ledger.py

Trades of coins that move together (a correlation of about .6), two a coin and day at most, and what the package quantstats
says of the daily profits of the portfolio that has an equal part of its capital in each coin: Sharpe ratio and largest
drawdown, and by numpy the largest drawdown at the ends of the trades, which also sees losses within a day. Beside them, to show the difference, what comes of the trades taken one after the other as if they were
independent.

Every number is drawn with a fixed seed: running it again writes the same bytes (made with numpy 2.4.6, pandas 3.1.1,
quantstats 0.0.86). None of the Rust code is used here.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import quantstats

PATH = Path(__file__).resolve().parent.parent / "crates/trading/tests/golden/ledger.json"
COINS, DAYS, MINUTE_MS, DAY_MS = 12, 30, 60_000, 86_400_000
FEE = 10e-4


def trades():
    """(coin, forecast_ms, exit_ms, entry price, exit price) of long positions of 15 minutes, by their ends."""
    generator = np.random.default_rng(20261101)
    rows = []
    for day in range(DAYS):
        for minute in (300, 1431):  # the second one ends on the next day
            market = generator.standard_normal()
            for coin in range(COINS):
                own = generator.standard_normal()
                if generator.random() < 0.3:
                    continue
                change = 0.004 + 0.012 * (0.77 * market + 0.64 * own)
                forecast = day * DAY_MS + minute * MINUTE_MS
                rows.append([coin, forecast, forecast + 15 * MINUTE_MS, 100.0, round(100 * (1 + change), 4)])
    return sorted(rows, key=lambda row: (row[2], row[0]))


def drawdown_within_days(rows, net, share):
    """The deepest fall of a capital that a day's profits are added to, on what the day began with, at every end of trades."""
    ends = np.array([row[2] for row in rows])
    capital, peak, deepest = 1.0, 1.0, 0.0
    for day in np.unique(ends // DAY_MS):
        began, so_far = capital, 0.0
        for end in np.unique(ends[ends // DAY_MS == day]):
            so_far += net[ends == end].sum() * share
            capital = began * (1 + so_far)
            peak = max(peak, capital)
            deepest = min(deepest, capital / peak - 1)
    return float(deepest)


def dated(returns):
    return pd.Series(returns, index=pd.date_range("2026-01-01", periods=len(returns)))


def main():
    rows = trades()
    net = np.array([exit / entry * (1 - FEE) - (1 + FEE) for *_, entry, exit in rows])
    share = 1 / COINS
    first = min(row[1] for row in rows) // DAY_MS
    days = np.zeros(max(row[2] for row in rows) // DAY_MS - first + 1)
    for row, profit in zip(rows, net):
        days[row[2] // DAY_MS - first] += profit * share
    expected = {
        "share": share,
        "net": float(net.sum() * share),
        "days": len(days),
        "sharpe": float(quantstats.stats.sharpe(dated(days), periods=365)),
        "max_drawdown_of_days": float(quantstats.stats.max_drawdown(dated(days))),
        "max_drawdown": drawdown_within_days(rows, net, share),
    }
    trades_a_year = len(net) * 365 * DAY_MS / (rows[-1][2] - rows[0][1])
    one_after_the_other = {
        "sharpe": float(net.mean() / net.std(ddof=1) * np.sqrt(trades_a_year)),
        "max_drawdown": float(quantstats.stats.max_drawdown(dated(net))),
    }
    PATH.parent.mkdir(parents=True, exist_ok=True)
    content = {"fee_bps": FEE * 1e4, "trades": rows, "expected": expected, "one_after_the_other": one_after_the_other}
    PATH.write_text(json.dumps(content) + "\n")
    print(f"{PATH}: {PATH.stat().st_size} bytes", expected, one_after_the_other)


if __name__ == "__main__":
    main()

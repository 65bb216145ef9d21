#!/usr/bin/env python3
"""Golden values of the classical models in crates/volatility, by numpy and arch, on made daily candles.

    python3 scripts/golden-volatility-models.py

Writes crates/volatility/tests/golden/models.json (made with numpy 2 and arch 8). The candles are those of
crates/volatility/tests/it/support.rs: whole numbers, so that both have the same to the last bit.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from arch import arch_model

warnings.filterwarnings("ignore")
OUT = Path(__file__).parent.parent / "crates/volatility/tests/golden/models.json"
DAYS, COINS, HORIZON, FLOOR, RATIO, PARTS, BLOCKS = 300, 6, 7, 1e-4, 6.0, 3, 4
FORECAST_ROWS = [0, 10, 40, 88]  # of a fold's scored rows


def candles():
    """open, high, low, close, each [day, coin]; NaN where there is no candle"""
    prices = np.full((4, DAYS, COINS), np.nan)
    for coin in range(COINS):
        noise = lambda t, a, b, modulus: (t * t * (a + 2 * coin) + t * (b + 11 * coin)) % 10007 % modulus
        opened = 1_000_000
        for t in range(DAYS):
            size = 30 + 60 * (t // 25 % 3) + noise(t, 53, 7, 40)
            close = opened + (noise(t, 613, 17, 401) - 200) * size
            high = max(opened, close) + noise(t, 31, 17, 97) * size
            low = min(opened, close) - noise(t, 37, 5, 89) * size
            factor = 8 if coin == 2 and t >= 150 else 1
            listed = (coin != 4 or t >= 60) and not (coin == 3 and 120 <= t < 125)
            if listed:
                prices[:, t, coin] = np.array([opened, high, low, close]) * factor / 100
            opened = close
    return prices


def means(values, window):
    """trailing means over full windows, [day, coin]"""
    out = np.full(values.shape, np.nan)
    for t in range(window - 1, len(values)):
        out[t] = values[t + 1 - window : t + 1].mean(0)
    return out


def log_root(values):
    return np.log(np.maximum(np.sqrt(np.maximum(values, 0)), FLOOR))


def features(prices, returns):
    opened, high, low, close = prices
    parkinson = np.log(high / low) ** 2 / (4 * np.log(2))
    garman_klass = 0.5 * np.log(high / low) ** 2 - (2 * np.log(2) - 1) * np.log(close / opened) ** 2
    found = {}
    for name, variance in [("lrv", returns**2), ("lpk", parkinson), ("lgk", garman_klass)]:
        variance = np.where(np.isnan(returns), np.nan, variance)
        for window in (1, 7, 30):
            found[f"{name}{window}"] = log_root(means(variance, window))
    level = np.full(returns.shape, np.nan)
    for t in range(DAYS):
        known = np.isfinite(found["lgk1"][: t + 1])
        enough = known.sum(0) >= 30
        level[t, enough] = np.nanmean(found["lgk1"][: t + 1, enough], 0)
    found["level"] = level
    for window in (1, 7, 30):
        found[f"rv{window}"] = np.sqrt(means(returns**2, window))
    for window in (7, 30):
        found[f"ab{window}"] = np.log(np.maximum(means(np.abs(returns), window), FLOOR))
        found[f"neg{window}"] = log_root(means(np.minimum(returns, 0) ** 2, window))
    found["kurtosis30"] = np.log(np.maximum(means(returns**4, 30) / np.maximum(means(returns**2, 30), 1e-8) ** 2, 1))
    found["rs7"] = log_root(means(np.log(high / close) * np.log(high / opened) + np.log(low / close) * np.log(low / opened), 7))
    return found


def least_squares(terms, target, days):
    """coefficients and their errors, rows of a day taken together"""
    coefficients = np.linalg.lstsq(terms, target, rcond=None)[0]
    inverse = np.linalg.inv(terms.T @ terms)
    left = target - terms @ coefficients
    scores = np.array([terms[days == day].T @ left[days == day] for day in np.unique(days)])
    count = len(scores)
    return coefficients, np.sqrt(np.diag(inverse @ scores.T @ scores @ inverse) * count / (count - 1))


HAR = {
    "har": ["rv1", "rv7", "rv30"],
    "log_har": ["lrv1", "lrv7", "lrv30"],
    "range_har_pk": ["lpk1", "lpk7", "lpk30"],
    "range_har_gk": ["lgk1", "lgk7", "lgk30"],
    "har_full": ["lrv1", "lrv7", "lrv30", "lpk1", "lpk7", "lpk30", "level"],
}
HAR["two_stage"] = HAR["har_full"]
HAR["parts"] = HAR["har_full"]
HAR["parts_harq"] = [*HAR["har_full"], "ab7", "ab30", "kurtosis30", "rs7"]
# Terms of the deviations from the day's mean, and the days after which they count half.
OWN = {
    "two_stage": (HAR["har_full"], np.inf),
    "parts": ([*HAR["har_full"], "ab7", "ab30"], 120),
    "parts_harq": ([*HAR["har_full"], "ab7", "ab30", "neg7", "neg30"], 120),
}


class Model:
    """a regression, fitted to some rows and forecasting others; rows are masks [day, coin]"""

    def __init__(self, name, found, log_target, usable):
        self.name, self.target, self.usable = name, log_target, usable
        self.terms = np.stack([found[term] for term in HAR[name]], -1)
        own, self.half_life = OWN.get(name, ([], None))
        self.own = np.stack([found[term] for term in own], -1) if own else None

    def demeaned(self, values, rows):
        masked = np.where(rows.reshape(rows.shape + (1,) * (values.ndim - 2)), values, np.nan)
        return masked - np.nanmean(masked, 1, keepdims=True)

    def fit(self, rows, known):
        """to rows, `known` being the last day whose candles are known"""
        days = np.nonzero(rows)[0]
        with_one = np.column_stack([np.ones(rows.sum()), self.terms[rows]])
        target = self.target[rows]
        self.coefficients, self.errors = least_squares(with_one, np.exp(target) if self.name == "har" else target, days)
        if self.own is not None:
            root = np.sqrt(0.5 ** (np.abs(known - days) / self.half_life))
            own = least_squares(self.demeaned(self.own, rows)[rows] * root[:, None], self.demeaned(self.target, rows)[rows] * root, days)
            self.coefficients, self.errors = np.r_[self.coefficients, own[0]], np.r_[self.errors, own[1]]
        return self

    def forecast(self):
        """of every row, [day, coin]"""
        count = self.terms.shape[-1] + 1
        whole = self.coefficients[0] + self.terms @ self.coefficients[1:count]
        if self.name == "har":
            return np.log(np.maximum(whole, 1e-3))
        if self.own is not None:
            known = np.isfinite(self.own).all(-1)
            market = np.nanmean(np.where(known, whole, np.nan), 1, keepdims=True)
            return market + self.demeaned(self.own, known) @ self.coefficients[count:]
        return whole


def garch(returns, first, row):
    """the forecast at a row of a fit to the returns up to `first`; None with fewer than 100"""
    known = returns[: first + 1]
    known = 100 * known[np.isfinite(known)]
    if len(known) < 100:
        return None
    model = arch_model(known, mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
    fit = model.fit(disp="off", tol=1e-12)
    omega, alpha, beta = fit.params
    if fit.convergence_flag or alpha + beta >= 1:
        return None
    backcast = model.volatility.backcast(known)
    variance = omega + (alpha + beta) * backcast
    upto = returns[: row + 1]
    upto = 100 * upto[np.isfinite(upto)]
    for x in upto:
        variance = omega + alpha * x * x + beta * variance
    steps = [variance]
    for _ in range(HORIZON - 1):
        steps.append(omega + (alpha + beta) * steps[-1])
    return {"parameters": [omega, alpha, beta], "log_likelihood": fit.loglikelihood,
            "forecast": np.log(np.sqrt(np.mean(steps)) / 100)}


def main():
    prices = candles()
    close = prices[3]
    returns = np.full(close.shape, np.nan)
    returns[1:] = np.log(close[1:] / close[:-1])
    returns[np.abs(returns) > np.log(RATIO)] = np.nan
    found = features(prices, returns)
    future = np.full(close.shape, np.nan)
    for t in range(DAYS - HORIZON):
        future[t] = np.mean(returns[t + 1 : t + 1 + HORIZON] ** 2, 0)
    log_target = np.log(np.sqrt(future))
    names = [name for name in found if name.startswith("l")]
    usable = np.isfinite(log_target) & np.isfinite(sum(found[name] for name in names))
    days = np.flatnonzero(usable.any(1))
    edges = [len(days) // PARTS * part for part in range(PARTS)] + [len(days)]
    folds = []
    for part in range(1, PARTS):
        scored = days[edges[part] : edges[part + 1]]
        first = int(scored[0])
        rows = first + np.array(FORECAST_ROWS)
        trained = usable & (np.arange(DAYS) < first - HORIZON)[:, None]
        of = {}
        for name in HAR:
            model = Model(name, found, log_target, usable)
            left = np.full(close.shape, np.nan)
            train_days = np.flatnonzero(trained.any(1))
            cuts = [train_days[len(train_days) * block // BLOCKS] for block in range(BLOCKS)] + [train_days[-1] + 1]
            for start, end in zip(cuts, cuts[1:]):
                day = np.arange(DAYS)
                kept = trained & ((day < start - HORIZON) | (day >= end + HORIZON))[:, None]
                held = trained & ((day >= start) & (day < end))[:, None]
                left[held] = (log_target - model.fit(kept, start).forecast())[held]
            left = left[trained]
            model.fit(trained, first)
            of[name] = {"coefficients": model.coefficients.tolist(), "errors": model.errors.tolist(),
                        "forecasts": known(model.forecast()[rows], usable[rows]),
                        "residuals": len(left), "mean_exp": [float(np.exp(k * left).mean()) for k in (1, 2)]}
        fits = [[garch(returns[:, coin], first, row) for coin in range(COINS)] for row in rows]
        folds.append({"first": first, "scored_days": len(scored), "rows": int(trained.sum()), "scored_rows": int(usable[scored].sum()),
                      "models": of, "garch": fits})
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"forecast_rows": FORECAST_ROWS, "folds": folds}) + "\n")


def known(values, is_known):
    return [[float(v) if ok else None for v, ok in zip(row, oks)] for row, oks in zip(values, is_known)]


main()

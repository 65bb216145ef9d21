#!/usr/bin/env python3
"""Golden values of scores of volatility and of exposure rules, with numpy, scipy and scikit-learn.

    scripts/golden-volatility-scores.py

Makes the panel of crates/score/tests/it/volatilities.rs by the same formulas and prints what
crates/score/tests/it/levels.rs and crates/rules/tests/it/exposure.rs expect. Ends of intervals are from other random
numbers than ours, so that the tests allow 15 % of their width.
"""

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import (average_precision_score, precision_recall_curve, precision_recall_fscore_support,
                             roc_auc_score)

DAYS, COINS, BLOCK = 200, 9, 28
day, coin = np.divmod(np.arange(DAYS * COINS), COINS)
d, c = day.astype(float), coin.astype(float)
own = 0.2 * np.sin(1.7 * c)
log_realized = -3 + 0.3 * np.sin(0.21 * d) + own + 0.4 * np.sin(0.37 * d * d + 2.1 * c * c + c)
realized = np.exp(log_realized)
har = -3.05 + 0.2 * np.sin(0.21 * d + 0.3) + own + 0.1 * np.sin(3.3 * d + c)
naive = -3.2 + 0.1 * np.sin(0.9 * d + c)
edges = np.stack([-3.1 + own, -2.85 + own])
below = 1 / (1 + np.exp(-(edges - har) / 0.25))
probability = np.maximum(np.stack([below[0], below[1] - below[0], 1 - below[1]], 1), 1e-4)
probability /= probability.sum(1, keepdims=True)
came = (log_realized > edges).sum(0)
returns = 0.03 * np.sin(0.9 * d * d + c) + 0.01 * np.cos(0.05 * d) + 0.004
returns[((d == 7) & (c == 3)) | ((d == 50) & (c == 0)) | ((d == 199) & (c > 4))] = np.nan


def day_counts(draws=2000, seed=0):
    """How often each draw of circular blocks takes each day; the first row is the sample itself."""
    starts = np.random.default_rng(seed).integers(0, DAYS, (draws, -(-DAYS // BLOCK)))
    days = (starts[:, :, None] + np.arange(BLOCK)).reshape(draws, -1)[:, :DAYS] % DAYS
    return np.vstack([np.ones(DAYS)] + [np.bincount(row, minlength=DAYS) for row in days])


COUNTS = day_counts()


def told(values):
    """The value, and the 95 % interval of its draws."""
    return [float(values[0]), *np.percentile(values[1:], [2.5, 97.5]).round(5)]


def summed(rows):
    """Sums over the rows of each draw."""
    return COUNTS @ np.bincount(day, rows, DAYS)


def level_scores(volatility, variance):
    x = realized**2 / variance
    loss, error = x - np.log(x) - 1, realized - volatility
    count, total = summed(np.ones_like(d)), summed(realized)
    ordered = np.array([np.corrcoef(rankdata(volatility[day == t]), rankdata(realized[day == t]))[0, 1] for t in range(DAYS)])
    top = lambda values: set(np.argsort(-values, kind="stable")[: round(0.2 * COINS)])
    hits = np.array([len(top(volatility[day == t]) & top(realized[day == t])) for t in range(DAYS)]) / round(0.2 * COINS)
    market = lambda values: (np.bincount(day, values) / COINS)[day]
    a, b = rankdata(volatility) / len(d) - 0.5, rankdata(realized) / len(d) - 0.5
    mean = lambda values: summed(values) / count
    spread = lambda values: np.sqrt(mean(values * values) - mean(values) ** 2)
    r2 = lambda errors, values: 1 - summed(errors**2) / (summed(values**2) - summed(values) ** 2 / count)
    deviations = realized - market(realized)
    coins = [1 - (error[coin == k] ** 2).sum() / ((realized[coin == k] - realized[coin == k].mean()) ** 2).sum() for k in range(COINS)]
    return loss, {
        "qlike": mean(loss), "r2": r2(error, realized), "spearman_per_day": COUNTS @ ordered / DAYS, "top20_hit": COUNTS @ hits / DAYS,
        "volatility_rmse": np.sqrt(mean(error**2)), "volatility_mae": mean(abs(error)), "volatility_mape": mean(abs(error) / realized),
        "r2_market": r2(market(realized) - market(volatility), market(realized)),
        "r2_neutral": 1 - summed((error - market(error)) ** 2) / summed(deviations**2), "r2_within_coin": np.array([np.median(coins)] * 2),
        "spearman": (mean(a * b) - mean(a) * mean(b)) / (spread(a) * spread(b)),
    }


def book(exposures, hedge=0.0):
    """Return after costs and turnover of each day: all coins in equal parts, `hedge` of coin 0 sold short for each."""
    square = lambda values: np.broadcast_to(values, d.shape).reshape(DAYS, COINS)
    ahead, hedge = square(returns), square(hedge)
    known = np.isfinite(ahead)
    held = np.where(known, square(exposures), 0)
    short = np.where(np.isfinite(ahead[:, :1]), np.where(known, hedge, 0).sum(1, keepdims=True), 0)
    positions, moves = np.hstack([held, -short]), np.nan_to_num(np.hstack([ahead, ahead[:, :1]]))
    traded = abs(np.diff(positions, axis=0, prepend=positions[:1])).sum(1)
    return ((positions * moves).sum(1) - 1e-3 * traded) / known.sum(1), traded / known.sum(1), positions.sum() / known.sum()


def sharpe(values):
    mean = COUNTS @ values / DAYS
    return mean / np.sqrt(COUNTS @ values**2 / DAYS - mean**2) * 365**0.5


def figures(exposures, hedge=0.0):
    net, turnover, exposure = book(exposures, hedge)
    capital = np.cumprod(1 + net)
    fall = (capital / np.maximum(np.maximum.accumulate(capital), 1) - 1).min()
    return [exposure, capital[-1] - 1, net.std() * 365**0.5, fall, turnover.mean(), turnover.mean() * 0.365], sharpe(net)


def above_earlier(logs, share=0.8, least=28):
    square, top = logs.reshape(DAYS, COINS), np.zeros((DAYS, COINS), bool)
    for t in range(least, DAYS):
        top[t] = square[t] > np.quantile(square[:t], share, axis=0)
    return top.ravel()


losses = []
for name, forecast in {"har": (np.exp(har) * 1.08, np.exp(2 * har) * 1.3), "naive": (np.exp(naive), np.exp(2 * naive))}.items():
    loss, scores = level_scores(*forecast)
    losses.append(np.bincount(day, loss) / COINS)
    for key, values in scores.items():
        print(name, key, told(values))
difference = losses[0] - losses[1]
z = difference - difference.mean()
variance = z @ z / DAYS + 2 * sum((1 - j / 29) * (z[j:] @ z[:-j]) / DAYS for j in range(1, 29))
print("Diebold-Mariano t", difference.mean() / np.sqrt(variance / DAYS))

likeliest, one = probability.argmax(1), np.eye(3)[came]
bins = np.minimum((probability * 10).astype(int), 9)
gaps = [sum(abs((one - probability)[bins[:, k] == b, k].sum()) for b in range(10)) / len(d) for k in range(3)]
print("precision, recall, F1, rows", precision_recall_fscore_support(came, likeliest, zero_division=0))
print("AUC", [roc_auc_score(came == k, probability[:, k]) for k in range(3)], "AP", average_precision_score(came == 2, probability[:, 2]))
precision, recall, threshold = precision_recall_curve(came == 2, probability[:, 2])
for share in (0.05, 0.5, 1):
    place = np.flatnonzero(recall[:-1] >= share - 1e-12)[-1]
    print("High found", share, threshold[place], precision[place], recall[place])
third, error = coin == 3, log_realized - np.log(1.08 * np.exp(har))
print("COIN3", np.quantile(error[third], [0.05, 0.5, 0.95]), (likeliest == came)[third].mean(),
      roc_auc_score(came[third] == 2, probability[third, 2]))
print("log loss", told(summed(-np.log(probability[np.arange(len(d)), came])) / summed(np.ones_like(d))), "ECE", np.mean(gaps))
print("Brier", told(summed(((probability - one) ** 2).sum(1)) / summed(np.ones_like(d))), "accuracy", (likeliest == came).mean())

losses, everything = [], []
for level in (0.05, 0.07):
    p, above = 1 / (1 + np.exp((np.log(level) - har) / 0.25)), realized > level
    # One row's probability is unknown.
    known = np.arange(len(d)) >= (level == 0.07)
    p, above, of_day = p[known], above[known].astype(float), day[known]
    bins = np.minimum((p * 10).astype(int), 9)
    gap = np.bincount(bins, above - p, 10)
    everything.append(np.array([np.bincount(of_day, values, DAYS) for values in
                                [np.ones_like(p), (p - above) ** 2, -np.log(np.where(above == 1, p, 1 - p))]]))
    losses.append(gap)
    print("above", level, len(p), above.mean(), ((p - above) ** 2).mean(), everything[-1][2].sum() / len(p), abs(gap).sum() / len(p),
          roc_auc_score(above, p), np.bincount(bins))
count, brier, log_loss = sum(everything)
print("above", told(COUNTS @ brier / (COUNTS @ count)), told(COUNTS @ log_loss / (COUNTS @ count)), abs(sum(losses)).sum() / count.sum())

forecasters = {
    "har": (likeliest == 2, har, np.exp(har) * 1.08),
    "naive": (naive > edges[1], naive, np.exp(naive)),
    "oracle": (log_realized > edges[1], log_realized, realized),
}
print("hold", figures(1.0)[0], told(figures(1.0)[1]))
for name, (high, logs, volatility) in forecasters.items():
    rules = {
        "reduce_high": (np.where(high, 0.5, 1.0), 0.0),
        "reduce_top": (np.where(above_earlier(logs), 0.5, 1.0), 0.0),
        "volatility_target": (np.minimum(0.8 / (volatility * 365**0.5), 1), 0.0),
        "hedge_high": (1.0, np.where(high, 0.5, 0.0)),
    }
    for rule, (exposures, hedge) in rules.items():
        (own, own_sharpe), (constant, constant_sharpe) = figures(exposures, hedge), figures(np.mean(exposures), np.mean(hedge))
        print(name, rule, own, told(own_sharpe), "constantly", constant, "minus", told(own_sharpe - constant_sharpe))

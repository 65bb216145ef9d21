#!/usr/bin/env python3
"""Makes the golden numbers of prediction intervals: crates/score/tests/golden/intervals.json.

Usage, from the repository's root:

    python3 -m venv venv && venv/bin/pip install numpy mapie
    venv/bin/python scripts/golden-intervals.py

Split conformal widths are MAPIE's: of a regressor that is fitted already (it forecasts its input), conformalized on the
errors of earlier folds in units of the volatility. The adaptive coverage is MAPIE's for one series with one step a value;
in the walk over folds and days it is the same rule written again in numpy, as MAPIE has none for several coins and targets
that become known later. Scores are means in numpy. Every number is drawn with a fixed seed: running it again writes the
same bytes (made with numpy 2 and MAPIE 1.6). None of the Rust code is used here.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
from mapie.conformity_scores import AbsoluteConformityScore
from mapie.regression import SplitConformalRegressor, TimeSeriesRegressor
from sklearn.base import BaseEstimator, RegressorMixin

PATH = Path(__file__).resolve().parent.parent / "crates/score/tests/golden/intervals.json"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BAR_MS = 6 * HOUR_MS
REACH_BARS, EMBARGO_BARS = 2, 1
FOLDS, DAYS, COINS = 3, 12, 3
COVERAGE = [0.8, 0.95]
STEP = 0.1


class Identity(RegressorMixin, BaseEstimator):
    """Forecasts its input."""

    def __init__(self):
        self.is_fitted_ = True

    def fit(self, x, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, x):
        return np.asarray(x)[:, 0]


def mapie_half_width(forecast, realized, coverage):
    """Half the width of MAPIE's split conformal interval; None where there are too few values for the coverage."""
    if math.ceil((len(forecast) + 1) * coverage - 1e-9) > len(forecast):
        return None
    regressor = SplitConformalRegressor(Identity(), confidence_level=coverage, prefit=True)
    regressor.conformalize(forecast[:, None], realized)
    _, bounds = regressor.predict_interval(np.zeros((1, 1)))
    return float(bounds[0, 1, 0] - bounds[0, 0, 0]) / 2


def mapie_adaptive(generator):
    """MAPIE's adaptive conformal inference of one series."""
    known, new = generator.standard_normal(60), 1.3 * generator.standard_normal(40)
    forecast = np.zeros(60)
    regressor = TimeSeriesRegressor(
        Identity(), method="aci", cv="prefit", conformity_score=AbsoluteConformityScore(sym=True)
    )
    regressor.fit(forecast[:, None], known)
    level, steps = 0.9, []
    for value in new:
        _, bounds = regressor.predict(np.zeros((1, 1)), confidence_level=level, allow_infinite_bounds=True)
        half = float(bounds[0, 1, 0] - bounds[0, 0, 0]) / 2
        asked = 1 - regressor.current_alpha[0.1] if regressor.current_alpha else level
        steps.append({"asked": float(asked), "half_width": half if math.isfinite(half) else None})
        regressor.adapt_conformal_inference(np.zeros((1, 1)), np.array([value]), gamma=0.01, confidence_level=level)
    return {"coverage": level, "step": 0.01, "known": known.tolist(), "new": new.tolist(), "steps": steps}


def made_up_rows(generator):
    """Rows sorted by fold, time and coin; errors grow with the folds, and some volatilities are unknown."""
    bars_a_day = DAY_MS // BAR_MS
    rows = []
    for bar in range(FOLDS * DAYS * bars_a_day):
        fold = bar // (DAYS * bars_a_day) + 1
        time = 20_000 * DAY_MS + 2 * HOUR_MS + bar * BAR_MS
        for coin in range(COINS):
            volatility = 0.01 * (coin + 1) * math.exp(0.5 * math.sin(bar / 9))
            forecast = 0.2 * volatility * generator.standard_normal()
            realized = forecast + (0.8 + 0.15 * fold) * volatility * generator.standard_t(4)
            volatility = math.nan if generator.random() < 0.03 else volatility
            rows.append((fold, time, coin, forecast, realized, volatility))
    fold, time, coin, *columns = (np.array(column) for column in zip(*rows))
    return fold, time, coin, *(np.round(column, 9) for column in columns)


def widths(fold, time, forecast, realized, volatility, is_adaptive):
    """The steps of the walk over folds."""
    error = np.abs(realized - forecast) / volatility
    gap = (REACH_BARS + EMBARGO_BARS) * BAR_MS
    asked, waiting, steps = list(COVERAGE), [], []

    def step(begin, fold_begin, is_earlier):
        nonlocal waiting
        known = is_earlier & (time + gap < fold_begin) & np.isfinite(error)
        for last, missed in [piece for piece in waiting if piece[0] + gap < begin]:
            for place in range(len(asked)):
                asked[place] += STEP * (missed[place] - (1 - COVERAGE[place]))
        waiting = [piece for piece in waiting if piece[0] + gap >= begin]
        ordered = np.sort(error[known])
        if is_adaptive:
            halves = []
            for level in asked:
                place = math.ceil((len(ordered) + 1) * level - 1e-9)
                halves.append(float(ordered[min(place, len(ordered)) - 1]))
        else:
            scaled = (forecast / volatility)[known], (realized / volatility)[known]
            halves = [mapie_half_width(*scaled, level) for level in COVERAGE]
        steps.append({"from_ms": int(begin), "errors": int(known.sum()), "half_widths": halves})
        return halves

    for number in range(2, FOLDS + 1):
        inside = np.flatnonzero(fold == number)
        day = time[inside] // DAY_MS if is_adaptive else np.zeros(len(inside))
        for piece in np.unique(day):
            rows = inside[day == piece]
            halves = step(time[rows[0]], time[inside[0]], fold < number)
            known = error[rows][np.isfinite(error[rows])]
            if len(known):
                waiting.append((time[rows].max(), [float((known > half).mean()) for half in halves]))
    end = time.max() + gap + BAR_MS
    step(end, end, fold > 0)
    return steps


def bounds_of(steps, time, forecast, volatility, place):
    begins = np.array([step["from_ms"] for step in steps])
    lower, upper = np.full(len(time), np.nan), np.full(len(time), np.nan)
    for row, begun in enumerate(np.searchsorted(begins, time, side="right")):
        half = steps[begun - 1]["half_widths"][place] if begun else None
        if half is not None:
            lower[row], upper[row] = forecast[row] - half * volatility[row], forecast[row] + half * volatility[row]
    return lower, upper


def past_bounds(fold, time, coin, realized, coverage):
    """Each coin's quantiles of the folds before."""
    lower, upper = np.full(len(time), np.nan), np.full(len(time), np.nan)
    tail = (1 - coverage) / 2
    for number in range(2, FOLDS + 1):
        begin = time[fold == number].min()
        for one in range(COINS):
            known = realized[(fold < number) & (coin == one) & (time + REACH_BARS * BAR_MS < begin)]
            if len(known) * tail < 1:
                known = realized[(fold < number) & (time + REACH_BARS * BAR_MS < begin)]
            rows = (fold == number) & (coin == one)
            lower[rows], upper[rows] = np.quantile(known, [tail, 1 - tail])
    return lower, upper


def scores(bounds, fold, realized, volatility, is_scored, coverage):
    lower, upper = bounds
    outside = np.maximum(np.maximum(lower - realized, realized - upper), 0)
    values = {
        "coverage": ((lower <= realized) & (realized <= upper)).astype(float),
        "width": upper - lower,
        "interval_score": upper - lower + 2 / (1 - coverage) * outside,
    }
    rows = np.flatnonzero(is_scored & np.isfinite(volatility))
    rows = rows[np.argsort(volatility[rows], kind="stable")]
    cuts = [len(rows) * third // 3 for third in range(4)]
    mean = lambda chosen, value: float(value[chosen].mean())
    return {
        name: {
            "value": mean(is_scored, value),
            "folds": [mean(is_scored & (fold == k), value) if (is_scored & (fold == k)).any() else None
                      for k in range(1, FOLDS + 1)],
            "terciles": [mean(rows[a:b], value) for a, b in zip(cuts, cuts[1:])],
        }
        for name, value in values.items()
    }


def plain(values):
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values.tolist()]


def main():
    warnings.simplefilter("ignore")
    generator = np.random.default_rng(20260901)
    errors = np.round(np.abs(generator.standard_normal(47)), 6)
    levels = [0.05, 0.5, 0.8, 0.9, 0.95]
    split = [mapie_half_width(np.zeros(47), errors, level) for level in levels]
    adaptive = mapie_adaptive(generator)
    fold, time, coin, forecast, realized, volatility = made_up_rows(generator)
    steps = {
        name: widths(fold, time, forecast, realized, volatility, name == "adaptive") for name in ("split", "adaptive")
    }
    reports = []
    for place, coverage in enumerate(COVERAGE):
        bounds = bounds_of(steps["split"], time, forecast, volatility, place)
        past = past_bounds(fold, time, coin, realized, coverage)
        is_scored = np.isfinite(bounds[0]) & np.isfinite(past[0])
        reports.append({
            "coverage": coverage,
            "lower": plain(bounds[0]),
            "upper": plain(bounds[1]),
            "rows": int(is_scored.sum()),
            "split": scores(bounds, fold, realized, volatility, is_scored, coverage),
            "past_quantiles": scores(past, fold, realized, volatility, is_scored, coverage),
        })
    golden = {
        "quantiles": {"errors": np.sort(errors).tolist(), "coverage": levels, "half_widths": split},
        "adaptive": adaptive,
        "bar_ms": BAR_MS,
        "reach_bars": REACH_BARS,
        "embargo_bars": EMBARGO_BARS,
        "coverage": COVERAGE,
        "step": STEP,
        "rows": {
            "fold": fold.tolist(),
            "time_ms": time.tolist(),
            "symbol": coin.tolist(),
            "forecast": forecast.tolist(),
            "realized": realized.tolist(),
            "volatility": plain(volatility),
        },
        "steps": steps,
        "reports": reports,
    }
    PATH.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

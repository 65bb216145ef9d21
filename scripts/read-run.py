#!/usr/bin/env python3
"""Reads a run with nothing of the program but its files: the forecasts with Polars, the weights of networks into PyTorch.

Usage: scripts/read-run.py RUN [EVALUATION.json]      (needs polars; for networks torch and safetensors)

Checks that `forecasts.parquet` has the columns of docs/src/reference/forecasts.md, prints the correlation of each fold, and
compares it with that of `quarterhour evaluate RUN --json`, where its output is given. Of a network it loads every file of
weights by the names that they have into the modules of the package in python/, and forecasts from a window of noise.
"""

import json
import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python/src"))
from quarterhour import Run, forecast_metadata, read_forecasts

COLUMNS = {"time": pl.Datetime("ms", "UTC"), "symbol": pl.String, "horizon": pl.String, "fold": pl.Int32,
           "forecast": pl.Float64, "realized": pl.Float64, "realized_delayed": pl.Float64, "volatility": pl.Float64,
           "trailing_volatility": pl.Float64, "weight": pl.Float64}


def read_table(run):
    """The forecasts, with their metadata."""
    path, table, metadata = run.folder, read_forecasts(run), forecast_metadata(run)
    for name, dtype in COLUMNS.items():
        assert table.schema.get(name) == dtype, f"{path}: `{name}` is {table.schema.get(name)}, expected {dtype}"
    controls = [control["column"] for control in metadata["controls"]]
    assert set(controls) <= set(table.columns), f"{path}: lacks some of the controls {controls}"
    assert table.select("horizon", "time", "symbol").is_unique().all(), f"{path}: a forecast stands in it twice"
    return table, metadata


def check_scores(table, path):
    """Each fold's correlation, beside that of an evaluation."""
    first = table.filter(pl.col("horizon") == table["horizon"][0])
    scores = first.group_by("fold").agg(pl.corr("forecast", "realized")).sort("fold")
    print("Pearson by fold:", " ".join(f"{score:+.4f}" for score in scores["forecast"]))
    if path:
        evaluation = json.loads(Path(path).read_text())
        found = (evaluation[0] if isinstance(evaluation, list) else evaluation)["forecasters"][0]["folds"]
        worst = max(abs(a - b) for a, b in zip(scores["forecast"], found, strict=True))
        assert worst < 1e-9, f"{path}: correlations differ by {worst}"
        print(f"as evaluated, within {worst:.0e}")


def read_bounds(table):
    """Share of the targets within each interval."""
    for name in sorted(column for column in table.columns if column.startswith("lower_")):
        upper = name.replace("lower", "upper")
        known = table.filter(pl.col(name).is_not_nan())
        inside = known["realized"].is_between(known[name], known[upper]).mean()
        print(f"{name} to {upper}: {inside:.2%} of {known.height} targets lie within")


def read_weights(run):
    """Loads the weights of a network, and forecasts from noise."""
    files = sorted(run.folder.glob("model*.safetensors")) + sorted(run.folder.glob("fold-*/**/weights.safetensors"))
    if not files:
        print("no network")
        return
    import torch

    from quarterhour.network import load_weights, network_of

    network = network_of(run)
    coins, features, horizons = network.coins, network.features, network.horizons
    window = torch.randn(2, coins * features, run.lookback, generator=torch.Generator().manual_seed(1))
    for file in files:
        with torch.no_grad():
            output = load_weights(network, file)(window)
        assert output.shape == (2, coins * horizons) and output.isfinite().all(), f"{file}: forecasts {output}"
    print(f"{len(files)} files of weights, {sum(value.numel() for value in network.parameters())} values each")


def main(run, evaluation=None):
    run = Run.of(run)
    table, metadata = read_table(run)
    print(f"{table.height} forecasts of `{metadata['target']}`, {metadata['unit']}, on bars of {metadata['bar']}")
    check_scores(table, evaluation)
    read_bounds(table)
    read_weights(run)


if __name__ == "__main__":
    main(*sys.argv[1:])

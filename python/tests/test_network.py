from __future__ import annotations

import json
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import quarterhour
from conftest import NETWORKS
from quarterhour.network import network
from quarterhour.ranks import normal_quantile, normal_score

GOLDEN = Path(__file__).parents[2] / "crates/model/tests/golden"


def inputs_of(market, run, fold, count=12):
    """Evenly spaced times of a fold whose windows have every candle, and what the forecaster takes there."""
    features, candles = quarterhour.read_features(market.features()), quarterhour.read_candles(market.data)
    table = quarterhour.read_forecasts(run).filter(pl.col("fold") == fold)
    times, windows = [], []
    for time in table["time"].unique().sort().gather_every(90):
        try:
            windows.append(quarterhour.windows(run, features, [time], fold)[0])
        except ValueError as error:
            assert "has no candle" in str(error)
        else:
            times.append(time)
    assert len(times) >= count
    volatility = quarterhour.trailing_volatility(run, candles, times)
    return times, torch.tensor(np.stack(windows)), torch.tensor(volatility)


@pytest.mark.parametrize("name", NETWORKS)
def test_forecasts_equal_the_table(market, name):
    """To 1e-5 of the forecasts' standard deviation, for every encoder, each fold, coin and horizon."""
    run = quarterhour.Run.of(market.network(name))
    for fold in (1, 2):
        times, windows, volatility = inputs_of(market, run, fold)
        with torch.no_grad():
            found = quarterhour.load_forecaster(run, fold)(windows, volatility).numpy()
        table = quarterhour.read_forecasts(run)
        for place, horizon in enumerate(table["horizon"].unique(maintain_order=True)):
            of_horizon = table.filter(pl.col("horizon") == horizon)
            coins = [s for _ in times for s in run.symbols]
            rows = [time for time in times for _ in run.symbols]
            ours = pl.DataFrame({"time": rows, "symbol": coins, "found": found[:, :, place].ravel()})
            both = of_horizon.join(ours.cast({"time": pl.Datetime("ms", "UTC")}), on=["time", "symbol"])
            assert both.height > 0.9 * ours.height
            error = (both["found"] - both["forecast"]).abs().max()
            assert error < 1e-5 * of_horizon["forecast"].std(), f"{name}, fold {fold}, {horizon}"


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.safetensors")), ids=lambda file: file.stem)
def test_networks_have_the_outputs_that_the_program_is_tested_with(file):
    tensors = load_file(file)
    if "output" not in tensors:
        pytest.skip("holds steps of the optimizer, no output")
    with safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    shape = [int(metadata[key]) for key in ("coins", "features")]
    config, lookback = json.loads(metadata["config"]), int(metadata["lookback"])
    horizons = tensors["output"].shape[1] // shape[0]
    module = network(config, *shape, horizons, lookback).double().eval()
    weights = {key.removeprefix("weight."): value for key, value in tensors.items() if key.startswith("weight.")}
    module.load_state_dict(weights)
    with torch.no_grad():
        output = module(tensors["windows"].double())
    torch.testing.assert_close(output.float(), tensors["output"], rtol=1e-6, atol=1e-6)


def test_load_network_has_the_weights_of_the_run(market):
    run = market.network("lstm")
    for seed, file in enumerate(quarterhour.Run.of(run).weights(1)):
        module = quarterhour.load_network(run, fold=1, seed=seed)
        assert all(torch.equal(value, load_file(file)[name]) for name, value in module.state_dict().items())
    with pytest.raises(IndexError, match="has 2 networks a fold"):
        quarterhour.load_network(run, fold=1, seed=2)


def test_what_cannot_be_loaded_is_said(market):
    run = market.network("resnet")
    with pytest.raises(FileNotFoundError, match="fold 9 has no model"):
        quarterhour.load_network(run, fold=9)
    with pytest.raises(FileNotFoundError, match="it is no network"):
        quarterhour.load_network(market.trees("lightgbm"))
    with pytest.raises(ValueError, match="'transformer', expected one of"):
        network({"encoder": "transformer"}, 2, 3)


def test_a_missing_value_holds_the_mean_of_the_other_coins(market):
    forecaster = quarterhour.load_forecaster(market.network("resnet"))
    features = torch.zeros(1, 32, 4, 8)
    features[0, 5, 1, 3] = torch.nan
    normalized = forecaster.normalized(features)
    others = normalized[0, 5, [0, 2, 3], 3]
    assert normalized[0, 5, 1, 3] == pytest.approx(others.mean().item(), rel=1e-6)
    features[0, 5, :, 3] = torch.nan
    assert (forecaster.normalized(features)[0, 5, :, 3] == 0).all()


def test_a_trailing_scale_needs_the_volatility(market):
    forecaster = quarterhour.load_forecaster(market.network("gru"))
    with pytest.raises(ValueError, match="need the volatility"):
        forecaster(torch.zeros(1, 32, 4, 8))
    least = forecaster.scales(torch.zeros(1, 4))
    torch.testing.assert_close(least[0], 0.1 * forecaster.scale)
    unknown = forecaster.scales(torch.full((1, 4), torch.nan))
    torch.testing.assert_close(unknown[0], forecaster.scale)


def test_ranks_are_those_of_training():
    """As scikit-learn's QuantileTransformer with a normal output."""
    knots = torch.tensor([[[0.0, 0.0, 1.0, 3.0, 3.0]]]).double()
    values = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, torch.nan])[:, None, None]
    share = [1e-7, 0.125, 0.375, 0.5, 0.625, 0.875, 1 - 1e-7]
    expected = torch.tensor([*map(NormalDist().inv_cdf, share), torch.nan], dtype=torch.float64)
    torch.testing.assert_close(normal_score(values, knots).flatten(), expected, rtol=1e-9, atol=1e-9, equal_nan=True)


def test_quantiles_of_the_normal_distribution():
    shares = np.concatenate([np.linspace(1e-7, 1 - 1e-7, 2001), [1e-7, 1e-5, 0.0749, 0.0751]])
    expected = torch.tensor([NormalDist().inv_cdf(share) for share in shares], dtype=torch.float64)
    torch.testing.assert_close(normal_quantile(torch.tensor(shares)), expected, rtol=1e-12, atol=1e-12)

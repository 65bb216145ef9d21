from __future__ import annotations

import json

import lightgbm
import numpy as np
import onnxruntime
import polars as pl
import pytest

import quarterhour
from conftest import NETWORKS, TREES
from quarterhour.onnx import _ensemble
from quarterhour.trees import float32_thresholds, read_trees
from test_network import inputs_of


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_equal_the_table(market, tmp_path, name):
    run = quarterhour.Run.of(market.network(name))
    times, windows, volatility = inputs_of(market, run, 2)
    model = session(quarterhour.export_onnx(run, tmp_path / "model.onnx", fold=2))
    given = {"features": windows.numpy(), "volatility": volatility.float().numpy()}
    found = model.run(None, {put.name: given[put.name] for put in model.get_inputs()})[0]
    assert found.shape == (len(times), 4, len(run.horizon_bars))
    table = quarterhour.read_forecasts(run)
    table = table.filter(pl.col("horizon") == table["horizon"][0])
    expected = {(time, symbol): value for time, symbol, value in table.select("time", "symbol", "forecast").iter_rows()}
    places = [(row, coin) for row in range(len(times)) for coin in range(4)]
    keys = [(times[row], run.symbols[coin]) for row, coin in places]
    errors = [abs(expected[key] - found[*place, 0]) for key, place in zip(keys, places) if key in expected]
    assert len(errors) > 0.9 * len(places)
    assert max(errors) < 1e-5 * table["forecast"].std()
    assert json.loads(model.get_modelmeta().custom_metadata_map["symbols"]) == run.symbols


@pytest.mark.parametrize("name", TREES)
def test_trees_equal_the_table(market, tmp_path, name):
    run = quarterhour.Run.of(market.trees(name))
    model = session(quarterhour.export_onnx(run, tmp_path / "model.onnx", fold=2))
    names = json.loads(model.get_modelmeta().custom_metadata_map["features"])
    rows = pl.read_parquet(run.folder / "rows.parquet").with_columns(pl.col("time").cast(pl.Datetime("ms", "UTC")))
    table = quarterhour.read_forecasts(run).filter(pl.col("fold") == 2)
    both = table.join(rows, on=["time", "symbol"]).sort("time", "symbol")
    candles = quarterhour.read_candles(market.data)
    errors = []
    for (time,), of_time in both.partition_by("time", as_dict=True).items():
        if of_time.height < 4 or time.minute % 20:
            continue
        given = {"features": of_time.select(names).to_numpy().astype(np.float32)}
        if "scale" in [put.name for put in model.get_inputs()]:
            given["scale"] = scale(run, candles, time, of_time["symbol"].to_list()).astype(np.float32)
        errors.append(np.abs(model.run(None, given)[0] - of_time["forecast"].to_numpy()).max())
    assert len(errors) > 50
    assert max(errors) < 1e-5 * table["forecast"].std()


def scale(run, candles, time, symbols):
    """As the docstring of `export_onnx` says."""
    record = json.loads((run.model_folder(2) / "lightgbm.json").read_text())
    least = 0.1 * np.array([record["target_std"][symbol] for symbol in symbols])
    volatility = dict(zip(run.symbols, quarterhour.trailing_volatility(run, candles, [time])[0]))
    return np.maximum(least, np.sqrt(15) * np.array([volatility[symbol] for symbol in symbols]))


def model_at(path, trees):
    from onnx import TensorProto, helper, save

    features = 1 + max(int(tree.feature.max()) for tree in trees)
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, features])]
    output = helper.make_tensor_value_info("own_trees", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([_ensemble(trees, "own")], "trees", inputs, [output])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return session(path)


def test_each_value_beside_a_threshold_takes_the_branch_that_lightgbm_takes(tmp_path):
    """Values at the nearest float32 of each threshold and its two neighbours, some missing, and missing in training."""
    draws = np.random.default_rng(7)
    values = draws.standard_normal((3000, 3)) * np.array([1.0, 1e-3, 1e4])
    values[draws.random(3000) < 0.1, 1] = np.nan
    target = np.nan_to_num(values[:, 1]) * 1e3 + np.sign(values[:, 0]) + values[:, 2] / 1e4 + 100
    options = dict(objective="regression", num_leaves=31, verbosity=-1, num_threads=1, seed=1, deterministic=True)
    booster = lightgbm.train(options, lightgbm.Dataset(values, target), 30)
    booster.save_model(tmp_path / "model.txt")
    trees = read_trees(tmp_path / "model.txt")
    assert {int(kind) >> 2 & 3 for tree in trees for kind in tree.decision} == {0, 2}, "both kinds of missing values"
    rows = np.zeros((6000, 3), np.float32)
    for feature in range(3):
        thresholds = np.concatenate([tree.threshold[tree.feature == feature] for tree in trees])
        nearest = draws.choice(thresholds, len(rows)).astype(np.float32)
        beside = np.nextafter(nearest, draws.choice(np.float32([-np.inf, np.inf]), len(rows)))
        rows[:, feature] = np.where(draws.random(len(rows)) < 0.5, nearest, beside)
    rows[draws.random(rows.shape) < 0.1] = np.nan
    expected = booster.predict(rows.astype(np.float64), num_threads=1)
    found = model_at(tmp_path / "model.onnx", trees).run(None, {"features": rows})[0][:, 0]
    assert np.abs(found - expected).max() < 1e-5 * expected.std()


def test_a_threshold_is_never_rounded_up():
    thresholds = np.array([0.1, -0.1, 1 + 1e-12, 1 - 1e-12, 2.0, 1e-35, 1e300, -1e300])
    rounded = float32_thresholds(thresholds).astype(np.float64)
    assert (rounded <= thresholds).all()
    with np.errstate(over="ignore"):
        above = np.nextafter(float32_thresholds(thresholds), np.float32(np.inf)).astype(np.float64)
    assert (above > thresholds).all()


def test_other_objectives_are_refused(tmp_path):
    draws = np.random.default_rng(1)
    values, options = draws.random((200, 2)), dict(objective="poisson", verbosity=-1, num_threads=1)
    lightgbm.train(options, lightgbm.Dataset(values, values[:, 0]), 2).save_model(tmp_path / "model.txt")
    with pytest.raises(NotImplementedError, match="objective=poisson, expected one of"):
        read_trees(tmp_path / "model.txt")

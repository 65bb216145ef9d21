"""Runs as ONNX models, with everything from features to forecasts inside."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quarterhour.runs import Run
from quarterhour.trees import Tree, feature_names, float32_thresholds, read_trees

if TYPE_CHECKING:
    import onnx


def export_onnx(run: Run | str | Path, path: str | Path, fold: int | None = None) -> Path:
    """Writes a run of `train` or `baseline` as an ONNX model that forecasts in the unit of the target.

    A network's model takes `features` `[batch, lookback, coins, features]`. One of LightGBM takes `features`
    `[coins, features]`, the coins that are forecast at one time. Both take NaN for what is missing. Runs with
    `normalize.target = "trailing"` have a second input: `volatility`, `[batch, coins]`, of networks
    (`quarterhour.trailing_volatility`), and `scale`, `[coins]`, of LightGBM (the same times the root of the horizon in bars, at
    least a tenth of the coin's `target_std` in `lightgbm.json`). The output `forecasts` is `[batch, coins, horizons]` or
    `[coins]`. The names of the coins (of networks) and of the features are in
    the model's metadata as JSON.

    Args:
        run: Folder of the run; of a run of LightGBM over several horizons that of one, `RUN/horizon-H`.
        path: The file.
        fold: Which fold's model; the run's own without, which is the last fold's.

    Returns:
        The path of the file.

    Raises:
        NotImplementedError: The run's kind, or something that it uses, is not built here.
    """
    run, path = Run.of(run), Path(path)
    if run.config["target"].get("base"):
        raise NotImplementedError(f"{run.folder} adds the forecasts of a ridge (target.base), which is not built here")
    exporters = {"network": _network, "lightgbm": _lightgbm}
    if run.kind not in exporters:
        raise NotImplementedError(f"{run.folder} is of kind {run.kind}, expected one of {sorted(exporters)}")
    model, metadata = exporters[run.kind](run, fold)
    import onnx

    metadata |= {"run": run.folder.name, "target": run.config["target"]["kind"], "horizon_bars": run.horizon_bars}
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def _network(run: Run, fold: int | None) -> tuple[onnx.ModelProto, dict]:
    import torch

    from quarterhour.forecaster import load_forecaster

    forecaster, stats = load_forecaster(run, fold), run.stats(fold)
    coins, features = len(stats["coins"]), len(stats["features"])
    inputs = {"features": torch.zeros(2, run.lookback, coins, features)}
    if forecaster.is_trailing:
        inputs["volatility"] = torch.ones(2, coins)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it names packages that are not needed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts of PyTorch that it uses itself
        program = torch.onnx.export(
            forecaster,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=["forecasts"],
            dynamic_shapes=tuple({0: torch.export.Dim("batch")} for _ in inputs),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # as it is only without `dynamo`
    return program.model_proto, {"symbols": run.symbols, "features": stats["features"], "lookback_bars": run.lookback}


def _lightgbm(run: Run, fold: int | None) -> tuple[onnx.ModelProto, dict]:
    from onnx import TensorProto, helper

    folder, fit = run.model_folder(fold), run.config["target"].get("fit", "whole")
    is_trailing = run.config["normalize"]["target"] == "trailing"
    files = [folder / "model.txt"] + ([] if fit == "whole" else [folder / "model-market.txt"])
    features = feature_names(files[0])
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["coins", len(features)])]
    if is_trailing:
        inputs.append(helper.make_tensor_value_info("scale", TensorProto.FLOAT, ["coins"]))
    nodes = [_ensemble(read_trees(file), part) for file, part in zip(files, ("own", "market"))]
    nodes += _together(fit, is_trailing)
    output = helper.make_tensor_value_info("forecasts", TensorProto.FLOAT, ["coins"])
    # Axis 1 of [coins, 1].
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(nodes, "lightgbm", inputs, [output], [axis])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), {"features": features}


def _together(fit: str, is_trailing: bool) -> list[onnx.NodeProto]:
    """The nodes from what trees say, `[coins, 1]`, to forecasts in the unit of the target, `[coins]`.

    With parts a coin has its own part less the mean of all coins', and the mean of what the market's trees say of them.
    """
    from onnx import helper

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
        return helper.make_node(kind, inputs, [output], **attributes)

    parts = ["own"] if fit == "whole" else ["own", "market"]
    nodes = [node("Squeeze", [f"{part}_trees", "axis"], f"{part}_flat") for part in parts]
    scales = {False: [], True: parts if fit == "parts" else []}[is_trailing]
    nodes += [node("Mul", [f"{part}_flat", "scale"], f"{part}_scaled") for part in scales]
    named = {part: f"{part}_scaled" if part in scales else f"{part}_flat" for part in parts}
    total = named["own"]
    if fit != "whole":
        nodes += [node("ReduceMean", [named[part]], f"{part}_mean", axes=[0], keepdims=1) for part in parts]
        nodes += [node("Sub", ["market_mean", "own_mean"], "shift"), node("Add", [total, "shift"], "sum")]
        total = "sum"
    is_scaled_last = is_trailing and fit != "parts"
    last = node("Mul", [total, "scale"], "forecasts") if is_scaled_last else node("Identity", [total], "forecasts")
    return [*nodes, last]


def _ensemble(trees: list[Tree], part: str) -> onnx.NodeProto:
    """Trees as one node from `features` to `{part}_trees`, `[coins, 1]`.

    LightGBM adds the mean of the targets to the leaves of the first tree. It is added last here, as float32 loses less of
    a sum of small numbers.
    """
    from onnx import helper

    base = float(trees[0].leaf.mean())

    nodes: dict[str, Any] = {name: [] for name in _NODE_ATTRIBUTES}
    leaves: dict[str, Any] = {"target_treeids": [], "target_nodeids": [], "target_weights": []}
    for number, tree in enumerate(trees):
        inner = len(tree.feature)
        place = lambda child: int(child) if child >= 0 else inner - int(child) - 1
        splits = zip(tree.feature, float32_thresholds(tree.threshold), tree.nan_goes_left(), tree.left, tree.right)
        rows = [
            (int(feature), float(threshold), "BRANCH_LEQ", place(left), place(right), int(nan_left))
            for feature, threshold, nan_left, left, right in splits
        ] + [(0, 0.0, "LEAF", 0, 0, 0)] * len(tree.leaf)
        for node, row in enumerate(rows):
            for name, value in zip(_NODE_ATTRIBUTES, (number, node, *row)):
                nodes[name].append(value)
        leaves["target_treeids"] += [number] * len(tree.leaf)
        leaves["target_nodeids"] += range(inner, inner + len(tree.leaf))
        leaves["target_weights"] += map(float, tree.leaf if number else tree.leaf - base)
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        [f"{part}_trees"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[base],
        target_ids=[0] * len(leaves["target_weights"]),
        **nodes,
        **leaves,
    )


_NODE_ATTRIBUTES = (
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_values",
    "nodes_modes",
    "nodes_truenodeids",
    "nodes_falsenodeids",
    "nodes_missing_value_tracks_true",
)

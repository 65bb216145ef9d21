"""LightGBM's model text, as far as runs of `quarterhour baseline` use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Their forecast is the sum of the leaves, without a function around it.
OBJECTIVES = {"regression", "regression_l1", "huber", "fair", "quantile", "mape", "l2", "l1"}


@dataclass(frozen=True)
class Tree:
    """A tree: inner nodes in the order of the file, children below 0 being leaves, as -1 - number."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    decision: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    leaf: NDArray[np.float64]

    def nan_goes_left(self) -> NDArray[np.bool_]:
        """For each node, whether a missing value goes left.

        Bits 2 and 3 of a decision say what counts as missing. Where nothing does, NaN is compared as 0; where NaN does,
        bit 1 says whether it goes left.
        """
        is_nan_missing = (self.decision >> 2 & 3) == 2
        return np.where(is_nan_missing, (self.decision & 2) > 0, self.threshold >= 0)


def read_trees(path: str | Path) -> list[Tree]:
    """The trees of a model.

    Raises:
        NotImplementedError: The model has what no run of this project has: an objective with a function around the sum,
            averaged trees, linear leaves, categories, zeros as missing values.
    """
    header, *blocks = Path(path).read_text().split("\nTree=")
    keys = _keys(header)
    objective = keys.get("objective", "").split(" ")
    if objective[0] not in OBJECTIVES or "sqrt" in objective or "average_output" in header:
        raise NotImplementedError(f"{path}: objective={' '.join(objective)}, expected one of {sorted(OBJECTIVES)}")
    return [_tree(_keys(block.split("\nend of trees")[0]), path) for block in blocks]


def feature_names(path: str | Path) -> list[str]:
    """The features of a model, in order."""
    return _keys(Path(path).read_text().split("\nTree=")[0])["feature_names"].split(" ")


def _keys(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _tree(keys: dict[str, str], path: str | Path) -> Tree:
    if keys.get("num_cat", "0") != "0" or keys.get("is_linear", "0") != "0":
        raise NotImplementedError(f"{path} has categories or linear leaves, expected neither")

    def numbers(key: str, kind: type) -> NDArray:
        return np.array(keys.get(key, "").split(), dtype=kind)

    integers = {
        name: numbers(key, np.int64)
        for name, key in dict(feature="split_feature", decision="decision_type", left="left_child", right="right_child").items()
    }
    if ((integers["decision"] >> 2 & 3) == 1).any():
        raise NotImplementedError(f"{path} takes zeros for missing values, expected NaN")
    return Tree(threshold=numbers("threshold", np.float64), leaf=numbers("leaf_value", np.float64), **integers)


def float32_thresholds(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above each threshold.

    A float32 x is at most the threshold exactly where it is at most this, so that each x takes the same branch.
    """
    with np.errstate(over="ignore"):
        nearest = threshold.astype(np.float32)
    return np.where(nearest > threshold, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float32)

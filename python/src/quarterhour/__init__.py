"""Reads what the program `quarterhour` writes: forecasts, candles, features, networks.

Each function is imported when it is first used, so that what needs PyTorch or ONNX is needed by nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quarterhour.api import predict
    from quarterhour.forecaster import Forecaster, load_forecaster
    from quarterhour.network import Network, load_network
    from quarterhour.onnx import export_onnx
    from quarterhour.program import ProgramError, run_program
    from quarterhour.runs import Run
    from quarterhour.tables import forecast_metadata, read_candles, read_features, read_forecasts
    from quarterhour.windows import trailing_volatility, windows

_MODULES = {
    "Forecaster": "forecaster",
    "Network": "network",
    "ProgramError": "program",
    "Run": "runs",
    "export_onnx": "onnx",
    "forecast_metadata": "tables",
    "load_forecaster": "forecaster",
    "load_network": "network",
    "predict": "api",
    "read_candles": "tables",
    "read_features": "tables",
    "read_forecasts": "tables",
    "run_program": "program",
    "trailing_volatility": "windows",
    "windows": "windows",
}

__all__ = [*_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'quarterhour' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"quarterhour.{_MODULES[name]}"), name)
    globals()[name] = value  # a function named as its module is found, not the module
    return value

"""The folder of a run."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def seconds(span: str) -> int:
    """Seconds of a time span as configs have it, such as `15m`, `4h` or `7d`."""
    if not re.fullmatch(r"\d+[mhd]", span):
        raise ValueError(f"{span!r} is no time span, expected one such as '15m', '4h' or '7d'")
    return int(span[:-1]) * _SECONDS[span[-1]]


@dataclass(frozen=True)
class Run:
    """A run on disk; everything is read when it is asked for.

    Args:
        folder: Folder of the run, such as `checkpoints/panel20`.
    """

    folder: Path

    @staticmethod
    def of(run: Run | str | Path) -> Run:
        """The run of a folder; a `Run` is returned as it is.

        Raises:
            FileNotFoundError: The folder has no `run.toml`.
        """
        if isinstance(run, Run):
            return run
        folder = Path(run)
        if not (folder / "run.toml").is_file():
            raise FileNotFoundError(f"{folder} has no run.toml, expected the folder of a run")
        return Run(folder)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The run's whole config, by section."""
        return tomllib.loads((self.folder / "run.toml").read_text())

    @property
    def kind(self) -> str:
        """What made the run: `network`, `lightgbm` and so on."""
        known = self.config.get("run", {}).get("kind")
        return known or ("lightgbm" if (self.folder / "lightgbm.json").exists() else "network")

    @property
    def lookback(self) -> int:
        """Bars in a window."""
        return int(self.config["features"]["lookback_bars"])

    @property
    def bar_seconds(self) -> int:
        """Length of a bar in seconds."""
        return seconds(self.config["data"]["interval"])

    @property
    def horizon_bars(self) -> list[int]:
        """Bars of each horizon, the first one first."""
        target = self.config["target"]
        spans = target.get("horizons") or [target.get("horizon") or target["horizon_bars"]]
        # Older runs have a number of bars.
        return [int(span) if isinstance(span, int) else seconds(span) // self.bar_seconds for span in spans]

    def model_folder(self, fold: int | None = None) -> Path:
        """The folder of the fold's model, or of the run's own, which is the last fold's."""
        folder = self.folder if fold is None else self.folder / f"fold-{fold}"
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is not there, so that fold {fold} has no model")
        return folder

    def stats(self, fold: int | None = None) -> dict[str, Any]:
        """Statistics of the training rows that features and targets are normalized with."""
        return json.loads((self.model_folder(fold) / "stats.json").read_text())

    @property
    def symbols(self) -> list[str]:
        """The coins in the order of the network's channels."""
        return list(self.config["universe"]["symbols"])

    def weights(self, fold: int | None = None) -> list[Path]:
        """Files of weights, one for each seed.

        Raises:
            FileNotFoundError: There is none, as in runs that are no networks.
        """
        folder = self.model_folder(fold)
        pattern = "model*.safetensors" if fold is None else "seed-*/weights.safetensors"
        found = sorted(folder.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{folder} has no {pattern}: it is no network, or not trained yet")
        return found

"""A small simulated market and runs on it, made once by the program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quarterhour import run_program
from quarterhour.program import program

CONFIG = """
[data]
dir = "data"
[data.simulated]
minutes = 6000
coins = 4
missing_share = 0.0002
outage_every_minutes = "off"
[universe]
symbols = []
[features]
lookback_bars = 32
[split]
folds = 2
early_stopping_share = 0.0
[network]
stem_width = 8
stem_kernel = 4
stem_stride = 4
stages = [8, 16]
blocks_per_stage = 1
head_width = 0
[training]
steps = 20
batch_pairs = 128
selection = "last"
[lightgbm]
patience = "off"
rounds = 20
"""

# What differs from CONFIG; together they have every encoder, both ways of mixing, several seeds, horizons and scales.
NETWORKS = {
    "resnet": [],
    "lstm": ["network.encoder=lstm", "network.lstm.width=8", "network.linear_skip=true", "training.seeds=2",
             "normalize.target=trailing", "normalize.trailing=1h"],
    "gru": ["network.encoder=gru", "network.gru.width=8", "network.gru.bidirectional=true", "network.mixing=stacked",
            'target.horizons=["15m","30m"]', "normalize.target=trailing", "normalize.inputs=pooled"],
    "tcn": ["network.encoder=tcn", "network.tcn.widths=[8,8]", "network.norm=layer", "normalize.inputs=window",
            "network.linear_skip=true"],
    "own-rank": ["network.mixing=own", "network.linear_skip=true", "network.linear_skip_bars=4", "normalize.method=rank"],
    "pooled-rank": ["normalize.method=rank", "normalize.inputs=pooled", "normalize.target=trailing"],
}  # fmt: skip
TREES = {"lightgbm": [], "lightgbm-parts": ["target.fit=parts", "normalize.target=trailing"]}


class Market:
    """A folder with a store, features and runs, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(CONFIG)
        run_program("simulate", "--config", "config.toml", cwd=folder)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def features(self) -> Path:
        folder = self.folder / "features"
        if not folder.exists():
            run_program("features", "--config", "config.toml", "--out", folder, cwd=self.folder)
        return folder

    def network(self, name: str) -> Path:
        return self._run("train", name, NETWORKS[name], "--device", "cpu")

    def trees(self, name: str) -> Path:
        run = self._run("baseline", name, TREES[name])
        if not (run / "rows.parquet").exists():
            self._command("baseline", run, TREES[name], "--export", run / "rows.parquet")
        return run

    def _run(self, command: str, name: str, changes: list[str], *options: str) -> Path:
        run = self.folder / "runs" / name
        if not (run / "forecasts.parquet").exists():
            self._command(command, run, changes, *options)
        return run

    def _command(self, command: str, run: Path, changes: list[str], *options: str | Path) -> None:
        sets = [word for change in changes for word in ("--set", change)]
        run_program(command, "--config", "config.toml", "--run", run, *sets, *options, cwd=self.folder)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    try:
        program()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    if "LIGHTGBM_LIB" not in os.environ:
        import lightgbm

        os.environ["LIGHTGBM_LIB"] = str(Path(lightgbm.__file__).parent / "lib/lib_lightgbm.so")
    return Market(tmp_path_factory.mktemp("market"))

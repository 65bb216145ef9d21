"""What the scripts that reproduce a comparison share: a folder of runs by our own binary, and tables of text."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def flags(sets):
    return [part for text in sets for part in ("--set", text)]


class Study:
    """a folder with a store of candles and runs of one config, each made once"""

    def __init__(self, directory, config, sets):
        self.dir = directory.resolve()
        self.config = ROOT / "configs" / config
        self.runs = self.dir / "checkpoints"
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        self.program = Path(os.environ.get("QUARTERHOUR", target / "release" / "quarterhour"))
        self.sets = [f"data.dir={self.dir / 'data'}", *sets]
        self.seconds = {}

    def build(self):
        """the binary and LightGBM's library; nothing where QUARTERHOUR names a binary"""
        subprocess.run([ROOT / "scripts/get-lightgbm"], check=True, stdout=sys.stderr)
        if "QUARTERHOUR" not in os.environ:
            subprocess.run(["cargo", "build", "--release", "-p", "quarterhour", "--locked"], cwd=ROOT, check=True)

    def quarterhour(self, *arguments, log=None):
        done = subprocess.run([self.program, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"quarterhour {' '.join(map(str, arguments))} ended with {done.returncode}")
        if log:
            (self.dir / log).write_text(done.stdout)
        return done.stdout

    def run(self, name, command, *sets, more=()):
        """a run, timed; nothing where it is done"""
        return self.timed(name, command, "--config", self.config, *flags([*self.sets, *sets]), "--run", self.runs / name, *more)

    def variants(self, prefix, models, *sets):
        """runs of several models of volatility, (name, model, keys), over one reading of the candles; those that are done are
        left; their folders by name"""
        runs = {name: self.runs / (prefix + name) for name, _, _ in models}
        words = [word for name, model, keys in models if not (runs[name] / "forecasts.parquet").exists()
                 for word in ("--variant", prefix + name, f"volatility.model={model}", *keys)]
        if words:
            done = json.loads(self.quarterhour("volatility", "--config", self.config, *flags([*self.sets, *sets]),
                                               "--run", self.runs, "--json", *words))
            for one in done:
                (self.dir / f"{one['name']}.seconds").write_text(f"{one['seconds']:.2f}")
        for name in runs:
            record = self.dir / f"{prefix + name}.seconds"
            self.seconds[prefix + name] = float(record.read_text()) if record.exists() else None
        return runs

    def ensemble(self, name, method, *members):
        return self.timed(name, "ensemble", "--set", f"ensemble.method={method}", "--run", self.runs / name, *members)

    def timed(self, name, *arguments):
        path, record = self.runs / name, self.dir / f"{name}.seconds"
        if not (path / "forecasts.parquet").exists():
            began = time.monotonic()
            self.quarterhour(*arguments, log=f"{name}.txt")
            record.write_text(f"{time.monotonic() - began:.1f}")
        self.seconds[name] = float(record.read_text()) if record.exists() else None
        return path

    def candles(self, path, simulated, without=(), interval="1d"):
        """the store, filled from a file or, without one, by the simulated market; the file of the candles"""
        store = flags([f"data.dir={self.dir / 'data'}"])
        if path:
            self.quarterhour("import", *store, "--interval", interval, path)
            self.sets.append(f"universe.symbols={json.dumps(coins(self.dir / 'data', without, interval))}")
            return path
        if not (self.dir / "data").exists():
            self.quarterhour("simulate", *store, *flags([f"data.interval={interval}", *simulated]))
        return None


def coins(store, without, interval="1d"):
    """the coins of a store, without leveraged tokens (ETHUP, ETHDOWN), which are redenominated again and again, and without
    those named"""
    names = sorted(path.name for path in (store / "candles/spot" / interval).iterdir())
    is_leveraged = lambda name: any(name.endswith(end + "USDT") and name.removesuffix(end + "USDT") + "USDT" in names
                                    for end in ("UP", "DOWN"))
    return [name for name in names if not is_leveraged(name) and name not in without]


def label(score):
    return Path(score["run"]).name if score["run"] else score["name"]


def share(value, digits=2):
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def signed(value, digits=3):
    return "-" if value is None else f"{value:+.{digits}f}"


def ends(interval, of):
    return "-" if interval is None else " to ".join(of(end) for end in interval)


def aligned(lines):
    """rows of cells as text, the first column to the left"""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join("  ".join(cell.rjust(width) if place else cell.ljust(width)
                               for place, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)

#!/usr/bin/env python3
"""Checks the configs of Vector: sections and inputs, and the program of the transform on lines as a watch writes them.

Usage: ops/vector/check_config.py [LEDGER.jsonl]

The program is run by Vector's own language (pip install pyvrl), and the configs are validated by Vector itself, each where it
is installed; what is left out is said.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
LINES = [
    '{"timestamp":"2024-01-20T00:00:01.250000Z","level":"INFO","message":"watching","coins":6,"open_positions":0}',
    '{"timestamp":"2024-01-20T00:01:01Z","level":"WARN","message":"not acted on","symbol":"BTCUSDT","forecast":0.001}',
    '{"timestamp":"2024-01-20T00:02:0',
]


def check_sections(sink):
    """Every input is a source or transform, and the files have no key in common."""
    base, further = (tomllib.loads((HERE / name).read_text()) for name in ("quarterhour.toml", sink))
    known = {name for kind in ("sources", "transforms") for name in base[kind]}
    parts = [*base["transforms"].items(), *further["sinks"].items()]
    for name, part in parts:
        assert set(part["inputs"]) <= known, f"{name}: inputs {part['inputs']}, expected some of {sorted(known)}"
    return base["transforms"]["quarterhour"]["source"]


def check_program(source, lines):
    """Runs the transform on log lines."""
    import pyvrl

    program = pyvrl.Transform(source + "\n.")  # it gives the value of the last expression
    for line in lines:
        event = {"message": line, "file": "checkpoints/panel20/ledger.jsonl", "host": "h", "source_type": "file"}
        found = program.remap(event)
        assert found["run"] == "panel20" and found["service"] == "quarterhour", found
        try:
            said = json.loads(line)
        except ValueError:
            assert (found["level"], found["message"]) == ("warn", line), found
            continue
        assert found["level"] == said["level"].lower(), found
        rest = said.keys() - {"level", "timestamp"}
        assert all(found[key] == said[key] for key in rest), found
    print(f"the transform keeps all of {len(lines)} lines")


def main(log=None):
    sinks = ["opensearch.toml", "loki.toml"]
    sources = {check_sections(sink) for sink in sinks}
    lines = LINES + (Path(log).read_text().splitlines() if log else [])
    try:
        check_program(sources.pop(), lines)
    except ImportError:
        print("skipped: the transform's program, as pyvrl is not installed (pip install pyvrl)", file=sys.stderr)
    if not shutil.which("vector"):
        print("skipped: `vector validate`, as vector is not installed", file=sys.stderr)
        return
    for sink in sinks:
        subprocess.run(["vector", "validate", "--no-environment", HERE / "quarterhour.toml", HERE / sink], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Runs the notebooks from top to bottom and says how long each took; their outputs are not kept.

Usage: python python/notebooks/run.py [NOTEBOOK.ipynb ...]      (pip install './python[notebooks]')
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client import KernelManager
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent


def main(paths):
    os.environ.setdefault("MPLBACKEND", "agg")
    for path in paths or sorted(HERE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells), f"{path} is committed with outputs, expected none"
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            # By files instead of TCP, so that nothing listens on the network.
            kernel = KernelManager(transport="ipc", connection_file=f"{folder}/kernel.json")
            place = {"metadata": {"path": folder}}
            NotebookClient(notebook, km=kernel, timeout=600, resources=place).execute()
        print(f"{Path(path).name}: done in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main([Path(path) for path in sys.argv[1:]])

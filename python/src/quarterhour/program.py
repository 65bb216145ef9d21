"""Runs the program `quarterhour`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


class ProgramError(RuntimeError):
    """The program failed; the message is what it printed to stderr."""


def program() -> str:
    """Path of the program: the environment variable `QUARTERHOUR`, else what the `PATH` has.

    Raises:
        FileNotFoundError: There is neither.
    """
    found = os.environ.get("QUARTERHOUR") or shutil.which("quarterhour")
    if not found:
        raise FileNotFoundError(
            "the program `quarterhour` is not on the PATH\n"
            "hint: cargo install --locked --path crates/quarterhour, or set the environment variable QUARTERHOUR"
        )
    return found


def run_program(*arguments: str | Path, cwd: str | Path | None = None) -> str:
    """Runs a subcommand, such as `run_program("audit", "--set", "data.dir=data")`, and returns its stdout.

    Raises:
        ProgramError: The subcommand failed.
        FileNotFoundError: The program is not there.
    """
    command = [program(), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramError(f"quarterhour {' '.join(command[1:])} failed with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout

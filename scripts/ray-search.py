#!/usr/bin/env python3
"""Workers of one search as Ray tasks; the last one to end writes the report, which is printed here.

    pip install ray optuna
    scripts/ray-search.py --binary target/release/quarterhour --workers 8 -- --config configs/lightgbm.toml \\
        --space configs/search/lightgbm.toml --trials 200 --storage postgresql://host/optuna --dir /shared/search

Everything after `--` goes to `quarterhour search`. Store and search folder lie where all nodes see them, as does the binary; the
study lies in Optuna's storage, which for many nodes is PostgreSQL. A node that dies loses the trials that it was at, and they are
run again. On one machine without a cluster Ray starts itself.
"""
import argparse
import os
import subprocess
import sys

import ray


def work(command: list[str], folder: str, seed: int) -> str:
    done = subprocess.run([*command, "--seed", str(seed)], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/quarterhour", help="the built program")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--cpus", type=float, default=1, help="cores of a worker")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of a worker; a share such as 0.5 lets two have one")
    parser.add_argument("arguments", nargs="+", help="what search is called with, after --")
    options = parser.parse_args()

    # The Python that runs this has Optuna.
    command = [os.path.abspath(options.binary), "search", *options.arguments, "--python", sys.executable]
    # Tasks run in this folder, so that relative paths mean what they mean here.
    folder = os.getcwd()
    ray.init(log_to_driver=False)
    task = ray.remote(num_cpus=options.cpus, num_gpus=options.gpus, max_retries=3)(work)
    # Far apart: to its seed a worker adds the number of trials that it finds, so that neighbours could draw the same values.
    pending = [task.remote(command, folder, 1 + 1_000_003 * worker) for worker in range(options.workers)]
    report = ""
    while pending:
        [done], pending = ray.wait(pending)
        report = ray.get(done) or report
        print(f"{len(pending)} workers to go", file=sys.stderr)
    print(report, end="")


if __name__ == "__main__":
    main()

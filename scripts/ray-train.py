#!/usr/bin/env python3
"""Every fold and seed of a run as a Ray task of its own, joined at the end.

    pip install ray
    scripts/ray-train.py --binary target/release/quarterhour --folds 7 --seeds 5 -- \
        --config configs/network.toml --run checkpoints/year --set data.dir=/shared/data

Everything after `--` goes to `quarterhour train`. Store and checkpoints lie where all nodes see them, as does the binary.
Tasks are idempotent: Ray may repeat one whose node has died. On one machine without a cluster Ray starts itself.
"""
import argparse
import os
import subprocess
import sys

import ray


def train(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/quarterhour", help="the built program")
    parser.add_argument("--folds", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cpus", type=float, default=1, help="cores of a task")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of a task; a share such as 0.5 lets two tasks have one")
    parser.add_argument("arguments", nargs="+", help="what train is called with, after --")
    options = parser.parse_args()

    command = [os.path.abspath(options.binary), "train", *options.arguments, "--seeds", str(options.seeds)]
    # Tasks run in this folder, so that relative paths mean what they mean here.
    folder = os.getcwd()
    ray.init(log_to_driver=False)
    piece = ray.remote(num_cpus=options.cpus, num_gpus=options.gpus, max_retries=3)(train)
    waiting = {}
    for fold in range(1, options.folds + 1):
        for seed in range(1, options.seeds + 1):
            task = piece.remote([*command, "--folds", str(fold), "--seed", str(seed), "--resume"], folder)
            waiting[task] = f"fold {fold} seed {seed}"
    pending = list(waiting)
    while pending:
        [done], pending = ray.wait(pending)
        ray.get(done)
        print(f"{waiting[done]} is done, {len(pending)} to go", file=sys.stderr)
    print(train([*command, "--gather"], folder), end="")


if __name__ == "__main__":
    main()

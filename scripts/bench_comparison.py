"""Which benchmarks became slower: two files of scripts/bench side by side."""

import math
import statistics

# Chance at most that a benchmark that did not change is called slower.
CHANCE = 0.01


def compared(old, new):
    """[(name, verdict, old ratios, new ratios)] of every benchmark of either file, by name.

    A ratio says how many times as fast as the reference ours was in one round. `slower` is one whose every new round lies below
    every old one, `faster` one whose every new round lies above every old one: what is inside the range of the rounds is noise.
    Rounds in any order are equally likely where nothing changed, so that n old rounds all lie above m new ones in one of
    C(n + m, n) cases. `few rounds`: this is more than CHANCE (4 and 5 rounds are enough, 4 and 4 are not), and nothing is said.
    `missing` is no longer measured, `new` was not before.
    """
    old, new = ({one["name"]: one["ratios"] for one in file["benchmarks"]} for file in (old, new))
    return [(name, verdict(old.get(name), new.get(name)), old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]


def verdict(old, new):
    if not new:
        return "missing"
    if not old:
        return "new"
    if math.comb(len(old) + len(new), len(old)) * CHANCE < 1:
        return "few rounds"
    if max(new) < min(old):
        return "slower"
    if min(new) > max(old):
        return "faster"
    return "level"


def differences(old, new):
    """What was not the same when the two files were measured: ratios of other processors or threads do not compare."""
    old, new = old["machine"], new["machine"]
    return [f"{key} was {old[key]}, now {new[key]}" for key in ("processor", "threads") if old[key] != new[key]]


def table(rows):
    """The lines of a table, what became slower first."""
    order = ["slower", "missing", "few rounds", "faster", "new", "level"]
    lines = [f"{'benchmark':<52} {'verdict':<10} {'old':>22} {'new':>22}"]
    for name, found, old, new in sorted(rows, key=lambda row: order.index(row[1])):
        lines.append(f"{name:<52} {found:<10} {spread(old):>22} {spread(new):>22}")
    return lines


def spread(ratios):
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

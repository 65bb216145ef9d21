"""Which benchmarks became slower: two files of scripts/bench side by side."""

import statistics


def compared(old, new):
    """[(name, verdict, old ratios, new ratios)] of every benchmark of either file, by name.

    A ratio says how many times as fast as the reference ours was in one round. `slower` is one whose every new round lies below
    every old one, `faster` one whose every new round lies above every old one: what is inside the range of the rounds is noise.
    A single round has no range, so that nothing is said of it: `one round`. `missing` is no longer measured, `new` was not before.
    """
    old, new = ({one["name"]: one["ratios"] for one in file["benchmarks"]} for file in (old, new))
    return [(name, verdict(old.get(name), new.get(name)), old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]


def verdict(old, new):
    if not new:
        return "missing"
    if not old:
        return "new"
    if min(len(old), len(new)) < 2:
        return "one round"
    if max(new) < min(old):
        return "slower"
    if min(new) > max(old):
        return "faster"
    return "level"


def table(rows):
    """The lines of a table, what became slower first."""
    order = ["slower", "missing", "one round", "faster", "new", "level"]
    lines = [f"{'benchmark':<52} {'verdict':<10} {'old':>22} {'new':>22}"]
    for name, found, old, new in sorted(rows, key=lambda row: order.index(row[1])):
        lines.append(f"{name:<52} {found:<10} {spread(old):>22} {spread(new):>22}")
    return lines


def spread(ratios):
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

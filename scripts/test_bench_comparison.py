#!/usr/bin/env python3
"""Tests of bench_comparison.py: python3 scripts/test_bench_comparison.py"""

import unittest

from bench_comparison import compared, differences, spread, table


def file(**ratios):
    return {"benchmarks": [{"name": name, "ratios": values} for name, values in ratios.items()]}


class Comparison(unittest.TestCase):
    def verdicts(self, old, new):
        return {name: found for name, found, _, _ in compared(file(**old), file(**new))}

    def test_only_what_lies_outside_the_rounds_of_both_is_a_change(self):
        old = {name: [2.0, 2.2, 1.9, 2.0, 2.1] for name in "abcd"}
        new = dict(a=[1.5, 1.89, 1.7, 1.6], b=[1.5, 1.9, 1.7, 1.6], c=[2.21, 2.5, 2.3, 2.4], d=[2.2, 2.5, 2.3, 2.4])
        self.assertEqual(self.verdicts(old, new), dict(a="slower", b="level", c="faster", d="level"))

    def test_few_rounds_lie_apart_by_chance(self):
        # One of 70 orders of 4 and 4 rounds, one of 126 of 4 and 5.
        old, new = [2.0, 2.1, 2.2, 2.3], [1.0, 1.1, 1.2, 1.3]
        self.assertEqual(self.verdicts(dict(a=old), dict(a=new)), dict(a="few rounds"))
        self.assertEqual(self.verdicts(dict(a=[*old, 2.4]), dict(a=new)), dict(a="slower"))
        self.assertEqual(self.verdicts(dict(a=[2.0]), dict(a=[1.0])), dict(a="few rounds"))

    def test_files_of_other_machines_are_told_apart(self):
        old, new = ({"machine": {"processor": processor, "threads": 2}} for processor in ("A", "B"))
        self.assertEqual(differences(old, new), ["processor was A, now B"])
        self.assertEqual(differences(old, old), [])

    def test_what_is_in_one_file_alone_is_named(self):
        self.assertEqual(self.verdicts(dict(a=[1.0, 2.0]), dict(b=[1.0, 2.0])), dict(a="missing", b="new"))
        self.assertEqual(self.verdicts(dict(a=[1.0, 2.0]), dict(a=[])), dict(a="missing"))

    def test_the_table_begins_with_what_became_slower(self):
        same, old, new = [1.0, 1.1, 1.0, 1.1, 1.0], [2.0, 2.1, 2.0, 2.1, 2.0], [1.0, 1.2, 1.1, 1.0, 1.1]
        rows = compared(file(a=same, b=old), file(a=same, b=new))
        lines = table(rows)
        self.assertTrue(lines[1].startswith("b ") and "slower" in lines[1])
        self.assertEqual(spread([2.0, 1.0, 1.5]), "1.50 (1.00 to 2.00)")


if __name__ == "__main__":
    unittest.main()

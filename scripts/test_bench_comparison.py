#!/usr/bin/env python3
"""Tests of bench_comparison.py: python3 scripts/test_bench_comparison.py"""

import unittest

from bench_comparison import compared, spread, table


def file(**ratios):
    return {"benchmarks": [{"name": name, "ratios": values} for name, values in ratios.items()]}


class Comparison(unittest.TestCase):
    def verdicts(self, old, new):
        return {name: found for name, found, _, _ in compared(file(**old), file(**new))}

    def test_only_what_lies_outside_the_rounds_of_both_is_a_change(self):
        old = dict(a=[2.0, 2.2, 1.9], b=[2.0, 2.2, 1.9], c=[2.0, 2.2, 1.9], d=[2.0, 2.2, 1.9])
        new = dict(a=[1.5, 1.89, 1.7], b=[1.5, 1.9, 1.7], c=[2.21, 2.5, 2.3], d=[2.2, 2.5, 2.3])
        self.assertEqual(self.verdicts(old, new), dict(a="slower", b="level", c="faster", d="level"))

    def test_one_round_has_no_noise_to_compare_with(self):
        self.assertEqual(self.verdicts(dict(a=[2.0]), dict(a=[1.0, 1.1])), dict(a="one round"))
        self.assertEqual(self.verdicts(dict(a=[2.0, 2.1]), dict(a=[1.0])), dict(a="one round"))

    def test_what_is_in_one_file_alone_is_named(self):
        self.assertEqual(self.verdicts(dict(a=[1.0, 2.0]), dict(b=[1.0, 2.0])), dict(a="missing", b="new"))
        self.assertEqual(self.verdicts(dict(a=[1.0, 2.0]), dict(a=[])), dict(a="missing"))

    def test_the_table_begins_with_what_became_slower(self):
        rows = compared(file(a=[1.0, 1.1], b=[2.0, 2.1]), file(a=[1.0, 1.1], b=[1.0, 1.2]))
        lines = table(rows)
        self.assertTrue(lines[1].startswith("b ") and "slower" in lines[1])
        self.assertEqual(spread([2.0, 1.0, 1.5]), "1.50 (1.00 to 2.00)")


if __name__ == "__main__":
    unittest.main()

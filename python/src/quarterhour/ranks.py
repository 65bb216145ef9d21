"""Ranks among training rows as values of a standard normal distribution (`normalize.method = "rank"`)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# Shares are cut off here: a value beyond all of training is not infinitely far.
LEAST_SHARE = 1e-7

# Wichura (1988), algorithm AS 241, coefficients from the highest power down: the quotients of the middle and of the tails.
MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
TAILS = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip


def normal_score(values: Tensor, knots: Tensor) -> Tensor:
    """The value of a standard normal distribution that has as many values below it as each value has in training.

    Args:
        values: `[..., coins, features]`, NaN where missing.
        knots: `[coins, features, knots]`, quantiles of training at evenly spaced shares.

    Returns:
        As `values`, in float64, NaN where missing.
    """
    count = knots.shape[-1]
    step = 1 / (count - 1)
    values = values.double()
    # Of quantiles that equal the value, the first, and the one after the last.
    first = _knots_below(values, knots, torch.less)
    last = _knots_below(values, knots, torch.less_equal)
    low, high = _knot(knots, first - 1), _knot(knots, first)
    between = (first - 1 + (values - low) / torch.where(high > low, high - low, 1.0)) * step
    share = torch.where(first < last, (first + last - 1) * step / 2, between)
    share = torch.where(last == 0, 0.0, torch.where(first == count, 1.0, share))
    return torch.where(torch.isnan(values), torch.nan, normal_quantile(share))


def _knot(knots: Tensor, place: Tensor) -> Tensor:
    """The knots at places `[..., coins, features]`, the nearest one beyond either end."""
    coins, features, count = knots.shape
    begin = torch.arange(coins * features).reshape(coins, features) * count
    return knots.flatten()[begin + place.clamp(0, count - 1)]


def _knots_below(values: Tensor, knots: Tensor, is_below: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """How many knots of its coin and feature are below each value, by bisection.

    `torch.searchsorted` has no form in ONNX, and comparing with all knots at once takes their number times the memory.
    """
    count = knots.shape[-1]
    found = torch.zeros_like(values, dtype=torch.int64)
    step = 1 << (count.bit_length() - 1)
    while step:
        ahead = found + step
        found = torch.where((ahead <= count) & is_below(_knot(knots, ahead - 1), values), ahead, found)
        step //= 2
    return found


def normal_quantile(share: Tensor) -> Tensor:
    """The quantile of a standard normal distribution, of shares cut off at 1e-7 and 1 - 1e-7."""
    # Not by `clamp`, whose bounds the export to ONNX rounds to 32 bits: too few for 1 - 1e-7.
    least, most = torch.tensor([LEAST_SHARE, 1 - LEAST_SHARE], dtype=share.dtype)
    share = torch.minimum(torch.maximum(share, least), most)
    offset = share - 0.5
    middle = offset * _quotient(MIDDLE, 0.180625 - offset * offset)
    tails = _quotient(TAILS, (-torch.minimum(share, 1 - share).log()).sqrt() - 1.6)
    return torch.where(offset.abs() <= 0.425, middle, torch.where(offset < 0, -tails, tails))


def _quotient(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Tensor) -> Tensor:
    above, below = (torch.zeros_like(x), torch.zeros_like(x))
    for one, other in zip(*coefficients, strict=True):
        above, below = above * x + one, below * x + other
    return above / below

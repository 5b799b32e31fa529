"""Shares a total out on parts so that the parts sum to it."""

from collections.abc import Mapping
from fractions import Fraction


def spread(total: int, weights: Mapping[str, int | Fraction]) -> dict[str, float]:
    """`total` shared out by weight in hundredths, the last ones to the largest remainders.

    Each share is the float nearest to its two decimals, so read as decimals they sum to `total`.
    The weights must not all be 0.
    """
    everything = sum(weights.values())
    divided = {key: divmod(100 * total * w, everything) for key, w in weights.items()}
    left = 100 * total - sum(whole for whole, _ in divided.values())
    by_remainder = sorted(divided, key=lambda key: (-divided[key][1], key))
    one_more = set(by_remainder[: int(left)])
    return {key: int(whole + (key in one_more)) / 100 for key, (whole, _) in divided.items()}

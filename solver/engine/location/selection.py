"""Which candidates to open when each has a value of its own: the relaxation's easy part."""

from dataclasses import dataclass

import numpy as np

from solver.engine.location.problem import Flags, Floats


@dataclass(frozen=True)
class Selection:
    """min Σ v_k y_k over y ∈ {0,1}, at least `least` and at most `most` ones, `required` ones.

    `values` are v; `value` is the minimum and `opened` where it is taken. `change` is how much more
    it is when a candidate must be the other way; inf where it cannot be.
    """

    values: Floats
    value: float
    opened: Flags
    change: Floats


def select(values: Floats, required: Flags, least: int, most: int) -> Selection:
    """The cheapest selection, by sorting: required ones first, then by value.

    What it costs to turn one around is exact: an opened one leaves room for the next, or must be
    replaced when there are too few; a closed one pushes the last out when there are as many as may
    be, or takes its place when it is only there to fill up.
    """
    order = np.lexsort((values, ~required))
    forced = int(required.sum())
    ranked = values[order]
    wanted = forced + int(np.count_nonzero(ranked[forced:] < 0))
    count = min(max(wanted, least, forced), most)
    opened = np.zeros(len(values), dtype=bool)
    opened[order[:count]] = True
    last = ranked[count - 1] if count > forced else -np.inf
    following = ranked[count] if count < len(values) else np.inf
    pushes_out = count == most or (count <= max(least, forced) and last > 0)
    replacement = following if count <= least else min(following, 0.0)
    with np.errstate(invalid="ignore"):  # what may not open has the value inf
        to_open = values - last if pushes_out else values
        to_close = np.where(required, np.inf, replacement - values)
    change = np.where(opened, to_close, to_open)
    return Selection(values, float(values[opened].sum()), opened, change)

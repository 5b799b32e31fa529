"""linopy: the strong form over labelled arrays, handed to HiGHS in memory."""

from time import monotonic
from typing import Any

from tests.benchmarks.facility import Facility, facility
from tests.benchmarks.measure import HandedOver, Run
from tests.benchmarks.ours import Make
from tests.benchmarks.peers.raw import read_run


def hand_over_linopy(make: Make) -> HandedOver:
    """Write the strong form and hand it over."""
    import linopy  # noqa: F401 (loading it is not building)

    given = facility(make())
    start = monotonic()
    solver = _model(given).to_highspy()
    seconds = monotonic() - start
    return HandedOver(seconds, solver.getNumCol(), solver.getNumRow(), solver.getNumNz())


def solve_linopy(make: Make, limit_s: float, gap: float) -> Run:
    """Write the strong form, hand it over and solve it."""
    import linopy  # noqa: F401

    given = facility(make())
    start = monotonic()
    model = _model(given)
    model.solve(
        solver_name="highs",
        io_api="direct",
        log_to_console=False,
        threads=1,
        time_limit=limit_s,
        mip_rel_gap=gap,
        mip_abs_gap=0.0,
    )
    return read_run(model.solver_model, monotonic() - start, [])


def _model(given: Facility) -> Any:
    import linopy
    import pandas as pd
    import xarray as xr

    linopy.options["semantics"] = "v1"
    sites = pd.RangeIndex(len(given.capacity), name="site")
    districts = pd.RangeIndex(len(given.need), name="district")
    pairs = [sites, districts]
    need, within = xr.DataArray(given.need, [districts]), xr.DataArray(given.within, pairs)
    capacity, fixed = xr.DataArray(given.capacity, [sites]), xr.DataArray(given.fixed, [sites])
    model = linopy.Model()
    opened = model.add_variables(coords=[sites], binary=True, name="open")
    served = model.add_variables(lower=0, coords=pairs, mask=_mask(within), name="served")
    cost = (served * xr.DataArray(given.cost, pairs)).sum() + (opened * fixed).sum()
    everybody = served.sum("site")
    if given.unmet is None:
        model.add_constraints((opened * capacity).sum() >= given.need.sum(), name="opened")
    else:
        unmet = model.add_variables(lower=0, coords=[districts], name="unmet")
        price = xr.DataArray(given.unmet, [districts])
        cost, everybody = cost + (unmet * price).sum(), everybody + unmet
    model.add_constraints(everybody == 1, name="needs")
    model.add_constraints(served - opened <= 0, mask=_mask(within), name="links")
    if given.limited:
        used = (served * need).sum("district")
        model.add_constraints(used - opened * capacity <= 0, name="capacities")
    if given.most is not None:
        model.add_constraints(opened.sum() <= given.most, name="number")
    model.add_objective(cost)
    return model


def _mask(within: Any) -> Any:
    """No mask where everything is within reach: it costs time."""
    return None if bool(within.all()) else within

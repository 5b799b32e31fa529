"""A one-year question of location as bare arrays: what every peer starts from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver import SitingInstance
from solver.formulation.sets import reachable

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Facility:
    """min Σ fixed_j y_j + Σ cost_ij x_ij + Σ unmet_i u_i, y ∈ {0,1}, x and u shares of a need.

    s.t. Σ_j x_ij + u_i = 1, Σ_i need_i x_ij ≤ capacity_j y_j, Σ_j y_j ≤ most. `cost` is that of
    serving the whole need, shape (sites, districts), where `within` is true; `unmet` None: no u.
    A capacity is at most the whole need, so a site without limit has just that.
    """

    need: Floats
    cost: Floats
    within: NDArray[np.bool_]
    capacity: Floats
    fixed: Floats
    unmet: Floats | None
    most: int | None

    @property
    def limited(self) -> bool:
        """Whether some site cannot serve everybody."""
        return bool((self.capacity < self.need.sum()).any())


def facility(instance: SitingInstance) -> Facility:
    """The arrays of an instance that is no more than this.

    One year and need, no places today, one project at each site that costs nothing per place.
    """
    projects = {project.site: project for project in instance.projects.values()}
    assert len(instance.years) == len(instance.needs) == len(instance.care_types) == 1
    assert len(projects) == len(instance.projects) == len(instance.sites)
    ordered = [projects[j] for j in instance.sites]
    need = instance.need[:, 0, 0]
    within = reachable(instance)
    per_minute = instance.objective.travel_weight * instance.travel.nok_per_minute
    price = instance.objective.unmet_place_year_nok
    return Facility(
        need=need,
        cost=np.where(within, per_minute * instance.travel.minutes * need, 0.0),
        within=within,
        capacity=np.minimum([float(k.max_places) for k in ordered], need.sum()),
        fixed=np.array([k.investment_nok for k in ordered]),
        unmet=None if price is None else price * need,
        most=instance.policies.max_projects,
    )

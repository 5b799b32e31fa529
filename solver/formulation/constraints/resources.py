"""C10–C13: staff and money."""

import pyomo.environ as pyo

from solver.formulation.constraints.rows import row_at_most
from solver.formulation.parameters import Parameters


def staff_within_available(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C10 — no more FTE than there are.

    Formula: $\sum_p f_{pe} P_{pt} + \sum_k F_{ke} a_{kt} \le A_{et} \quad \forall e,t$
    Symbols: f = CareType.fte_per_place [FTE/place]; P = places_total, existing included [places];
        F = Project.fte [FTE]; a = in_use ∈ {0,1}; A = Limits.available_fte [FTE].
    Units: FTE ≤ FTE.
    Source: design §4.
    Absent: for groups without a limit, and in years before its first value.
    Elastic: in FTE and year: «årsverk over det som er tilgjengelig».
    Price: NOK per FTE and year, for the fixed set of open projects.
    """
    available = {
        (e, t): float(limit)
        for e, series in par.instance.limits.available_fte.items()
        for t, limit in par.limited_years(series)
    }

    def rule(m: pyo.ConcreteModel, e: str, t: int) -> object:
        return row_at_most(m, m.fte[e, t], available[e, t])

    model.staff_within_available = pyo.Constraint(list(available), rule=rule, doc="C10")


def investment_within_year_ceiling(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C11 — a year's net investment stays below the year's ceiling.

    Formula: $\sum_k I_k (y_{kt} - y_{k,t-1}) + \sum_k i_k (Q_{kt} - Q_{k,t-1}) \le B_t
        \quad \forall t$
    Symbols: I = Project.investment_nok [NOK]; i = net_investment_per_place_nok [NOK/place];
        y = open ∈ {0,1}; Q = project_places [places]; B = Limits.investment_nok [NOK].
    Units: NOK ≤ NOK.
    Source: design §4; net of grants, as the capital cost is.
    Absent: without a ceiling, and in years before its first value.
    Elastic: in NOK and year: «kroner over investeringsrammen».
    Price: NOK saved per NOK of ceiling, for the fixed set of open projects.
    """
    ceiling = dict(par.limited_years(par.instance.limits.investment_nok))

    def rule(m: pyo.ConcreteModel, t: int) -> object:
        return row_at_most(m, m.investment[t], float(ceiling[t]))

    model.investment_within_year_ceiling = pyo.Constraint(list(ceiling), rule=rule, doc="C11")


def investment_within_total_ceiling(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C12 — net investment over the whole period stays below the total ceiling.

    Formula: $\sum_t investment_t \le B$
    Symbols: investment = net investment of C11 [NOK]; B = Limits.investment_total_nok [NOK].
    Units: NOK ≤ NOK.
    Source: design §4.
    Absent: without a ceiling.
    Elastic: in NOK: «kroner over samlet investeringsramme».
    Price: NOK saved per NOK of ceiling, for the fixed set of open projects.
    """
    ceiling = par.instance.limits.investment_total_nok

    def rule(m: pyo.ConcreteModel) -> object:
        if ceiling is None:
            return pyo.Constraint.Skip
        return row_at_most(m, sum(m.investment[t] for t in par.sets.YEARS), ceiling)

    model.investment_within_total_ceiling = pyo.Constraint(rule=rule, doc="C12")


def operating_cost_within_ceiling(model: pyo.ConcreteModel, par: Parameters) -> None:
    r"""C13 — a year's operating cost stays below its ceiling.

    Formula: $\sum_p o_p P_{pt} + \sum_k O_k a_{kt} \le B_t \quad \forall t$
    Symbols: o = CareType.operating_cost_nok [NOK/place/year]; P = places_total [places];
        O = Project.operating_cost_nok [NOK/year]; a = in_use; B = Limits.operating_nok [NOK/year].
    Units: NOK/year ≤ NOK/year.
    Source: design §4.
    Absent: without a ceiling, and in years before its first value.
    Elastic: in NOK and year: «kroner over driftsrammen».
    Price: NOK saved per NOK of ceiling, for the fixed set of open projects.
    """
    ceiling = dict(par.limited_years(par.instance.limits.operating_nok))

    def rule(m: pyo.ConcreteModel, t: int) -> object:
        return row_at_most(m, m.operating[t], float(ceiling[t]))

    model.operating_cost_within_ceiling = pyo.Constraint(list(ceiling), rule=rule, doc="C13")

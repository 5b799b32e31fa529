"""Decisions and trials as JSON values, and back: what parts of an analysis are told in."""

from dataclasses import asdict, replace

from solver.analysis.trial import Break, Trial
from solver.domain.crew import Json
from solver.domain.futures import Decisions


def told_decisions(decisions: Decisions) -> Json:
    """As JSON values, in the same order."""
    return {
        "opens": {k: int(year) for k, year in decisions.opens.items()},
        "places": [[k, p, int(t), int(n)] for (k, p, t), n in decisions.places.items()],
    }


def heard_decisions(told: Json) -> Decisions:
    """What was told."""
    return Decisions(told["opens"], {(k, p, t): n for k, p, t, n in told["places"]})


def told_trial(trial: Trial) -> Json:
    """As JSON values; numbers come back as they were, to the last bit."""
    return {
        "breaks": [asdict(one) for one in trial.breaks],
        "missing": {str(t): float(places) for t, places in trial.missing.items()},
        "unmet": {str(t): float(places) for t, places in trial.unmet.items()},
        "cost_nok": float(trial.cost_nok),
    }


def heard_trial(told: Json) -> Trial:
    """What was told."""
    breaks = [Break(**one) for one in told["breaks"]]
    return Trial(
        breaks=tuple(replace(one, where=tuple(one.where)) for one in breaks),
        missing={int(t): places for t, places in told["missing"].items()},
        unmet={int(t): places for t, places in told["unmet"].items()},
        cost_nok=told["cost_nok"],
    )

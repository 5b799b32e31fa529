"""Errors of the solver's world. Results (infeasible, time limit, dismissed) are not errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Issue:
    """One thing wrong with an input document.

    `pointer` is a JSON pointer (RFC 6901) to the place, `code` is stable English, `message`
    says in Norwegian what is wrong and `mend` how to put it right.
    """

    pointer: str
    code: str
    message: str
    mend: str


class SitingError(Exception):
    """Base of every error this project raises on purpose; `code` is stable, `detail` for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        """Made anew without `__init__`, whose arguments differ from class to class."""
        return type(self).__new__, (type(self), *self.args), self.__dict__


class InputError(SitingError):
    """What came in from outside cannot be used as it is."""


class DocumentInvalid(InputError):
    """A document that breaks its contract, or is no JSON at all; carries every issue found."""

    def __init__(self, issues: Sequence[Issue], what: str = "document") -> None:
        first = issues[0]
        super().__init__(
            f"{what}_invalid",
            f"{len(issues)} feil; den første ved «{first.pointer}»: {first.message}",
        )
        self.issues = tuple(issues)


class ScenarioInvalid(DocumentInvalid):
    """A scenario document that breaks the contract."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(issues, "scenario")


class StrategyNotApplicable(InputError):
    """The strategy asked for does not fit the instance."""

    def __init__(self, strategy: str) -> None:
        super().__init__(
            "strategy_not_applicable",
            f"Løsningsmåten «{strategy}» passer ikke dette scenariet. "
            "Utelat valget, så velges en som passer.",
        )


class GeodataError(InputError):
    """Geometry, coordinates or travel times that cannot be used."""


class FormulationError(SitingError):
    """The instance cannot be written as a model, for instance because it is too large."""


class EngineError(SitingError):
    """The solver could not do its work."""


class SolverUnavailable(EngineError):
    """A solver that was asked for is not installed."""

    def __init__(self, detail: str) -> None:
        super().__init__("solver_unavailable", detail)


class SolverCrashed(EngineError):
    """The solver stopped without an answer."""

    def __init__(self, detail: str) -> None:
        super().__init__("solver_crashed", detail)


class VerificationFailed(EngineError):
    """The solver's answer does not hold when recomputed from the scenario's data."""

    def __init__(self, detail: str) -> None:
        super().__init__("verification_failed", detail)

"""Several solves that share one time limit and one watcher."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from time import monotonic

from solver import solve
from solver.domain.crew import Crew
from solver.domain.instance import SitingInstance
from solver.domain.result import Outcome, Progress, SolveOptions, SolveResult, Watcher

LEAST_SECONDS = 1.0  # so that a solve can begin, however little is left


class Session:
    """The solves of one analysis: each has an even share of the time that is left.

    `parts` is how many are expected; more may come, which then share what is left.
    """

    def __init__(self, options: SolveOptions, watcher: Watcher, parts: int) -> None:
        self.options = options
        self.solves = 0
        self._watcher = watcher
        self._parts = parts
        self._started = monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return monotonic() - self._started

    @property
    def seconds_left(self) -> float:
        """Until the time limit; 0 when it has passed."""
        return max(self.options.time_limit_s - self.seconds, 0.0)

    @property
    def crew(self) -> Crew | None:
        """Others who may work on parts of the analysis."""
        return self._watcher.crew

    @property
    def dismissed(self) -> bool:
        """Whether somebody asks for an end."""
        return self._watcher.should_stop()

    @property
    def over(self) -> bool:
        """Whether no more can be solved: dismissed, or out of time."""
        return self.dismissed or self.seconds_left == 0.0

    def expect(self, parts: int) -> None:
        """So many solves in all are expected from now on."""
        self._parts = parts

    @property
    def share(self) -> float:
        """Seconds for the next solve: an even share of what is left, but enough to begin."""
        return max(self.seconds_left / max(self._parts - self.solves, 1), LEAST_SECONDS)

    def share_of(self, solves: int) -> float:
        """For so many solves, as a share of the time that is left: at most 1."""
        return min(solves / max(self._parts - self.solves, 1), 1.0)

    @property
    def seconds_each(self) -> float:
        """How long a solve has taken, on average of those so far; 0 before the first."""
        return self.seconds / self.solves if self.solves else 0.0

    def solve(self, instance: SitingInstance, limit_nok: float = inf) -> SolveResult:
        """The next solve, by the options of the session, as `solver.solve`.

        Once it is proven that every plan costs more than `limit_nok` the solve is dismissed: its
        bound is the answer.
        """
        limits = replace(self.options, time_limit_s=self.share)
        result = solve(instance, limits, self.watcher(limit_nok))
        return replace(result, options=self.options)

    def watcher(self, limit_nok: float = inf) -> Watcher:
        """For the next solve, which then counts: hears where it stands within the whole.

        It asks for an end when the session must, and when the bound has passed `limit_nok`.
        """
        self.solves += 1
        part, before = self.solves, self.seconds
        passed = False

        def tell(progress: Progress) -> None:
            nonlocal passed
            passed = passed or (progress.bound_nok is not None and progress.bound_nok > limit_nok)
            self._watcher.on_progress(
                replace(
                    progress,
                    seconds=before + progress.seconds,
                    part=part,
                    parts=max(self._parts, part),
                )
            )

        return Watcher(tell, lambda: passed or self._watcher.should_stop())


def common_outcome(results: Sequence[SolveResult]) -> Outcome:
    """What several solves that an answer rests on have together: that of the worst of them."""
    order = list(_WORST_FIRST)
    return min((result.outcome for result in results), key=order.index)


_WORST_FIRST = (
    Outcome.DISMISSED,
    Outcome.NO_PLAN,
    Outcome.INFEASIBLE,
    Outcome.FEASIBLE,
    Outcome.OPTIMAL,
)

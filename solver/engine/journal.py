"""When things happened in a solve, and its incumbents as they come."""

from time import monotonic

from solver.domain.result import Progress, Watcher, relative_gap


class Journal:
    """Clock and notebook of one solve; times in seconds from its beginning."""

    def __init__(self, watcher: Watcher, time_limit_s: float) -> None:
        self.incumbents: list[Progress] = []
        self.build_seconds = 0.0
        self.solve_seconds = 0.0
        self._watcher = watcher
        self._limit = time_limit_s
        self._started = monotonic()

    @classmethod
    def within(cls, journal: "Journal") -> "Journal":
        """A journal of a part of a solve: it ends when the whole must, and tells nobody."""
        return cls(Watcher(should_stop=journal.should_stop), journal.seconds_left)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return monotonic() - self._started

    @property
    def seconds_left(self) -> float:
        """Until the time limit; never less than a second, so that a search can begin."""
        return max(self._limit - self.seconds, 1.0)

    @property
    def out_of_time(self) -> bool:
        """Whether the time limit has passed."""
        return self.seconds >= self._limit

    def should_stop(self) -> bool:
        """Whether the caller asks for an end."""
        return self._watcher.should_stop()

    def built(self) -> None:
        """The model is handed over; what follows is the search."""
        self.build_seconds = self.seconds

    def searched(self) -> None:
        """The search is over."""
        self.solve_seconds = self.seconds - self.build_seconds

    def note(self, incumbent: float | None, bound: float | None) -> None:
        """Take down where the search stands [NOK], and tell the watcher."""
        progress = Progress(self.seconds, incumbent, bound, relative_gap(incumbent, bound))
        last = self.incumbents[-1].incumbent_nok if self.incumbents else None
        if incumbent is not None and incumbent != last:
            self.incumbents.append(progress)
        self._watcher.on_progress(progress)

"""Figures for Prometheus: requests as this process saw them, runs as the database has them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from app.api.methods import METHODS
from app.db import Database
from app.errors import DATABASE_AWAY
from app.repositories.figures import Spread
from app.services.figures import GAP_BOUNDS, SECONDS_BOUNDS, RunFigures, run_figures

REQUEST_BOUNDS_S = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 120)
OTHER = "other"


class Metrics:
    """The registry of one application."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "flerkjerne_http_request_seconds",
            "Requests by method, route and status: how long until they were answered.",
            ["method", "route", "status"],
            buckets=REQUEST_BOUNDS_S,
            registry=self._registry,
        )
        self._registry.register(_Runs(database))

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count a request; by its route's template, for addresses are without number."""
        named = method if method in METHODS else OTHER
        self._requests.labels(named, route or OTHER, str(status)).observe(seconds)

    def text(self) -> bytes:
        """All figures in Prometheus' text format, 0.0.4."""
        return generate_latest(self._registry)


class _Runs(Collector):
    """Figures of the runs; while the database is away only that it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Sequence[Metric]:
        """Nothing is asked of the database before the first look."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        try:
            figures = run_figures(self._database)
        except DATABASE_AWAY:
            yield _gauge("flerkjerne_database_up", "Whether the database answers.", 0)
            return
        yield _gauge("flerkjerne_database_up", "Whether the database answers.", 1)
        yield from _of_runs(figures)


def _of_runs(figures: RunFigures) -> Iterator[Metric]:
    yield _counted("flerkjerne_runs", "Runs by status.", ["status"], figures.by_status)
    yield _gauge(
        "flerkjerne_queue_oldest_seconds",
        "How long the run has waited that has waited longest; 0 when none waits.",
        figures.oldest_waiting_s,
    )
    yield _counted(
        "flerkjerne_run_outcomes",
        "Ended runs by kind and outcome.",
        ["kind", "outcome"],
        figures.by_outcome,
    )
    yield _counted(
        "flerkjerne_run_failures", "Failed runs by error code.", ["code"], figures.by_error
    )
    yield _histogram(
        "flerkjerne_solve_seconds",
        "Time from taking a run to its end.",
        SECONDS_BOUNDS,
        figures.seconds,
    )
    yield _histogram("flerkjerne_gap_ratio", "Proven gap of ended runs.", GAP_BOUNDS, figures.gaps)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _counted(name: str, words: str, labels: Sequence[str], counts: Mapping[Any, int]) -> Metric:
    """Numbers by one label, or by several and then with a tuple for a key."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, count in counts.items():
        family.add_metric([values] if isinstance(values, str) else values, count)
    return family


def _histogram(
    name: str, words: str, bounds: Sequence[float], spreads: Mapping[str, Spread]
) -> Metric:
    family = HistogramMetricFamily(name, words, labels=["kind"])
    for kind, spread in spreads.items():
        buckets = [(f"{bound:g}", n) for bound, n in zip(bounds, spread.at_most, strict=True)]
        family.add_metric([kind], [*buckets, ("+Inf", spread.count)], spread.total)
    return family

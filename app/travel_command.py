"""`flerkjerne travel`: its options, and from them a scenario with a travel time matrix."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from app.schemas.scenario import Scenario
from geodata.network.profiles import Mode, ServiceKind

if TYPE_CHECKING:
    from app.services.road_travel import WithMatrix

_SNAP_LIMIT_M = 500.0
_TIMEOUT_S = 30.0
_FASTEST_KMH = 200.0
_FARTHEST_M = 100_000.0
_LONGEST_S = 3600.0


def add_travel_options(parser: argparse.ArgumentParser) -> None:
    """What `flerkjerne travel` takes beside the scenario."""
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--network", type=Path, metavar="FIL", help="vegnett: .osm.pbf eller .gpkg")
    how.add_argument(
        "--service-url", metavar="ADRESSE", help="reisetidstjeneste, som http://localhost:5000"
    )
    how.add_argument("--inspect", action="store_true", help="vis matrisen som scenariet har")
    parser.add_argument("--out", type=Path, metavar="FIL", help="scenariet med matrisen, som JSON")
    parser.add_argument("--mode", choices=get_args(Mode), default="car", help="uten: car")
    parser.add_argument(
        "--snap-limit",
        type=_up_to(_FARTHEST_M),
        default=_SNAP_LIMIT_M,
        metavar="M",
        help=f"lengst fra veg, i meter; uten: {_SNAP_LIMIT_M:g}",
    )
    _add_layer_options(parser)
    parser.add_argument(
        "--service",
        choices=get_args(ServiceKind),
        default="osrm",
        help="hva tjenesten er; uten: osrm",
    )
    parser.add_argument(
        "--timeout",
        type=_up_to(_LONGEST_S),
        default=_TIMEOUT_S,
        metavar="S",
        help=f"lengste ventetid på ett svar, i sekunder; uten: {_TIMEOUT_S:g}",
    )
    parser.add_argument("--publisher", metavar="NAVN", help="utgiver av vegdataene")
    parser.add_argument("--licence", metavar="NAVN", help="lisensen deres")
    parser.add_argument("--data-date", type=_day, metavar="ÅÅÅÅ-MM-DD", help="datoen de er fra")
    parser.add_argument("--cache", type=Path, metavar="MAPPE", help="mellomlager for matriser")


def _add_layer_options(parser: argparse.ArgumentParser) -> None:
    layer = parser.add_argument_group("lag med linjer (.gpkg)")
    layer.add_argument("--layer", metavar="LAG", help="uten: det eneste laget med linjer")
    layer.add_argument("--speed-column", metavar="KOLONNE", help="fartsgrense i km/t")
    layer.add_argument(
        "--speed-back-column", metavar="KOLONNE", help="mot linjens retning; uten: den samme"
    )
    layer.add_argument("--oneway-column", metavar="KOLONNE", help="envegskjøring: B, FT, TF, N …")
    layer.add_argument(
        "--default-speed",
        type=_up_to(_FASTEST_KMH),
        metavar="KM/T",
        help="for linjer uten fartsgrense",
    )


def travel_matrix(scenario: Scenario, options: argparse.Namespace) -> "WithMatrix":
    """The scenario with the matrix that the options ask for. Raises as `from_network`."""
    # Imported here: no other command should wait for osmium and scipy.
    import platformdirs

    from app.services.road_travel import Provenance, Trip, from_network, from_service
    from geodata.network.lines import LineChoice
    from geodata.network.service import ServiceAddress

    trip = Trip(options.mode, options.snap_limit)
    provenance = Provenance(options.publisher, options.licence, options.data_date)
    if options.service_url is not None:
        address = ServiceAddress(options.service, options.service_url, options.timeout)
        return from_service(scenario, address, trip, provenance)
    choice = LineChoice(
        options.layer,
        options.speed_column,
        options.speed_back_column,
        options.oneway_column,
        options.default_speed,
    )
    cache = options.cache or platformdirs.user_cache_path("flerkjerne") / "travel"
    return from_network(scenario, options.network, choice, trip, provenance, cache)


def _up_to(most: float) -> Callable[[str], float]:
    """Reads a number above 0 and at most `most`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"«{text}» er ikke et tall") from None
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"må være over 0 og høyst {most:g}")
        return value

    return read


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"«{text}» er ikke en dato som 2026-11-01") from None

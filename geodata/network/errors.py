"""What can be wrong with a road network, or a service of travel times."""

import difflib
from collections.abc import Sequence

from solver.domain.errors import GeodataError, SitingError


class NetworkInvalid(GeodataError):
    """A file that holds no road network that can be used."""


class TravelServiceFailed(SitingError):
    """A service of travel times does not answer, or not with travel times."""


def unknown_name(
    code: str, what: str, name: str, known: Sequence[str], option: str
) -> NetworkInvalid:
    """`what` («Laget», say) that does not exist; proposes the nearest and lists the known ones."""
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    proposed = f"Mente du «{folded[near[0]]}»? " if near else ""
    listed = ", ".join(known) or "ingen"
    return NetworkInvalid(
        code, f"{what} «{name}» finnes ikke. {proposed}Velg med {option}; her er: {listed}."
    )

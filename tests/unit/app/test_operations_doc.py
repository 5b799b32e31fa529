"""docs/operations.md names every setting with its default."""

import re
from pathlib import Path

from app.settings import Settings

DOC = Path(__file__).parents[3] / "docs" / "operations.md"


def test_settings_are_in_one_table_with_their_defaults() -> None:
    rows = re.findall(r"^\| `FLERKJERNE_(\w+)` \| (?:`(.*?)`|(none)) \|", DOC.read_text(), re.M)
    told = {name.lower(): value or none for name, value, none in rows}
    assert len(rows) == len(told)
    assert told == {name: _shown(field.default) for name, field in Settings.model_fields.items()}


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default or "none")

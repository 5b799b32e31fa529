"""The JSON Schemas in docs/schema are those of the code."""

import json
import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from app.schemas.answers import ANSWERS
from app.schemas.comparison import Comparison
from app.schemas.plan import Plan
from app.schemas.scenario import Scenario

FOLDER = Path(__file__).parents[3] / "docs" / "schema"


DOCUMENTS = [("scenario", Scenario), ("plan", Plan), ("comparison", Comparison), *ANSWERS.items()]


@pytest.mark.parametrize(("name", "document"), DOCUMENTS)
def test_the_published_schema_is_current(name: str, document: type[BaseModel]) -> None:
    text = json.dumps(document.model_json_schema(), ensure_ascii=False, indent=1) + "\n"
    path = FOLDER / f"{name}.schema.json"
    if os.environ.get("FLERKJERNE_WRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "kjør make goldens"

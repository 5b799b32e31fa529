"""What the page computes by itself, by Node's own test runner and against the service's Python."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.schemas.merge_patch import merge_patch
from geodata import series

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "app" / "web" / "page"
YEARS = range(2016, 2034)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules and their tests, in a folder where Node takes them for modules."""
    if shutil.which("node") is None:
        assert not os.environ.get("FLERKJERNE_CI"), "Node is not installed: see .ci/page"
        pytest.skip("Node is not installed")
    folder = tmp_path_factory.mktemp("modules")
    shutil.copytree(PAGE, folder / "page")
    shutil.copytree(HERE / "modules", folder / "modules")
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def node(folder: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["node", *arguments], cwd=folder, input=given, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_modules_do_as_their_tests_say(modules: Path) -> None:
    names = sorted(f"modules/{path.name}" for path in (HERE / "modules").glob("*.test.js"))
    report = node(modules, "--test", *names)
    assert "fail 0" in report
    assert "pass 0" not in report


def test_page_and_service_read_the_same(modules: Path) -> None:
    draw = Random(1)
    asked = [(random_series(draw), draw.choice(YEARS)) for _ in range(300)]
    documents = [(random_tree(draw, 3), random_tree(draw, 3)) for _ in range(300)]
    cases = json.dumps({"series": asked, "documents": documents})
    answers = json.loads(node(modules, "modules/answers.js", given=cases))
    for (one, year), (stepped, lined) in zip(asked, answers["series"], strict=True):
        (expected,) = series.step(one, [year])
        assert stepped == (None if expected is None else float(expected)), (one, year)
        if one != {}:  # the page tells nothing of what is not given
            assert lined == pytest.approx(float(series.linear(one, [year])[0])), (one, year)
    for (before, after), patch in zip(documents, answers["patches"], strict=True):
        assert text(merge_patch(before, patch)) == text(after), (before, after)
        assert (patch == {}) == (text(before) == text(after)), (before, after)


def text(document: Any) -> str:
    """In which 0 is not false."""
    return json.dumps(document, sort_keys=True)


def random_series(draw: Random) -> Any:
    if draw.random() < 0.1:
        return draw.randint(0, 300)
    years = draw.sample(YEARS, draw.randint(0, 5))
    return {str(year): round(draw.uniform(0, 400), 2) for year in years}


def random_tree(draw: Random, depth: int) -> dict[str, Any]:
    """Objects without null, as documents are, of few names, so that many are in both."""
    names = draw.sample(["a", "b", "c/d", "e~f"], draw.randint(0, 4))
    return {name: random_value(draw, depth) for name in names}


def random_value(draw: Random, depth: int) -> Any:
    if depth and draw.random() < 0.5:
        return random_tree(draw, depth - 1)
    return draw.choice([0, 1, 2.5, "x", "", True, False, [], [1], [{"a": 1}], {}])

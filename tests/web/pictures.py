"""Takes the pictures of the page that the documents show: `make pictures`."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, expect, sync_playwright

from tests.robustness.server import serving

from .browsing import ARGUMENTS, CHROMIUM, WITH_WEBGL, Planner, figure, planner
from .conftest import post, solved, start

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WINDOW = {"width": 1280, "height": 1000}
LATER = {"title": "Mål fra 2032", "targets": {"coverage": {"ratio": {"2030": None, "2032": 0.16}}}}
GAP = {"mip_gap": 0.002}


def main() -> None:
    """Solve two scenarios, and look at them."""
    with (
        TemporaryDirectory() as folder,
        serving(Path(folder)) as server,
        sync_playwright() as running,
    ):
        browser = running.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *WITH_WEBGL])
        town = solved(server.address, "lillehammer", **GAP)
        made = post(server.address, "/v1/scenarios", {"based_on": "lillehammer", "changes": LATER})
        later = solved(server.address, made["id"], **GAP)
        take(browser, server.address, town, later)


def take(browser: Browser, address: str, town: str, later: str) -> None:
    """Each view in turn."""
    with planner(browser, address, WINDOW) as someone:
        someone.open(f"#/plan?run={town}&year=2035&project=helsehus-trinn-1")
        drawn(someone, 1)
        keep(someone, "plan")
        someone.open("#/scenario?fra=lillehammer")
        someone.page.locator("details.project summary").nth(1).press("Enter")
        someone.page.locator("details.project").nth(1).scroll_into_view_if_needed()
        keep(someone, "form")
        run = start(address, {"scenario": "lillehammer", "options": {"mip_gap": 0}})
        someone.open(f"#/kjoringer?run={run}")
        spent = figure(someone.page.get_by_role("region", name="Valgt kjøring"), "Brukt")
        expect(spent).to_have_text(re.compile(r"^1\d(,\d)? s$"), timeout=120_000)
        keep(someone, "live")
        someone.button("Avbryt kjøringen").press("Enter")
        someone.open(f"#/sammenlign?run={town}&run={later}&year=2031")
        drawn(someone, 2)
        keep(someone, "compare")


def drawn(someone: Planner, maps: int) -> None:
    """Wait until the maps are."""
    expect(someone.page.locator(".map button.site").nth(maps)).to_be_visible()
    someone.page.wait_for_timeout(3000)  # lines and polygons say nothing when they are there


def keep(someone: Planner, name: str) -> None:
    """As docs/images/page-NAME.png."""
    someone.page.screenshot(path=IMAGES / f"page-{name}.png")


if __name__ == "__main__":
    main()

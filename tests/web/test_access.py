"""A service that asks for a key, and documents that would rather be scripts."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.robustness.server import ROOT, serving

from .browsing import Planner, planner
from .conftest import TOWN, Service
from .test_map import site_buttons

EVIL = "<img src=x onerror=alert(1)>"


def make_key(folder: Path) -> str:
    """Before the service is started, as its operator does."""
    made = subprocess.run(
        [sys.executable, "-m", "app.cli", "keys", "create", "kart", "--scope", "read"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "FLERKJERNE_DATABASE_URL": f"sqlite:///{folder}/test.db"},
        check=True,
        capture_output=True,
        text=True,
    )
    (key,) = (word for word in made.stdout.split() if word.startswith("flk_"))
    return key


def test_a_key_is_asked_for_until_it_is_right(browser: Browser, tmp_path: Path) -> None:
    key = make_key(tmp_path)
    with (
        serving(tmp_path, require_login=True) as server,
        planner(browser, server.address) as someone,
    ):
        someone.watched.allow("401")
        someone.page.goto(server.address)
        dialog = someone.page.get_by_role("dialog", name="Logg inn")
        field = dialog.get_by_label("Nøkkel")
        expect(field).to_be_focused()
        someone.press("Escape")
        expect(dialog).to_be_visible()
        someone.page.keyboard.type("flk_nothing.at-all")
        someone.press("Enter")
        expect(dialog.get_by_role("alert")).to_have_text("Nøkkelen ble ikke godtatt.")
        expect(field).to_be_focused()
        someone.page.keyboard.type(key)
        someone.press("Enter")
        expect(someone.page.get_by_text("Dette scenariet er ikke regnet ut ennå.")).to_be_visible()
        expect(dialog).to_have_count(0)
        someone.page.reload()
        someone.settled()
        expect(dialog).to_have_count(0)

        # what the key does not allow is told, and nothing is lost
        someone.watched.allow("403")
        someone.press_on(someone.button("Regn ut planen"))
        expect(someone.page.get_by_role("status").first).to_contain_text("plan")


def test_titles_are_text(someone: Planner, service: Service) -> None:
    changes = {
        "title": EVIL,
        "care_types": {"hdo": {"title": EVIL}},
        "projects": {"helsehus-f3": {"title": EVIL}},
        "sources": {"/projects/helsehus-f3": {"status": "assumption", "note": EVIL, "url": None}},
    }
    made = service.post("/v1/scenarios", {"based_on": TOWN, "changes": changes})
    run = service.post("/v1/runs", {"scenario": made["id"]})["id"]
    someone.open(f"#/plan?run={run}&project=helsehus-f3")
    expect(site_buttons(someone).first).to_be_visible()
    expect(someone.page.get_by_role("heading", name=EVIL)).to_be_visible()
    for view in (
        f"#/kjoringer?run={run}",
        f"#/sammenlign?run={run}",
        f"#/scenario?fra={made['id']}",
    ):
        someone.open(view)
        expect(someone.page.get_by_text(EVIL).first).to_be_attached()
    assert someone.page.locator("img").count() == 0

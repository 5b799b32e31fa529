"""A planner at a browser, with a keyboard and nothing else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
WITH_WEBGL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WITHOUT_WEBGL = ["--disable-gpu", "--disable-3d-apis"]
PATIENCE_MS = 30_000
WIDE = {"width": 1280, "height": 900}
MOST_TABS = 400

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Watched:
    """What a page does that it must not: errors, and requests to others than the service."""

    address: str
    allowed: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """From now on."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.seen.append(f"error: {error.error}"))
        context.on("request", lambda request: self._asked(request.url))

    def allow(self, pattern: str) -> None:
        """What the test is about."""
        self.allowed.append(pattern)

    def check(self) -> None:
        """Nothing was seen but what was allowed."""
        wrong = [one for one in self.seen if not any(re.search(p, one) for p in self.allowed)]
        assert not wrong, "\n".join(wrong)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} {message.location.get('url', '')}")

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.address}/", "data:", "blob:")):
            self.seen.append(f"request: {url}")


class Planner:
    """Tab, arrows, Enter and Space on a page."""

    def __init__(self, page: Page, address: str, watched: Watched) -> None:
        self.page = page
        self.address = address
        self.watched = watched

    def open(self, fragment: str = "") -> None:
        """An address, and wait until what it shows is there."""
        self.page.goto(f"{self.address}/{fragment}")
        self.settled()

    def settled(self) -> None:
        """Wait until the view is there."""
        expect(self.page.locator("main > .view:not([aria-busy])")).to_be_visible()

    def press(self, *keys: str) -> None:
        """One after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, what: Locator, backwards: bool = False) -> Locator:
        """Press Tab until it has focus, and see that it is where one can see it."""
        expect(what).to_be_visible()
        for _ in range(MOST_TABS):
            if what.evaluate("element => element === document.activeElement"):
                expect(what).to_be_in_viewport()
                return what
            self.press("Shift+Tab" if backwards else "Tab")
        raise AssertionError(f"Tab does not lead to {what}")

    def press_on(self, what: Locator, key: str = "Enter") -> None:
        """Go there and press a key."""
        self.tab_to(what)
        self.press(key)

    def write(self, what: Locator, text: str) -> None:
        """Go to a field and write in it, instead of what stands there."""
        self.tab_to(what)
        self.press("Control+a", "Delete")
        self.page.keyboard.type(text)

    def button(self, name: str, exact: bool = True) -> Locator:
        """By its name."""
        return self.page.get_by_role("button", name=name, exact=exact)

    def link(self, name: str) -> Locator:
        """By its name."""
        return self.page.get_by_role("link", name=name, exact=True)


def figure(place: Locator, name: str) -> Locator:
    """The value of a key figure."""
    return place.locator("dl.figures > div", has=place.page.get_by_text(name, exact=True)).locator(
        "dd"
    )


@contextmanager
def planner(
    browser: Browser, address: str, viewport: dict[str, int] | None = None, **more: object
) -> Iterator[Planner]:
    """A window of its own; what it must not do fails the test."""
    watched = Watched(address)
    context = browser.new_context(
        viewport=viewport or WIDE,
        locale="nb-NO",
        timezone_id="Europe/Oslo",
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    watched.watch(context)
    yield Planner(context.new_page(), address, watched)
    context.close()
    watched.check()

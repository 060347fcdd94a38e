"""A real browser for tests marked `browser`: chromium from FENZHEN_CHROMIUM or from the system.

Use the fixtures `browser_page` (a fresh page at 1440 × 900, which fails the test on any script error or refused
content) and `sign_in`; FENZHEN_SHOTS names a folder where `shot` puts its pictures.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cast import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Chromium in a container has no sandbox of its own, little shared memory and no screen.
ARGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    given = os.environ.get("FENZHEN_CHROMIUM")
    return given or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    path = chromium()
    if path is None:
        pytest.skip("no chromium: install it, or name one in FENZHEN_CHROMIUM")
    from playwright.sync_api import sync_playwright  # not needed, and not there, where no browser test runs

    # Playwright's loop runs in this thread, which Django would take for async code that must not query.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def new_page(browser: "Browser", live_server: Any) -> "Iterator[Callable[..., Page]]":
    """Makes pages, each with a session of its own; every script error or refused content fails the test."""
    contexts = []
    errors: list[str] = []

    def make(width: int = 1440, height: int = 900, **options: Any) -> "Page":
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, errors


@pytest.fixture
def browser_page(new_page: "Callable[..., Page]") -> "Page":
    """One page on a desk's screen."""
    return new_page()


@pytest.fixture
def sign_in() -> "Callable[[Page, Any], None]":
    """Signs a person of the cast in through the page."""

    def enter(page: "Page", person: Any) -> None:
        page.goto("/sign-in")
        page.fill("input[name=username]", person.username)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/")

    return enter


@pytest.fixture
def shot() -> "Callable[[Page, str], None]":
    """Keeps a picture where FENZHEN_SHOTS names a folder."""
    folder = os.environ.get("FENZHEN_SHOTS")

    def take(page: "Page", name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            # Hiding the caret would put a style into the page, which our content policy refuses.
            page.screenshot(path=str(Path(folder) / f"{name}.png"), caret="initial")

    return take

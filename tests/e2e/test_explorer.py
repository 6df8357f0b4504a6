"""The explorer in a real browser: it loads from this host alone, and its operations work."""

import json
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gateway.web.explorer import is_built
from tests.e2e.conftest import http

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(not is_built(), reason="the explorer was not bundled: Node is missing"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, mitra) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.foreign_requests = []
    page.problems = []
    page.on(
        "request",
        lambda request: (
            request.url.startswith((mitra.url, "data:", "blob:"))
            or page.foreign_requests.append(request.url)
        ),
    )
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(f"{mitra.url}/graphql")
    yield page
    page.close()


def run_tab(page: Page, name: str) -> str:
    """Open a tab, run its operation, return the answer as shown."""
    page.get_by_role("tab", name=name).click()
    expect(page.locator(".graphiql-query-editor")).to_contain_text(name)
    with page.expect_response(lambda r: r.url.endswith("/graphql") and r.ok) as answer:
        page.get_by_role("button", name="Execute query").click()
    return answer.value.text()


def test_the_ready_operations_answer(page):
    expect(page.get_by_role("tab")).to_have_count(4)

    assert '"totalCount":' in run_tab(page, "Search")
    assert '"offerings":[{' in run_tab(page, "CourseWithOfferings")
    assert '"status":"RESERVED"' in run_tab(page, "Enrol")
    assert '"balance"' in run_tab(page, "Me")
    assert page.problems == []


def test_an_enrolment_is_followed_in_it(page):
    made = json.loads(run_tab(page, "Enrol"))["data"]["enrol"]["enrolment"]["id"]

    page.locator(".graphiql-query-editor .view-lines").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(f'subscription {{ enrolmentChanged(id: "{made}") {{ version }} }}')
    page.get_by_role("button", name="Execute query").click()

    expect(page.locator(".result-window")).to_contain_text('"enrolmentChanged": {')
    assert page.problems == []


def test_nothing_is_loaded_from_elsewhere(page):
    expect(page.get_by_role("tab")).to_have_count(4)

    page.get_by_role("button", name="Show Documentation Explorer").click()

    expect(page.get_by_text("Root Types")).to_be_visible()
    assert page.foreign_requests == []


def test_the_documentation_shows_the_descriptions(page):
    page.get_by_role("button", name="Show Documentation Explorer").click()
    page.locator(".graphiql-doc-explorer").get_by_text("Query", exact=True).click()

    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("courses(")


def test_the_page_has_a_strict_policy(mitra):
    answer = http.get(f"{mitra.url}/graphql", headers={"Accept": "text/html"})

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "https://" not in answer.text.partition("ready-operations")[0]

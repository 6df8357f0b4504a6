"""Who is shown the explorer: nobody, everybody, or who has a token of the role."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.settings import EVERYBODY, NOBODY, Audience
from gateway.web.explorer import desk
from gateway.web.explorer.desk import SIGN_IN, ExplorerDesk
from schema.model.viewer import ANONYMOUS, Role, Viewer

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OPERATORS = Audience(frozenset({Role.OPERATOR}))


async def identify(authorization):
    if authorization is None:
        return ANONYMOUS
    if authorization == "Bearer later":
        raise UncheckableTokenError(7)
    try:
        return Viewer(roles=frozenset({Role(authorization.removeprefix("Bearer "))}))
    except ValueError as exc:
        raise InvalidTokenError("The bearer token is not valid; sign in again.") from exc


def to_page(_request, headers):
    return f"explorer {headers.get('Authorization', '-')}"


async def ask(audience, method="GET", path="/graphql", **options) -> httpx.Response:
    layer = ExplorerDesk(PlainTextResponse("answer"), audience, identify, to_page)
    app = Starlette(routes=[Route("/graphql", layer), *layer.routes()])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://mitra.test"
    ) as client:
        return await client.request(method, path, **options)


async def test_for_nobody_there_is_nothing():
    answer = await ask(NOBODY, headers=BROWSER)

    assert (answer.status_code, answer.headers["Vary"]) == (404, "Accept")
    assert answer.headers["Cache-Control"] == "no-store"  # or others would be given it
    assert (await ask(NOBODY, path="/explorer/explorer.js")).status_code == 404
    assert (await ask(NOBODY, "POST", SIGN_IN, data={"token": "operator"})).status_code == 404


async def test_everybody_sees_the_page_of_this_host_alone():
    answer = await ask(EVERYBODY, headers=BROWSER)

    assert answer.text == "explorer -"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_who_brings_no_token_is_asked_for_one():
    answer = await ask(OPERATORS, headers=BROWSER)

    assert answer.status_code == 401
    assert f'action="{SIGN_IN}"' in answer.text
    assert "script" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("role", "status"), [("operator", 200), ("learner", 403), ("?", 401)])
async def test_a_token_of_the_role_opens_the_page(role, status):
    by_header = await ask(OPERATORS, headers={**BROWSER, "Authorization": f"Bearer {role}"})
    by_form = await ask(OPERATORS, "POST", SIGN_IN, data={"token": f" {role}\n"})

    assert (by_header.status_code, by_form.status_code) == (status, status)
    if status == 200:
        assert by_form.text == "explorer Bearer operator"  # for its ready operations
        assert by_form.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in by_form.headers


async def test_who_cannot_be_looked_at_is_told_to_come_again():
    answer = await ask(OPERATORS, "POST", SIGN_IN, data={"token": "later"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


async def test_a_form_of_another_site_opens_nothing():
    answer = await ask(
        OPERATORS,
        "POST",
        SIGN_IN,
        data={"token": "operator"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"", b"token=", b"other=operator", b"\xff", b"token=a" * 9_000])
async def test_a_form_that_is_none_is_refused(body):
    assert (await ask(OPERATORS, "POST", SIGN_IN, content=body)).status_code == 401


async def test_a_form_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(desk, "FORM_SECONDS", 0.01)

    async def never():
        yield b"token="
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        answer = await ask(OPERATORS, "POST", SIGN_IN, content=never())

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "query", "accept"),
    [
        ("GET", "query=%7Bme%7D", "text/html"),
        ("GET", "documentId=a", "text/html"),
        ("GET", "", "application/json"),
        ("GET", "", "*/*"),
        ("POST", "", "text/html"),
    ],
)
async def test_what_is_a_question_is_answered(method, query, accept):
    answer = await ask(NOBODY, method, f"/graphql?{query}", headers={"Accept": accept})

    assert answer.text == "answer"

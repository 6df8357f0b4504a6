"""What production shows of itself to somebody who just looks, through the whole application."""

import httpx
import pytest

from gateway.asgi import create_app
from gateway.settings import Audience, Settings

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("explorer", "status"), [(None, 404), (Audience.from_text("operator"), 401)]
)
async def test_production_has_no_page_for_browsers_unless_a_role_may_see_it(
    tmp_path, explorer, status
):
    settings = Settings(data_dir=tmp_path, explorer=explorer, public_url="https://mitra.example.id")
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as http:
        page = await http.get("/graphql", headers=BROWSER)

    assert page.status_code == status
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("path", ["/graphql/", "/courses/x/"])
async def test_nobody_is_sent_to_the_host_that_a_request_names(tmp_path, path):
    transport = httpx.ASGITransport(create_app(Settings(data_dir=tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as http:
        answer = await http.get(path)

    assert answer.status_code == 404
    assert "evil.example" not in str(answer.headers) + answer.text

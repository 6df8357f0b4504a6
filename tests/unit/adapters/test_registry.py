"""Adapters are found by entry point; a broken one costs only itself."""

import sys
from importlib.metadata import EntryPoint

import httpx
import pytest

from adapters.base import PartnerSettings
from adapters.errors import (
    CursorExpiredError,
    PartnerAccessError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.registry import (
    GROUP,
    UnknownAdapterError,
    build_adapter,
    installed,
    load_registry,
    manifests,
)
from schema.model.values import PartnerCode

MANIFEST = """
id = "{id}"
name = "Outsider"
capabilities = ["catalogue"]
contract = "assumed"
documentation = "x.md"
"""
WORKS = """
class Adapter:
    def __init__(self, client, settings): ...
    async def fetch_page(self, cursor=None, known=None): ...
"""


@pytest.fixture
def outsider(tmp_path, monkeypatch):
    """Make packages of outsiders, which can be imported until the test ends."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def make(package, code, *, manifest_id=None):
        made.append(package)
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(code)
        manifest = MANIFEST.format(id=manifest_id or package)
        (tmp_path / package / "manifest.toml").write_text(manifest)
        return EntryPoint(package, package, GROUP)

    yield make
    for package in made:
        sys.modules.pop(package, None)


def test_an_outsiders_adapter_is_found(outsider):
    registry = load_registry((outsider("their_partner", WORKS),))

    assert list(registry.kinds) == ["their_partner"]
    assert registry.kinds["their_partner"].manifest.name == "Outsider"
    assert registry.broken == {}


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        pytest.param("1 / 0", "ZeroDivisionError", id="raises on import"),
        pytest.param("", "export a class `Adapter`", id="no class"),
        pytest.param(
            "class Adapter: ...", "lacks the methods of capability 'catalogue'", id="empty"
        ),
        pytest.param("import no_such_module", "ModuleNotFoundError", id="missing dependency"),
    ],
)
def test_a_broken_adapter_is_reported_and_the_others_work(outsider, code, complaint):
    registry = load_registry((outsider("bad_one", code), outsider("good_one", WORKS)))

    assert list(registry.kinds) == ["good_one"]
    assert complaint in registry.broken["bad_one"]


def test_the_id_must_be_the_name_of_the_entry_point(outsider):
    registry = load_registry((outsider("their_partner", WORKS, manifest_id="tokopedia"),))

    assert "make them equal" in registry.broken["their_partner"]


def test_a_package_that_is_not_there_is_reported():
    registry = load_registry((EntryPoint("gone", "no_such_package", GROUP),))

    assert "ModuleNotFoundError" in registry.broken["gone"]


def test_our_own_adapters_are_installed():
    assert {"skill_academy", "feed"} <= {manifest.id for manifest in manifests()}
    assert list(installed().kinds) == sorted(installed().kinds)


@pytest.mark.anyio
async def test_an_adapter_can_be_built_and_closed():
    told = PartnerSettings(PartnerCode("p"), "https://p.test", {"token": "t"})

    adapter = build_adapter("skill_academy", told)
    await adapter.aclose()

    with pytest.raises(RuntimeError, match="closed"):
        await adapter.fetch_page()


def test_a_missing_secret_is_named_before_any_request():
    told = PartnerSettings(PartnerCode("p"), "https://p.test")

    with pytest.raises(PartnerAccessError, match="'token'"):
        build_adapter("skill_academy", told)


@pytest.mark.anyio
async def test_a_partners_file_may_set_another_authentication():
    options = {"auth": {"kind": "api_key", "header": "X-Kunci"}}
    told = PartnerSettings(PartnerCode("p"), "https://p.test", {"api_key": "k"}, options)
    adapter = build_adapter("skill_academy", told)

    [signed] = adapter._client._http.auth.auth_flow(httpx.Request("GET", "https://p.test/x"))
    await adapter.aclose()

    assert signed.headers["X-Kunci"] == "k"


@pytest.mark.parametrize("auth", [{}, {"kind": "magic"}, {"kind": "bearer", "x": 1}, "bearer"])
def test_a_wrong_authentication_in_a_partners_file_is_named(auth):
    told = PartnerSettings(PartnerCode("p"), "https://p.test", {}, {"auth": auth})

    with pytest.raises(PartnerAccessError, match=r"options\.auth"):
        build_adapter("skill_academy", told)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "QUOTA", PartnerThrottledError),
        (500, "FORBIDDEN", PartnerRefusedError),
        (200, "BUSY", PartnerUnavailableError),
        (410, "ANY", CursorExpiredError),  # as the manifest says
    ],
)
async def test_a_partners_file_may_say_what_error_codes_mean(status, code, error):
    options = {
        "error_code_at": "fault.code",
        "errors": [
            {"status": 403, "code": "QUOTA", "means": "throttled"},
            {"code": "FORBIDDEN", "means": "refused"},
            {"code": "BUSY", "means": "unavailable"},
        ],
    }
    told = PartnerSettings(PartnerCode("x"), "https://x.test", {"token": "t"}, options)
    answer = httpx.Response(status, json={"fault": {"code": code}, "data": []})
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as http:
        with pytest.raises(error):
            await build_adapter("skill_academy", told, http).fetch_page()


@pytest.mark.parametrize(
    "options",
    [
        {"errors": [{"status": 403}]},
        {"errors": [{"status": 403, "means": "sorry"}]},
        {"errors": "403"},
        {"errors": ["403"]},
        {"error_code_at": 7},
    ],
)
def test_wrong_rules_in_a_partners_file_are_named(options):
    told = PartnerSettings(PartnerCode("x"), "https://x.test", {"token": "t"}, options)

    with pytest.raises(PartnerAccessError, match=r"options\.errors"):
        build_adapter("skill_academy", told)


def test_an_unknown_adapter_is_told_with_those_that_are_installed():
    told = PartnerSettings(PartnerCode("p"), "https://p.test")

    with pytest.raises(UnknownAdapterError, match=r"installed are .*skill_academy"):
        build_adapter("nobody", told)

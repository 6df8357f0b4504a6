"""The adapters of a process: made once, made anew when something about them changed."""

import pytest

from adapters.errors import PartnerAccessError
from adapters.registry import UnknownAdapterError
from adapters.sandbox.state import SandboxPartner, SandboxState, write_state
from gateway.partners.adapters import AdapterPool
from gateway.partners.config import PartnerConfig
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode, PartnerKind

pytestmark = pytest.mark.anyio

CODE = PartnerCode("mine")


class Adapter:
    """Remembers what it was built from, and whether it was closed."""

    def __init__(self, adapter_id, settings):
        self.id = adapter_id
        self.settings = settings
        self.is_closed = False

    async def aclose(self):
        self.is_closed = True


def a_pool(data_dir, build=Adapter, environment=None, **config):
    config = {"address": "https://mine.test", **config}
    partner = Partner(CODE, "Mine", PartnerKind.MARKETPLACE)
    configs = [PartnerConfig(partner, "some_adapter", **config)]
    return AdapterPool(configs, data_dir, build, environment or {})


def a_sandbox(address):
    partners = {CODE: SandboxPartner(address, {"token": "s3cret"})}
    return SandboxState("http://127.0.0.1:1", "control", partners)


def test_an_adapter_is_built_once(tmp_path):
    pool = a_pool(tmp_path)

    assert pool(CODE) is pool(CODE)
    assert pool(CODE).id == "some_adapter"


def test_secrets_come_from_the_environment_and_from_files(tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    pool = a_pool(
        tmp_path,
        environment={"MINE_TOKEN": "from the environment"},
        secrets={"token": "env:MINE_TOKEN", "key": f"file:{tmp_path / 'secret'}"},
    )

    assert pool(CODE).settings.secrets == {
        "token": "from the environment",
        "key": "from the file",
    }


def test_a_rotated_secret_is_used_at_once(tmp_path):
    environment = {"MINE_TOKEN": "old"}
    pool = a_pool(tmp_path, environment=environment, secrets={"token": "env:MINE_TOKEN"})
    before = pool(CODE)
    environment["MINE_TOKEN"] = "new"

    assert before.settings.secrets == {"token": "old"}
    assert pool(CODE).settings.secrets == {"token": "new"}


def test_a_sandbox_that_came_back_elsewhere_is_found(tmp_path):
    pool = a_pool(tmp_path, address="sandbox:", secrets={"token": "sandbox:token"})
    write_state(tmp_path, a_sandbox("http://127.0.0.1:1111"))
    before = pool(CODE).settings.address
    write_state(tmp_path, a_sandbox("http://127.0.0.1:2222"))

    assert (before, pool(CODE).settings.address) == (
        "http://127.0.0.1:1111",
        "http://127.0.0.1:2222",
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        pytest.param({"address": "sandbox:"}, "mitra sandbox run", id="no-sandbox"),
        pytest.param({"secrets": {"t": "env:ABSENT"}}, "'env:ABSENT' is not set", id="no-variable"),
        pytest.param({"secrets": {"t": "file:/absent"}}, "'file:/absent' is not", id="no-file"),
        pytest.param({"secrets": {"t": "literal"}}, "'literal' is not set", id="not-a-reference"),
    ],
)
def test_what_is_lacking_is_said_as_a_partners_failure(tmp_path, config, said):
    with pytest.raises(PartnerAccessError, match=said):
        a_pool(tmp_path, **config)(CODE)


def test_an_adapter_that_is_not_installed_is_a_partners_failure(tmp_path):
    def build(adapter_id, settings):
        raise UnknownAdapterError(f"no adapter {adapter_id!r} is installed")

    with pytest.raises(PartnerAccessError, match="no adapter 'some_adapter'"):
        a_pool(tmp_path, build)(CODE)


async def test_closing_closes_replaced_adapters_too(tmp_path):
    environment = {"T": "old"}
    pool = a_pool(tmp_path, environment=environment, secrets={"t": "env:T"})
    first = pool(CODE)
    environment["T"] = "new"
    second = pool(CODE)

    await pool.aclose()

    assert first.is_closed
    assert second.is_closed

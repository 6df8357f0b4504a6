"""The matrix: every fault of the sandbox before every adapter, through the guarded calls."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

import gateway.partners
from adapters.base import Booking, Page
from adapters.matrix import Finding, read_clean, to_booking, try_enrolling, try_reading
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.registry import FAULTS
from adapters.sandbox.server import Sandbox, SandboxOptions
from gateway.checking.guarded import GuardedSite
from gateway.checking.lists import ListTrial
from gateway.partners.config import load_partners

SANDBOX_FILE = Path(gateway.partners.__file__).parent / "sandbox_partners.toml"
CONFIGS = load_partners([SANDBOX_FILE])

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("anyio_backend")]


class Field:
    """All sandbox partners, what each says when all is well, and a catalogue for each."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.sites = {config.code: GuardedSite(sandbox, config) for config in CONFIGS}
        self.pages: dict[str, Page] = {}
        self.trials = {
            config.code: ListTrial(sandbox, config, folder / config.code) for config in CONFIGS
        }

    async def prepare(self) -> None:
        for code, site in self.sites.items():
            self.pages[code] = await read_clean(site)

    def booking(self, code: str, fault: Fault) -> Booking:
        found = to_booking(self.pages[code], fault.name, datetime.now(UTC))
        assert found is not None, f"{code} sells nothing on its first page"
        return found

    async def aclose(self) -> None:
        for site in self.sites.values():
            await site.aclose()
        for trial in self.trials.values():
            await trial.aclose()


@pytest.fixture(scope="module")
async def field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    folder = tmp_path_factory.mktemp("faults")
    async with Sandbox(folder, SandboxOptions(most_rows=110)) as sandbox:
        found = Field(sandbox, folder)
        await found.prepare()
        yield found
        await found.aclose()


@pytest.fixture(scope="module")
async def catalogues(field: Field) -> Field:
    for code, trial in field.trials.items():
        progress = await trial.prepare()
        assert progress.failure is None, (code, progress.failure)
    return field


async def each_of(tries: Sequence[Awaitable[Finding]], fault: Fault) -> None:
    """Try all partners at once; host names one after the other, as name servers are easily lost."""
    if fault.host is None:
        check(await asyncio.gather(*tries))
    else:
        check([await each for each in tries])


def check(findings: list[Finding]) -> None:
    wrong = [str(finding) for finding in findings if not finding.is_good]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.page], ids=lambda f: f.name)
async def test_reading_a_page_under(fault: Fault, field: Field):
    met = {code: expected for code in field.sites if (expected := fault.reading(code))}

    tries = [
        try_reading(field.sites[code], fault, expected, field.pages[code])
        for code, expected in met.items()
    ]

    await each_of(tries, fault)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.booking], ids=lambda f: f.name)
async def test_enrolling_under(fault: Fault, field: Field):
    met = {code: expected for code in field.sites if (expected := fault.enrolling(code))}

    tries = [
        try_enrolling(field.sites[code], fault, expected, field.booking(code, fault))
        for code, expected in met.items()
    ]

    await each_of(tries, fault)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.whole], ids=lambda f: f.name)
async def test_reading_a_whole_list_under(fault: Fault, catalogues: Field):
    met = {code: expected for code in catalogues.sites if (expected := fault.reading(code))}

    findings = await asyncio.gather(
        *(catalogues.trials[code].try_list(fault, expected) for code, expected in met.items())
    )

    check(findings)

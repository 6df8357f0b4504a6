"""The matrix, second half: whole lists under faults, read into a real catalogue."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.registry import FAULTS
from gateway.checking.lists import ListTrial
from tests.contract.matrix import CONFIGS, check, short_lists

pytestmark = pytest.mark.anyio

Trials = dict[str, ListTrial]


@pytest.fixture(scope="module")
async def trials(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trials]:
    """A catalogue for each partner, with its list as it is when all is well."""
    folder = tmp_path_factory.mktemp("lists")
    async with short_lists(folder) as sandbox:
        found = {c.code: ListTrial(sandbox, c, folder / c.code) for c in CONFIGS}
        for trial in found.values():
            assert (await trial.prepare()).failure is None
        yield found
        for trial in found.values():
            await trial.aclose()


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.whole], ids=lambda f: f.name)
async def test_reading_a_whole_list_under(fault: Fault, trials: Trials):
    met = {code: expected for code in trials if (expected := fault.reading(code))}
    assert met, "no partner meets it"

    findings = await asyncio.gather(
        *(trials[code].try_list(fault, expected) for code, expected in met.items())
    )

    check(findings)

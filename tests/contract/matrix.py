"""What both halves of the matrix share: who the partners are, and what is wrong with findings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import gateway.partners
from adapters.matrix import Finding
from adapters.sandbox.server import Sandbox, SandboxOptions
from gateway.checking.faulty import MOST_ROWS
from gateway.partners.config import load_partners

CONFIGS = load_partners([Path(gateway.partners.__file__).parent / "sandbox_partners.toml"])


@asynccontextmanager
async def short_lists(folder: Path) -> AsyncIterator[Sandbox]:
    """Run the sandbox with lists that are just long enough."""
    async with Sandbox(folder, SandboxOptions(most_rows=MOST_ROWS)) as sandbox:
        yield sandbox


def check(findings: list[Finding]) -> None:
    """Name every finding that is not as it must be."""
    wrong = [str(finding) for finding in findings if not finding.is_good]
    assert wrong == [], "\n".join(wrong)

"""The built-in partners list: the sandbox's ten."""

from pathlib import Path

from adapters.sandbox.state import read_state
from gateway.settings import Settings

SANDBOX_PARTNERS = Path(__file__).with_name("sandbox_partners.toml")


def partners_files(settings: Settings) -> tuple[Path, ...]:
    """Return the partners files in force: the built-in one first, where there may be a sandbox.

    A production gateway has it only when a sandbox has left its addresses in the data
    directory.
    """
    may_have_sandbox = settings.is_development or read_state(settings.data_dir) is not None
    return (*((SANDBOX_PARTNERS,) if may_have_sandbox else ()), *settings.partners)

"""The built-in partners list, the sandbox's ten; and where partners may be called."""

from pathlib import Path

from adapters.addresses import PUBLIC, THIS_MACHINE, Reach, to_reach
from adapters.sandbox.state import read_state
from gateway.settings import Settings

SANDBOX_PARTNERS = Path(__file__).with_name("sandbox_partners.toml")


def partners_files(settings: Settings) -> tuple[Path, ...]:
    """Return the partners files in force: the built-in one first, where there may be a sandbox.

    A production gateway has it only when a sandbox has left its addresses in the data
    directory.
    """
    return (*((SANDBOX_PARTNERS,) if _may_have_sandbox(settings) else ()), *settings.partners)


def partners_reach(settings: Settings) -> Reach:
    """Return where partners may be called: on this machine too, where there may be a sandbox."""
    if settings.partner_networks is not None:
        return to_reach(settings.partner_networks)
    return THIS_MACHINE if _may_have_sandbox(settings) else PUBLIC


def _may_have_sandbox(settings: Settings) -> bool:
    return settings.is_development or read_state(settings.data_dir) is not None

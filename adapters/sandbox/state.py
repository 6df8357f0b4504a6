"""Where the sandbox can be found, and its secrets: `sandbox.json` in the data directory.

Written by the sandbox once every partner listens, read by the gateway and the command
line.  It outlives the sandbox, which takes up its ports and secrets again.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schema.model.values import PartnerCode

STATE_FILE = "sandbox.json"


class SandboxStateError(ValueError):
    """`sandbox.json` cannot be understood; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SandboxPartner:
    """One partner of the sandbox: its base URL, and what it shares with us."""

    address: str
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SandboxState:
    """The whole of `sandbox.json`; `control` is the base URL of the control port."""

    control: str
    control_token: str = field(repr=False)
    partners: Mapping[PartnerCode, SandboxPartner]

    def address_of(self, code: PartnerCode) -> str:
        """Return the partner's base URL, or "" for a partner that the sandbox does not have."""
        return self.partners[code].address if code in self.partners else ""

    def secrets_of(self, code: PartnerCode) -> Mapping[str, str]:
        """Return the partner's secrets by name; none for a partner it does not have."""
        return self.partners[code].secrets if code in self.partners else {}


def read_state(data_dir: Path) -> SandboxState | None:
    """Return what the last sandbox of this directory wrote, or None if there was none.

    Raises `SandboxStateError`.
    """
    path = data_dir / STATE_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _from_json(document)
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        what = "delete it, then start the sandbox again with `mitra sandbox run`"
        raise SandboxStateError(f"{path} is damaged ({exc!r}): {what}") from exc


def write_state(data_dir: Path, state: SandboxState) -> None:
    """Replace `sandbox.json` at once, readable by its owner alone."""
    data_dir.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=data_dir, prefix=f"{STATE_FILE}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_to_json(state), file, indent=2)
        Path(name).replace(data_dir / STATE_FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _from_json(document: Mapping[str, Any]) -> SandboxState:
    return SandboxState(
        control=document["control"],
        control_token=document["control_token"],
        partners={
            PartnerCode(code): SandboxPartner(row["address"], dict(row["secrets"]))
            for code, row in document["partners"].items()
        },
    )


def _to_json(state: SandboxState) -> dict[str, Any]:
    return {
        "control": state.control,
        "control_token": state.control_token,
        "partners": {
            code: {"address": partner.address, "secrets": dict(partner.secrets)}
            for code, partner in state.partners.items()
        },
    }

"""Starts a new adapter from `_template`: code, recorded payloads, contract page, entry point."""

import re
from importlib.resources import as_file, files
from pathlib import Path

TEMPLATE_ID, TEMPLATE_NAME = "my_partner", "My Partner"

_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
_ENTRY_POINTS = '[project.entry-points."mitra.adapters"]'
_NEXT = """\
adapters/my_partner is an adapter that already passes the conformance suite.

Next:
  1. make setup                                   installs its entry point
  2. make test ARGS="tests/contract -k my_partner"
  3. docs/partners/my_partner.md                  write down what the partner's API really says
  4. tests/contract/payloads/my_partner           put an answer of theirs in place of the sample
  5. adapters/my_partner/mapping.py               translate it, until step 2 passes again
  6. add "adapters.my_partner" to the contract "Partners never know each other" in pyproject.toml
  7. describe the partner in a partners file      docs/partners/README.md, then `mitra sync`
"""


class ScaffoldError(ValueError):
    """No adapter can be started here; the message says why and what to do."""


def create_adapter(adapter_id: str, folder: Path) -> str:
    """Write a new adapter into `folder`, a checkout's `adapters`; return what to do next.

    Raises `ScaffoldError`; nothing is written then.
    """
    _check(adapter_id, folder)
    root = folder.parent
    targets = {
        "": folder / adapter_id,
        "payloads": root / "tests" / "contract" / "payloads" / adapter_id,
        "contract.md": root / "docs" / "partners" / f"{adapter_id}.md",
    }
    with as_file(files("adapters") / "_template") as template:
        for source in sorted(template.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                _copy(source, _target(source.relative_to(template), targets), adapter_id)
    _declare(root / "pyproject.toml", adapter_id)
    return _named(_NEXT, adapter_id)


def _check(adapter_id: str, folder: Path) -> None:
    if not _ID.fullmatch(adapter_id):
        raise ScaffoldError(
            f"{adapter_id!r} is no id: use lower case letters, digits and underscores, 2 to 40 long"
        )
    if not (folder / "base.py").is_file():
        raise ScaffoldError(f"{folder} is not the adapters of a checkout: run this in its root")
    for taken in (folder / adapter_id, folder / f"{adapter_id}.py"):
        if taken.exists():
            raise ScaffoldError(f"{taken} is there already: choose another id")


def _target(path: Path, targets: dict[str, Path]) -> Path:
    """Return where a file of the template goes."""
    top = path.parts[0]
    if top not in targets:
        return targets[""] / path
    return targets[top].joinpath(*path.parts[1:])


def _copy(source: Path, target: Path, adapter_id: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_named(source.read_text(encoding="utf-8"), adapter_id), encoding="utf-8")


def _named(text: str, adapter_id: str) -> str:
    name = adapter_id.replace("_", " ").title()
    return text.replace(TEMPLATE_ID, adapter_id).replace(TEMPLATE_NAME, name)


def _declare(pyproject: Path, adapter_id: str) -> None:
    """Add the entry point to the distribution's table, in alphabetical order."""
    before, table, after = pyproject.read_text(encoding="utf-8").partition(_ENTRY_POINTS + "\n")
    entries, blank, rest = after.partition("\n\n")
    line = f'{adapter_id} = "adapters.{adapter_id}"'
    declared = "\n".join(sorted({*entries.splitlines(), line}))
    pyproject.write_text(before + table + declared + blank + rest, encoding="utf-8")

"""House rules, with the reason in the message."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["gateway", "adapters", "schema"]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607 - found on the PATH, like make
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines()]


@pytest.mark.parametrize("name", PACKAGES)
def test_the_imported_package_is_ours(name):
    origin = importlib.import_module(name).__file__

    assert origin is not None
    assert Path(origin).is_relative_to(ROOT), f"another distribution's {name!r} is in the way"


@pytest.mark.parametrize(
    "path",
    [p.relative_to(ROOT) for name in PACKAGES for p in sorted((ROOT / name).rglob("*.py"))],
    ids=str,
)
def test_no_module_is_named_after_nothing(path):
    forbidden = {"utils.py", "helpers.py", "common.py", "misc.py"}

    assert path.name not in forbidden, "a module is named after what lives there"
    assert "manager" not in path.name, "say what it does"


def test_no_test_takes_its_tools_from_another_test():
    taking = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for module in re.findall(
            r"^from (tests\.\S*\btest_\w+) import", path.read_text(), re.MULTILINE
        )
    ]

    assert taking == [], "put what two of them need into a module beside them"


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_pins_have_hashes_and_no_addresses(name):
    text = (ROOT / "requirements" / name).read_text()
    pins = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]

    assert "://" not in text, "an address works in one place only"
    assert all("==" in line for line in pins)
    assert text.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize("folder", ["gateway/web/explorer", "tests/clients"])
def test_a_lock_of_npm_packages_has_integrity_and_no_addresses(folder):
    text = (ROOT / folder / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]

    assert "://" not in text, "run `node strip-lock.mjs`"
    assert all(entry.get("integrity") for path, entry in packages.items() if path)


def test_no_bundle_and_no_database_is_committed():
    forbidden = {".min.js", ".sqlite3", ".whl", ".key"}

    assert [p for p in tracked_files() if set(p.suffixes) & forbidden] == []
    assert [p for p in tracked_files() if "node_modules" in p.parts or "static" in p.parts] == []


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()

    unlisted = [p.name for p in folder.glob("0*.md") if p.name not in index]
    assert unlisted == [], "docs/decisions/README.md lists every decision"


def test_every_link_between_documents_leads_somewhere():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text())
        if "://" not in link and not (document.parent / link).exists()
    ]

    assert broken == []

"""A new adapter works at once."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import adapters
from adapters import registry
from adapters.scaffold import ScaffoldError, create_adapter
from adapters.testing import checks_for, load_case

ROOT = Path(__file__).parents[2]
ID = "kelas_baru"
PYPROJECT = """\
[project.entry-points."mitra.adapters"]
feed = "adapters.feed"
tokopedia = "adapters.tokopedia"

[tool.ruff]
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout that has an empty `adapters`."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "base.py").touch()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return tmp_path


@pytest.fixture
def new_adapter(checkout, monkeypatch):
    """The case of an adapter that was just created and installed."""
    create_adapter(ID, checkout / "adapters")
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(checkout / "adapters")])
    point = EntryPoint(ID, f"adapters.{ID}", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: (point,))
    registry.installed.cache_clear()
    yield load_case(checkout / "tests" / "contract" / "payloads" / ID)
    registry.installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"adapters.{ID}")]:
        del sys.modules[name]


@pytest.mark.anyio
async def test_a_new_adapter_passes_the_conformance_suite(new_adapter):
    assert registry.broken_adapters() == {}
    for check in checks_for(new_adapter):
        await check(new_adapter)


def test_a_new_adapter_is_declared_in_order(checkout):
    create_adapter(ID, checkout / "adapters")

    document = tomllib.loads((checkout / "pyproject.toml").read_text())
    entries = document["project"]["entry-points"]["mitra.adapters"]
    assert entries[ID] == f"adapters.{ID}"
    assert list(entries) == sorted(entries)
    assert "ruff" in document["tool"]


def test_a_new_adapter_has_its_name_everywhere(checkout):
    told = create_adapter(ID, checkout / "adapters")

    written = [file for file in checkout.rglob("*") if file.is_file()]
    text = "\n".join(file.read_text() for file in written) + told
    assert (checkout / "docs" / "partners" / f"{ID}.md") in written
    assert "my_partner" not in text
    assert "My Partner" not in text
    assert "Kelas Baru" in text


def test_the_template_keeps_to_the_style(checkout):
    create_adapter(ID, checkout / "adapters")
    folder = checkout / "adapters" / ID

    for arguments in (["check", "--no-cache"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--config", ROOT / "pyproject.toml"]
        result = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("bad", ["", "X", "9lives", "my-partner", "../evil", "a" * 41])
def test_an_impossible_id_is_refused(checkout, bad):
    with pytest.raises(ScaffoldError, match="is no id"):
        create_adapter(bad, checkout / "adapters")


def test_what_exists_is_not_overwritten(checkout):
    create_adapter(ID, checkout / "adapters")

    with pytest.raises(ScaffoldError, match="is there already"):
        create_adapter(ID, checkout / "adapters")


def test_a_module_of_the_kit_is_not_shadowed(checkout):
    with pytest.raises(ScaffoldError, match="is there already"):
        create_adapter("base", checkout / "adapters")


def test_elsewhere_than_in_a_checkout_nothing_is_written(tmp_path):
    with pytest.raises(ScaffoldError, match="run this in its root"):
        create_adapter(ID, tmp_path)

    assert list(tmp_path.iterdir()) == []

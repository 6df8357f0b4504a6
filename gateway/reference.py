"""Writes the parts of the documents that the code knows best: tables and the SDL.

`python -m gateway.reference` rewrites what stands between a pair of markers
`<!-- generated: NAME -->` and `<!-- end -->`; with `--check` it only reports what is
out of date, for CI.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from os.path import relpath
from pathlib import Path

from adapters.registry import manifests
from adapters.sandbox.faults.kinds import Fault as SandboxFault
from adapters.sandbox.faults.outcomes import Expected
from adapters.sandbox.faults.registry import FAULTS
from adapters.sandbox.secrets import SECRET_NAMES
from gateway.execution.limits import DEFAULT_LIMITS, MEANINGS
from gateway.openapi.document import to_text
from gateway.partner_api.faults import Fault
from gateway.partners.config import load_partners
from gateway.partners.sandbox import SANDBOX_PARTNERS
from gateway.settings import Settings
from gateway.telemetry import REGISTRY
from gateway.web.refusals import EnvelopeCode
from schema.build import export_sdl
from schema.costs import ASSUMED_LENGTHS, WEIGHTS
from schema.error_table import ERRORS
from schema.model.enrolment import TRANSITIONS

ROOT = Path(__file__).parents[1]
SDL = ROOT / "schema" / "schema.graphql"
OPENAPI = ROOT / "docs" / "partners" / "openapi.json"
_SECTION = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def to_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def settings_table() -> str:
    """Return every setting with its default."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "none" if default in (None, ()) else f"`{to_environment(default)}`"
        rows.append((f"`MITRA_{name.upper()}`", shown, field.description or ""))
    return to_table(("variable", "default", "meaning"), rows)


def to_environment(value: object) -> str:
    """Return a setting's value as one writes it in the environment."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def metrics_table() -> str:
    """Return every metric with its labels."""
    rows = []
    for metric in REGISTRY.collect():
        source = REGISTRY._names_to_collectors[metric.name]  # noqa: SLF001 - no public way
        labels = ", ".join(f"`{label}`" for label in getattr(source, "_labelnames", ())) or "none"
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        rows.append((f"`{name}`", metric.type, labels, metric.documentation))
    return to_table(("metric", "type", "labels", "meaning"), sorted(rows))


def partners_table(document: Path) -> str:
    """Return the partners of the built-in list, with links that work from `document`."""
    known = {manifest.id: manifest for manifest in manifests()}
    rows = []
    for config in load_partners([SANDBOX_PARTNERS]):
        manifest = known[config.adapter]
        page = relpath(ROOT / "docs" / "partners" / f"{config.code}.md", document.parent)
        kind = config.partner.kind.lower().replace("_", " ")
        rows.append(
            (
                f"[`{config.code}`]({page})",
                config.partner.name,
                kind,
                f"`{config.adapter}`",
                manifest.contract,
            )
        )
    return to_table(("code", "partner", "kind", "adapter", "contract"), rows)


def errors_table() -> str:
    """Return every error code of the GraphQL API."""
    rows = ((f"`{code}`", told.when, told.next, told.status) for code, told in ERRORS.items())
    return to_table(("code", "when", "what to do", "HTTP status"), rows)


def limits_table() -> str:
    """Return how much one document may ask for."""
    rows = ((str(getattr(DEFAULT_LIMITS, name)), means) for name, means in MEANINGS.items())
    return to_table(("at most", "of what"), rows)


def prices_table() -> str:
    """Return what is assumed of lists, and which fields cost more than a point."""
    lengths = ((f"`{name}`", f"{length} entries") for name, length in ASSUMED_LENGTHS.items())
    weights = ((f"`{name}`", f"{weight} points") for name, weight in WEIGHTS.items())
    return to_table(("field", "counts as"), (*lengths, *weights))


def transitions_table() -> str:
    """Return the statuses of an enrolment and where each may lead."""
    rows = (
        (f"`{before}`", ", ".join(f"`{s}`" for s in sorted(after)) or "none")
        for before, after in TRANSITIONS.items()
    )
    return to_table(("status", "may become"), rows)


def faults_table() -> str:
    """Return what the partner API answers when it does not do what is asked."""
    rows = ((f"`{fault.code}`", str(fault.status), fault.message) for fault in Fault)
    return to_table(("code", "HTTP", "meaning"), rows)


def known_faults_table() -> str:
    """Return every fault that a sandbox partner can be told to have."""
    rows = ((fault.id, f"`{fault.name}`", fault.does) for fault in FAULTS)
    return to_table(("", "fault", "the partner"), rows)


def fault_matrix(expected: Callable[[SandboxFault, str], Expected | None]) -> str:
    """Return what must come of each fault at each partner, of those that have any."""
    rows = []
    for fault in FAULTS:
        cells = [expected(fault, code) for code in SECRET_NAMES]
        if any(cells):
            rows.append((fault.id, f"`{fault.name}`", *(cell or "-" for cell in cells)))
    return to_table(("", "fault", *(f"`{code}`" for code in SECRET_NAMES)), rows)


def envelope_table() -> str:
    """Return why a request to `/graphql` is turned away before GraphQL looks at it."""
    rows = ((f"`{code.name}`", str(code.status), code.meaning) for code in EnvelopeCode)
    return to_table(("code", "HTTP", "meaning"), rows)


SECTIONS: dict[str, Callable[[Path], str]] = {
    "settings": lambda _: settings_table(),
    "metrics": lambda _: metrics_table(),
    "partners": partners_table,
    "faults": lambda _: faults_table(),
    "envelope": lambda _: envelope_table(),
    "transitions": lambda _: transitions_table(),
    "errors": lambda _: errors_table(),
    "limits": lambda _: limits_table(),
    "prices": lambda _: prices_table(),
    "known_faults": lambda _: known_faults_table(),
    "reading_under_faults": lambda _: fault_matrix(SandboxFault.reading),
    "enrolling_under_faults": lambda _: fault_matrix(SandboxFault.enrolling),
}


def render(document: Path) -> str:
    """Return the text of `document` with every generated section written anew."""

    def fill(match: re.Match[str]) -> str:
        return match[1] + SECTIONS[match["name"]](document) + match[3]

    return _SECTION.sub(fill, document.read_text(encoding="utf-8"))


def wanted_files() -> dict[Path, str]:
    """Return every file with generated parts, as it should be."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    files = {path: render(path) for path in documents}
    files[SDL] = export_sdl()
    files[OPENAPI] = to_text()
    return files


def main(arguments: Sequence[str]) -> int:
    """Write what is out of date, or with `--check` name it and fail."""
    stale = [
        (path, text)
        for path, text in wanted_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    is_check = "--check" in arguments
    for path, text in stale:
        if not is_check:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'out of date' if is_check else 'written'}: {path.relative_to(ROOT)}\n")
    if is_check and stale:
        sys.stdout.write("run `make docs` and commit what it writes\n")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

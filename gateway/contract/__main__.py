"""Checks the schema as built against what clients rely on; part of `make lint`.

`python -m gateway.contract` fails if a client of the last release would break; with `--release`
it also makes today's SDL the released one (`schema/released.graphql`).
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, Visitor, build_schema, parse, print_ast, visit

from gateway.clock import utc_now
from gateway.contract.changes import Verdict, judge
from gateway.contract.registered import ROOT, load_registered
from schema.build import export_sdl

RELEASED = Path("schema", "released.graphql")


class _Undescribed(Visitor):
    """Leaves descriptions out: they may change at any time."""

    def enter(self, node: Any, *_: Any) -> Any:
        """Put a node without its description in its place."""
        described = getattr(node, "description", None) is not None
        return replace(node, description=None) if described else None


def to_released(sdl: str) -> str:
    """Return the SDL as it is kept for comparison: names, types and deprecations."""
    return print_ast(visit(parse(sdl), _Undescribed())) + "\n"


def check(root: Path, built: GraphQLSchema, today: date) -> Verdict:
    """Return what the clients known in `root` would say of `built`."""
    released = build_schema((root / RELEASED).read_text(encoding="utf-8"))
    operations, bad_rows = load_registered(root)
    verdict = judge(released, built, operations, today)
    return Verdict([*map(str, bad_rows), *verdict.refused], verdict.told)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Say what would break, and with `--release` move on if nothing does."""
    sdl = export_sdl()
    verdict = check(root, build_schema(sdl), utc_now().date())
    for sentence in verdict.told:
        sys.stdout.write(f"note: {sentence}\n")
    for sentence in verdict.refused:
        sys.stdout.write(f"breaks clients: {sentence}\n")
    if verdict.refused:
        return 1
    if "--release" in arguments:
        (root / RELEASED).write_text(to_released(sdl), encoding="utf-8")
        sys.stdout.write(f"written: {RELEASED}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The explorer: GraphiQL with ready operations, served from this host alone.

`src/` is bundled into `static/` at set-up, when Node is there (`make explorer`).
Without the bundle the page says what is missing and how to get it.
"""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
STATIC = HERE / "static"

# Monaco measures itself through inline styles; everything else comes from this host.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mitra · GraphQL explorer</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/explorer/explorer.css">
</head>
<body>
<div id="explorer">Loading the explorer …</div>
<script type="application/json" id="ready-operations">{operations}</script>
<script src="/explorer/explorer.js"></script>
</body>
</html>
"""

_MISSING = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Mitra · explorer not built</title></head>
<body>
<h1>The explorer has not been built</h1>
<p>Its page is bundled from npm packages at set-up, and Node was not there. Install Node 20 or
newer, run <code>make explorer</code> and load this page again.</p>
<p>The API itself is up. Ask it with any GraphQL client, or so:</p>
<pre>{example}</pre>
<p>The schema is at <a href="/schema.graphql">/schema.graphql</a>.</p>
</body>
</html>
"""

_EXAMPLE = """curl {address}/graphql -H 'Content-Type: application/json' \\
  -d '{{"query":"{{ courses(first: 3) {{ totalCount nodes {{ title }} }} }}"}}'"""


@dataclass(frozen=True, slots=True)
class ReadyOperation:
    """One tab of the explorer; the text is `operations/<name>.graphql`."""

    name: str
    variables: Mapping[str, object]
    headers: Mapping[str, str]

    def as_tab(self) -> dict[str, str]:
        """Return the tab as GraphiQL wants it."""
        text = (HERE / "operations" / f"{self.name}.graphql").read_text(encoding="utf-8")
        tab = {"query": text, "variables": json.dumps(self.variables, indent=2)}
        if self.headers:
            tab["headers"] = json.dumps(self.headers, indent=2)
        return tab


def is_built() -> bool:
    """Return whether set-up has bundled the explorer."""
    return (STATIC / "explorer.js").is_file()


def to_page(operations: Sequence[ReadyOperation], address: str) -> str:
    """Return the explorer's HTML, or the page that says what is missing."""
    if not is_built():
        return _MISSING.format(example=html.escape(_EXAMPLE.format(address=address)))
    tabs = json.dumps([operation.as_tab() for operation in operations])
    return _PAGE.format(operations=tabs.replace("<", "\\u003c"))

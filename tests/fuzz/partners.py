"""Random calls of everything that partners can call, made from our own OpenAPI by schemathesis.

Half of the calls are as described and half are not; all but some carry a good signature, so that
they get past the door.  `make fuzz-partners` makes 2,000 of them:

    python -m tests.fuzz.partners --cases 2000
"""

import argparse
import asyncio
import hashlib
import json
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from gateway.asgi import create_app
from gateway.clock import utc_now
from gateway.keyrings import build_partner_api_keyring
from gateway.openapi.document import PATH as OPENAPI
from gateway.partner_api.endpoint import BASE
from gateway.partner_api.partner_keys import PartnerKeys
from gateway.partner_api.signature import sign
from gateway.partner_api.vault import Vault
from gateway.partners.config import load_partners
from gateway.push.endpoint import NDJSON
from gateway.push.endpoint import PATH as PUSH
from gateway.settings import Profile, Settings
from gateway.storage.engine import Database, database_url
from gateway.webhooks import signing
from gateway.webhooks.partner_secrets import PartnerSecrets
from schema.model.values import PartnerCode
from tests.servers import free_port

TOKO = PartnerCode("toko")
PARTNERS = """
[[partner]]
code = "toko"
name = "Toko Belajar"
kind = "MARKETPLACE"
adapter = "push"
"""
# Not looked for: requests that are right are refused where there is nothing that they are about
# (positive_data_acceptance), and what is not quite right is understood where the public documents
# contradict themselves, and is put into quarantine row by row (negative_data_rejection).
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "missing_required_header",
)


@schemathesis.serializer(NDJSON)
def _to_lines(_context: Any, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    rows = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@schemathesis.deserializer(NDJSON)
def _from_lines(_context: Any, response: Any) -> list[Any]:
    return [orjson.loads(line) for line in response.content.splitlines()]


@dataclass(frozen=True)
class Signer(AuthBase):
    """Signs requests as they are sent."""

    client_code: str
    sign_key: str
    secret: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        path = str(request.path_url)
        if path.startswith(BASE):
            request.headers.update(self._official(request, path.partition("?")[0], raw))
        elif path.startswith(PUSH):
            digest = f"sha-256=:{b64encode(hashlib.sha256(raw).digest()).decode()}:"
            request.headers.update(self._official(request, path, digest.encode()))
            request.headers["content-digest"] = digest
        else:
            request.headers.update(self._hook(raw))
        return request

    def _official(
        self, request: requests.PreparedRequest, path: str, body: bytes
    ) -> dict[str, str]:
        stamp = str(int(time.time()))
        given = request.headers.get("authorization", b"") if path.startswith(BASE) else b""
        authorization = given.encode("latin-1") if isinstance(given, str) else given
        text = f"{self.client_code}{stamp}{request.method}{path}".encode() + authorization + body
        signature = sign(self.sign_key, text)
        return {"client_code": self.client_code, "timestamp": stamp, "signature": signature}

    def _hook(self, body: bytes) -> dict[str, str]:
        name, now = f"msg_{time.time_ns()}", datetime.now(UTC)
        try:
            signature = signing.sign(self.secret, name, now, body)
        except UnicodeDecodeError:
            signature = "v1,"
        stamp = str(int(now.timestamp()))
        return {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}


@contextmanager
def served() -> Iterator[tuple[str, Signer]]:
    """Run a gateway with one partner that may do everything; give its address and the partner."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "partners.toml"
        file.write_text(PARTNERS)
        wanted = Settings(
            profile=Profile.DEVELOPMENT,
            data_dir=Path(folder),
            partners=(file,),
            background=False,
            port=free_port(),
        )
        config = uvicorn.Config(create_app(wanted), port=wanted.port, log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            _wait_for(lambda: server.started)
            yield f"http://127.0.0.1:{wanted.port}", asyncio.run(_make_keys(wanted))
        finally:
            server.should_exit = True
            thread.join()


async def _make_keys(wanted: Settings) -> Signer:
    vault = Vault(build_partner_api_keyring(wanted))
    known = {each.code: each.partner for each in load_partners(wanted.partners)}
    ledger = Database(database_url(None, wanted.data_dir, "ledger"), "ledger")
    try:
        key = await PartnerKeys(ledger, vault, known, utc_now).make(TOKO, None, "fuzz")
        made = await PartnerSecrets(ledger, vault, known, utc_now).make(TOKO, "fuzz")
    finally:
        ledger.close()
    return Signer(key.entry.client_code, key.sign_key, made.secret)


def _wait_for(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > ends_at:
            raise TimeoutError
        time.sleep(0.05)


@dataclass
class Findings:
    """How many calls were made, what was answered, and what was not as described."""

    calls: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def fuzz(cases: int, number: int = 20200411) -> Findings:
    """Make about so many calls; `number` makes them the same ones again."""
    load_all_checks()
    checks = CHECKS.get_by_names(CHECKED)
    found = Findings()
    with served() as (address, signer):
        described = schemathesis.openapi.from_url(address + OPENAPI)
        operations = [each.ok() for each in described.get_all_operations()]
        each = max(cases // (2 * len(operations)), 1) + 1
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _fuzz_one(operation, mode, each, (found, signer, checks, number))
    return found


def _fuzz_one(operation: Any, mode: GenerationMode, cases: int, context: Any) -> None:
    found, signer, checks, number = context
    more = {"path_parameters": {"partner": TOKO}} if "{partner}" in operation.path else {}

    @seed(number)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, **more))
    def check(case: Any) -> None:
        auth = None if found.calls % 8 == 0 else signer
        response = case.call(auth=auth, timeout=30)
        found.calls += 1
        found.statuses[f"{operation.label} {response.status_code}"] += 1
        try:
            case.validate_response(response, checks=checks)
        except Exception as exc:  # noqa: BLE001 - every finding is kept, and the rest is looked at
            found.faults.append(f"{operation.label}: {exc}")

    try:
        check()
    except Exception as exc:  # noqa: BLE001 - such as no case that fits
        if type(exc).__name__ not in ("Unsatisfiable", "SkipTest"):
            found.faults.append(f"{operation.label} {mode}: {exc!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--number", type=int, default=20200411)
    told = parser.parse_args()
    found = fuzz(told.cases, told.number)
    lines = [f"{count:>6}  {name}" for name, count in sorted(found.statuses.items())]
    lines += [*found.faults, f"{found.calls} calls, {len(found.faults)} findings"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())

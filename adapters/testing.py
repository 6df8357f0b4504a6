"""The conformance suite: what every adapter must do, ours and outsiders'.

A *case* is a folder that shows one partner's answer and says what it means;
`adapters/recorded.py` tells its form.  Run every check over it, with pytest and anyio:

```python
CASE = load_case(Path(__file__).parent / "payloads" / "my_partner")

@pytest.mark.anyio
@pytest.mark.parametrize("check", checks_for(CASE), ids=lambda check: check.__name__)
async def test_my_adapter(check):
    await check(CASE)
```

`fault_checks_for(CASE)` are its second half, run in the same way: over real HTTP the recorded
partner hangs, drips, floods, lies and breaks off, as `adapters/fault_checks.py` tells.
"""

from adapters.base import Capability
from adapters.catalogue_checks import CATALOGUE_CHECKS, passes_on_not_modified
from adapters.check_pieces import Check, NonconformingError
from adapters.enrolment_checks import ENROLMENT_CHECKS, understands_a_recorded_receipt
from adapters.fault_checks import MishandledFaultError, fault_checks_for
from adapters.quote_checks import QUOTE_CHECKS
from adapters.recorded import Case, load_case, load_cases
from adapters.statement_checks import STATEMENT_CHECKS

__all__ = [
    "Case", "Check", "MishandledFaultError", "NonconformingError", "checks_for",
    "fault_checks_for", "load_case", "load_cases",
]  # fmt: skip


def checks_for(case: Case) -> list[Check]:
    """Return the checks that apply to a case, by its adapter's capabilities and what it shows."""
    checks: list[Check] = []
    if Capability.CATALOGUE in case.capabilities:
        checks += CATALOGUE_CHECKS
        if "ETag" in case.headers:
            checks.append(passes_on_not_modified)
    if Capability.ENROLMENT in case.capabilities:
        checks += ENROLMENT_CHECKS
        if case.receipt is not None:
            checks.append(understands_a_recorded_receipt)
    if Capability.STATEMENT in case.capabilities:
        checks += STATEMENT_CHECKS
    if Capability.QUOTE in case.capabilities:
        checks += QUOTE_CHECKS
    return checks

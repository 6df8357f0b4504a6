"""What is known of one request to `/graphql` while it is being answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

from starlette.requests import Request
from starlette.types import Scope

from gateway.execution.at_hand import Kept
from gateway.execution.buckets import Allowance
from gateway.execution.engine import Prepared
from gateway.execution.publicity import PublicQuestion
from gateway.telemetry.observed import Observed
from gateway.web.negotiation import Media, is_named
from schema.model.viewer import ANONYMOUS, Viewer

_KEPT = "mitra.kept"


@dataclass(frozen=True, slots=True)
class Known:
    """What its document says of a question; nothing of who asks."""

    kind: str
    name: str | None = None
    cost: int = 0
    public: PublicQuestion | None = None

    @classmethod
    def of(cls, prepared: Prepared, public: PublicQuestion | None = None) -> "Known":
        """Return what is known of a question that may be run."""
        return cls(prepared.kind.value, prepared.name, prepared.cost, public)


class _Timed:
    """Measures a block; a class of its own, as a generator takes three times as long."""

    __slots__ = ("_part", "_parts", "_started")

    def __init__(self, parts: dict[str, float], part: str) -> None:
        self._parts = parts
        self._part = part

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(self, *_: object) -> None:
        seconds = perf_counter() - self._started
        self._parts[self._part] = self._parts.get(self._part, 0.0) + seconds


@dataclass(slots=True)
class Exchange:
    """One request, and what its answer will say of itself."""

    request: Request
    method: str = field(init=False)
    headers: Mapping[str, str] = field(init=False)  # those of one name joined by commas
    seen: Observed = field(default_factory=Observed)
    media: Media = Media.JSON
    viewer: Viewer = ANONYMOUS
    allowance: Allowance | None = None  # what who asks may still spend
    is_public: bool = False  # its answer is the same for everybody
    kept: Kept | None = None  # which is at hand, if it is
    parts: dict[str, float] = field(default_factory=dict)  # seconds that each took
    started: float = field(default_factory=perf_counter)

    def __post_init__(self) -> None:
        """Read what is asked for often."""
        self.method = self.request.scope["method"]
        self.headers = _joined(self.request.scope["headers"])

    @property
    def wants_cost(self) -> bool:
        """Whether the client wants to read what its question costs."""
        return self.headers.get("graphql-cost") == "1"

    @property
    def takes_events(self) -> bool:
        """Whether the client could be answered by a stream, whatever it likes best."""
        return is_named(Media.EVENTS, self.headers.get("accept"))

    @property
    def is_for_caches(self) -> bool:
        """Whether caches may keep the answer: it is public, and nobody asked in a name."""
        is_from_nobody = self.viewer == ANONYMOUS and self.method == "GET"
        return self.is_public and is_from_nobody

    def timed(self, part: str) -> "_Timed":
        """Measure one part."""
        return _Timed(self.parts, part)

    def tell(self, known: Known) -> None:
        """Tell those who look on which question it is."""
        self.seen.name, self.seen.kind, self.seen.cost = known.name, known.kind, known.cost

    def give_again(self, kept: Kept | None) -> None:
        """Tell those who look on which answer at hand may be given again."""
        self.kept = self.request.scope[_KEPT] = kept

    def refuse(self, allowance: Allowance | None = None) -> None:
        """Tell those who look on that nothing was run; for anybody, its answer is not."""
        self.seen.is_refused = True
        self.is_public = False
        self.allowance = allowance or self.allowance

    def server_timing(self) -> str:
        """Return the value of `Server-Timing`, in milliseconds."""
        parts = {**self.parts, "total": perf_counter() - self.started}
        return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in parts.items())


def kept_of(scope: Scope) -> Kept | None:
    """Return the answer that was sent, if it may be given again."""
    return scope.get(_KEPT)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Return headers by name: of several with one name, which counts would be ambiguous."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined

"""C1 to C6, C15, C16, C24: partners that cannot be reached, or whose lines break."""

from adapters.sandbox.faults import answers, wire
from adapters.sandbox.faults.kinds import Fault, Port
from adapters.sandbox.faults.outcomes import DOWN, LOST, NONSENSE, PAGELESS, Expected

UNREACHABLE = (
    Fault("C1", "refuse", "refuses connections", port=Port.CLOSED, **DOWN),
    Fault(
        "C1", "no_name", "its host name does not exist", host="http://no-such-host.invalid", **DOWN
    ),
    Fault("C1", "tls_expired", "its certificate has expired", port=Port.TLS_EXPIRED, **DOWN),
    Fault(
        "C1",
        "tls_wrong_host",
        "its certificate is of another host",
        port=Port.TLS_WRONG_HOST,
        **DOWN,
    ),
    Fault(
        "C1",
        "tls_unknown_authority",
        "nobody we trust vouches for its certificate",
        port=Port.TLS_UNKNOWN_AUTHORITY,
        **DOWN,
    ),
    Fault("C1", "tls_old", "speaks TLS 1.0 only", port=Port.TLS_OLD, **DOWN),
)
WIRE = (
    Fault("C2", "hang", "accepts, and never answers", wire.hang, is_slow=True, **LOST),
    Fault("C3", "drip", "answers a byte every so many seconds", wire.drip, is_slow=True, **LOST),
    Fault(
        "C3", "drip_header", "answers even its header so", wire.drip_header, is_slow=True, **LOST
    ),
    Fault("C4", "endless", "a list that does not end", wire.never_end, **NONSENSE),
    Fault("C4", "endless_lines", "lines that do not end", wire.never_end_lines, **NONSENSE),
    Fault("C5", "gzip_bomb", "97 kB of gzip that unpack to 100 MB", answers.send_bomb, **NONSENSE),
    Fault(
        "C5",
        "gzip_twice",
        "gzip inside gzip, under the label of both",
        answers.encoding("gzip, gzip", answers.gzip_twice),
        **NONSENSE,
    ),
    Fault(
        "C5",
        "gzip_hidden",
        "gzip inside gzip, under the label of one",
        answers.encoding("gzip", answers.gzip_twice),
        **NONSENSE,
    ),
    Fault(
        "C5",
        "gzip_lie",
        "plain text under the label of gzip",
        answers.encoding("gzip", answers.unchanged),
        **NONSENSE,
    ),
    Fault(
        "C5",
        "brotli_lie",
        "plain text under the label of brotli",
        answers.encoding("br", answers.unchanged),
        **NONSENSE,
    ),
    Fault(
        "C5",
        "zstd_lie",
        "plain text under the label of zstd",
        answers.encoding("zstd", answers.unchanged),
        **NONSENSE,
    ),
    Fault(
        "C5",
        "deflate_lie",
        "plain text under the label of deflate",
        answers.encoding("deflate", answers.unchanged),
        **NONSENSE,
    ),
    Fault(
        "C6", "claim_more", "half of the answer under the length of all", wire.claim_more, **LOST
    ),
    Fault(
        "C6",
        "claim_less",
        "all of the answer under half of its length",
        wire.claim_less,
        unlike=PAGELESS,
        **NONSENSE,
    ),
    Fault(
        "C6",
        "half_page",
        "half of the answer, as if it were all",
        answers.cut_body,
        unlike=PAGELESS,
        **NONSENSE,
    ),
    Fault("C6", "break_chunk", "a chunk without a length", wire.break_chunk, **LOST),
    Fault("C6", "cut_chunk", "chunks without the last one", wire.cut_chunk, **LOST),
    Fault("C6", "garbage", "bytes that are no HTTP", wire.send_garbage, **LOST),
    Fault("C6", "nothing", "closes without a byte", wire.send_nothing, **LOST),
    Fault("C6", "reset", "resets the connection", wire.reset, **LOST),
    Fault(
        "C15",
        "slow",
        "answers after so many seconds",
        wire.wait_then_answer,
        is_slow=True,
        seconds=2.0,
        page=Expected.UNAVAILABLE,
    ),
    Fault(
        "C16", "flap", "away for so many seconds, back for as long", wire.flap, seconds=5.0, **LOST
    ),
    Fault(
        "C24",
        "cookies",
        "sets fifty cookies",
        answers.flooding("Set-Cookie", 50, 500),
        page=Expected.READ,
        booking=Expected.BOOKED,
    ),
    Fault("C24", "go_away", "answers in HTTP/2: GOAWAY, and a reset", wire.go_away, **LOST),
    Fault(
        "C24", "many_headers", "sends 500 headers", answers.flooding("X-Flood-{}", 500, 20), **LOST
    ),
    Fault(
        "C24",
        "huge_header",
        "sends a header of 100 kB",
        answers.flooding("X-Flood-{}", 1, 100_000),
        **LOST,
    ),
)

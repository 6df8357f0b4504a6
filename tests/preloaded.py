"""All that processes of `mitra` import, imported once for those of `tests.processes`."""

import gateway.asgi
import gateway.cli
import gateway.storage.migrate  # noqa: F401 - imported to be there, as the others are
from gateway import collecting

collecting.keep()  # so that looking for garbage does not copy what they share

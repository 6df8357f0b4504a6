"""All that processes of `mitra` import, imported once for those of `tests.processes`."""

import gateway.asgi
import gateway.starting
import gateway.storage.migrate  # noqa: F401 - imported to be there, as the others are
from gateway import collecting
from gateway.cli import Mitra
from gateway.commands.lazy import imported

for where, _ in Mitra.places.values():
    imported(where)
collecting.keep()  # so that looking for garbage does not copy what they share

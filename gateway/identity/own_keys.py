"""Keys that we make ourselves, in files that only their owner can read."""

import os
import secrets
import tempfile
from pathlib import Path

KEY_BYTES = 32


def read_own_key(path: Path) -> bytes:
    """Return the key in a file; made, readable by its owner alone, on first use."""
    if not path.exists():
        _create_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is damaged: delete it, and a new key is made")
    return key


def _create_key(path: Path) -> None:
    """Make a whole key appear at once: of processes that start together, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        os.link(name, path)
    except FileExistsError:
        pass  # another process was faster: its key is the key
    finally:
        Path(name).unlink()

"""GraphQL types over the canonical records, without copies (see `schema/types/described.py`)."""

import schema.types.vocabularies  # noqa: F401 - an enum must be known before a type uses it

"""How lists are written in one environment variable."""


def split_at(separator: str, value: object) -> object:
    """Return the parts of a text; what is no text has been read already."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(separator) if part.strip())
    return value

"""How much one document may ask for.  These limits are on in every profile."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What is beyond any of these is refused before it is run."""

    bytes: int = 20_000
    tokens: int = 1_000
    depth: int = 15  # of fields; what introspection itself needs
    value_depth: int = 20  # of lists and objects within an argument
    fields: int = 1_000  # with fragments written out at each place where they are spread
    aliases: int = 30  # likewise, those of `__typename` too
    root_fields: int = 20
    mutations: int = 5
    equal_fields: int = 10  # of one response name in one selection
    directives: int = 50
    directives_per_place: int = 5
    introspection_lists: int = 2  # of types in fields of types and so on, in one another
    cost: int = 10_000
    errors: int = 20  # told of one document


DEFAULT_LIMITS = Limits()

"""What the fields of one plan are written with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from graphql import GraphQLObjectType

from gateway.execution.compiled.functions import Functions
from gateway.execution.compiled.running import Source
from gateway.execution.compiled.shortcuts import Shortcuts
from gateway.execution.compiled.sites import Site

# Writes the function that makes an object of a type, below a field; returns its name.  It is
# handed on for each field, and no part of the tools: that circle would keep all of a plan until
# a full collection.
MakeObject: TypeAlias = Callable[[Site, GraphQLObjectType], str]


@dataclass(frozen=True, slots=True)
class Tools:
    """What all fields of a plan are written with.

    `has_handlers` says that the schema turns exceptions into values, `encodes` that objects may
    be JSON already.
    """

    source: Source
    functions: Functions
    shortcuts: Shortcuts
    has_handlers: bool
    encodes: bool

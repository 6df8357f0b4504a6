"""Where policies are enforced: once, around the resolvers of root fields.

Whatever lies below a root is reached through it, so no other field costs anything.
"""

from collections.abc import Callable, Iterator
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
)
from graphql.type import is_interface_type, is_object_type

from schema.errors import ErrorCode, to_error
from schema.model.viewer import Viewer
from schema.policies import OWN, READ_ONLY, Policy, policy_of, scope_of

Resolve = Callable[..., Any]


def guard(schema: GraphQLSchema) -> None:
    """Enforce the policies of a schema.  Raises `UndeclaredPolicyError` if one has none."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    for type_name, name, _ in fields_of(schema):
        policy_of(type_name, name)
    for root in filter(None, roots):
        for name, field in root.fields.items():
            _guard_field(field, policy_of(root.name, name), f"{root.name}.{name}")


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[str, str, GraphQLField]]:
    """Give every field of every object and interface, but for those of introspection."""
    for name, kind in schema.type_map.items():
        if not name.startswith("__") and (is_object_type(kind) or is_interface_type(kind)):
            for field_name, field in kind.fields.items():
                yield name, field_name, field


def document_scope(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> str:
    """Return for whom an answer is the same: "public", "role:…", or "viewer" for one alone.

    The document must be valid.
    """
    if operation.operation is not OperationType.QUERY:
        return OWN.scope
    selected = selected_fields(schema, document, operation)
    return scope_of({policy_of(parent, node.name.value) for parent, node in selected})


def selected_fields(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Iterator[tuple[str, FieldNode]]:
    """Give every field that a valid operation selects, after the name of its type.

    Each fragment is gone through once.
    """
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    if root is not None:
        yield from _selected(schema, fragments, root, operation.selection_set, set())


def _selected(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    parent: Any,
    selected: SelectionSetNode,
    seen: set[str],
) -> Iterator[tuple[str, FieldNode]]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield parent.name, node
            field = getattr(parent, "fields", {}).get(node.name.value)
            if node.selection_set is not None and field is not None:
                below = get_named_type(field.type)
                yield from _selected(schema, fragments, below, node.selection_set, seen)
        elif isinstance(node, InlineFragmentNode):
            kind = (
                schema.get_type(node.type_condition.name.value) if node.type_condition else parent
            )
            yield from _selected(schema, fragments, kind, node.selection_set, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            spread = fragments[node.name.value]
            kind = schema.get_type(spread.type_condition.name.value)
            yield from _selected(schema, fragments, kind, spread.selection_set, seen)


def _guard_field(field: GraphQLField, policy: Policy, coordinate: str) -> None:
    if not policy.roles and not policy.changes:
        return
    if field.subscribe is not None:
        field.subscribe = _guarded(field.subscribe, policy, coordinate)
    elif field.resolve is not None:
        field.resolve = _guarded(field.resolve, policy, coordinate)


def _guarded(resolve: Resolve, policy: Policy, coordinate: str) -> Resolve:
    async def resolve_if_allowed(source: Any, info: Any, **arguments: Any) -> Any:
        viewer: Viewer = info.context.viewer
        if not policy.allows(viewer, arguments):
            if viewer.roles:
                await info.context.refusals.note(viewer, coordinate)
            raise _refusal(policy, viewer)
        found = resolve(source, info, **arguments)
        return await found if isawaitable(found) else found

    return resolve_if_allowed


def _refusal(policy: Policy, viewer: Viewer) -> Exception:
    """Return what one is told who may not ask; it says nothing of what was asked."""
    article = "an" if policy.name[0] in "aeiou" else "a"
    whose = f"{article} {policy.name}'s token"
    if not viewer.roles:
        reason = f"this needs {whose}; send it as `Authorization: Bearer …`"
        return to_error(ErrorCode.UNAUTHENTICATED, reason)
    if policy.changes and READ_ONLY in viewer.scopes:
        return to_error(ErrorCode.FORBIDDEN, "this token may only read; ask for one that may write")
    return to_error(ErrorCode.FORBIDDEN, f"this needs {whose}, and yours is not one")

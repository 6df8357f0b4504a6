// What a normalising client has to know of a schema beside its documents.
import { buildSchema, introspectionFromSchema, isObjectType } from "graphql";

export async function fetchSchema(url) {
  const answer = await fetch(new URL("/schema.graphql", url));
  return buildSchema(await answer.text());
}

// Types without an id are parts of what holds them (money, page info): no entities of their own.
export function partsOf(schema) {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith("__"))
    .filter((type) => !type.getFields().id && !roots(schema).includes(type))
    .map((type) => type.name);
}

export const introspectionOf = (schema) => introspectionFromSchema(schema, { descriptions: false });

const roots = (schema) => [
  schema.getQueryType(),
  schema.getMutationType(),
  schema.getSubscriptionType(),
];

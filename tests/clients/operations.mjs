// The operations of `operations.graphql` by name, each a document of its own.
import { readFileSync } from "node:fs";
import { Kind, parse } from "graphql";

const { definitions } = parse(
  readFileSync(new URL("operations.graphql", import.meta.url), "utf8"),
);

export const documents = Object.fromEntries(
  definitions.map((one) => [one.name.value, { kind: Kind.DOCUMENT, definitions: [one] }]),
);

export const isMutation = (name) => documents[name].definitions[0].operation === "mutation";

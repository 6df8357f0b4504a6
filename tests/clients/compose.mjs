// Composes our subgraph with that of another organisation, which adds reviews to our courses.
// node compose.mjs <our SDL> <their SDL>: prints the supergraph's public SDL, or what is wrong.
import { readFileSync } from "node:fs";
import {
  composeServices,
  compositionHasErrors,
  transformSupergraphToPublicSchema,
} from "@theguild/federation-composition";
import { parse, print } from "graphql";

const [ours, theirs] = process.argv.slice(2);
const service = (name, file) => ({
  name,
  url: `http://${name}.invalid/graphql`,
  typeDefs: parse(readFileSync(file, "utf8")),
});

const result = composeServices([service("mitra", ours), service("reviews", theirs)]);
if (compositionHasErrors(result)) {
  console.error(result.errors.map((error) => error.message).join("\n"));
  process.exit(1);
}
console.log(print(transformSupergraphToPublicSchema(parse(result.supergraphSdl))));

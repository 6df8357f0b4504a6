// Prints the TypeScript types of operations, as GraphQL Code Generator makes them:
//   node codegen.mjs SCHEMA OPERATIONS…
import { readFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescript from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const [schema, ...files] = process.argv.slice(2);
const read = (file) => parse(readFileSync(file, "utf8"));

const types = await codegen({
  filename: "types.ts",
  schema: read(schema),
  documents: files.map((file) => ({ location: file, document: read(file) })),
  // a scalar that is not named here is refused, not taken for `any`
  config: {
    strictScalars: true,
    scalars: { BigInt: "number", Date: "string", DateTime: "string" },
  },
  plugins: [{ typescript: {} }, { operations: {} }],
  pluginMap: { typescript, operations },
});
console.log(types);

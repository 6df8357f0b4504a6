// urql with its normalised cache, set up as docs/clients.md says: see journey.mjs.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";

import { PAGE, fetchAndCount, filter, headers, travel, url } from "./journey.mjs";
import { documents, isMutation } from "./operations.mjs";
import { fetchSchema, introspectionOf, partsOf } from "./schema.mjs";

const sdl = await fetchSchema(url);
const client = newClient();

function newClient() {
  const cache = cacheExchange({
    schema: introspectionOf(sdl),
    keys: Object.fromEntries(partsOf(sdl).map((name) => [name, () => null])),
    resolvers: { Query: { courses: relayPagination() } },
  });
  const exchanges = [cache, fetchExchange];
  return new Client({ url, exchanges, fetch: fetchAndCount, fetchOptions: { headers } });
}

async function pages(direction) {
  const isForward = direction === "forward";
  const reader = isForward ? client : newClient();
  const variables = { filter, [isForward ? "first" : "last"]: PAGE };
  for (;;) {
    const { edges, pageInfo } = dataOf(await reader.query(documents.Courses, variables)).courses;
    if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) {
      return edges.map((edge) => edge.node.id);
    }
    if (isForward) variables.after = pageInfo.endCursor;
    else variables.before = pageInfo.startCursor;
  }
}

async function ask(name, variables) {
  const document = documents[name];
  const asked = isMutation(name)
    ? client.mutation(document, variables)
    : client.query(document, variables, { requestPolicy: "network-only" });
  return dataOf(await asked);
}

async function recall(name, variables) {
  return client.readQuery(documents[name], variables)?.data;
}

async function watch(name) {
  let latest = dataOf(await client.query(documents[name], {}));
  client
    .query(documents[name], {}, { requestPolicy: "cache-only" })
    .subscribe((result) => (latest = result.data));
  return () => latest;
}

function dataOf({ data, error }) {
  if (error) throw error;
  return data;
}

await travel({ pages, ask, recall, watch });

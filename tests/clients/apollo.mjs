// Apollo Client with its cache, set up as docs/clients.md says: see journey.mjs.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";

import { PAGE, fetchAndCount, filter, headers, travel, url } from "./journey.mjs";
import { documents, isMutation } from "./operations.mjs";
import { fetchSchema, partsOf } from "./schema.mjs";

const parts = partsOf(await fetchSchema(url));
const client = newClient();

function newClient() {
  const typePolicies = {
    ...Object.fromEntries(parts.map((name) => [name, { merge: true }])),
    Query: { fields: { courses: relayStylePagination(["search", "filter", "sort", "maxAge"]) } },
  };
  return new ApolloClient({
    cache: new InMemoryCache({ typePolicies }),
    link: new HttpLink({ uri: url, headers, fetch: fetchAndCount }),
  });
}

async function pages(direction) {
  const isForward = direction === "forward";
  const reader = isForward ? client : newClient();
  const variables = { filter, [isForward ? "first" : "last"]: PAGE };
  const list = reader.watchQuery({ query: documents.Courses, variables });
  const watching = list.subscribe(() => {});
  let { pageInfo } = (await list.refetch()).data.courses;
  while (isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage) {
    const place = isForward ? { after: pageInfo.endCursor } : { before: pageInfo.startCursor };
    ({ pageInfo } = (await list.fetchMore({ variables: place })).data.courses);
  }
  watching.unsubscribe();
  const { courses } = reader.readQuery({ query: documents.Courses, variables });
  return courses.edges.map((edge) => edge.node.id);
}

async function ask(name, variables) {
  const document = documents[name];
  const { data } = isMutation(name)
    ? await client.mutate({ mutation: document, variables })
    : await client.query({ query: document, variables, fetchPolicy: "network-only" });
  return data;
}

async function recall(name, variables) {
  return client.readQuery({ query: documents[name], variables });
}

async function watch(name) {
  await client.query({ query: documents[name] });
  const list = client.watchQuery({ query: documents[name], fetchPolicy: "cache-only" });
  list.subscribe(() => {});
  return () => list.getCurrentResult().data;
}

await travel({ pages, ask, recall, watch });
client.stop();

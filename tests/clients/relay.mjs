// Relay's runtime and store, with what its compiler made of `relay/src`: see journey.mjs.
//   MITRA_TOKEN=… node relay.mjs URL PARTNER FOLDER     (where relay-compiler has run)
// The gateway knows the compiler's map of documents: what is sent are their ids.
import { pathToFileURL } from "node:url";
import relay from "relay-runtime";

import { PAGE, fetchAndCount, filter, headers, travel, url } from "./journey.mjs";

const folder = process.argv[4];
const client = newClient();

const OPERATIONS = {
  Courses: "Query",
  Course: "Query",
  AnyNode: "Query",
  AnyNodes: "Query",
  WholeCourse: "Query",
  Me: "Query",
  Enrolment: "Query",
  Enrol: "Mutation",
  Cancel: "Mutation",
};
const compiled = {};
for (const [name, kind] of Object.entries(OPERATIONS)) {
  const path = `${folder}/src/__generated__/Journey${name}${kind}.graphql.js`;
  compiled[name] = (await import(pathToFileURL(path))).default;
}

function newClient() {
  const network = relay.Network.create(async (request, variables) => {
    const operationName = request.name;
    const answer = await fetchAndCount(url, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify({ doc_id: request.id, variables, operationName }),
    });
    return answer.json();
  });
  const store = new relay.Store(new relay.RecordSource());
  return new relay.Environment({ network, store });
}

async function pages(direction) {
  const isForward = direction === "forward";
  const reader = isForward ? client : newClient();
  let place = { [isForward ? "first" : "last"]: PAGE };
  for (;;) {
    const variables = { filter, ...place };
    const { courses } = await relay.fetchQuery(reader, compiled.Courses, variables).toPromise();
    const { edges, pageInfo } = courses; // of all that the store has by now
    if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) {
      return edges.map((edge) => edge.node.id);
    }
    place = isForward
      ? { first: PAGE, after: pageInfo.endCursor }
      : { last: PAGE, before: pageInfo.startCursor };
  }
}

function ask(name, variables) {
  if (OPERATIONS[name] === "Query") {
    client.retain(operationOf(name, variables));
    return relay.fetchQuery(client, compiled[name], variables).toPromise();
  }
  return new Promise((onCompleted, onError) =>
    relay.commitMutation(client, { mutation: compiled[name], variables, onCompleted, onError }),
  );
}

async function recall(name, variables) {
  const operation = operationOf(name, variables);
  const isWhole = client.check(operation).status === "available";
  return isWhole ? client.lookup(operation.fragment).data : null;
}

async function watch(name) {
  await ask(name, {});
  let snapshot = client.lookup(operationOf(name, {}).fragment);
  client.subscribe(snapshot, (changed) => (snapshot = changed));
  return () => snapshot.data;
}

const operationOf = (name, variables) =>
  relay.createOperationDescriptor(compiled[name], variables);

await travel({ pages, ask, recall, watch });

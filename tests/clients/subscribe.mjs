// Follows an enrolment until it has a status, and prints each value as a line of JSON:
//   MITRA_TOKEN=… node subscribe.mjs ws|sse|explorer URL ENROLMENT STATUS
//
// Over WebSocket (graphql-ws) the token goes in `connection_init`, over SSE (graphql-sse, a
// connection for each operation; or as our explorer does it) in a header.
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { print } from "graphql";
import { WebSocket } from "ws";

import { follow } from "../../gateway/web/explorer/src/following.js";
import { documents } from "./operations.mjs";

const [transport, url, id, status] = process.argv.slice(2);
const authorization = { Authorization: `Bearer ${process.env.MITRA_TOKEN}` };

const clients = {
  ws: () =>
    createSocketClient({
      url: url.replace("http", "ws"),
      connectionParams: authorization,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    }),
  sse: () => createSseClient({ url, headers: authorization, retryAttempts: 0 }),
};

const question = { query: print(documents.Followed), variables: { id } };

function isLast(value) {
  console.log(JSON.stringify(value));
  return value.data?.enrolmentChanged.status === status;
}

if (transport === "explorer") {
  const following = follow(url, question, authorization).subscribe({
    next: (value) => isLast(value) && following.unsubscribe(),
    error: (problem) => console.error(problem),
    complete: () => {},
  });
} else {
  const client = clients[transport]();
  for await (const value of client.iterate(question)) if (isLast(value)) break;
  client.dispose();
}

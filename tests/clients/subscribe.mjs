// Follows an enrolment until it has a status, and prints each value as a line of JSON:
//   MITRA_TOKEN=… node subscribe.mjs ws|sse URL ENROLMENT STATUS
//
// Over WebSocket (graphql-ws) the token goes in `connection_init`, over SSE (graphql-sse, a
// connection for each operation) in a header.
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { print } from "graphql";
import { WebSocket } from "ws";

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

const client = clients[transport]();
const question = { query: print(documents.Followed), variables: { id } };
for await (const value of client.iterate(question)) {
  console.log(JSON.stringify(value));
  if (value.data?.enrolmentChanged.status === status) break;
}
client.dispose();

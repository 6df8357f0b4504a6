// Misuses `graphql-transport-ws` in every way that has a close code of its own, and prints which
// code each was closed with:  MITRA_TOKEN=… node misuse.mjs URL
//
// The token is an operator's: `syncProgress` goes on until its client leaves, so an id stays in use.
import { WebSocket } from "ws";

const [url] = process.argv.slice(2);
const INIT = {
  type: "connection_init",
  payload: { Authorization: `Bearer ${process.env.MITRA_TOKEN}` },
};
const SUBSCRIBE = {
  id: "1",
  type: "subscribe",
  payload: { query: "subscription { syncProgress { fetched } }" },
};

const MISUSES = {
  4400: (say) => say("not a message"),
  4401: (say) => say(SUBSCRIBE),
  4408: () => {}, // no connection_init ever
  4409: (say) => [INIT, SUBSCRIBE, SUBSCRIBE].forEach(say),
  4429: (say) => [INIT, INIT].forEach(say),
};

function closedWith(misuse, protocol = "graphql-transport-ws") {
  const socket = new WebSocket(url.replace("http", "ws"), protocol);
  socket.on("open", () => misuse((message) => socket.send(JSON.stringify(message))));
  return new Promise((resolve) => {
    socket.on("close", resolve);
    socket.on("error", () => resolve(null)); // the handshake was refused
  });
}

const codes = Object.entries(MISUSES).map(async ([expected, misuse]) => [
  expected,
  await closedWith(misuse),
]);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(codes))));

// Apollo's automatic persisted queries, hashes by GET:  node persisted.mjs URL
import { createHash } from "node:crypto";
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

import { documents } from "./operations.mjs";

const [uri] = process.argv.slice(2);
const sent = [];

function fetchAndTell(address, options) {
  const { method } = options;
  const isText = method === "POST" ? "query" in JSON.parse(options.body) : /[?&]query=/.test(address);
  sent.push({ method, text: isText });
  return fetch(address, options);
}

const hashing = new PersistedQueryLink({
  sha256: (text) => createHash("sha256").update(text).digest("hex"),
  useGETForHashedQueries: true,
});
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: hashing.concat(new HttpLink({ uri, fetch: fetchAndTell })),
});

async function ask() {
  const { data } = await client.query({
    query: documents.Courses,
    variables: { first: 3 },
    fetchPolicy: "network-only",
  });
  return data;
}

const [first, again] = [await ask(), await ask()];
client.stop();
console.log(JSON.stringify({ first, again, sent }));

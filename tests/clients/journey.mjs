// What every normalising client is made to do, and what came of it, as JSON in the last line:
//   MITRA_TOKEN=… node apollo.mjs URL PARTNER     (or urql.mjs)
//
// A client is `{ pages, ask, recall, watch }`.  `pages(direction)` walks the partner's whole list
// and returns its ids as the cache then holds them; `ask` sends an operation; `recall` answers one
// from the cache alone; `watch` returns a function that tells the latest answer without asking.
import { argv, env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export const [url, partner] = argv.slice(2);
export const headers = { Authorization: `Bearer ${env.MITRA_TOKEN}`, "GraphQL-Require-Preflight": "1" };
export const filter = { partners: [partner] };
export const PAGE = 5;

const sent = []; // the names of the operations that went over the wire
let texts = 0; // how many of them came with their text

export async function fetchAndCount(address, options = {}) {
  const asked =
    options.method === "POST"
      ? JSON.parse(options.body)
      : Object.fromEntries(new URL(address).searchParams);
  texts += asked.query === undefined ? 0 : 1;
  sent.push(asked.operationName.replace(/^Journey|(Query|Mutation)$/g, "")); // Relay’s affixes
  return fetch(address, options);
}

const warnings = [];
console.warn = console.error = (...words) => warnings.push(words.join(" "));

export async function travel(client) {
  const forward = await client.pages("forward");
  const backward = await client.pages("backward");
  const course = await readInParts(client, forward[0]);
  const statuses = await enrolAndCancel(client, forward[0]);
  console.log(JSON.stringify({ forward, backward, course, statuses, sent, texts, warnings }));
}

// The same course by four fields, a part by each: were they not one entity, none would be whole.
async function readInParts(client, id) {
  await client.ask("Course", { id });
  await client.ask("AnyNode", { id });
  await client.ask("AnyNodes", { ids: [id] });
  return {
    recalled: (await client.recall("WholeCourse", { id }))?.course,
    answered: (await client.ask("WholeCourse", { id })).course,
  };
}

// A list that is on the screen, while other operations read and change what stands in it.
async function enrolAndCancel(client, courseId) {
  const { course } = await client.ask("Course", { id: courseId });
  const wish = { offeringId: course.offerings[0].id, idempotencyKey: "the-wish" };
  const enrolled = (await client.ask("Enrol", { input: wish })).enrol;
  if (!enrolled.enrolment) throw new Error(JSON.stringify(enrolled.userErrors));
  const { id } = enrolled.enrolment;

  const shown = await client.watch("Me");
  const statusShown = () => shown().me.enrolments.nodes[0].status;
  console.log(JSON.stringify({ shown: statusShown() })); // the partner may confirm now
  await until(async () => (await client.ask("Enrolment", { id })).enrolment.status === "CONFIRMED");
  const afterReading = await settled(statusShown, "CONFIRMED");

  const input = { enrolmentId: id, idempotencyKey: "and-back" };
  const { cancelEnrolment: cancelled } = await client.ask("Cancel", { input });
  if (!cancelled.enrolment) throw new Error(JSON.stringify(cancelled.userErrors));
  const afterChanging = await settled(statusShown, cancelled.enrolment.status);
  return { afterReading, afterChanging, answered: cancelled.enrolment.status };
}

async function until(isTrue) {
  for (let tries = 0; !(await isTrue()); tries += 1) {
    if (tries > 200) throw new Error("the enrolment is not confirmed");
    await sleep(50);
  }
}

// Returns what is shown, at last `wanted`: caches tell their watchers a tick later.
async function settled(read, wanted) {
  for (let ticks = 0; read() !== wanted && ticks < 20; ticks += 1) await sleep(5);
  return read();
}

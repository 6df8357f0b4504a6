// Subscriptions as server-sent events, as an observable: what GraphiQL is told result by result.
// No client of its own, as one request is one stream.
export function follow(url, question, headers) {
  return {
    subscribe(observer) {
      const leaving = new AbortController();
      tellResults(url, question, headers, leaving.signal, observer).then(
        () => observer.complete(),
        (problem) => leaving.signal.aborted || observer.error(problem),
      );
      return { unsubscribe: () => leaving.abort() };
    },
  };
}

async function tellResults(url, question, headers, signal, observer) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, Accept: "text/event-stream", "Content-Type": "application/json" },
    body: JSON.stringify(question),
    signal,
  });
  if (!answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    observer.next(await answer.json()); // refused before there was a stream
    return;
  }
  for await (const event of eventsOf(answer.body)) {
    if (event.startsWith("event: next\n")) observer.next(JSON.parse(event.match(/^data: (.*)$/m)[1]));
  }
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(), told = ""; !read.done; read = await reader.read()) {
    const events = (told + read.value).split("\n\n");
    told = events.pop(); // of which the rest is still to come
    yield* events;
  }
}

// The explorer: GraphiQL with a few ready operations, one per tab.
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { Kind, parse } from "graphql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import "graphiql/style.css";
import "./page.css";

const workers = {
  json: "json.worker.js",
  graphql: "graphql.worker.js",
};

globalThis.MonacoEnvironment = {
  getWorker(_moduleId, label) {
    const file = workers[label] ?? "editor.worker.js";
    return new Worker(`/explorer/${file}`, { name: label });
  },
};

const root = document.getElementById("explorer");
const readyOperations = JSON.parse(document.getElementById("ready-operations").textContent);

const ask = createGraphiQLFetcher({ url: "/graphql" });

// GraphiQL names the last tab's operation for a moment after a tab was changed; a document
// with one operation needs no name.
function fetcher(question, options) {
  const operations = parse(question.query).definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  return ask(operations.length === 1 ? { ...question, operationName: undefined } : question, options);
}

createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={readyOperations}
    initialVariables={readyOperations[0].variables} // else the first tab opens without its own
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
  />,
);

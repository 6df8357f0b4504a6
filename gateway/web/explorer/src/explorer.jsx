// The explorer: GraphiQL with a few ready operations, one per tab.
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
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

createRoot(root).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: "/graphql" })}
    defaultTabs={readyOperations}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
  />,
);

// The explorer: GraphiQL with a few ready operations, one per tab.
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { getOperationAST, Kind, OperationTypeNode, parse } from "graphql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { follow } from "./following.js";
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
function withoutNeedlessName(question, document) {
  const isOperation = ({ kind }) => kind === Kind.OPERATION_DEFINITION;
  const needsName = document.definitions.filter(isOperation).length > 1;
  return needsName ? question : { ...question, operationName: undefined };
}

function fetcher(asked, options) {
  const document = parse(asked.query);
  const question = withoutNeedlessName(asked, document);
  const kind = getOperationAST(document, question.operationName)?.operation;
  return kind === OperationTypeNode.SUBSCRIPTION
    ? follow("/graphql", question, options.headers)
    : ask(question, options);
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

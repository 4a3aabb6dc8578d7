import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "~/theme/fonts.css";
import "~/theme/tokens.css";
import "~/theme/base.css";
import "~/channels/channels.css";

import { App } from "./App";
import { WordsProvider } from "./i18n";
import "./pocket.css";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <WordsProvider>
      <App />
    </WordsProvider>
  </StrictMode>,
);

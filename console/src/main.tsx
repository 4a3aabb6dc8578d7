import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { makeQueryClient, meQuery } from "./api";
import { guessLanguage, I18nProvider, loadCatalogue } from "./i18n";
import { makeRouter } from "./router";
import { ThemeProvider } from "./theme";
import "./ui";

async function start(): Promise<void> {
  const client = makeQueryClient();
  void client.prefetchQuery(meQuery);
  const language = guessLanguage();
  const catalogue = await loadCatalogue(language);
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no #root");
  createRoot(root).render(
    <StrictMode>
      <ThemeProvider>
        <I18nProvider initial={{ language, catalogue }}>
          <QueryClientProvider client={client}>
            <RouterProvider router={makeRouter()} />
          </QueryClientProvider>
        </I18nProvider>
      </ThemeProvider>
    </StrictMode>,
  );
}

void start();

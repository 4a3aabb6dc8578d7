import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { makeQueryClient, meQuery } from "./api";
import { guessLanguage, I18nProvider, speak } from "./i18n";
import { makeRouter } from "./router";
import { ThemeProvider } from "./theme";
import "./ui";

/** After an upgrade the old page asks for parts that are gone; the new page has them. Once, so that it cannot go in circles.
 *  Where nobody answers at all it stays: to load it again would lose what is typed in it. */
window.addEventListener("vite:preloadError", async () => {
  const key = "onevoice.reloaded";
  if (Date.now() - Number(sessionStorage.getItem(key)) < 30_000) return;
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  sessionStorage.setItem(key, String(Date.now()));
  location.reload();
});

async function start(): Promise<void> {
  const client = makeQueryClient();
  void client.prefetchQuery(meQuery);
  const language = guessLanguage();
  const catalogue = await speak(language);
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

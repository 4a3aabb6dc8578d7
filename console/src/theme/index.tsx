/** Light, dark or as the system; remembered in the browser for the first paint and on the server for the person. */
import { createContext, use, useEffect, useState, type ReactNode } from "react";

import { useMedia } from "~/ui/hooks";

import "./fonts.css";
import "./tokens.css";
import "./base.css";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const STORED = "onevoice.theme";
const Context = createContext<{ theme: Theme; setTheme: (theme: Theme) => void; dark: boolean } | null>(null);

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return themes.find((theme) => theme === stored) ?? "system";
}

export function useTheme() {
  const value = use(Context);
  if (!value) throw new Error("useTheme needs ThemeProvider above it");
  return value;
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [theme, choose] = useState(storedTheme);
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  const dark = theme === "dark" || (theme === "system" && systemDark);
  const setTheme = (next: Theme) => {
    localStorage.setItem(STORED, next);
    choose(next);
  };
  useEffect(() => {
    document.documentElement.dataset["scheme"] = dark ? "dark" : "light";
  }, [dark]);
  return (
    <Context value={{ theme, setTheme, dark }}>{children}</Context>
  );
}

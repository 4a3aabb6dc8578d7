/** The state of the page that stands in its address, so that a link shows the colleague the same thing. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export interface CustomerSearch {
  /** The moment of "as known on", RFC 3339; absent for now. */
  at?: string;
  /** "later": what had happened by then, with what was learnt afterwards. */
  mode?: "later";
  /** Doors shown, comma separated. */
  door?: string;
  /** Only the joins. */
  only?: "joins";
  q?: string;
  /** Message id of the event that is open. */
  event?: string;
  /** What stands beside the thread, where it is not what is known. */
  tab?: "messages";
  /** The other profile of a join that is being rehearsed, as `profile:12`; "?" while it is looked for. */
  join?: string;
}

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** For the router's `validateSearch`: unknown keys are dropped, wrong values forgotten. */
export function readSearch(raw: Record<string, unknown>): CustomerSearch {
  const at = text(raw["at"]);
  const search: CustomerSearch = {};
  if (at && !Number.isNaN(Date.parse(at))) search.at = new Date(at).toISOString();
  if (search.at && raw["mode"] === "later") search.mode = "later";
  const door = text(raw["door"]);
  if (door && /^[a-z,]+$/.test(door)) search.door = door;
  if (raw["only"] === "joins") search.only = "joins";
  if (raw["tab"] === "messages") search.tab = "messages";
  for (const key of ["q", "event", "join"] as const) {
    const value = text(raw[key]);
    if (value) search[key] = value;
  }
  return search;
}

export type ChangeSearch = (change: { [K in keyof CustomerSearch]?: CustomerSearch[K] | undefined }, options?: { replace?: boolean }) => void;

export function useCustomerSearch(): [CustomerSearch, ChangeSearch] {
  const search = readSearch(useSearch({ from: "/customers/$ref" }));
  const navigate = useNavigate({ from: "/customers/$ref" });
  const change = useCallback<ChangeSearch>(
    (patch, options) => {
      void navigate({
        replace: options?.replace ?? true,
        search: (before) => ({ ...readSearch({ ...before, ...patch }) }),
      });
    },
    [navigate],
  );
  return [search, change];
}

/** The two times as the API takes them. */
export function timesOf(search: CustomerSearch): { as_of?: string; known_at?: string } {
  if (!search.at) return {};
  return search.mode === "later" ? { as_of: search.at } : { as_of: search.at, known_at: search.at };
}

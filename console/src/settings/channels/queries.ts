/** What the pages of channels and of sending ask. */
import { useQuery } from "@tanstack/react-query";

import { api, type Page, type Account, type ChannelKind } from "~/api";

import type { Switch } from "./model";

export function useManifests() {
  return useQuery({ queryKey: ["channels"], queryFn: () => api.get<Page<ChannelKind>>("/api/channels"), staleTime: 60_000 });
}

export function useAccounts() {
  return useQuery({ queryKey: ["accounts"], queryFn: () => api.get<Page<Account>>("/api/accounts"), refetchInterval: 15_000 });
}

export function useSwitches() {
  return useQuery({ queryKey: ["switches"], queryFn: () => api.get<Page<Switch>>("/api/switches"), refetchInterval: 15_000 });
}

/** What keeps a page from being shown. One that could be asked before stays when it cannot be asked again, with all that is typed in it. */
export function faultOf(...queries: { data: unknown; error: Error | null }[]): Error | null {
  return queries.find(({ data, error }) => error && data === undefined)?.error ?? null;
}

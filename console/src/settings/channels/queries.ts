/** What the pages of channels and of sending ask. */
import { useQuery } from "@tanstack/react-query";

import { api, type Page } from "~/api";

import type { Account, Manifest } from "./model";

export function useManifests() {
  return useQuery({ queryKey: ["channels"], queryFn: () => api.get<Page<Manifest>>("/api/channels"), staleTime: 60_000 });
}

export function useAccounts() {
  return useQuery({ queryKey: ["accounts"], queryFn: () => api.get<Page<Account>>("/api/accounts"), refetchInterval: 15_000 });
}

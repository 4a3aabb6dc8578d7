/** Everything the page knows of one person, at the moment it shows and now. */

import { useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import { Problem } from "~/api";

import { identityQuery, profileQuery, rulerQuery, traitsQuery, type Times } from "./queries";
import type { EventRow, Identity, Profile, Ruler, TraitRow } from "./types";

const EMPTY_RULER: Ruler = { days: [], strands: [] };
const KEPT_PAGES = 3;

export interface Customer {
  present: Profile | null;
  profile: Profile | null;
  identity: Identity | undefined;
  presentIdentity: Identity | undefined;
  ruler: Ruler;
  presentRuler: Ruler;
  traits: TraitRow[] | undefined;
  faults: { card: unknown; identity: unknown; ruler: unknown; traits: unknown };
  pending: boolean;
  missing: boolean;
  /** The page shows a moment before anything was known. */
  before: boolean;
  retry: () => void;
}

export function useCustomer(ref: string, times: Times): Customer {
  const past = times.as_of !== undefined;
  const now = useQuery(profileQuery(ref, {}));
  const then = useQuery(profileQuery(ref, times));
  const identity = useQuery(identityQuery(ref, times));
  const identityNow = useQuery({ ...identityQuery(ref, {}), enabled: past });
  const ruler = useQuery(rulerQuery(ref, times));
  const rulerNow = useQuery(rulerQuery(ref, {}));
  const traits = useQuery(traitsQuery(ref, times));
  const retry = useCallback(() => {
    for (const query of [now, then, identity, ruler, rulerNow, traits]) if (query.isError) void query.refetch();
  }, [now, then, identity, ruler, rulerNow, traits]);
  const empty = then.data !== undefined && then.data.event_count === 0 && then.data.identifiers.length === 0;
  const before = past && now.data !== undefined && (isMissing(then.error) || empty);
  return {
    present: now.data ?? null,
    profile: before ? null : (then.data ?? null),
    identity: before ? undefined : identity.data,
    presentIdentity: past ? identityNow.data : identity.data,
    ruler: before ? EMPTY_RULER : (ruler.data ?? EMPTY_RULER),
    presentRuler: rulerNow.data ?? EMPTY_RULER,
    traits: before ? [] : traits.data?.data,
    faults: { card: before ? null : (now.error ?? then.error), identity: identity.error, ruler: rulerNow.error, traits: traits.error },
    pending: now.isPending || (then.isPending && !before),
    missing: isMissing(now.error),
    before,
    retry,
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

/** Makes the page fresh. Of a long thread only the first pages are asked for again; the rest comes when it is scrolled to. */
export function useFresh(ref: string): (what: "all" | "but events") => Promise<void> {
  const client = useQueryClient();
  return useCallback(
    async (what) => {
      const events = (key: readonly unknown[]) => key[0] === "profile" && key[1] === ref && key[2] === "events";
      if (what === "all") {
        client.setQueriesData<InfiniteData<{ data: EventRow[] }, string | null>>({ predicate: (query) => events(query.queryKey) }, (held) =>
          held ? { pages: held.pages.slice(0, KEPT_PAGES), pageParams: held.pageParams.slice(0, KEPT_PAGES) } : held,
        );
      }
      void client.invalidateQueries({ queryKey: ["messages", "of"] });
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "profile" && queryKey[1] === ref && (what === "all" || !events(queryKey)) });
    },
    [client, ref],
  );
}

export function useDoorCounts(profile: Profile | null): { door: string; count: number }[] {
  return useMemo(
    () =>
      Object.entries(profile?.channels ?? {})
        .map(([door, { count }]) => ({ door, count }))
        .sort((a, b) => b.count - a.count || a.door.localeCompare(b.door)),
    [profile],
  );
}

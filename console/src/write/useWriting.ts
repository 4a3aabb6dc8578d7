/** What the composer asks the server for: what may be chosen, what the gate would say, and what the person would get. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";

import { api, useAllSites, useMay, type Account, type Page } from "~/api";
import type { Decision, Purpose } from "~/messages/model";
import { useKinds, usePurposeQuery } from "~/messages/words";
import { useDebounced } from "~/ui";

import { askOf, type Ask, type Draft, type MessagePreview, type Template } from "./model";

const SETTLE_MS = 250;
const LONG = 60_000;
/** Hours become quiet, and caps free, while somebody thinks. */
const REGARD_MS = 30_000;
/** Stands for the words while there are none. */
const EMPTY = "…";

export function useChoices(site: string) {
  const mayTemplates = useMay("templates.read");
  const accounts = useQuery({ queryKey: ["accounts"], queryFn: () => api.get<Page<Account>>("/api/accounts"), staleTime: LONG });
  const sites = useAllSites();
  const purposes = usePurposeQuery();
  const templates = useQuery({
    queryKey: ["templates", "of", site],
    queryFn: () => api.get<Page<Template>>("/api/templates", { params: { limit: 200, site } }),
    staleTime: LONG,
    enabled: mayTemplates && site !== "",
  });
  const connected = new Set(accounts.data?.data.map((each) => each.site));
  return {
    mayTemplates,
    accounts: accounts.data?.data,
    /** Those by which something can be sent. */
    sites: sites.data?.data.filter((each) => connected.has(each.name)),
    templates: templates.data?.data.filter((each) => each.published !== null && each.archived_at === null),
    templatesFault: templates.error,
    purposes: purposes.data?.data.filter((each) => each.retired_at === null),
    kinds: useKinds(),
    error: [accounts, sites, purposes].find(({ data, error }) => error && !data)?.error ?? null,
    retry: () => void Promise.all([accounts.refetch(), sites.refetch(), purposes.refetch()]),
    retryTemplates: () => void templates.refetch(),
  };
}

export type Choices = ReturnType<typeof useChoices>;

/** What it is about. Of an answer nobody is asked; which marketing it is only its writer knows, so there is no default. */
export function purposeOf(draft: Draft, purposes: Purpose[] | undefined): string {
  const kind = draft.class === "marketing" ? "marketing" : "transactional";
  const fitting = purposes?.filter((each) => each.message_class === kind) ?? [];
  const chosen = fitting.find((each) => each.name === draft.purpose) ?? (kind === "transactional" || fitting.length === 1 ? fitting[0] : undefined);
  return chosen?.name ?? "";
}

export function useForeseen(draft: Draft, person: string, purpose: string) {
  const now = JSON.stringify(askOf(draft, person, purpose, { all: true, empty: EMPTY }));
  const still = useDebounced(now, SETTLE_MS);
  const body = useMemo(() => JSON.parse(still) as Ask, [still]);
  const ready = body.site !== "" && body.purpose !== "" && body.template?.id !== "";
  // Values that are not known are told by the preview; the gate is asked of the words as they stand until they are.
  const [fillable, setFillable] = useState(false);
  const decision = useQuery({
    queryKey: ["considered", still, fillable],
    queryFn: ({ signal }) => {
      const words = body.words && { ...body.words, fill: body.words.fill && fillable };
      return api.post<Decision>("/api/message-considerations", { ...body, words }, { signal });
    },
    enabled: ready,
    placeholderData: keepPreviousData,
    refetchInterval: REGARD_MS,
  });
  const best = decision.data?.outcome.channel || decision.data?.candidates[0]?.channel || "";
  // Words that cannot be filled leave the gate without an answer, and it is the preview that tells why: it stays where it was.
  const [last, setLast] = useState("");
  useEffect(() => {
    if (best) setLast(best);
  }, [best]);
  const by = draft.channel || best || last;
  const preview = useQuery({
    queryKey: ["previewed", still, by],
    queryFn: ({ signal }) => api.post<MessagePreview>("/api/message-previews", { ...body, channel: by }, { signal }),
    enabled: ready && by !== "",
    placeholderData: keepPreviousData,
  });
  const whole = preview.data !== undefined && preview.data.refused === null && preview.data.missing.length === 0;
  useEffect(() => setFillable(whole), [whole]);
  return {
    decision: ready ? decision.data : undefined,
    preview: ready ? preview.data : undefined,
    /** By which channel it is looked at. */
    by,
    /** The preview is of what stands here. */
    settled: now === still && !preview.isPlaceholderData,
    error: decision.error ?? preview.error,
    retry: () => void Promise.all([decision.refetch(), preview.refetch()]),
  };
}

export type Foreseen = ReturnType<typeof useForeseen>;

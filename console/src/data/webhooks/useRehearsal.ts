import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { api, Problem, type Page } from "~/api";
import { useDebounced } from "~/ui";

import { cleaned, placed, type Mapping, type Step, type Trial, type Trouble } from "./model";

const TRY_MS = 350;

interface Refused {
  where: Step[];
  code: string;
  detail: string;
}

/** What the mapping would make of these deliveries, or of a sample, asked as it is edited. Its troubles stand at their places in the form. */
export function useRehearsal(hook: string, draft: Mapping | null, deliveries: string[], sample: string | null) {
  const settled = useDebounced(draft, TRY_MS);
  const { mapping, origin } = useMemo(() => (settled ? cleaned(settled) : { mapping: null, origin: (where: Step[]) => where }), [settled]);
  const query = useQuery({
    queryKey: ["webhook", hook, "rehearsal", mapping, deliveries, sample],
    queryFn: ({ signal }) => api.post<Page<Trial>>(`/api/webhooks/${hook}/rehearsals`, { mapping, ...(sample === null ? { deliveries } : { payload: sample }) }, { signal }),
    enabled: mapping !== null && (deliveries.length > 0 || sample !== null),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const error = query.error;
  const refused = error instanceof Problem && Array.isArray(error.extra["errors"]) ? (error.extra["errors"] as Refused[]) : null;
  const mistakes: Trouble[] = (refused ?? []).map(({ where, code, detail }) => ({ code, detail, where: origin(where.slice(2)) }));
  const trials = error ? [] : (query.data?.data ?? []);
  const told = (trial: Trial): Trouble[] => trial.records.flatMap((each) => each.problems).map((each) => ({ ...each, where: origin(each.where) }));
  return {
    mapping,
    mistakes: mistakes.map((each) => ({ ...each, where: placed(each) })),
    trials,
    /** Of one trial, each at its place. */
    troubles: (trial: Trial | undefined) => (trial ? told(trial).map((each) => ({ ...each, where: placed(each) })) : []),
    error: error && !refused ? error : null,
  };
}

/** The server, as the pages see it. */
import { QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, Problem, type Params } from "./client";
import type { CustomersPage, Me, Page, Permission, Site, Source } from "./types";

export { api, cookie, Problem, query, toLogin, type Params, type ProblemDetails } from "./client";
export { permissions, roles } from "./types";
export type * from "./types";

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Without a network a change fails at once and says so: kept back, it would be made later, when nobody looks.
      mutations: { networkMode: "always" },
      queries: {
        networkMode: "always",
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        // What the server refused once it refuses twice; only a lost connection is worth another try.
        retry: (count, error) => count < 2 && error instanceof Problem && (error.status === 0 || error.status >= 502),
        retryDelay: (count) => 400 * 2 ** count,
      },
    },
  });
}

/** `kind:value` or `profile:id` as a path segment of the API. */
export function refPath(ref: string): string {
  const colon = ref.indexOf(":");
  if (colon < 0) return `profile:${encodeURIComponent(ref)}`;
  return `${ref.slice(0, colon)}:${encodeURIComponent(ref.slice(colon + 1))}`;
}

export const meQuery = { queryKey: ["me"], queryFn: () => api.get<Me>("/api/me"), staleTime: Number.POSITIVE_INFINITY };

export function useMe(): Me | undefined {
  return useQuery(meQuery).data;
}

/** Whether the signed-in person's role allows this; false until it is known. */
export function useMay(permission: Permission): boolean {
  return useMe()?.permissions.includes(permission) ?? false;
}

/** A list of the API, page by page: `key` names it among what is kept, `params` go along with every page. */
export function usePages<T>(key: unknown[], path: string, params: Params = {}) {
  const query = useInfiniteQuery({
    queryKey: [...key, params],
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(path, { params: { ...params, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.data) ?? [],
    loading: query.isPending,
    fetching: query.isFetching,
    error: query.error as unknown,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : null,
  };
}

/** Change a setting of the signed-in person at once, and on the server behind it. */
export function useChangeMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Partial<Me>) => api.patch<Me>("/api/me", change),
    onMutate: (change) => client.setQueryData<Me>(["me"], (me) => (me ? { ...me, ...change } : me)),
  });
}

async function allSources(): Promise<Source[]> {
  const found: Source[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Page<Source> = await api.get<Page<Source>>("/api/sources", { params: { limit: 200, cursor } });
    found.push(...page.data);
    cursor = page.next_cursor;
  }
  return found;
}

/** Null until the server has answered, or has failed to. */
export function useSources(): Source[] | null {
  const { data, isPending } = useQuery({
    queryKey: ["sources"],
    queryFn: allSources,
    staleTime: 60_000,
  });
  return isPending ? null : (data ?? []);
}

/** For choosing one: a brand has a few. */
export function useAllSites() {
  return useQuery({ queryKey: ["sites", "all"], queryFn: () => api.get<Page<Site>>("/api/sites", { params: { limit: 200 } }), staleTime: 60_000 });
}

export type CustomerSort = "last_seen" | "name";

export function searchCustomers(
  text: string,
  options: { limit?: number; cursor?: string | null; sort?: CustomerSort; signal?: AbortSignal } = {},
): Promise<CustomersPage> {
  const params = { query: text, limit: options.limit ?? 50, cursor: options.cursor, sort: options.sort ?? "last_seen" };
  return api.get<CustomersPage>("/api/profiles", options.signal ? { params, signal: options.signal } : { params });
}

/** A list that is read while it changes: nothing moves under the reader, and what is new waits to be taken. */
import type { Line } from "./model";

export interface Held {
  rows: Line[];
  /** How many are new or stand elsewhere by now. */
  waiting: number;
}

/** `held` as it was shown, `fresh` as it is: rows keep their places and show what is known; those further down come on. */
export function merge(held: Line[], fresh: Line[]): Held {
  const now = new Map(fresh.map((line, at) => [line.profile_id, { line, at }]));
  const known = new Set(held.map(({ profile_id }) => profile_id));
  const last = Math.max(-1, ...held.map(({ profile_id }) => now.get(profile_id)?.at ?? -1));
  const come = fresh.filter(({ profile_id }) => !known.has(profile_id));
  const behind = come.filter(({ profile_id }) => (now.get(profile_id)?.at ?? 0) > last);
  let before = -1;
  let moved = 0;
  for (const { profile_id } of held) {
    const at = now.get(profile_id)?.at;
    if (at === undefined || at < before) moved += 1;
    else before = at;
  }
  return { rows: [...held.map((line) => now.get(line.profile_id)?.line ?? line), ...behind], waiting: come.length - behind.length + moved };
}

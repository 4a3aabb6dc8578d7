/** Repeated looks are told once: a run of page views by one person through one door becomes one row. */

import type { EventRow } from "../model/types";

export interface Group {
  /** Newest event of the run; it gives the row its key, time and words. */
  head: EventRow;
  /** The older ones, newest first. */
  rest: EventRow[];
}

const PAUSE_MS = 30 * 60_000;

/** The sort of look an event is, or null when it must stand alone. */
export function lookOf(event: EventRow): string | null {
  if (event.type === "page" || event.type === "screen") return "page";
  const name = (event.event ?? "").toLowerCase();
  if (name === "page viewed" || name === "screen viewed") return "page";
  if (name === "product viewed" || name === "product list viewed") return name;
  return null;
}

/**
 * Groups events (newest first) so that looks of one kind in a row are one group.
 * A pause of half an hour, a change of door, identifier or day, or a join between them parts a run.
 */
export function foldLooks(events: EventRow[], dayOf: (ms: number) => string, joinsAt: number[]): Group[] {
  const groups: Group[] = [];
  let oldest = 0;
  for (const event of events) {
    const at = Date.parse(event.occurred_at);
    const open = groups[groups.length - 1];
    if (open && sameLook(open.head, event) && oldest - at <= PAUSE_MS && dayOf(oldest) === dayOf(at)
      && !joinsAt.some((join) => join >= at && join < oldest)) {
      open.rest.push(event);
    } else {
      groups.push({ head: event, rest: [] });
    }
    oldest = at;
  }
  return groups;
}

function sameLook(a: EventRow, b: EventRow): boolean {
  const look = lookOf(a);
  return look !== null && look === lookOf(b) && a.channel === b.channel && a.node_id === b.node_id;
}

/** From events, joins and strands to the rows of the thread, each with its own piece of the line. */

import { joinKey, type EventRow, type Join } from "../model/types";
import { foldLooks, type Group } from "./fold";
import type { Strands } from "./strands";

/** The door whose colour a piece of line takes; null where there is no line. */
export type Door = string | null;

export interface LanePiece {
  lane: number;
  /** Above the knot (or the whole row when nothing is tied here). */
  up: Door;
  /** Below the knot. */
  down: Door;
}

interface Base {
  key: string;
  ms: number;
  pieces: LanePiece[];
}

export interface DayRow extends Base {
  kind: "day";
  day: string;
  first: boolean;
}

export interface ActRow extends Base {
  kind: "act";
  group: Group;
  lane: number;
  /** How much later we learnt it, ms, when something that happened after it had been learnt before; else 0. */
  late: number;
  /** True when a hairline closes the day below this row. */
  last: boolean;
}

export interface JoinRow extends Base {
  kind: "join";
  join: Join;
  lane: number;
  /** The lane which the other former person comes from, when it has a history below. */
  fromLane: number | null;
  fromDoor: Door;
  last: boolean;
}

export interface EndRow extends Base {
  kind: "end";
}

export type Row = DayRow | ActRow | JoinRow | EndRow;

export interface ThreadInput {
  events: EventRow[];
  joins: Join[];
  strands: Strands;
  /** False while older pages have not come yet. */
  complete: boolean;
  /** Filtered: what is left does not reach the beginning, and nothing may be said of it. */
  partial: boolean;
  dayOf(ms: number): string;
  /** The door last used on a strand at or before a moment, from the ruler; for what has not been loaded. */
  doorBefore(strand: number, ms: number): Door;
}

/** Less than this apart is the network's doing. */
const OUT_OF_ORDER_MS = 10 * 60_000;

interface Step {
  ms: number;
  group?: Group;
  join?: Join;
}

export function buildRows(input: ThreadInput): Row[] {
  const steps = interleave(input);
  const rows = toRows(steps, input);
  tie(rows, input);
  return rows;
}

/** Events and joins in one order, newest first; a join stands above what happened at its own moment. */
function interleave({ events, joins, complete, dayOf }: ThreadInput): Step[] {
  const joinsAt = joins.map((join) => Date.parse(join.at));
  const groups = foldLooks(events, dayOf, joinsAt);
  const last = events[events.length - 1];
  const floor = complete || !last ? -Infinity : Date.parse(last.occurred_at);
  const steps: Step[] = groups.map((group) => ({ ms: Date.parse(group.head.occurred_at), group }));
  joins.forEach((join, index) => {
    const ms = joinsAt[index] as number;
    if (ms >= floor) steps.push({ ms, join });
  });
  return steps.sort((a, b) => b.ms - a.ms || Number(Boolean(b.join)) - Number(Boolean(a.join)));
}

function toRows(steps: Step[], { strands, complete, partial, dayOf }: ThreadInput): Row[] {
  const rows: Row[] = [];
  let day = "";
  let learntBefore = Infinity;
  for (const { ms, group, join } of steps) {
    const here = dayOf(ms);
    if (here !== day) {
      const before = rows[rows.length - 1];
      if (before && (before.kind === "act" || before.kind === "join")) before.last = true;
      rows.push({ kind: "day", key: `day:${here}`, ms, pieces: [], day: here, first: rows.length === 0 });
      day = here;
    }
    if (join) {
      rows.push({
        kind: "join", key: `join:${joinKey(join)}`, ms, pieces: [], join, lane: 0, fromLane: null, fromDoor: null, last: false,
      });
    } else if (group) {
      const strand = strands.at(strands.strandOfNode.get(group.head.node_id) ?? 0, ms);
      const lane = strands.list[strand]?.lane ?? 0;
      const learnt = Date.parse(group.head.received_at);
      const late = learnt > learntBefore + OUT_OF_ORDER_MS ? learnt - ms : 0;
      learntBefore = Math.min(learntBefore, learnt);
      rows.push({ kind: "act", key: group.head.message_id, ms, pieces: [], group, lane, late, last: false });
    }
  }
  if (complete && !partial && rows.length > 0) rows.push({ kind: "end", key: "end", ms: -Infinity, pieces: [] });
  return rows;
}

/** What a strand was last coloured by, and when. */
interface Last {
  door: Door;
  ms: number;
}

/** Walks from the oldest row up, carrying the door last used on each strand. */
function tie(rows: Row[], input: ThreadInput): void {
  const { strands } = input;
  const last = startDoors(rows, input);
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at] as Row;
    const before = last.map((one) => one.door);
    if (row.kind === "act") {
      const strand = strands.at(strands.strandOfNode.get(row.group.head.node_id) ?? 0, row.ms);
      last[strand] = { door: row.group.head.channel, ms: row.ms };
    } else if (row.kind === "join") {
      mergeAt(row, last, strands);
    }
    row.pieces = pieces(strands, before, last.map((one) => one.door));
  }
}

function startDoors(rows: Row[], { strands, complete, doorBefore }: ThreadInput): Last[] {
  const oldest = rows[rows.length - 1];
  return strands.list.map((strand) => {
    const ms = oldest?.ms ?? -Infinity;
    if (complete || !oldest || strand.from >= ms || strand.joinedAt < ms) return { door: null, ms: -Infinity };
    return { door: doorBefore(strand.index, ms), ms: -Infinity };
  });
}

/** Ties the strand that ends at this join into the one that goes on; above it runs the later of the two doors. */
function mergeAt(row: JoinRow, last: Last[], strands: Strands): void {
  const ends = strandEndingAt(row, strands);
  if (!ends) {
    row.lane = strands.list[strands.at(strands.strandOfNode.get(row.join.a.node_id) ?? 0, row.ms)]?.lane ?? 0;
    return;
  }
  const into = strands.at(ends.into, row.ms);
  row.lane = strands.list[into]?.lane ?? 0;
  const ending = last[ends.index];
  if (!ending || ending.door === null) return;
  row.fromLane = ends.lane;
  row.fromDoor = ending.door;
  const going = last[into];
  if (!going || going.door === null || ending.ms >= going.ms) last[into] = ending;
  last[ends.index] = { door: null, ms: -Infinity };
}

function strandEndingAt(row: JoinRow, strands: Strands) {
  const ends = strands.list[row.join.strand];
  return ends && ends.joinedAt === row.ms ? ends : undefined;
}

function pieces(strands: Strands, below: Door[], above: Door[]): LanePiece[] {
  const byLane = new Map<number, LanePiece>();
  for (const strand of strands.list) {
    const up = above[strand.index] ?? null;
    const down = below[strand.index] ?? null;
    if (up === null && down === null) continue;
    const held = byLane.get(strand.lane);
    byLane.set(strand.lane, { lane: strand.lane, up: up ?? held?.up ?? null, down: down ?? held?.down ?? null });
  }
  return [...byLane.values()].sort((a, b) => a.lane - b.lane);
}

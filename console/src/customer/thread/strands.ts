/** Former persons as strands: which event lies on which, and which lane each takes. */

import type { StrandOf } from "../model/types";

export interface Strand {
  index: number;
  /** First moment of this former person, ms; -Infinity when not known. */
  from: number;
  /** When it became one with `into`; Infinity for the strand that is still running. */
  joinedAt: number;
  into: number;
  lane: number;
}

export interface Strands {
  list: Strand[];
  laneCount: number;
  strandOfNode: Map<string, number>;
  /** The strand an act at `ms` lies on: after a join the joined go on as one. */
  at(strand: number, ms: number): number;
}

/** More strands than this share the last lane: the line stays readable for people glued from many. */
export const MAX_LANES = 4;

export function readStrands(given: StrandOf[]): Strands {
  const list: Strand[] = given.map((strand, index) => ({
    index,
    from: strand.from_at ? Date.parse(strand.from_at) : -Infinity,
    joinedAt: strand.joined_at ? Date.parse(strand.joined_at) : Infinity,
    into: strand.into ?? 0,
    lane: 0,
  }));
  if (list.length === 0) list.push({ index: 0, from: -Infinity, joinedAt: Infinity, into: 0, lane: 0 });
  const laneCount = giveLanes(list);
  const strandOfNode = new Map<string, number>();
  given.forEach((strand, index) => strand.node_ids.forEach((node) => strandOfNode.set(node, index)));
  return { list, laneCount, strandOfNode, at: (strand, ms) => follow(list, strand, ms) };
}

/** Interval colouring from the newest join down; a lane is free again below its strand's first moment. */
export function giveLanes(list: Strand[]): number {
  const lowest: number[] = [-Infinity];
  const ended = list.filter((strand) => strand.joinedAt !== Infinity);
  ended.sort((a, b) => b.joinedAt - a.joinedAt || a.index - b.index);
  for (const strand of ended) {
    let lane = 1;
    while (lane < MAX_LANES - 1 && lowest[lane] !== undefined && (lowest[lane] as number) <= strand.joinedAt) lane += 1;
    lowest[lane] = Math.min(lowest[lane] ?? Infinity, strand.from);
    strand.lane = lane;
  }
  return lowest.length;
}

function follow(list: Strand[], strand: number, ms: number): number {
  let here = strand;
  for (let step = 0; step < list.length; step += 1) {
    const at = list[here];
    if (!at || at.joinedAt >= ms || at.into === here) return here;
    here = at.into;
  }
  return here;
}

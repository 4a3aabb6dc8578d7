/** The thread lying down: strands as lines, days as knots, joins as diamonds. Pure; px in, px out. */

import type { Ruler } from "../model/types";
import { DAY_MS, type Scale } from "./scale";

export interface Knot {
  x: number;
  door: string;
  count: number;
}

export interface Stretch {
  x1: number;
  x2: number;
  door: string;
}

export interface Track {
  /** Strands that share this line: one, or the rest of a person glued from many. */
  strands: number[];
  y: number;
  doors: string[];
  kinds: string[];
  knots: Knot[];
  stretches: Stretch[];
  /** How many former persons this line stands for, when it is the rest. */
  others: number;
  /** Joins along this line: its earlier part was another person. */
  marks: number[];
  /** Where it flows into another line. */
  joins: { x: number; into: number; ms: number }[];
}

export const MAX_TRACKS = 3;
const TRACK_GAP = 20;
const FIRST_Y = 20;

/** `dayMs` turns a calendar day of the ruler into the moment that stands for it. */
export function layTracks(ruler: Ruler, scale: Scale, dayMs: (day: string) => number, end: number): Track[] {
  const groups = groupStrands(ruler);
  const trackOf = new Map<number, number>();
  groups.forEach((strands, index) => strands.forEach((strand) => trackOf.set(strand, index)));
  const all = joinsOf(ruler).filter((join) => Date.parse(join.at) <= end);
  const gap = groups.length > 2 ? TRACK_GAP - 4 : TRACK_GAP;
  const first = groups.length > 2 ? FIRST_Y - 6 : FIRST_Y;
  return groups.map((strands, index) => {
    const days = ruler.days
      .filter((day) => strands.includes(day.strand))
      .map((day) => ({ ms: Math.max(dayMs(day.day), scale.from), channels: day.channels }))
      .filter((day) => day.ms <= end)
      .sort((a, b) => a.ms - b.ms);
    const ending = joinsOf(ruler).filter((join) => strands.includes(join.strand) && trackOf.get(join.into) !== index);
    const joins = all.filter((join) => strands.includes(join.strand) && trackOf.get(join.into) !== index);
    const own = all.filter((join) => strands.includes(join.strand) && trackOf.get(join.into) === index);
    const stop = joins.length === 1 && joins[0] ? Date.parse(joins[0].at) : end;
    return {
      strands,
      y: first + index * gap,
      doors: topDoors(days.map((day) => day.channels)),
      kinds: strands.flatMap((strand) => ruler.strands.find((one) => one.index === strand)?.kinds ?? []),
      knots: makeKnots(days, scale),
      stretches: makeStretches(days, scale, Math.min(stop, end), index === 0 || ending.length === 1),
      others: groups.length === MAX_TRACKS && index === MAX_TRACKS - 1 && joins.length > 1 ? joins.length : 0,
      marks: own.map((join) => scale.x(Date.parse(join.at))),
      joins: joins.map((join) => ({ x: scale.x(Date.parse(join.at)), into: trackOf.get(join.into) ?? 0, ms: Date.parse(join.at) })),
    };
  });
}

function joinsOf(ruler: Ruler): { at: string; strand: number; into: number }[] {
  return ruler.strands.flatMap(({ index, joined_at, into }) => (joined_at === null ? [] : [{ at: joined_at, strand: index, into: into ?? 0 }]));
}

/**
 * The running strand first, then the longest others; more than three lines would be a tangle.
 * A strand that ends before the other one begins is the same line's earlier part: nothing runs beside it.
 */
function groupStrands(ruler: Ruler): number[][] {
  const weight = new Map<number, number>();
  const first = new Map<number, string>();
  for (const day of ruler.days) {
    weight.set(day.strand, (weight.get(day.strand) ?? 0) + sum(day.channels));
    const held = first.get(day.strand);
    if (held === undefined || day.day < held) first.set(day.strand, day.day);
  }
  const all = [...new Set([...ruler.strands.map((one) => one.index), ...weight.keys()])].filter((one) => weight.has(one));
  const ends = new Map(joinsOf(ruler).map((join) => [join.strand, join]));
  const main = all.find((one) => !ends.has(one)) ?? all[0] ?? 0;
  const home = new Map<number, number>();
  const earlier = [...ends.values()].filter((join) => weight.has(join.strand) && weight.has(join.into)).sort((x, y) => x.at.localeCompare(y.at));
  for (const join of earlier) {
    const begins = first.get(join.into) ?? "";
    if (begins >= join.at.slice(0, 10)) {
      home.set(join.strand, join.into);
      first.set(join.into, first.get(join.strand) ?? begins);
    }
  }
  const root = (one: number): number => (home.has(one) ? root(home.get(one) as number) : one);
  const groups = new Map<number, number[]>();
  for (const one of all) groups.set(root(one), [...(groups.get(root(one)) ?? []), one]);
  const heavy = (one: number[]) => one.reduce((total, strand) => total + (weight.get(strand) ?? 0), 0);
  const lead = groups.get(root(main)) ?? [main];
  const rest = [...groups.values()].filter((one) => one !== lead).sort((x, y) => heavy(y) - heavy(x));
  if (rest.length < MAX_TRACKS) return [lead, ...rest];
  return [lead, ...rest.slice(0, MAX_TRACKS - 2), rest.slice(MAX_TRACKS - 2).flat()];
}

function sum(channels: Record<string, number>): number {
  return Object.values(channels).reduce((total, n) => total + n, 0);
}

function topDoors(days: Record<string, number>[]): string[] {
  const totals = new Map<string, number>();
  for (const channels of days) for (const [door, n] of Object.entries(channels)) totals.set(door, (totals.get(door) ?? 0) + n);
  return [...totals].sort((a, b) => b[1] - a[1]).map(([door]) => door);
}

interface Day {
  ms: number;
  channels: Record<string, number>;
}

function byCount(channels: Record<string, number>): [string, number][] {
  return Object.entries(channels).sort((a, b) => a[1] - b[1]);
}

/** One knot per door and day; knots that would lie on each other within a few px are one. */
function makeKnots(days: Day[], scale: Scale): Knot[] {
  const knots: Knot[] = [];
  for (const day of days) {
    byCount(day.channels).forEach(([door, count], index) => {
      const x = scale.x(day.ms) + index * 2;
      const near = knots.findLast((knot) => knot.door === door);
      if (near && x - near.x < 4) near.count += count;
      else knots.push({ x, door, count });
    });
  }
  return knots;
}

/** A stretch runs from one day to the next in the colour of the door used last before it. */
function makeStretches(days: Day[], scale: Scale, end: number, goesOn: boolean): Stretch[] {
  const stretches: Stretch[] = [];
  days.forEach((day, index) => {
    const next = days[index + 1]?.ms ?? (goesOn ? end : Math.min(end, day.ms + DAY_MS));
    const door = byCount(day.channels).at(-1)?.[0] ?? "api";
    if (next <= day.ms) return;
    const open = stretches.at(-1);
    if (open && open.door === door) open.x2 = scale.x(next);
    else stretches.push({ x1: scale.x(day.ms), x2: scale.x(next), door });
  });
  return stretches;
}

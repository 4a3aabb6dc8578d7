import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Page } from "~/api";

import type { Item, Line, Narrowed, ThreadPage, View } from "../model";
import { withNews, withTold, type ToldInbox, type ToldLine } from "../told";

const ANY: Narrowed = { sort: undefined, channel: undefined, tag: undefined, assignee: undefined };
const ME = "1";
const SEEDS = 300;

/** Chance that is the same in each run. */
function chance(seed: number) {
  let state = seed * 2654435761 + 1;
  return (below: number) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

const at = (second: number) => new Date(Date.UTC(2026, 10, 1) + second * 1000).toISOString();

/** A desk as the server has it. */
class Desk {
  readonly lines = new Map<number, ToldLine>();
  private second = 0;
  constructor(readonly below: (n: number) => number, people: number) {
    for (let person = 1; person <= people; person += 1) this.word(person);
  }
  word(person: number): void {
    const was = this.lines.get(person)?.episode;
    this.second += 1;
    const episode = {
      id: String(person), state: "open", site: "pl", channel: "chat", opened_at: at(0), last_at: at(this.second), waiting_since: was?.waiting_since ?? at(this.second),
      snoozed_until: null, closed_at: null, spam: false, assignee: was?.assignee ?? null, tags: [], revision: (was?.revision ?? 0) + 1,
    } satisfies Line["episode"];
    this.lines.set(person, { profile_id: String(person), name: null, episode, last: null, channels: [], read: [], heard: String(this.second), several: false });
  }
  act(person: number): void {
    const line = this.lines.get(person);
    if (!line) return;
    const what = this.below(3);
    const changed = what === 0 ? { state: "closed" as const } : what === 1 ? { assignee: { id: String(1 + this.below(2)), name: "Olga" } } : { waiting_since: null };
    this.lines.set(person, { ...line, read: this.below(2) ? [ME] : [], episode: { ...line.episode, ...changed, revision: line.episode.revision + 1 } });
  }
  list(view: View, by: Narrowed): ToldLine[] {
    const found = [...this.lines.values()].filter(({ episode }) => episode.state === "open" && (view !== "mine" || episode.assignee?.id === ME) && (view !== "unassigned" || !episode.assignee) && (by.sort !== "waiting" || episode.waiting_since) && (!by.assignee || episode.assignee?.id === by.assignee));
    const key = ({ episode }: ToldLine) => (by.sort === "waiting" ? (episode.waiting_since ?? "") : episode.last_at);
    return found.toSorted((a, b) => (by.sort === "waiting" ? key(a).localeCompare(key(b)) || Number(a.episode.id) - Number(b.episode.id) : key(b).localeCompare(key(a)) || Number(b.episode.id) - Number(a.episode.id)));
  }
  page(view: View, by: Narrowed, limit: number): Page<Line>[] {
    const found = this.list(view, by).map(({ read, heard: _h, several: _s, ...line }) => ({ ...line, unread: read !== null && !read.includes(ME) }));
    return [{ data: found.slice(0, limit), next_cursor: found.length > limit ? "more" : null }];
  }
  /** As the server tells it: whoever was acted on, and the newest of those with a word. */
  frame(words: Set<number>, acts: Set<number>, limit: number): ToldInbox {
    const of = (people: Iterable<number>) => [...people].map((person) => this.lines.get(person)).filter((line) => line !== undefined);
    const said = of([...words].filter((person) => !acts.has(person))).toSorted((a, b) => b.episode.last_at.localeCompare(a.episode.last_at));
    const last = said[limit - 1]?.episode;
    const others = said.slice(limit).map((line): [string, string | null] => [line.profile_id, line.episode.assignee?.id ?? null]);
    return { moved: acts.size > 0, lines: [...of(acts), ...said.slice(0, limit)], others, cut: others.length > 0 && last ? { at: last.last_at, id: last.id, cursor: "more" } : null };
  }
}

const shown = (pages: Page<Line>[]) => pages.flatMap(({ data }) => data.map((line) => [line.profile_id, line.episode.revision, line.unread]));
const wanted = (desk: Desk, view: View, by: Narrowed) => desk.list(view, by).map(({ profile_id, episode, read }) => [profile_id, episode.revision, read !== null && !read.includes(ME)]);

const LISTS: [View, Narrowed][] = [["open", ANY], ["mine", ANY], ["unassigned", ANY], ["open", { ...ANY, sort: "waiting" }], ["open", { ...ANY, assignee: "2" }]];

describe("a list and what is told of it", () => {
  for (const [view, by] of LISTS) {
    it(`is how the server has it, as far down as it goes: ${view} ${JSON.stringify(by)}`, () => {
      let taken = 0;
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const below = chance(seed);
        const desk = new Desk(below, 10 + below(80));
        const known = new Map<string, number>();
        let pages = desk.page(view, by, 30);
        const before: ToldInbox[] = [];
        for (let step = 0; step < 12; step += 1) {
          const words = new Set(Array.from({ length: below(14) }, () => 1 + below(100)));
          const acts = new Set(Array.from({ length: below(4) }, () => 1 + below(100)));
          for (const person of words) desk.word(person);
          for (const person of acts) desk.act(person);
          const frame = desk.frame(words, acts, 8);
          before.push(frame);
          const next = withTold(pages, frame, view, by, ME, known);
          taken += next ? 1 : 0;
          pages = next ?? desk.page(view, by, 30);
          assert.deepEqual(shown(pages), wanted(desk, view, by).slice(0, shown(pages).length));
          if (!pages.at(-1)?.next_cursor) assert.equal(shown(pages).length, wanted(desk, view, by).length);
        }
      }
      assert.ok(taken > SEEDS, "most is taken without asking");
    });
  }

  it("is the same once all is told, in whichever order and however often", () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const below = chance(seed);
      const desk = new Desk(below, 25);
      let pages = desk.page("open", ANY, 100);
      const known = new Map<string, number>();
      const frames: ToldInbox[] = [];
      for (let step = 0; step < 10; step += 1) {
        const words = new Set([1 + below(30)]);
        const acts = new Set([1 + below(30)]);
        for (const person of words) desk.word(person);
        for (const person of acts) desk.act(person);
        frames.push(desk.frame(words, acts, 50));
      }
      const mixed = [...frames, ...frames].map((frame) => [below(1000), frame] as const).toSorted((a, b) => a[0] - b[0]);
      for (const [, frame] of mixed) {
        const next = withTold(pages, frame, "open", ANY, ME, known);
        assert.ok(next);
        pages = next;
      }
      assert.deepEqual(shown(pages), wanted(desk, "open", ANY));
    }
  });

  it("is asked for where somebody has several, and in lists that are made of more than lines", () => {
    const desk = new Desk(chance(1), 30);
    const frame = desk.frame(new Set([1]), new Set(), 8);
    const several = { ...frame, lines: frame.lines.map((line) => ({ ...line, several: true })) };
    assert.equal(withTold(desk.page("open", ANY, 30), several, "open", ANY, ME, new Map()), null);
    for (const view of ["mentions", "snoozed", "closed", "spam"] as const) assert.equal(withTold(desk.page("open", ANY, 30), frame, view, ANY, ME, new Map()), null);
  });
});

const item = (n: number) => ({ kind: n % 5 ? "said" : "mark", id: String(n), at: at(Math.floor(n / 2)) }) as Item;
const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => item(to - n));

describe("a thread and what is told of it", () => {
  it("has each item once and no gap, whatever is lost, doubled or late", () => {
    let taken = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const below = chance(seed);
      let pages: ThreadPage[] = [{ data: span(1, 10), unsent: [], next_cursor: "more" }];
      let newest = 10;
      let top = 10;
      for (let step = 0; step < 12; step += 1) {
        newest += below(4);
        const to = Math.max(8, newest - (below(3) ? 0 : below(12)));
        const next = withNews(pages, span(to - 7, to));
        if (next) {
          taken += 1;
          top = Math.max(top, to);
          pages = next;
        } else {
          pages = [{ data: span(Math.max(1, newest - 40), newest), unsent: [], next_cursor: "more" }];
          top = newest;
        }
        const ids = pages[0]!.data.map(({ id }) => Number(id)).toSorted((a, b) => b - a);
        assert.deepEqual(ids, Array.from({ length: ids.length }, (_, n) => top - n));
      }
    }
    assert.ok(taken > SEEDS);
  });

  it("is asked for where nothing of it is known, and when the news do not reach what is", () => {
    assert.equal(withNews([], span(1, 8)), null);
    assert.equal(withNews([{ data: span(1, 5), unsent: [], next_cursor: null }], span(20, 27)), null);
    assert.deepEqual(withNews([{ data: [], unsent: [], next_cursor: null }], span(1, 3))?.[0]?.data.length, 3);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { EventRow, Join, StrandOf } from "../model/types";
import { foldLooks } from "../thread/fold";
import { buildRows, type ActRow, type JoinRow, type Row } from "../thread/rows";
import { readStrands } from "../thread/strands";

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const at = (day: number, time = "12:00") => `2026-11-${String(day).padStart(2, "0")}T${time}:00.000Z`;

function event(id: string, when: string, channel: string, node = "1", more: Partial<EventRow> = {}): EventRow {
  return {
    message_id: id,
    type: "track",
    event: "Cart Viewed",
    occurred_at: when,
    received_at: when,
    properties: {},
    context: {},
    identifier: { kind: "anonymous_id", value: node, node_id: node },
    channel,
    source: "shop",
    node_id: node,
    ...more,
  };
}

function strand(index: number, nodes: string[], from: string, joined: string | null = null, into: number | null = null): StrandOf {
  return { index, node_ids: nodes, kinds: [], from_at: from, joined_at: joined, into };
}

function join(index: number, when: string, into = 0): Join {
  const end = { node_id: "1", kind: "email", value: "a" };
  return { id: null, kind: "event", at: when, learnt_at: when, a: end, b: end, reason: null, by: null, undoable: false, event: null, source: null, strand: index, into };
}

function rowsOf(events: EventRow[], strands: StrandOf[], joins: Join[], complete = true, partial = false): Row[] {
  return buildRows({ events, joins, strands: readStrands(strands), complete, partial, dayOf, doorBefore: () => "sms" });
}

const acts = (rows: Row[]) => rows.filter((row): row is ActRow => row.kind === "act");

describe("one line", () => {
  const rows = rowsOf([event("c", at(3), "email"), event("b", at(2), "telegram"), event("a", at(1), "site")], [strand(0, ["1"], at(1))], []);

  it("puts the newest on top, each day under its own heading, and ends where the thread begins", () => {
    assert.deepEqual(rows.map((row) => row.kind), ["day", "act", "day", "act", "day", "act", "end"]);
    assert.deepEqual(acts(rows).map((row) => row.key), ["c", "b", "a"]);
  });

  it("colours each segment by the door last used before it", () => {
    assert.deepEqual(acts(rows).map((row) => row.pieces[0]), [
      { lane: 0, up: "email", down: "telegram" },
      { lane: 0, up: "telegram", down: "site" },
      { lane: 0, up: "site", down: null },
    ]);
  });

  it("says nothing of the beginning while a filter hides it", () => {
    assert.equal(rowsOf([event("a", at(1), "site")], [strand(0, ["1"], at(1))], [], true, true).at(-1)?.kind, "act");
  });

  it("goes on below what is loaded in the colour that the ruler knows", () => {
    const loaded = acts(rowsOf([event("b", at(9), "site")], [strand(0, ["1"], at(1))], [], false));
    assert.deepEqual(loaded[0]?.pieces, [{ lane: 0, up: "site", down: "sms" }]);
  });
});

describe("two who became one", () => {
  const strands = [strand(0, ["1"], at(1)), strand(1, ["2"], at(1), at(5, "17:22"), 0)];
  const events = [
    event("after", at(6), "site", "2"),
    event("shop", at(5, "17:22"), "shop", "2"),
    event("chat", at(4), "telegram", "1"),
    event("old", at(2), "shop", "2"),
    event("first", at(1), "site", "1"),
  ];
  const rows = rowsOf(events, strands, [join(1, at(5, "17:22"))]);
  const diamond = rows.find((row): row is JoinRow => row.kind === "join") as JoinRow;

  it("puts the diamond above what happened at its own moment", () => {
    const kinds = rows.map((row) => (row.kind === "act" ? row.key : row.kind));
    assert.ok(kinds.indexOf("join") === kinds.indexOf("shop") - 1);
  });

  it("keeps an own lane for each former person below it, and one line above", () => {
    const lane = Object.fromEntries(acts(rows).map((row) => [row.key, row.lane]));
    assert.deepEqual(lane, { after: 0, shop: 1, chat: 0, old: 1, first: 0 });
  });

  it("branches in the colour of the strand that ends and goes on in the colour used last", () => {
    assert.equal(diamond.fromLane, 1);
    assert.equal(diamond.fromDoor, "shop");
    assert.deepEqual(diamond.pieces, [
      { lane: 0, up: "shop", down: "telegram" },
      { lane: 1, up: null, down: "shop" },
    ]);
  });

  it("lets the other line pass by a row where it is not tied", () => {
    const chat = acts(rows).find((row) => row.key === "chat") as ActRow;
    assert.deepEqual(chat.pieces.find((piece) => piece.lane === 1), { lane: 1, up: "shop", down: "shop" });
  });

  it("gives a lane back below a strand's first moment", () => {
    const later = readStrands([strand(0, ["1"], at(1)), strand(1, ["2"], at(20), at(25), 0), strand(2, ["3"], at(2), at(10), 0)]);
    assert.deepEqual(later.list.map((one) => one.lane), [0, 1, 1]);
    const both = readStrands([strand(0, ["1"], at(1)), strand(1, ["2"], at(2), at(25), 0), strand(2, ["3"], at(2), at(10), 0)]);
    assert.deepEqual(both.list.map((one) => one.lane), [0, 1, 2]);
  });

  it("never needs more than four lanes, however many were glued", () => {
    const many = Array.from({ length: 30 }, (_, n) => strand(n, [String(n)], at(1), n === 0 ? null : at(20 + (n % 5)), n === 0 ? null : 0));
    const read = readStrands(many);
    assert.equal(read.laneCount, 4);
    assert.ok(read.list.every((one) => one.lane < 4));
  });

  it("follows a chain of joins to whoever goes on", () => {
    const chain = readStrands([strand(0, ["1"], at(1)), strand(1, ["2"], at(1), at(9), 0), strand(2, ["3"], at(1), at(5), 1)]);
    assert.equal(chain.at(2, Date.parse(at(4))), 2);
    assert.equal(chain.at(2, Date.parse(at(7))), 1);
    assert.equal(chain.at(2, Date.parse(at(10))), 0);
  });
});

describe("what was learnt late", () => {
  it("is said only where something later had been learnt before", () => {
    const imported = [event("b", at(9), "site", "1", { received_at: at(20) }), event("a", at(1), "site", "1", { received_at: at(20) })];
    assert.deepEqual(acts(rowsOf(imported, [strand(0, ["1"], at(1))], [])).map((row) => row.late), [0, 0]);
    const delayed = [event("b", at(9), "site"), event("a", at(1), "site", "1", { received_at: at(20) })];
    assert.deepEqual(acts(rowsOf(delayed, [strand(0, ["1"], at(1))], [])).map((row) => row.late > 0), [false, true]);
  });
});

describe("folding", () => {
  const page = (id: string, when: string, channel = "site", node = "1") => event(id, when, channel, node, { type: "page", event: null });

  it("makes one row of a run of page views", () => {
    const groups = foldLooks([page("c", at(1, "12:05")), page("b", at(1, "12:03")), page("a", at(1, "12:00"))], dayOf, []);
    assert.deepEqual(groups.map((group) => [group.head.message_id, group.rest.length]), [["c", 2]]);
  });

  it("parts the run at a pause, another door, another person, another day, a join, or another act", () => {
    const pairs: [EventRow, EventRow, number[]][] = [
      [page("b", at(1, "12:40")), page("a", at(1, "12:00")), []],
      [page("b", at(1, "12:01"), "app"), page("a", at(1, "12:00")), []],
      [page("b", at(1, "12:01"), "site", "2"), page("a", at(1, "12:00")), []],
      [page("b", at(2, "00:01")), page("a", at(1, "23:59")), []],
      [page("b", at(1, "12:02")), page("a", at(1, "12:00")), [Date.parse(at(1, "12:01"))]],
      [page("b", at(1, "12:01")), event("a", at(1, "12:00"), "site"), []],
    ];
    for (const [newer, older, joins] of pairs) assert.equal(foldLooks([newer, older], dayOf, joins).length, 2);
  });
});

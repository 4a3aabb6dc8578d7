import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { moveDay, readTime, weeksOf } from "../header/month";
import { layArcs, MAX_ARC_LANES } from "../identifiers/arcs";
import { identifierText, initialsOf, phoneText, shortId } from "../model/labels";
import type { Ruler } from "../model/types";
import { readSearch, timesOf } from "../model/url";
import { layTracks } from "../ruler/layout";
import { DAY_MS, makeScale } from "../ruler/scale";

const NOW = Date.parse("2026-11-22T14:32:00Z");
const days = (...ago: number[]) => ago.map((n) => NOW - n * DAY_MS);

describe("the scale", () => {
  it("is straight for a short history", () => {
    const scale = makeScale(NOW - 10 * DAY_MS, NOW, days(1, 5, 9), 1000);
    assert.equal(scale.breakX, null);
    assert.equal(Math.round(scale.x(NOW - 5 * DAY_MS)), 500);
  });

  it("squeezes the years before a busy month behind a break", () => {
    const scale = makeScale(NOW - 980 * DAY_MS, NOW, days(1, 2, 3, 10, 11, 12, 18, 20, 240, 400, 800), 1000);
    assert.ok(scale.breakX !== null && scale.breakMs !== null);
    assert.ok(scale.x(NOW - 19 * DAY_MS) > scale.breakX);
    assert.ok(scale.x(NOW - 240 * DAY_MS) < scale.breakX);
  });

  it("never runs backwards, and gives back the moment it was asked for", () => {
    const scale = makeScale(NOW - 980 * DAY_MS, NOW, days(1, 2, 3, 4, 5, 400), 1000);
    let before = -1;
    for (let n = 980; n >= 0; n -= 1) {
      const x = scale.x(NOW - n * DAY_MS);
      assert.ok(x >= before);
      before = x;
      assert.ok(Math.abs(scale.ms(x) - (NOW - n * DAY_MS)) < DAY_MS / 10);
    }
  });

  it("labels no closer than they can be read", () => {
    for (const span of [1, 3, 20, 90, 400, 4000]) {
      const scale = makeScale(NOW - span * DAY_MS, NOW, days(0, span), 1000);
      const xs = scale.ticks.filter((tick) => tick.label).map((tick) => tick.x);
      for (let n = 1; n < xs.length; n += 1) assert.ok((xs[n] as number) - (xs[n - 1] as number) > 25, `${span} days`);
      assert.ok(xs.length > 0 && xs.length < 30, `${span} days: ${xs.length}`);
    }
  });
});

describe("the ruler", () => {
  const day = (ago: number, strand: number, channels: Record<string, number>) => ({ day: new Date(NOW - ago * DAY_MS).toISOString().slice(0, 10), strand, channels });
  const strand = (index: number, joined: number | null) => ({ index, node_ids: [], kinds: [], from_at: null, joined_at: joined === null ? null : new Date(NOW - joined * DAY_MS).toISOString(), into: joined === null ? null : 0 });
  const noon = (text: string) => Date.parse(`${text}T12:00:00Z`);
  const scale = makeScale(NOW - 30 * DAY_MS, NOW, days(1, 10, 20), 900);

  it("draws a former person who ran beside as an own line that flows in", () => {
    const ruler: Ruler = { days: [day(20, 0, { site: 2 }), day(2, 0, { site: 1 }), day(25, 1, { shop: 1 })], strands: [strand(0, null), strand(1, 9)] };
    const tracks = layTracks(ruler, scale, noon, NOW);
    assert.deepEqual(tracks.map((track) => [track.strands, track.joins.length, track.marks.length]), [[[0], 0, 0], [[1], 1, 0]]);
  });

  it("draws one who ended before the other began as the same line, with a diamond on it", () => {
    const ruler: Ruler = { days: [day(8, 0, { telegram: 2 }), day(12, 1, { site: 1 })], strands: [strand(0, null), strand(1, 8)] };
    const tracks = layTracks(ruler, scale, noon, NOW);
    assert.equal(tracks.length, 1);
    assert.equal(tracks[0]?.marks.length, 1);
  });

  it("shows nothing after the moment that is looked at", () => {
    const ruler: Ruler = { days: [day(20, 0, { site: 2 }), day(2, 0, { site: 1 }), day(25, 1, { shop: 1 })], strands: [strand(0, null), strand(1, 9)] };
    const end = NOW - 15 * DAY_MS;
    for (const track of layTracks(ruler, scale, noon, end)) {
      assert.ok(track.knots.every((knot) => knot.x <= scale.x(end)));
      assert.ok(track.stretches.every((one) => one.x2 <= scale.x(end)));
      assert.equal(track.joins.length, 0);
    }
  });

  it("keeps to three lines for a person glued from many", () => {
    const many = Array.from({ length: 20 }, (_, n) => n);
    const ruler: Ruler = { days: many.map((n) => day(25 - n, n, { site: 20 - n })).concat(day(28, 0, { site: 1 })), strands: many.map((n) => strand(n, n === 0 ? null : 1)) };
    const tracks = layTracks(ruler, scale, noon, NOW);
    assert.equal(tracks.length, 3);
    assert.equal(tracks.flatMap((track) => track.strands).length, 20);
  });
});

describe("arcs", () => {
  it("put short ones inside and never cross in one lane", () => {
    const arcs = layArcs([{ a: 0, b: 7, strong: false, key: "long" }, { a: 0, b: 1, strong: false, key: "s" }, { a: 2, b: 3, strong: false, key: "t" }, { a: 0, b: 3, strong: true, tee: 6, key: "join" }]);
    const lane = Object.fromEntries(arcs.map((arc) => [arc.key, arc.lane]));
    assert.deepEqual(lane, { s: 0, t: 0, join: 1, long: 2 });
  });

  it("let two share a lane where only their ends meet", () => {
    assert.deepEqual(layArcs([{ a: 0, b: 1, strong: false, key: "a" }, { a: 1, b: 2, strong: false, key: "b" }]).map((arc) => arc.lane), [0, 0]);
  });

  it("stay within the margin for any number", () => {
    const arcs = layArcs(Array.from({ length: 40 }, (_, n) => ({ a: 0, b: n + 1, strong: false, key: String(n) })));
    assert.ok(arcs.every((arc) => arc.lane < MAX_ARC_LANES));
  });
});

describe("labels", () => {
  it("group numbers as they are said", () => {
    assert.equal(phoneText("+48601233412"), "+48\u00a0601\u00a0233\u00a0412");
    assert.equal(phoneText("+79123456789"), "+7\u00a0912\u00a0345\u00a067\u00a089");
    assert.equal(phoneText("not a phone"), "not a phone");
    assert.equal(identifierText("loyalty_card", "220044710938"), "2200\u00a04471\u00a00938");
  });

  it("shorten what nobody reads, and name the device", () => {
    assert.equal(shortId("a_7f3c"), "a_7f3c");
    assert.equal(shortId("3f2a9c1d-77aa-4b1e-9d2f-1234567890ab"), "3f2a…90ab");
    assert.equal(identifierText("anonymous_id", "a_7f3c", "iPhone"), "iPhone, a_7f3c");
  });

  it("take initials from the first and the last word of any script", () => {
    assert.equal(initialsOf("Anna Maria Kowalska"), "AK");
    assert.equal(initialsOf("Łucja Żak"), "ŁŻ");
    assert.equal(initialsOf("  "), "");
    assert.equal(initialsOf("👩🏽 Ania"), "👩A");
  });
});

describe("the address", () => {
  it("forgets what it cannot mean", () => {
    assert.deepEqual(readSearch({ at: "yesterday", mode: "later", door: "<script>", only: "x", q: "", other: "1" }), {});
    assert.deepEqual(readSearch({ at: "2026-11-06T18:00:00Z", mode: "later", door: "site,shop", event: "m" }), { at: "2026-11-06T18:00:00.000Z", mode: "later", door: "site,shop", event: "m" });
  });

  it("turns into the two times", () => {
    const at = "2026-11-06T18:00:00.000Z";
    assert.deepEqual(timesOf({}), {});
    assert.deepEqual(timesOf({ at }), { as_of: at, known_at: at });
    assert.deepEqual(timesOf({ at, mode: "later" }), { as_of: at });
  });
});

describe("the month", () => {
  it("has whole weeks from Monday", () => {
    const weeks = weeksOf(2026, 10);
    assert.equal(weeks.length, 6);
    assert.ok(weeks.every((week) => week.length === 7));
    assert.equal(weeks[0]?.[6]?.day, "2026-11-01");
    assert.equal(weeks.flat().filter((cell) => cell.inMonth).length, 30);
  });

  it("walks over the ends of months and the change of summer time", () => {
    assert.equal(moveDay("2026-10-31", 1), "2026-11-01");
    assert.equal(moveDay("2026-10-25", 1), "2026-10-26");
    assert.equal(moveDay("2026-03-01", -1), "2026-02-28");
  });

  it("reads a time as people type it", () => {
    assert.deepEqual(["9:05", "0905", "9", "24:00", "12:60", "x"].map(readTime), ["09:05", "09:05", "09:00", null, null, null]);
  });
});

// A stand-in for the server, for work on the console alone: the built bundle, the API with invented data, the socket.
// `npm run dev:mock`, then http://127.0.0.1:5178. POST /mock {"people":0,"fail":"/api/profiles","rate":20,"drop":true,"reset":true} changes what it plays.
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { WebSocketServer } from "ws";

import { chance, fold, makeEvent, makePeople, makeRejected } from "./invented.mjs";

const port = Number(process.env.PORT ?? 5178);
const bundle = process.env.BUNDLE ?? new URL("../../src/onevoice/static/console/", import.meta.url).pathname;
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const start = { id: "1", login: "owner@demo.example", name: "Olga Mazur", role: "owner", language: null, theme: null, single_keys: true };
const customer = await import("./customer.mjs").catch(() => null);

const byUser = new Map();
let play, me, people, events, rejected, seq, c;
function reset() {
  play = process.env.EMPTY ? { people: 0, rate: 0 } : { people: 1200, rate: 6 };
  me = { ...start };
  c = chance(11);
  seq = 1000;
  events = [];
  rejected = [];
  people = makePeople(play.people, Date.now());
  const now = Date.now();
  for (let at = 120; at > 0; at--) for (let n = 0; n < 2 + Math.round(3 + 3 * Math.sin(at / 9)); n++) add(now - at * 1000 + n * 90);
  for (let n = 0; n < 4; n++) rejected.push(makeRejected(c, n + 1, now - n * 7000 - 900));
}
function add(now) {
  if (people.length === 0) return null;
  const event = makeEvent(c, people.slice(0, 200), ++seq, now);
  events.unshift(event);
  events.length = Math.min(events.length, 4000);
  return event;
}
reset();

function rate() {
  const seconds = [];
  const end = Math.floor(Date.now() / 1000);
  const slots = new Map();
  for (let at = end - 120; at < end; at++) {
    const slot = { at: new Date(at * 1000).toISOString(), counts: {} };
    slots.set(at, slot);
    seconds.push(slot);
  }
  for (const event of events) {
    const counts = slots.get(Math.floor(Date.parse(event.received_at) / 1000))?.counts;
    if (counts) counts[event.channel] = (counts[event.channel] ?? 0) + 1;
  }
  const last = seconds.slice(-5).flatMap((slot) => Object.values(slot.counts));
  return { per_second: last.reduce((sum, n) => sum + n, 0) / 5, seconds };
}

function matchOf(person, word) {
  const wanted = fold(word).out;
  const digits = word.replace(/\D/g, "");
  const fields = [["name", person.name ?? ""], ["email", person.doors.includes("email") ? person.mail : ""], [person.contact.kind, person.contact.value]];
  if (digits.length > 2) fields.push(["phone", person.phone], ["loyalty_card", person.card]);
  for (const [field, text] of fields) {
    const { out, from } = fold(text);
    const needle = /\d/.test(word) && (field === "phone" || field === "loyalty_card") ? digits : wanted;
    const at = needle ? out.indexOf(needle) : -1;
    if (at >= 0) return { field, text, start: from[at], end: (from[at + needle.length - 1] ?? from.at(-1)) + 1 };
  }
  return null;
}

function profiles(query) {
  const began = performance.now();
  const words = (query.get("query") ?? "").replace(/(?<=\d) (?=\d)/g, "").trim().split(/\s+/).filter(Boolean);
  const rows = [];
  if (query.get("sort") === "name") people.sort((a, b) => (a.name ?? "~").localeCompare(b.name ?? "~"));
  else people.sort((a, b) => b.last_seen_at.localeCompare(a.last_seen_at));
  for (const person of people) {
    const matches = words.map((word) => matchOf(person, word));
    if (matches.every(Boolean)) rows.push({ person, matches });
  }
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 50);
  const data = rows.slice(from, from + limit).map(({ person: { says, lang, phone, card, mail, ...row }, matches }) => ({ ...row, match: matches.find((one) => one.field !== "name") ?? matches[0] ?? null, matches }));
  const body = {
    data,
    next_cursor: from + limit < rows.length ? String(from + limit) : null,
    total: rows.length, total_is_exact: true, of_people: people.length,
    took_ms: Math.max(1, Math.round(performance.now() - began)),
  };
  body.suggestions = [];
  if (rows.length === 0 && words.length > 1) {
    body.suggestions = words.map((word) => ({ kind: "only", query: word, count: people.filter((person) => matchOf(person, word)).length }));
  }
  return body;
}

function live(query) {
  const before = Number(query.get("cursor") ?? Infinity);
  const limit = Number(query.get("limit") ?? 200);
  const older = events.filter((event) => Number(event.seq) < before);
  const found = older.filter((event) => keep(event, query.get("channel"), query.get("q")));
  const data = found.slice(0, limit);
  return { data, next_cursor: found.length > limit ? String(data.at(-1).seq) : null, looked: older.length, stopped_early: false, rejected, rate: rate() };
}
function keep(event, channel, q) {
  if (channel && !channel.split(",").includes(event.channel)) return false;
  return !q || fold(JSON.stringify([event.event, event.type, event.who, event.properties])).out.includes(fold(q).out);
}

const problem = (status, code, detail) => ({ status, body: { type: `about:${code}`, title: code, status, code, detail } });
// Just enough of the real intake for the browser tests to be tried on the mock.

function personOf({ userId, traits = {} }) {
  let person = byUser.get(userId);
  if (!person) {
    person = { id: String(5000 + byUser.size), name: null, contact: { kind: "user_id", value: userId }, phone: "", card: "", mail: "", doors: ["site"], orders: 0, spent_minor: 0, currency: "PLN", city: null };
    byUser.set(userId, person);
    people.unshift(person);
  }
  if (traits.name) person.name = traits.name;
  if (traits.city) person.city = traits.city;
  if (traits.phone) person.phone = traits.phone;
  if (traits.email) Object.assign(person, { mail: traits.email, contact: { kind: "email", value: traits.email } });
  if (traits.email && !person.doors.includes("email")) person.doors.push("email");
  return person;
}
function intake(batch, now) {
  const fresh = [];
  for (const raw of batch) {
    if (!raw.userId) {
      rejected.push({ ...makeRejected(c, rejected.length + 1, now), code: "no_identifier", reason: "the event names nobody", event: JSON.stringify(raw) });
      continue;
    }
    const person = personOf(raw);
    Object.assign(person, { last_seen_at: new Date(now).toISOString(), last_channel: "site" });
    const { type, event = null, properties = {}, context = {}, messageId } = raw;
    fresh.unshift({ seq: ++seq, message_id: messageId, type, event, occurred_at: raw.timestamp ?? new Date(now).toISOString(), received_at: new Date(now).toISOString(), linked_at: new Date(now + 40).toISOString(), channel: "site", source: "tests", who: { profile_id: person.id, name: person.name, label: null, identifier: person.contact }, summary: null, properties, traits: raw.traits ?? {}, context });
  }
  events.unshift(...fresh);
  tell(fresh);
  return { success: true };
}

async function answer(method, url, body) {
  const { pathname, searchParams: query } = url;
  if (play.fail && pathname.startsWith(play.fail)) return problem(503, "unavailable", "The database does not answer.");
  if (pathname === "/api/me" && method === "PATCH") me = { ...me, ...body };
  if (pathname === "/api/me") return { status: 200, body: me };
  if (pathname === "/api/sources") return { status: 200, body: { data: [{ id: "1", name: "site pl", channel: "site", site: "shop.example" }], next_cursor: null } };
  if (pathname === "/api/profiles") return { status: 200, body: profiles(query) };
  if (pathname === "/api/live") return { status: 200, body: live(query) };
  const replay = pathname.match(/^\/api\/dead-letters\/(\d+)\/replay$/);
  if (replay && method === "POST") {
    const letter = rejected.find((one) => one.id === replay[1]);
    if (!letter) return problem(404, "not_found", "No such event.");
    if (letter.code === "too_large") return problem(409, "still_refused", letter.reason);
    rejected = rejected.filter((one) => one !== letter);
    return { status: 200, body: { id: letter.id, state: "replayed", message_id: "m-1" } };
  }
  if (pathname.startsWith("/v1/") && method === "POST") return { status: 200, body: intake(body.batch ?? [body], Date.now()) };
  const theirs = await customer?.handle({ method, path: pathname, query, body });
  return theirs ?? problem(404, "not_found", `Nothing is at ${pathname}.`);
}

async function file(pathname, response) {
  const wanted = path.join(bundle, path.normalize(pathname));
  const asset = path.extname(pathname) !== "";
  try {
    const body = await readFile(asset ? wanted : path.join(bundle, "index.html"));
    response.writeHead(200, { "Content-Type": types[asset ? path.extname(pathname) : ".html"] ?? "application/octet-stream", "Content-Security-Policy": policy });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (!/^\/(api|v1|mock)\b/.test(url.pathname)) return file(url.pathname, response);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : {};
  if (url.pathname === "/mock") {
    if (body.reset) reset();
    Object.assign(play, body);
    if ("people" in body) {
      people = makePeople(body.people, Date.now());
      byUser.clear();
      if (body.people === 0) [events, rejected] = [[], []];
    }
    if (body.drop) for (const client of sockets.clients) client.terminate();
    response.end("{}");
    return;
  }
  const answered = await answer(request.method, url, body);
  setTimeout(() => {
    response.writeHead(answered.status, { "Content-Type": answered.status < 400 ? "application/json" : "application/problem+json" });
    response.end(JSON.stringify(answered.body));
  }, play.delay ?? 0);
});

const sockets = new WebSocketServer({ server, path: "/api/socket" });
sockets.on("connection", (client) => {
  client.topics = new Set();
  client.send(JSON.stringify({ topic: "hello", version: "mock" }));
  client.on("message", (data) => {
    const { subscribe = [], unsubscribe = [] } = JSON.parse(data);
    for (const topic of subscribe) client.topics.add(topic);
    for (const topic of unsubscribe) client.topics.delete(topic);
  });
});
setInterval(() => {
  if (!play.rate) return;
  const fresh = [];
  for (let n = 0; n < play.rate / 2; n++) fresh.unshift(add(Date.now() - n * 7));
  tell(fresh.filter(Boolean));
}, 500);
function tell(fresh) {
  const message = JSON.stringify({ topic: "live", events: fresh, rate: rate() });
  for (const client of sockets.clients) if (client.topics.has("live")) client.send(message);
}

server.listen(port, "127.0.0.1", () => console.log(`mock console on http://127.0.0.1:${port}`));

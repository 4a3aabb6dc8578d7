// One invented customer in full, one with a hundred thousand events, one without any: what the customer's page is drawn against.
const MINUTE = 60_000;
const DAY = 86_400_000;

function clock(daysAgo, time) {
  const [hour, minute] = time.split(":").map(Number);
  const date = new Date();
  date.setHours(hour, minute, 0, 0);
  return date.getTime() - daysAgo * DAY;
}
const iso = (ms) => new Date(ms).toISOString();
const node = (node_id, kind, value) => ({ node_id, kind, value });

const card = node("1", "loyalty_card", "220044710938");
const phone = node("2", "phone", "+48601233412");
const iphone = node("3", "anonymous_id", "a_7f3c");
const telegram = node("4", "telegram", "@ania_k");
const mac = node("5", "anonymous_id", "a_b91e");
const mail = node("6", "email", "a.kowalska@poczta.example");
const account = node("7", "user_id", "20817");

let serial = 0;
function event(at, who, channel, source, name, properties = {}, context = {}, type = "track", late = 200) {
  serial += 1;
  const { node_id, kind, value } = who;
  return {
    message_id: `m-${serial}`, type, event: type === "track" ? name : null, occurred_at: iso(at), received_at: iso(at + late), linked_at: iso(at + late + 41),
    properties: type === "page" ? { ...properties, name } : properties, context, identifier: { kind, value, node_id }, channel, source, node_id,
  };
}
const onPhone = { device: { model: "iPhone" }, locale: "pl-PL", page: { url: "https://shop.example/tatra" } };
const onMac = { device: { model: "MacBook" }, locale: "pl-PL" };
const pl = { locale: "pl-PL" };

function annas() {
  const boots = { name: "Tatra boots", size: "39", price: 389, currency: "PLN", product_id: "T-39", quantity: 1 };
  const list = [
    event(clock(0, "00:20"), telegram, "telegram", "Telegram bot", "Message Received", { text: "Czy jest szersza wersja tych butów?" }, pl),
    event(clock(1, "19:58"), iphone, "site", "tatra shop", "Product Added", { name: "Merino insoles", size: "39", price: 49, currency: "PLN" }, onPhone),
    event(clock(1, "19:55"), iphone, "site", "tatra shop", "Merino insoles", {}, onPhone, "page"),
    event(clock(1, "19:54"), iphone, "site", "tatra shop", "Insoles", {}, onPhone, "page"),
    event(clock(1, "19:52"), iphone, "site", "tatra shop", "Home", { referrer: "https://search.example/" }, onPhone, "page"),
    event(clock(3, "19:31"), telegram, "telegram", "desk", "Message Sent", { operator: "Olga Mazur", text: "Przykro mi, Pani Anno. Wymienimy je od ręki." }, pl),
    event(clock(3, "19:24"), telegram, "telegram", "Telegram bot", "Survey Answered", { text: "2 na 5. Obcierają lewą piętę.", title: "the boots survey" }, pl),
    event(clock(10, "20:55"), mail, "email", "mailer", "Email Opened", { subject: "Your receipt and card" }, onPhone),
    event(clock(10, "20:42"), mail, "email", "mailer", "Email Sent", { subject: "Your receipt and card" }),
    event(clock(10, "20:41"), account, "site", "tatra shop", "Signed Up", { method: "card number and e-mailed code" }, onMac),
    event(clock(10, "17:22"), card, "shop", "shop till", "Order Completed", { products: [boots], total: 389, currency: "PLN", points: 38, store: "Gdańsk Wrzeszcz", till: 2, seller: "Marta Lis", receipt: "4 412", order_id: "R-8841" }),
    event(clock(11, "19:06"), telegram, "telegram", "Telegram bot", "Reservation Made", { name: "Tatra boots 39", order_id: "R-8841" }, pl),
    event(clock(11, "19:00"), telegram, "telegram", "mailer", "Message Sent", { subject: "Your 39 is at Gdańsk Wrzeszcz" }, pl),
    event(clock(13, "12:40"), card, "shop", "shop till", "Order Completed", { products: [{ name: "Wool socks" }], total: 39, currency: "PLN", store: "Gdańsk Wrzeszcz", receipt: "4 209" }, {}, "track", 26 * 3600_000),
    event(clock(18, "20:05"), mail, "email", "tatra shop", "Form Submitted", { form: "tell me about size 39" }, onMac),
    event(clock(18, "20:03"), mac, "site", "tatra shop", "Cart Viewed", { products: [{ name: "Tatra boots 38" }], total: 389, currency: "PLN" }, onMac),
    event(clock(20, "08:52"), telegram, "telegram", "Telegram bot", "Message Received", { text: "Dziękuję, poczekam na 39." }, pl),
    event(clock(20, "08:44"), telegram, "telegram", "desk", "Message Sent", { operator: "Olga Mazur", text: "Dzień dobry, Pani Aniu. Tak, radzę wziąć 39." }, pl),
    event(clock(20, "08:41"), telegram, "telegram", "Telegram bot", "Chat Started", { code: "K7Q-2MD" }, pl),
    event(clock(21, "21:21"), iphone, "site", "tatra shop", "Code Shown", { code: "K7Q-2MD" }, onPhone),
    event(clock(21, "21:19"), iphone, "site", "tatra shop", "Message Received", { text: "Czy wypadają małe? Noszę 38 lub 39." }, onPhone),
    event(clock(21, "21:17"), iphone, "site", "tatra shop", "Product Added", { name: "Tatra boots", size: "38", price: 389, currency: "PLN" }, onPhone),
    event(clock(21, "21:14"), iphone, "site", "tatra shop", "Tatra boots", { referrer: "https://search.example/?q=buty" }, onPhone, "page"),
  ];
  for (const [days, what, total] of [[92, "Rain cover", 129], [240, "Trekking poles", 219], [390, "Fleece", 189], [520, "Tent pegs", 49], [800, "Rucksack 40 l", 449], [985, "Merino base layer", 199]])
    list.push(event(clock(days, "13:10"), card, "shop", "shop till", "Order Completed", { products: [{ name: what }], total, currency: "PLN", store: "Gdańsk Wrzeszcz", receipt: String(1000 + days) }));
  return list.sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
}

const evidence = (to, at, source, state = "used", more = {}) => ({
  to, tier: 3, occurred_at: iso(at), received_at: iso(at + 200), source, origin: "event", message_id: "m-9", event: null, state, why: null, ...more,
});

function anna() {
  const events = annas();
  const joinedAt = clock(10, "17:22");
  const metAt = clock(20, "08:41");
  const identity = {
    identifiers: [
      { ...card, epoch: null, first_seen_at: iso(clock(985, "13:10")), evidence: [] },
      { ...phone, epoch: null, first_seen_at: iso(clock(985, "13:11")), evidence: [evidence(card, clock(985, "13:11"), "card form")] },
      { ...iphone, epoch: { from: null, to: null }, first_seen_at: iso(clock(21, "21:14")), evidence: [] },
      { ...telegram, epoch: null, first_seen_at: iso(metAt), evidence: [evidence(iphone, metAt, "Telegram bot", "used", { event: "Chat Started", message_id: "m-19" })] },
      { ...mac, epoch: { from: iso(clock(18, "20:03")), to: iso(clock(2, "10:00")) }, first_seen_at: iso(clock(18, "20:03")), evidence: [evidence(telegram, clock(18, "20:03"), "tatra shop", "used", { origin: "login" })] },
      { ...mail, epoch: null, first_seen_at: iso(clock(18, "20:05")), evidence: [evidence(mac, clock(18, "20:05"), "tatra shop"), evidence(telegram, clock(17, "20:05"), "tatra shop", "redundant")] },
      { ...account, epoch: null, first_seen_at: iso(clock(10, "20:41")), evidence: [evidence(card, clock(10, "20:41"), "tatra shop"), evidence(node("90", "user_id", "19340"), clock(9, "10:00"), "crm import", "refused", { why: "limit:user_id" })] },
    ],
    joins: [
      { id: "j2", kind: "operator", at: iso(joinedAt), learnt_at: iso(joinedAt), a: card, b: telegram, reason: "Reservation R-8841, made in Telegram, was handed over against this card.", by: "Marta Lis", undoable: true },
      { id: "j1", kind: "event", at: iso(metAt), learnt_at: iso(metAt), a: telegram, b: iphone, reason: null, by: null, undoable: false },
    ],
    cannot_links: [],
    strands: [
      { node_ids: ["4", "5", "6", "7"], from: iso(metAt), joined_at: null },
      { node_ids: ["1", "2"], from: iso(clock(985, "13:10")), joined_at: iso(joinedAt) },
      { node_ids: ["3"], from: iso(clock(21, "21:14")), joined_at: iso(metAt) },
    ],
  };
  const trait = (name, value, source, at, late = 0, losing = [], rule = "latest") => ({ name, value, source, occurred_at: iso(at), received_at: iso(at + late), rule, losing });
  const traits = [
    trait("name", "Anna Kowalska", "card form", clock(985, "13:10"), 0, [{ value: "Ania K.", source: "Telegram bot", occurred_at: iso(metAt), received_at: iso(metAt) }], "source_priority"),
    trait("shoe_size", 39, "shop till", joinedAt),
    trait("birthday", "1991-05-17", "paper form", clock(985, "13:10"), 2 * DAY),
    trait("city", "Gdańsk", "card form", clock(985, "13:10")),
    trait("language", "pl", "tatra shop", clock(21, "21:14")),
    trait("email", mail.value, "tatra shop", clock(18, "20:05")),
    trait("newsletter", false, "tatra shop", clock(18, "20:05")),
    trait("favourite_store", "Gdańsk Wrzeszcz", "card form", clock(985, "13:10")),
  ];
  return { id: "1", name: "Anna Kowalska", events, identity, traits, addresses: [{ channel: "email", address: mail.value, kind: "email", first_seen_at: iso(clock(18, "20:05")) }, { channel: "telegram", address: telegram.value, kind: "telegram", first_seen_at: iso(metAt) }, { channel: "sms", address: phone.value, kind: "phone", first_seen_at: iso(clock(985, "13:11")) }], orders: 8, spent_minor: 166200, currency: "PLN" };
}

function lone(id, events, name) {
  const who = node(id, "anonymous_id", `visitor-${id}-5f2a`);
  const first = events.at(-1)?.occurred_at ?? null;
  return {
    id, name, events, traits: [], addresses: [], orders: 0,
    identity: { identifiers: [{ ...who, epoch: null, first_seen_at: first, evidence: [] }], joins: [], cannot_links: [], strands: [{ node_ids: [id], from: first, joined_at: null }] },
  };
}

function many() {
  const who = node("55", "anonymous_id", "visitor-55");
  const names = ["Product Viewed", "Cart Viewed", "Products Searched", "Product Added"];
  const events = Array.from({ length: 100_000 }, (_, n) => event(Date.now() - n * 11 * MINUTE - (n % 7) * 1000, who, ["site", "app", "telegram"][Math.floor(n / 9) % 3], "shop", names[n % 4], { name: `Thing ${n}`, query: `thing ${n}`, price: n % 90, currency: "PLN" }));
  return lone("55", events, "Big Ben");
}

const people = new Map();
function person(id) {
  if (!people.has(id)) people.set(id, { 1: anna, 55: many, 56: () => lone("56", [], null) }[id]?.() ?? null);
  return people.get(id);
}

function refOf(text) {
  const ref = decodeURIComponent(text);
  if (/^profile:(1|4|12)$/.test(ref) || /^(email|telegram|user_id):/.test(ref)) return "1";
  if (ref === "profile:404") return null;
  return ref.replace("profile:", "");
}

function card_(one, query) {
  const events = one.events.filter((e) => !query.as_of || e.occurred_at <= query.as_of);
  const counters = {};
  for (const e of events) {
    const name = e.event ?? e.type;
    const held = (counters[name] ??= { count: 0, first_at: e.occurred_at, last_at: e.occurred_at });
    held.count += 1;
    held.first_at = e.occurred_at;
  }
  const nodes = identityAt(one, query).identifiers;
  const channels = {};
  for (const e of events) {
    const held = (channels[e.channel] ??= { count: 0, first_at: e.occurred_at, last_at: e.occurred_at });
    held.count += 1;
  }
  const traits = traitsAt(one, query);
  const name = query.known_at ? (traits.find((t) => t.name === "name")?.value ?? null) : one.name;
  return {
    id: one.id, name, identifiers: nodes.map((i) => known({ ...i, events: one.events.filter((e) => e.node_id === i.node_id).length })),
    addresses: one.addresses.filter((a) => !query.known_at || a.first_seen_at <= query.known_at).map(({ first_seen_at, ...a }) => ({ ...a, known_since: first_seen_at })), traits: Object.fromEntries(traits.map((t) => [t.name, t])), counters, channels,
    first_seen_at: events.at(-1)?.occurred_at ?? null, last_seen_at: events[0]?.occurred_at ?? null, last_channel: events[0]?.channel ?? null, event_count: events.length,
    as_of: query.as_of ?? null, known_at: query.known_at ?? null, spend: one.currency && counters["Order Completed"] ? [{ currency: one.currency, orders: counters["Order Completed"].count, minor: one.spent_minor }] : [],
  };
}
const strangers = (one, query) => one.id === "1" && query.known_at && query.known_at < one.identity.joins[0].at;
function eventsAt(one, query) {
  const hidden = strangers(one, query) ? new Set(["1", "2"]) : new Set();
  return one.events.filter((e) => (!query.as_of || e.occurred_at <= query.as_of) && !hidden.has(e.node_id));
}
function identityAt(one, query) {
  if (!query.known_at) return one.identity;
  const hidden = strangers(one, query) ? new Set(["1", "2"]) : new Set();
  const before = (at) => at && at <= query.known_at;
  return {
    ...one.identity,
    identifiers: one.identity.identifiers.filter((i) => before(i.first_seen_at) && !hidden.has(i.node_id)),
    joins: one.identity.joins.filter((j) => before(j.at)),
    strands: one.identity.strands.filter((s, n) => !(n === 1 && hidden.size)).map((s) => ({ ...s })),
  };
}
function traitsAt(one, query) {
  const out = [];
  for (const t of one.traits) {
    if (!query.known_at) out.push(t);
    else if (strangers(one, query) && t.name === "name") {
      if (t.losing[0].received_at <= query.known_at) out.push({ ...t, ...t.losing[0], losing: [] });
    } else if (t.received_at <= query.known_at && !(strangers(one, query) && t.source === "card form")) out.push(t);
  }
  return out;
}

function ruler(one, query) {
  const events = eventsAt(one, query);
  const days = new Map();
  const identity = identityAt(one, query);
  const strandOf = (e) => {
    let strand = identity.strands.findIndex((s) => s.node_ids.includes(e.node_id));
    while (strand > 0 && identity.strands[strand].joined_at && identity.strands[strand].joined_at < e.occurred_at) strand = 0;
    return Math.max(0, strand);
  };
  for (const e of events) {
    const strand = strandOf(e);
    const key = `${e.occurred_at.slice(0, 10)} ${strand}`;
    const day = days.get(key) ?? { day: e.occurred_at.slice(0, 10), strand, channels: {} };
    day.channels[e.channel] = (day.channels[e.channel] ?? 0) + 1;
    days.set(key, day);
  }
  return {
    days: [...days.values()],
    strands: strandsOf(identity),
  };
}

function preview(kind) {
  const side = (id, name, identifiers, identifier_count, events, orders, minor) => ({ id, name, identifiers, identifier_count, events, first_seen_at: null, last_seen_at: null, spend: [{ currency: "PLN", orders, minor }] });
  const work = node("44", "email", "anna.k@firma.example");
  const here = side("1", "Anna Kowalska", [account, card, mail, phone, telegram], 7, 29, 8, 166200);
  const there = side("44", "A. Kowalska", [work, node("45", "device", "tablet-9c1d")], 2, 46, 1, 12900);
  const both = side("1", "Anna Kowalska", [account, card], 9, 75, 9, 179100);
  if (kind === "join") {
    const warnings = [{ code: "limit_exceeded", kind: "user_id", values: ["20817", "19340"], limit: 1 }];
    return { before: [here, there], after: [both], moves: [{ ...work, from: "44", to: "1" }], warnings, traits: [{ name: "city", values: ["Gdańsk", "Sopot"], after: "Gdańsk" }], withdraws: [], parts: [], held_by: [] };
  }
  return { before: [both], after: [here, there], moves: [{ ...work, from: "1", to: "44" }], warnings: [], traits: [], withdraws: [], parts: [], held_by: [] };
}

// From this file's own short records to the shapes that the server answers with.
const known = (i) => ({ kind: i.kind, value: i.value, node_id: i.node_id, known_since: i.first_seen_at ?? iso(Date.now()), first_seen_at: i.first_seen_at, last_seen_at: i.first_seen_at, events: i.events ?? 0, epoch_from: i.epoch?.from ?? null, epoch_until: i.epoch?.to ?? null });
function strandsOf(identity) {
  return identity.strands.map((s, index) => ({ index, node_ids: s.node_ids, kinds: [], from_at: s.from, joined_at: s.joined_at, into: s.joined_at ? 0 : null }));
}
function identityOut(identity) {
  return {
    identifiers: identity.identifiers.map((i) => ({ ...known(i), evidence: i.evidence })),
    joins: identity.joins.map((j) => ({ ...j, id: j.kind === "operator" ? j.id : null, event: j.kind === "operator" ? null : "Chat Started", source: j.kind === "operator" ? null : "Telegram bot", strand: identity.strands.findIndex((s) => s.joined_at === j.at), into: 0 })),
    cannot_links: identity.cannot_links,
    strands: strandsOf(identity),
  };
}

export async function handle({ method, path, query, body }) {
  const ok = (data) => ({ status: 200, body: data });
  if (method === "POST" && path.startsWith("/api/identity/")) {
    if (!path.endsWith("/undo") && !body?.reason) return { status: 422, body: { code: "reason_needed", title: "A reason is needed", status: 422 } };
    return ok({ id: body.dry_run ? null : "77", preview: preview(path === "/api/identity/merges" ? "join" : "part") });
  }
  const match = /^\/api\/profiles\/([^/]+)(?:\/(.+))?$/.exec(path);
  if (!match || method !== "GET") return null;
  const id = refOf(match[1]);
  const one = id === null ? null : person(id);
  if (id === null || (!one && /[a-z]/.test(id))) return { status: 404, body: { code: "profile_not_found", title: "No such profile", status: 404, detail: "No identifier of that value is known." } };
  if (!one) return null;
  const q = Object.fromEntries(query instanceof URLSearchParams ? query : Object.entries(query ?? {}));
  const part = match[2] ?? "";
  if (part === "") return ok(card_({ ...one, events: eventsAt(one, q) }, q));
  if (part === "traits") return ok({ data: traitsAt(one, q) });
  if (part === "identity") return ok(identityOut(identityAt(one, q)));
  if (part === "ruler") return ok(ruler(one, q));
  if (part.startsWith("traits/")) {
    const t = one.traits.find((x) => x.name === decodeURIComponent(part.split("/")[1]));
    return ok({ data: [t, ...(t?.losing ?? [])].filter(Boolean).map((v) => ({ ...v, identifier: card, message_id: "m-9" })), next_cursor: null });
  }
  if (part === "events") {
    const doors = q.channel ? new Set(q.channel.split(",")) : null;
    const words = q.q?.toLowerCase();
    const all = eventsAt(one, q).filter((e) => (!doors || doors.has(e.channel)) && (!words || JSON.stringify([e.event, e.properties]).toLowerCase().includes(words)));
    const from = Number(q.cursor ?? 0);
    const limit = Number(q.limit ?? 50);
    return ok({ data: all.slice(from, from + limit), next_cursor: from + limit < all.length ? String(from + limit) : null });
  }
  return null;
}

// Invented people and events for the mock. Seeded: every start shows the same shop.

export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    int: (n) => Math.floor(next() * n),
    pick: (list) => list[Math.floor(next() * list.length)],
    maybe: (p) => next() < p,
    hex: (n) => Array.from({ length: n }, () => Math.floor(next() * 16).toString(16)).join(""),
  };
}

const peoples = [
  {
    lang: "pl",
    first: ["Anna", "Joanna", "Piotr", "Marta", "Łukasz", "Agnieszka", "Stanisław", "Michał", "Agata", "Tomasz", "Zofia", "Katarzyna", "Marek", "Ewa"],
    last: ["Kowalska", "Kowalczyk", "Lewandowska", "Wójcik", "Zieliński", "Dąbrowska", "Wiśniewski", "Kowalewska", "Kowalik", "Nowak", "Mazur", "Kowal"],
    cities: ["Gdańsk", "Warszawa", "Poznań", "Wrocław", "Sopot", "Łódź", "Gdynia", "Rzeszów", "Lublin", "Toruń", "Katowice"],
    phone: "+48",
    says: ["Czy jest szersza wersja tych butów?", "Dziękuję, przyszło dziś rano.", "Kiedy będzie rozmiar 39?", "Poproszę o fakturę."],
  },
  {
    lang: "ru",
    first: ["Ирина", "Дарья", "Сергей", "Оксана", "Дмитрий", "Надежда", "Алексей", "Мария"],
    last: ["Коваленко", "Ковальская", "Ковалёв", "Коваль", "Соколов", "Орлова", "Петрова", "Кузнецов"],
    cities: ["Kraków", "Wrocław", "Gdańsk", "Lublin"],
    phone: "+48",
    says: ["Есть ли 41-й размер?", "Спасибо, всё подошло!", "Можно забрать завтра?"],
  },
  {
    lang: "en",
    first: ["Paul", "Emily", "James", "Lucy", "Oliver", "Harriet"],
    last: ["Kowal", "Kowalsky", "Whitfield", "Hargreaves", "Bennett", "Ashworth"],
    cities: ["London", "Leeds", "Bath"],
    phone: "+44",
    says: ["Can I change the address?", "Do these run small?", "Thanks, got it."],
  },
];
const latin = { а: "a", б: "b", в: "v", г: "g", д: "d", е: "e", ё: "yo", ж: "zh", з: "z", и: "i", й: "y", к: "k", л: "l", м: "m", н: "n", о: "o", п: "p", р: "r", с: "s", т: "t", у: "u", ф: "f", х: "kh", ц: "ts", ч: "ch", ш: "sh", щ: "shch", ы: "y", э: "e", ю: "yu", я: "ya", ь: "", ъ: "", ł: "l" };

/** Letters that fold to one Latin text, with the place in the original that each came from. */
export function fold(text) {
  let out = "";
  const from = [];
  [...text.toLowerCase()].forEach((char, at) => {
    const plain = latin[char] ?? char.normalize("NFD").replace(/\p{M}/gu, "");
    for (const letter of plain.replaceAll("w", "v")) {
      out += letter;
      from.push(at);
    }
  });
  return { out, from };
}

const doors = ["site", "telegram", "whatsapp", "email", "sms", "shop", "call"];

export function makePeople(count, now) {
  const c = chance(7);
  return Array.from({ length: count }, (_, index) => {
    const group = peoples[c.pick([0, 0, 0, 1, 1, 2])];
    const known = c.maybe(0.9);
    const first = c.pick(group.first);
    const last = c.pick(group.last);
    const mail = `${fold(first).out[0]}.${fold(last).out}${c.int(90)}@${c.pick(["poczta", "firma", "mail"])}.example`;
    const digits = String(500000000 + c.int(299999999));
    const phone = `${group.phone}${digits}`;
    const card = `2200${String(c.int(100000000)).padStart(8, "0")}`;
    const has = doors.filter((door) => c.maybe({ site: 0.8, telegram: 0.35, whatsapp: 0.2, email: 0.6, sms: 0.15, shop: 0.55, call: 0.25 }[door]));
    if (has.length === 0) has.push("site");
    const contact = !known
      ? { kind: "anonymous_id", value: `a_${c.hex(4)}` }
      : has.includes("email") ? { kind: "email", value: mail } : has.includes("shop") ? { kind: "loyalty_card", value: card } : has.includes("telegram") ? { kind: "telegram", value: `${fold(first).out}_${fold(last).out.slice(0, 3)}` } : { kind: "phone", value: phone };
    const orders = known && has.includes("shop") ? c.int(22) : known ? c.int(4) : 0;
    const age = index < 2 ? 20_000 * (index + 1) : index < 9 ? index * 11 * 60_000 : index * 3.1 * 3600_000;
    return {
      id: String(1000 + index),
      name: known ? `${first} ${last}` : null,
      contact, phone, card, mail,
      doors: known ? has : ["site"],
      last_seen_at: new Date(now - age).toISOString(),
      last_channel: known ? c.pick(has) : "site",
      city: known ? c.pick(group.cities) : null,
      orders: known ? orders : null,
      spent_minor: known ? orders * (4900 + c.int(30000)) : null,
      currency: known ? "PLN" : null,
      says: group.says,
      lang: group.lang,
    };
  });
}

const goods = [["Tatra boots 39", 389], ["Merino insoles 39", 49], ["Kurtka Sarma M", 749], ["Czapka Giewont", 79], ["Wool socks", 39], ["Kijki trekkingowe", 188], ["Plecak Rysy 28 l", 329]];
const pages = ["Kurtki zimowe", "Home", "Куртки, женские", "Tatra boots", "Kijki trekkingowe", "Returns"];

export function makeEvent(c, people, seq, now) {
  const who = c.pick(people);
  const visitor = !who.name;
  const kind = c.next();
  const [name, price] = c.pick(goods);
  const lag = 20 + c.int(260);
  const linked = 58 + c.int(70);
  const site = who.lang;
  let type = "track", event = null, properties = {}, channel = "site", source = `site ${site}`, context = {};
  if (kind < 0.42 || visitor) {
    type = "page";
    properties = { title: c.pick(pages), path: "/p/" + c.int(900), url: `https://shop.example/${site}/p`, ...(c.maybe(0.3) ? { referrer: "https://www.google.pl/" } : {}) };
    context = { page: { title: properties.title }, userAgent: "Mozilla/5.0 (iPhone)" };
  } else if (kind < 0.52) { event = "Product Added"; properties = { name, price, currency: "PLN", quantity: 1, size: "M" }; }
  else if (kind < 0.6) { event = "Products Searched"; properties = { query: c.pick(["kurtka puchowa", "зимние ботинки", "boots 39"]), results: c.int(40) }; }
  else if (kind < 0.7) { event = "Order Completed"; channel = "shop"; source = `till ${1 + c.int(4)}, ${who.city}`; properties = { order_id: String(10900 + c.int(90)), total: price + 49, currency: "PLN", loyalty_card: who.card, products: [{ name, price, quantity: 1 }, { name: "Wool socks", price: 49, quantity: 1 }] }; }
  else if (kind < 0.79) { event = "Message Received"; channel = c.pick(["telegram", "telegram", "whatsapp"]); source = channel === "telegram" ? "@halny_bot" : "whatsapp"; properties = { text: c.pick(who.says), chat_id: 588000000 + c.int(999999), language_code: who.lang }; }
  else if (kind < 0.85) { event = "Email Opened"; channel = "email"; source = "mail"; properties = { subject: "Your receipt and card" }; }
  else if (kind < 0.9) { event = "Message Sent"; channel = "telegram"; source = "@halny_bot"; properties = { text: "«Ваш заказ 10 981 собран»".slice(1, -1) }; }
  else if (kind < 0.94) { type = "identify"; properties = { traits: { email: who.mail, name: who.name, city: who.city } }; context = { traits: properties.traits }; }
  else if (kind < 0.97) { event = "SMS Sent"; channel = "sms"; source = "sms"; properties = { text: "Parcel is at the locker" }; }
  else { event = "Signed Out"; properties = {}; context = { device: { id: "a_77c0", name: "tablet" } }; }
  const received = now - linked;
  return {
    seq, message_id: `m-${seq}-${c.hex(6)}`, type, event,
    occurred_at: new Date(received - lag).toISOString(), received_at: new Date(received).toISOString(), linked_at: new Date(now).toISOString(),
    channel, source,
    who: { profile_id: who.id, name: who.name, label: who.name ? null : `visitor ${who.contact.value.slice(2)}`, identifier: who.contact },
    summary: null, properties, traits: type === "identify" ? properties.traits : {}, context,
  };
}

export function makeRejected(c, id, now) {
  const [code, reason, event] = c.pick([
    ["not_a_number", "properties.price is NaN", { type: "track", event: "Product Added", messageId: c.hex(12), properties: { name: "Czapka Giewont", price: null } }],
    ["no_identifier", "the event names nobody: neither userId nor anonymousId", { type: "page", messageId: c.hex(12), properties: { path: "/" } }],
    ["too_large", "the event has 41 KB; 32 KB are allowed", { type: "track", event: "Debug Dump", messageId: c.hex(12), userId: "20817" }],
  ]);
  return { id: String(id), received_at: new Date(now).toISOString(), source: "site pl", code, reason, message_id: null, event: JSON.stringify(event), state: "open", replayed_at: null };
}

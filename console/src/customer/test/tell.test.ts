import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { makeI18n, type Language } from "~/i18n";
import type { Entry } from "~/i18n/core";
import { en } from "~/i18n/en";
import { pl } from "~/i18n/pl";
import { ru } from "~/i18n/ru";

import { spanText } from "../model/span";
import type { Bag, EventRow, TraitRow } from "../model/types";
import { weActed } from "../tell/read";
import { tell } from "../tell/tell";
import { differing, orderTraits } from "../traits/order";

const catalogues: Record<Language, Entry> = { en, ru, pl };

function told(event: Partial<EventRow>, language: Language = "en") {
  const i18n = makeI18n(language, catalogues[language], () => undefined);
  const row: EventRow = {
    message_id: "m", type: "track", event: "X", occurred_at: "2026-11-22T12:00:00Z", received_at: "2026-11-22T12:00:00Z", properties: {}, context: {},
    identifier: null, channel: "site", source: "shop", node_id: "1", ...event,
  };
  const { title, words, second, ours } = tell(row, { ...i18n, firstName: "Anna" });
  return { text: [title, ...words.map((word) => word.text)].join(" ").replaceAll("\u00a0", " "), second, ours, words };
}

const order: Bag = { products: [{ name: "Tatra boots", size: "39" }, { name: "Socks" }], total: 428, currency: "PLN", order_id: "10442" };

describe("what happened, told", () => {
  it("names products and money in the order's own currency", () => {
    assert.equal(told({ event: "Order Completed", properties: order }).text, "Order placed Tatra boots 39, and 1 more, 428.00 zł order 10442");
    assert.equal(told({ event: "Order Completed", properties: order }, "ru").text, "Заказ оформлен Tatra boots 39, и ещё 1, 428,00 zł заказ 10442");
    assert.equal(told({ event: "Order Completed", properties: order }, "pl").text, "Złożono zamówienie Tatra boots 39, i jeszcze 1, 428,00 zł zamówienie 10442");
  });

  it("calls an order at the till a purchase and tells where", () => {
    const shop = told({ event: "Order Completed", channel: "shop", properties: { ...order, store: "Gdańsk", till: 2, seller: "Marta Lis", receipt: "4 412" } });
    assert.match(shop.text, /^Shop purchase /);
    assert.equal(shop.second, "Gdańsk, till 2, seller Marta Lis, receipt 4 412");
  });

  it("quotes customers in their language, under their name", () => {
    assert.equal(told({ event: "Message Received", properties: { text: "Noszę 39." } }).text, "Anna „Noszę 39.”");
    assert.equal(told({ event: "Message Received", properties: { text: "Есть 39?" } }).text, "Anna «Есть 39?»");
    assert.equal(told({ event: "Message Sent", properties: { text: "Yes", author: "Olga Mazur" } }).text, "Olga Mazur “Yes”");
  });

  it("never lets a value turn what stands beside it", () => {
    const turned = told({ event: "Boots Fitted", properties: { file: "\u202egnp.exe", by: "\u2067Ola" } });
    assert.equal(turned.text, "Boots Fitted file gnp.exe, by Ola");
  });

  it("says what the event's own door says", () => {
    assert.equal(told({ event: "Message Sent", channel: "email", properties: { subject: "Your receipt" } }).text, "E-mail sent Your receipt");
    assert.equal(told({ event: "Message Sent", channel: "telegram", properties: { template: "back-in-stock", message: 7 } }).text, "Message sent back-in-stock");
    assert.equal(told({ event: "Message Bounced", channel: "email", properties: { code: "5.1.1", detail: "User unknown", gone: true, message: 7 } }).text, "E-mail bounced User unknown");
    assert.equal(told({ event: "Message Failed", channel: "telegram", properties: { code: "chat_not_found", message: 7 } }).text, "Message not taken chat_not_found");
    assert.equal(told({ event: "Link Clicked", channel: "email", properties: { message: 7, link: 0, url: "https://shop.example/boots" } }).text, "Link opened shop.example");
    assert.equal(told({ event: "Button Pressed", channel: "telegram", properties: { data: "yes", answers: 7 } }).text, "Button pressed yes");
  });

  it("knows who acted", () => {
    assert.deepEqual(["Message Sent", "Email Sent", "Order Completed", "Message Received"].map((event) => weActed({ type: "track", event })), [true, true, false, false]);
  });

  it("names a page by its title, else by its path, and where the visitor came from", () => {
    assert.equal(told({ type: "page", event: null, properties: { title: "Boots", url: "https://shop.example/b", referrer: "https://search.example/" } }).text, "Page viewed Boots from search.example");
    assert.equal(told({ type: "page", event: null, properties: { url: "https://shop.example/boots/tatra", referrer: "https://www.shop.example/" } }).text, "Page viewed /boots/tatra");
  });

  it("shows an unknown event by its name and first plain properties", () => {
    assert.equal(told({ event: "Wheel Spun", properties: { prize: "socks", nested: { a: 1 }, try_number: 3, won: true, more: 1 } }).text, "Wheel Spun prize socks, try number 3, won yes");
  });

  it("lists what an identify told", () => {
    assert.equal(told({ type: "identify", event: null, traits: { name: "Anna", city: "Gdańsk", shoe_size: 39, tier: "gold" } }).text, "Details given name Anna, city Gdańsk, shoe size 39 and 1 more");
  });

  it("keeps calm with properties of the wrong type, in every language", () => {
    const odd: Bag[] = [{}, { products: "x", total: "12,50", currency: 7, name: null, text: ["a"] }, { products: [null, 3, []], total: Number.NaN, price: {}, query: false }, { total: 1e300, currency: "NOPE" }];
    const names = [...Object.keys(en.customer.event), "constructor", "__proto__", "", "hasOwnProperty", "Ünknown – 名"];
    for (const language of ["en", "ru", "pl"] as const) {
      for (const properties of odd) {
        for (const name of names) {
          const { text } = told({ event: name.replaceAll("_", " "), properties }, language);
          assert.ok(!/undefined|NaN|\[object/.test(text), `${name}: ${text}`);
        }
      }
    }
  });
});

describe("lengths of time", () => {
  it("stand in one unit, in a form that the sentence needs", () => {
    assert.equal(spanText(2 * 86_400_000, "en-GB", "en"), "2 days");
    assert.equal(spanText(26 * 3_600_000, "ru-RU", "ru").replaceAll("\u00a0", " "), "1 день");
    assert.equal(spanText(5 * 86_400_000, "pl-PL", "pl").replaceAll("\u00a0", " "), "5 dni");
    assert.match(spanText(60_000, "ru-RU", "ru"), /мин/);
    assert.equal(spanText((2 * 365 + 250) * 86_400_000, "en-GB", "en"), "2 years");
  });
});

describe("traits", () => {
  const value = (text: string) => ({ value: text, source: "shop", occurred_at: "2026-01-01T00:00:00Z", received_at: "2026-01-01T00:00:00Z" });
  const trait = (name: string, text: string, losing: string[] = []): TraitRow => ({ ...value(text), name, rule: "latest", losing: losing.map(value) });

  it("show a losing value once, and not one that says the same", () => {
    assert.deepEqual(differing(trait("name", "Anna", ["Anna", "Ania", "Ania"])).map((one) => one.value), ["Ania"]);
  });

  it("come with the name first and what the identifiers tell last", () => {
    const names = orderTraits([trait("email", "e"), trait("zeal", "z"), trait("firstName", "f"), trait("name", "n"), trait("city", "c")]).map((one) => one.name);
    assert.deepEqual(names, ["name", "city", "zeal", "firstName", "email"]);
  });
});

/** An event as a person would tell it: a title, what it was about, and what stands beside. */

import type { I18n } from "~/i18n";
import { minorDigits } from "~/i18n/format";
import { straight } from "~/straight";

import type { Bag, EventRow } from "../model/types";
import { bag, eventKey, hostOf, languageOf, listOf, numberOf, quoted, scalars, textOf, weActed } from "./read";

export interface Word {
  text: string;
  tone: "ink" | "strong" | "quiet" | "quote";
  lang?: string;
}

export interface Told {
  title: string;
  words: Word[];
  /** A second line, where the place or the receipt stands. */
  second: string | null;
  ours: boolean;
}

export type Voice = Pick<I18n, "t" | "has" | "fmt"> & { firstName: string | null; speaks?: string | null };

type Teller = (event: EventRow, voice: Voice) => Omit<Told, "ours" | "title"> & { title?: string };

export function tell(event: EventRow, voice: Voice): Told {
  const key = eventKey(event);
  const told = (TELLERS.get(key) ?? TELLERS.get(familyOf(key)) ?? tellOther)(event, voice);
  return {
    title: straight(told.title ?? titleOf(event, voice)),
    words: told.words.map((word) => ({ ...word, text: straight(word.text) })),
    second: told.second && straight(told.second),
    ours: weActed(event),
  };
}

export function titleOf(event: Pick<EventRow, "type" | "event">, { t, has }: Pick<Voice, "t" | "has">): string {
  const key = `customer.event.${eventKey(event)}`;
  if (has(key)) return t(key);
  return event.event ?? event.type;
}

/** Money of Segment's spec is a decimal in main units; anything without a known currency is told as a plain number. */
export function priceOf(from: Bag, { fmt }: Pick<Voice, "fmt">, fallback: Bag | null, ...names: string[]): string | null {
  const amount = numberOf(from, ...names);
  if (amount === null) return null;
  const currency = textOf(from, "currency") ?? (fallback ? textOf(fallback, "currency") : null);
  if (!currency || !/^[A-Za-z]{3}$/.test(currency)) return fmt.number(amount, Number.isInteger(amount) ? 0 : 2);
  const code = currency.toUpperCase();
  return fmt.money(Math.round(amount * 10 ** minorDigits(code)), code);
}

function productOf(from: Bag): string | null {
  const name = textOf(from, "name", "product_name", "title", "product", "sku", "product_id");
  const variant = textOf(from, "size", "variant");
  if (!name || !variant || name.includes(variant)) return name;
  return `${name} ${variant}`;
}

function ink(text: string | null): Word[] {
  return text ? [{ text, tone: "ink" }] : [];
}

function quiet(text: string | null): Word[] {
  return text ? [{ text, tone: "quiet" }] : [];
}

function strong(text: string | null): Word[] {
  return text ? [{ text, tone: "strong" }] : [];
}

/** Words of one sentence part, with commas between: "Tatra boots 39, 389.00 zł". */
function commas(...parts: Word[][]): Word[] {
  const filled = parts.flat();
  return filled.map((word, at) => (at < filled.length - 1 ? { ...word, text: `${word.text},` } : word));
}

const tellProduct: Teller = (event, voice) => {
  const { properties } = event;
  const from = productOf(properties) ? properties : (listOf(properties, "products")[0] ?? properties);
  const quantity = numberOf(from, "quantity");
  const count = quantity !== null && quantity > 1 ? `${voice.t("customer.tell.pieces", { n: quantity })} ` : "";
  const name = productOf(from);
  const price = priceOf(from, voice, properties, "price", "value");
  const rating = numberOf(properties, "rating");
  const review = textOf(properties, "review_body", "review", "text");
  return {
    words: [
      ...commas(ink(name ? count + name : null), ink(price)),
      ...quiet(rating === null ? null : voice.t("customer.tell.rating", { n: rating, max: 5 })),
      ...quote(event, review, voice),
    ],
    second: null,
  };
};

const tellOrder: Teller = (event, voice) => {
  const { properties } = event;
  const products = listOf(properties, "products");
  const first = products[0] ? productOf(products[0]) : productOf(properties);
  const rest = products.length - 1;
  const points = numberOf(properties, "points", "points_earned");
  const total = priceOf(properties, voice, null, "total", "revenue", "value", "subtotal");
  const inShop = event.channel === "shop" && eventKey(event) === "order_completed";
  const place = textOf(properties, "store", "store_name", "shop", "affiliation");
  const id = textOf(properties, "receipt", "receipt_id", "order_id", "checkout_id");
  const named = id && voice.t(inShop ? "customer.tell.receipt" : "customer.tell.order", { id });
  const till = textOf(properties, "till", "register");
  const seller = textOf(properties, "seller", "cashier");
  const second = [
    place,
    till && voice.t("customer.tell.till", { id: till }),
    seller && voice.t("customer.tell.seller", { name: seller }),
    place || till || seller ? named : null,
  ].filter((part): part is string => Boolean(part));
  return {
    ...(inShop ? { title: voice.t("customer.event.shop_purchase") } : {}),
    words: [
      ...commas(
        ink(first),
        rest > 0 ? ink(voice.t("customer.tell.more_products", { n: rest })) : [],
        strong(total),
        points ? ink(voice.t("customer.tell.points", { n: points })) : [],
      ),
      ...(second.length > 0 ? [] : quiet(named)),
    ],
    second: second.length > 0 ? second.join(", ") : null,
  };
};

const tellCart: Teller = (event, voice) => {
  const products = listOf(event.properties, "products");
  const lone = products.length === 1 && products[0] ? productOf(products[0]) : null;
  const count = lone ?? (products.length > 0 ? voice.t("customer.tell.products", { n: products.length }) : productOf(event.properties));
  const total = priceOf(event.properties, voice, products[0] ?? null, "total", "value", "revenue", "subtotal");
  const step = textOf(event.properties, "step", "shipping_method", "payment_method");
  return { words: [...commas(ink(count), ink(total)), ...quiet(step)], second: null };
};

const tellSearch: Teller = (event, voice) => {
  const results = numberOf(event.properties, "results", "result_count", "results_count");
  return {
    words: [
      ...quote(event, textOf(event.properties, "query", "q", "search"), voice),
      ...quiet(results === null ? null : voice.t("customer.tell.results", { n: results })),
    ],
    second: null,
  };
};

const tellPage: Teller = (event, voice) => {
  const page = bag(event.context["page"]);
  const what = textOf(event.properties, "title", "name") ?? textOf(page, "title") ?? pathOf(textOf(event.properties, "path", "url") ?? textOf(page, "path", "url"));
  const own = hostOf(textOf(event.properties, "url") ?? textOf(page, "url"));
  const before = hostOf(textOf(event.properties, "referrer") ?? textOf(page, "referrer"));
  const from = before && before !== own ? voice.t("customer.tell.from", { place: before }) : null;
  // A page call carries the page's name as its event; a track call carries what the title says already.
  const named = event.type === "track" ? null : event.event;
  return { words: [...ink(what ?? (named || null)), ...quiet(from)], second: null };
};

function pathOf(address: string | null): string | null {
  if (!address) return null;
  try {
    return decodeURIComponent(new URL(address, "http://path.invalid").pathname);
  } catch {
    return address;
  }
}

const tellMessage: Teller = (event, voice) => {
  const { properties } = event;
  // Of events of our own `message` is a number, of Segment's clients what was said.
  const text = textOf(typeof properties["message"] === "string" ? properties : { ...properties, message: null }, "text", "message", "body", "content");
  const ours = weActed(event);
  const speaker = ours ? textOf(properties, "operator", "agent", "author", "from_name") : voice.firstName;
  const subject = textOf(properties, "subject", "email_subject", "template", "campaign", "title");
  return {
    ...(text && speaker ? { title: speaker } : titleByDoor(event, voice)),
    words: [...quote(event, text, voice), ...(text ? quiet(subject) : ink(subject))],
    second: null,
  };
};

/** Platforms send "Message Sent" for every door; the door's own word says more. */
function titleByDoor(event: EventRow, { t, has }: Voice): { title?: string } {
  const act = eventKey(event).replace(/^message_/, "");
  const key = `customer.event.${event.channel === "push" ? "push_notification" : event.channel}_${act}`;
  return eventKey(event).startsWith("message_") && has(key) ? { title: t(key) } : {};
}

const tellMail: Teller = (event) => ({
  words: [
    ...ink(textOf(event.properties, "subject", "email_subject", "title", "name", "template", "campaign")),
    ...quiet(textOf(event.properties, "link_text", "reason") ?? hostOf(textOf(event.properties, "link_url", "url"))),
  ],
  second: null,
});

const tellRefusal: Teller = (event, voice) => ({
  ...titleByDoor(event, voice),
  words: quiet(textOf(event.properties, "reason", "detail", "code")),
  second: null,
});

const tellDetails: Teller = (event, voice) => {
  const traits = { ...bag(event.context["traits"]), ...event.properties, ...bag(event.properties["traits"]), ...(event.traits ?? {}) };
  const said = scalars(traits).map(([name, value]) => `${traitName(name, voice).toLocaleLowerCase()} ${scalarText(value, voice)}`);
  const shown = said.slice(0, 3).join(", ");
  const rest = said.length - 3;
  return {
    words: [
      ...(shown ? ink(shown) : quiet(voice.t("customer.tell.nothing_given"))),
      ...quiet(rest > 0 ? voice.t("customer.tell.more_products", { n: rest }) : null),
    ],
    second: null,
  };
};

const tellAccount: Teller = (event, voice) => {
  const how = textOf(event.properties, "method", "provider", "type");
  const id = event.identifier?.kind === "user_id" ? voice.t("customer.tell.account", { id: event.identifier.value }) : null;
  return { words: [...ink(how), ...quiet(how ? null : id)], second: null };
};

const tellCoupon: Teller = (event, voice) => ({
  words: [
    ...ink(textOf(event.properties, "coupon_id", "coupon", "code", "coupon_name")),
    ...quiet(priceOf(event.properties, voice, null, "discount") ?? textOf(event.properties, "reason")),
  ],
  second: null,
});

/** What we have no words for: the first properties, by their own names. */
const tellOther: Teller = (event, voice) => {
  if (productOf(event.properties) && textOf(event.properties, "sku", "product_id", "price")) return tellProduct(event, voice);
  const text = textOf(event.properties, "text", "message");
  return { words: [...quote(event, text, voice), ...plainWords(event.properties, voice, text ? ["text", "message"] : [])], second: null };
};

/** The first three properties that are no things in themselves: "plan winter, lines 3". */
export function plainWords(properties: Bag, voice: Pick<Voice, "t" | "fmt">, told: string[] = []): Word[] {
  const said = scalars(properties)
    .filter(([name]) => !told.includes(name))
    .slice(0, 3)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${scalarText(value, voice)}`);
  return quiet(said.join(", ") || null);
}

function quote(event: EventRow, text: string | null, { speaks }: Pick<Voice, "speaks">): Word[] {
  if (!text) return [];
  const lang = languageOf(event, text, speaks ?? null);
  return [{ text: quoted(text, lang), tone: "quote", ...(lang ? { lang } : {}) }];
}

export function scalarText(value: string | number | boolean, { t, fmt }: Pick<Voice, "t" | "fmt">): string {
  if (typeof value === "boolean") return t(value ? "customer.traits.yes" : "customer.traits.no");
  return typeof value === "number" ? fmt.number(value) : value;
}

export function traitName(name: string, { t, has }: Pick<Voice, "t" | "has">): string {
  const key = `customer.traits.name.${name}`;
  if (/^\w+$/.test(name) && has(key)) return t(key);
  const plain = name.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2");
  return plain.charAt(0).toLocaleUpperCase() + plain.slice(1);
}

function familyOf(key: string): string {
  if (key.startsWith("order_")) return "order_completed";
  if (key.startsWith("checkout_") || key.startsWith("payment_")) return "checkout_started";
  if (key.startsWith("cart_")) return "cart_viewed";
  if (key.startsWith("coupon_")) return "coupon_entered";
  if (key.startsWith("email_")) return "email_sent";
  if (key.startsWith("product_") || key.startsWith("wishlist_")) return "product_viewed";
  if (/^(message|sms|push_notification|call|chat|conversation)_/.test(key)) return "message_sent";
  if (/_(in|out|up)$/.test(key) || key === "account_created") return "signed_in";
  return "";
}

/** A map, not an object: an event may be called "constructor". */
const TELLERS = new Map<string, Teller>(Object.entries<Teller>({
  page: tellPage,
  screen: tellPage,
  page_viewed: tellPage,
  screen_viewed: tellPage,
  identify: tellDetails,
  products_searched: tellSearch,
  product_list_viewed: (event, voice) => ({ words: ink(textOf(event.properties, "category", "list_id", "list")) , second: tellCart(event, voice).second }),
  product_viewed: tellProduct,
  cart_viewed: tellCart,
  checkout_started: tellCart,
  order_completed: tellOrder,
  reservation_made: tellOrder,
  product_reserved: (event, voice) => ({ ...tellProduct(event, voice), second: [textOf(event.properties, "store"), textOf(event.properties, "reservation", "reservation_id")].filter(Boolean).join(", ") || null }),
  coupon_entered: tellCoupon,
  email_sent: tellMail,
  unsubscribed: tellMail,
  link_clicked: tellMail,
  message_bounced: tellRefusal,
  message_failed: tellRefusal,
  button_pressed: (event) => ({ words: ink(textOf(event.properties, "text", "title", "data")), second: null }),
  form_submitted: (event) => ({ words: ink(textOf(event.properties, "form_name", "form", "name", "form_id")), second: null }),
  message_sent: tellMessage,
  survey_answered: tellMessage,
  support_requested: tellMessage,
  signed_in: tellAccount,
}));

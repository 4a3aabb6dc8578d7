/** Shapes of the API of templates, and what a draft is made of. */
import type { ChannelKind } from "~/api";
import type { MessageClass as AnyClass } from "~/messages/model";

/** Nobody writes a template of a test. */
export type MessageClass = Exclude<AnyClass, "test">;

export type Align = "left" | "center" | "right";
export interface Product {
  title: string;
  image: string;
  price: string;
  url: string;
}
export type Block =
  | { type: "heading"; text: string; level: 1 | 2 | 3; align: Align }
  | { type: "text"; text: string; align: Align }
  | { type: "button"; text: string; url: string; align: Align }
  | { type: "image"; src: string; alt: string; url: string; width: number | null }
  | { type: "products"; products: Product[]; each: string }
  | { type: "divider" }
  | { type: "footer"; text: string };
export type BlockType = Block["type"];

export interface EmailParts {
  type: "email";
  subject: string;
  preheader: string;
  blocks: Block[] | null;
  mjml: string | null;
  /** Null: made of the HTML. */
  text: string | null;
  accent: string;
}
export interface MessageButton {
  text: string;
  url: string | null;
  data: string | null;
}
export interface MessengerParts {
  type: "messenger";
  text: string;
  buttons: MessageButton[][];
}
export interface PlainParts {
  type: "plain";
  text: string;
}
export type Parts = EmailParts | MessengerParts | PlainParts;

export interface Variant {
  channel: string;
  language: string;
  parts: Parts;
}
export interface Draft {
  default_language: string;
  variants: Variant[];
}

export interface TemplateLine {
  id: string;
  site: string;
  name: string;
  message_class: MessageClass;
  purpose: string;
  channels: string[];
  languages: string[];
  default_language: string;
  variants: { channel: string; language: string }[];
  revision: number;
  drafted_at: string;
  drafted_by: string;
  published: number | null;
  published_at: string | null;
  published_by: string | null;
  ahead: boolean;
  created_at: string;
  archived_at: string | null;
}
export interface Template extends TemplateLine {
  draft: Draft;
}

export interface Trouble {
  severity: "error" | "warning";
  reason: string;
  detail: string;
  channel: string | null;
  language: string | null;
  part: string;
  line: number | null;
  column: number | null;
  /** What nobody knows, told once for all texts; `more`: how many besides this one. */
  variable: string | null;
  more: number;
}
export interface Missing {
  path: string;
  part: string;
  line: number;
  column: number;
}
export interface Preview {
  subject: string | null;
  html: string | null;
  text: string;
  buttons: MessageButton[][];
  missing: Missing[];
}
export interface Version {
  version: number;
  note: string;
  published_at: string;
  published_by: string;
}
export interface Changed {
  channel: string;
  language: string;
  part: string;
  lines: { what: "same" | "gone" | "new"; text: string }[];
}
export interface Variable {
  path: string;
  example: string | null;
}

/** What a channel takes, as far as a template is concerned. */
export type Kind = ChannelKind;

export const keyOf = ({ channel, language }: { channel: string; language: string }) => `${channel}/${language}`;

const START = "{{ customer.first_name | default: \"\" }}";

export function emptyBlock(type: BlockType): Block {
  switch (type) {
    case "heading":
      return { type, text: "", level: 1, align: "left" };
    case "text":
      return { type, text: "", align: "left" };
    case "button":
      return { type, text: "", url: "https://", align: "left" };
    case "image":
      return { type, src: "https://", alt: "", url: "", width: null };
    case "products":
      return { type, products: [{ title: "", image: "", price: "", url: "" }], each: "" };
    case "divider":
      return { type };
    case "footer":
      return { type, text: "" };
  }
}

/** The parts that a channel takes: a letter, a message with buttons, or text alone. */
export function emptyParts(kind: Kind | undefined, channel: string): Parts {
  if (channel === "email") {
    const blocks: Block[] = [{ type: "heading", text: START, level: 1, align: "left" }, emptyBlock("text"), emptyBlock("footer")];
    return { type: "email", subject: "", preheader: "", blocks, mjml: null, text: null, accent: "#0b6e4f" };
  }
  return kind?.buttons ? { type: "messenger", text: "", buttons: [] } : { type: "plain", text: "" };
}

/** The draft with one variant put in, or put in place of the one that was there. */
export function withVariant(draft: Draft, variant: Variant): Draft {
  const at = draft.variants.findIndex((each) => keyOf(each) === keyOf(variant));
  const variants = at < 0 ? [...draft.variants, variant] : draft.variants.with(at, variant);
  return { ...draft, variants };
}

export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

export interface Joined {
  draft: Draft;
  /** Variants that both have changed, each otherwise; `draft` holds mine. */
  both: string[];
}

/** Two drafts that were made of one, as one: what only one of them changed is taken over. */
export function joined(base: Draft, mine: Draft, theirs: Draft): Joined {
  const find = (draft: Draft, key: string) => draft.variants.find((each) => keyOf(each) === key);
  const keys = new Set([...mine.variants, ...theirs.variants].map(keyOf));
  const both: string[] = [];
  const variants: Variant[] = [];
  for (const key of keys) {
    const [was, my, their] = [find(base, key), find(mine, key), find(theirs, key)];
    const mineStands = same(my, was) ? false : same(their, was) || same(my, their) || "both";
    if (mineStands === "both") both.push(key);
    const kept = mineStands === false ? their : (my ?? (mineStands === "both" ? their : undefined));
    if (kept) variants.push(kept);
  }
  const default_language = mine.default_language === base.default_language ? theirs.default_language : mine.default_language;
  return { draft: { default_language, variants }, both };
}

/** What the composer holds, how it is kept in the browser, and what the API is asked with it. */
import { liquid } from "./liquid";
import type { MessageClass } from "~/messages/model";

export interface Draft {
  /** Made once: the server takes what comes with it once, however often it is sent. */
  key: string;
  class: MessageClass;
  /** Of marketing and of orders; an answer is about what it answers. */
  purpose: string;
  site: string;
  how: "words" | "template";
  text: string;
  subject: string;
  template: string;
  variables: Record<string, string>;
  /** "" for the best. */
  channel: string;
  /** Of the writer's clock, as the field of the browser gives it; "" for now. */
  at: string;
  later: boolean;
  changedAt: string;
  /** What was sent first, where no answer came: that is what the server may have. */
  tried: string | null;
}

export interface Ask {
  to: string;
  class: MessageClass;
  purpose: string;
  site: string;
  words: { text: string; subject: string | null; fill: boolean } | null;
  template: { id: string; variables: Record<string, string> } | null;
  channels: string[];
  due_at: string | null;
}

export interface Template {
  id: string;
  site: string;
  name: string;
  message_class: MessageClass;
  purpose: string;
  channels: string[];
  languages: string[];
  published: number | null;
  archived_at: string | null;
}

/** Why a text cannot be put together. */
export interface Fault {
  code: string;
  values: Record<string, string>;
  part: string;
  line: number | null;
  column: number | null;
}

export interface MessagePreview {
  channel: string;
  language: string;
  subject: string | null;
  text: string | null;
  html: string | null;
  buttons: string[][];
  missing: { path: string; part: string; line: number; column: number }[];
  refused: string | null;
  detail: string | null;
  fault: Fault | null;
  characters: number;
  characters_max: number;
  time_zone: string;
}

export interface Asked {
  id: string;
  repeated: boolean;
}

const KEEP_MS = 14 * 86_400_000;

export function blank(site = ""): Draft {
  return {
    key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    class: "conversational",
    purpose: "",
    site,
    how: "words",
    text: "",
    subject: "",
    template: "",
    variables: {},
    channel: "",
    at: "",
    later: false,
    changedAt: "",
    tried: null,
  };
}

export const isBlank = ({ text, subject, template, tried }: Draft): boolean => !text.trim() && !subject.trim() && !template && tried === null;

/** Whether there is something to be sent. */
export const says = (draft: Draft): boolean => (draft.how === "template" ? draft.template !== "" : draft.text.trim() !== "");

/** Of one colleague about one person: another who signs in on this machine does not see it. */
const place = (who: string, person: string) => `onevoice.draft.${who}.${person}`;

export function readDraft(who: string, person: string): Draft | null {
  try {
    const found = JSON.parse(localStorage.getItem(place(who, person)) ?? "null") as Draft | null;
    if (!found || Date.now() - Date.parse(found.changedAt) > KEEP_MS) return null;
    return { ...blank(), ...found };
  } catch {
    return null;
  }
}

export function keepDraft(who: string, person: string, draft: Draft | null): void {
  try {
    if (draft && !isBlank(draft)) localStorage.setItem(place(who, person), JSON.stringify(draft));
    else localStorage.removeItem(place(who, person));
  } catch {
    // A browser that keeps nothing still sends.
  }
}

export function dueAt({ later, at }: Draft): string | null {
  const moment = later && at ? new Date(at) : null;
  return moment && !Number.isNaN(moment.getTime()) ? moment.toISOString() : null;
}

/** `empty`: what stands for the words while there are none, so that the gate can be asked before anybody types. */
export function askOf(draft: Draft, person: string, purpose: string, { all = false, empty = "" } = {}): Ask {
  const words = draft.how === "words";
  const text = draft.text.trim() ? draft.text : empty;
  return {
    to: `profile:${person}`,
    class: draft.class,
    purpose,
    site: draft.site,
    words: words ? { text, subject: draft.subject.trim() || null, fill: liquid(text) || liquid(draft.subject) } : null,
    template: words ? null : { id: draft.template, variables: Object.fromEntries(Object.entries(draft.variables).filter(([, value]) => value.trim())) },
    channels: all || !draft.channel ? [] : [draft.channel],
    due_at: dueAt(draft),
  };
}

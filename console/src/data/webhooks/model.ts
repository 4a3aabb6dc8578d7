/** Webhooks as the API gives them, and a mapping while it is being edited. */
import type { Channel } from "~/channels";
import type { Json } from "~/api";

export type Verdict = "taken" | "ignored" | "not_mapped";
export type Step = string | number;

export interface Webhook {
  id: string;
  name: string;
  address: string;
  source: string;
  channel: Channel;
  site: string;
  version: number;
  created_at: string;
  old_secret_until: string | null;
  last_at: string | null;
  unmapped: number;
}

export interface WithSecret extends Webhook {
  secret: string;
}

export interface Trouble {
  code: string;
  where: Step[];
  path?: string | null;
  record?: number | null;
  detail: string;
}

export interface Delivery {
  id: string;
  webhook_id: string;
  received_at: string;
  verdict: Verdict;
  version: number;
  records: number;
  events: number;
  size_bytes: number;
  problems: Trouble[];
  retried_at: string | null;
  kept_until: string;
}

export interface DeliveryDetail extends Delivery {
  payload: Json;
}

export interface Trial {
  delivery: string | null;
  records: { record: number; rule: number | null; verdict: Verdict; events: Json[]; problems: Trouble[] }[];
  record_count: number;
  event_count: number;
  problem_count: number;
}

export interface Retried {
  tried: number;
  taken: number;
  unmapped: number;
  next_after: string | null;
}

export const makes = ["track", "identify", "page", "screen", "ignore"] as const;
export const ops = ["is", "is_not", "exists", "missing"] as const;
export const kinds = ["email", "phone", "loyalty_card", "external"] as const;
export const types = ["as_is", "text", "number", "money", "minor", "boolean", "time"] as const;
export const units = ["auto", "iso", "seconds", "milliseconds"] as const;

export interface Condition {
  path: string;
  op: (typeof ops)[number];
  values: string[];
}
export interface Identifier {
  kind: (typeof kinds)[number];
  source?: string | null;
  path: string;
}
export interface Field {
  name: string;
  path?: string | null;
  constant?: string | number | boolean | null;
  type?: (typeof types)[number];
  digits?: number;
  zone?: string;
  required?: boolean;
}
export interface Part {
  copy_from?: string | null;
  fields?: Field[];
}
export interface Rule {
  name?: string;
  when?: Condition[];
  make: (typeof makes)[number];
  event?: { text?: string | null; path?: string | null } | null;
  user_id?: string | null;
  anonymous_id?: string | null;
  identifiers?: Identifier[];
  time?: { path: string; unit?: (typeof units)[number]; zone?: string } | null;
  properties?: Part | null;
  traits?: Part | null;
}
export interface Mapping {
  records?: string | null;
  rules: Rule[];
}
export interface Version {
  version: number;
  mapping: Mapping;
  made_at: string;
  made_by: string;
}

export const emptyMapping: Mapping = { rules: [{ make: "track", event: { text: "" } }] };

/** A copy in which the value at `where` is another. What is missing on the way is made. */
export function setAt<T>(value: T, where: Step[], next: unknown): T {
  const [step, ...rest] = where;
  if (step === undefined) return next as T;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<Step, unknown>;
  copy[step] = setAt(copy[step] ?? (typeof rest[0] === "number" ? [] : {}), rest, next);
  return copy as T;
}

/** What is sent: without what was left empty. `origin` leads from a place in it back to the place in the form. */
export function cleaned(mapping: Mapping): { mapping: Mapping; origin: (where: Step[]) => Step[] } {
  const kept = new Map<string, number[]>();
  function those<T>(key: string, list: T[] | undefined, full: (each: T) => boolean): T[] {
    const indexes = (list ?? []).flatMap((each, index) => (full(each) ? [index] : []));
    kept.set(key, indexes);
    return indexes.map((index) => list![index]!);
  }
  function part(key: string, given: Part | null | undefined): Part | null {
    const fields = those(`${key}.fields`, given?.fields, (each) => Boolean(each.name || each.path)).map((each) =>
      each.constant === undefined || each.constant === null ? { ...each, path: each.path ?? "", constant: null } : { ...each, path: null },
    );
    const from = given?.copy_from || null;
    return from || fields.length ? { copy_from: from, fields } : null;
  }
  const rules = mapping.rules.map((rule, n): Rule => {
    const key = `rules.${n}`;
    const event = rule.event?.path ? { path: rule.event.path } : rule.event?.text ? { text: rule.event.text } : null;
    return {
      name: rule.name ?? "",
      make: rule.make,
      when: those(`${key}.when`, rule.when, (each) => Boolean(each.path || each.values.length)),
      event: rule.make === "ignore" || rule.make === "identify" ? null : event,
      user_id: rule.user_id || null,
      anonymous_id: rule.anonymous_id || null,
      identifiers: those(`${key}.identifiers`, rule.identifiers, (each) => Boolean(each.path)).map((each) => ({
        kind: each.kind,
        path: each.path,
        source: each.kind === "external" ? each.source || "crm" : null,
      })),
      time: rule.time?.path ? { path: rule.time.path, unit: rule.time.unit ?? "auto", zone: rule.time.zone || "UTC" } : null,
      properties: part(`${key}.properties`, rule.properties),
      traits: part(`${key}.traits`, rule.traits),
    };
  });
  const origin = (where: Step[]): Step[] =>
    where.reduce<Step[]>((way, step) => [...way, typeof step === "number" ? (kept.get(way.join("."))?.[step] ?? step) : step], []);
  return { mapping: { records: mapping.records || null, rules }, origin };
}

export function startsWith(where: Step[], prefix: Step[]): boolean {
  return prefix.every((step, n) => where[n] === step);
}

/** Every part of the event that the door refuses is told at the rule; the person it names, or its name, is the place. */
export function placed(trouble: Trouble): Step[] {
  const atRule = trouble.where.length === 2 && trouble.where[0] === "rules";
  if (atRule && trouble.code === "no_identifier") return [...trouble.where, "user_id"];
  if (atRule && trouble.code === "event_missing") return [...trouble.where, "event"];
  return trouble.where;
}

// Paths

const BARE = /^(?![$@]$)[^.[\]"\s]+$/;

export function pathText(steps: Step[], root = ""): string {
  return steps.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!BARE.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text ? `${text}.${step}` : step;
  }, root);
}

export function pathSteps(text: string): Step[] {
  return [...text.replace(/^[$@](?=[.[]|$)/, "").matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|[^.[\]"]+/g)].map(([whole, index, quoted]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? (JSON.parse(quoted) as string) : whole,
  );
}

/** The path of a place in the payload as a rule would write it: from the record, or from `$` where it stands outside. */
export function ruleText(steps: Step[], mapping: Mapping): string {
  const above = mapping.records ? pathSteps(mapping.records) : [];
  if (!startsWith(steps, above)) return pathText(steps, "$");
  const rest = steps.slice(above.length);
  return pathText(typeof rest[0] === "number" ? rest.slice(1) : rest) || "@";
}

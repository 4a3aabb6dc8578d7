/** Shapes of the API of channels, accounts and switches. */
import { asChannel, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n } from "~/i18n";

export interface Setting {
  name: string;
  type: "text" | "number" | "boolean" | "choice";
  title: Record<string, string>;
  help: Record<string, string>;
  secret: boolean;
  required: boolean;
  place: boolean;
  lines: boolean;
  default: Value | null;
  choices: string[];
  /** By choice, then by language. */
  choice_titles: Record<string, Record<string, string>>;
}

export type Value = string | number | boolean;

export interface Limits {
  per_second: number;
  burst: number;
  concurrency: number;
  per_address_seconds: number;
}

export interface Manifest {
  kind: string;
  title: Record<string, string>;
  settings: Setting[];
  receipts: "none" | "sent" | "delivered" | "read";
  inbound: string[];
  subject: boolean;
  buttons: boolean;
  text_max: number;
  needs_contact: boolean;
  window_hours: number | null;
  referee: string | null;
  limits: Limits;
}

export interface Account {
  id: string;
  channel: string;
  name: string;
  site: string;
  settings: Record<string, Value>;
  /** Names of those that are kept. */
  secrets: string[];
  paused: boolean;
  trouble: string | null;
  trouble_at: string | null;
  rests_until: string | null;
  limits: Limits;
  cost_minor: number;
  currency: string;
  used_at: string | null;
  calls: string | null;
}

export interface Switch {
  scope: string;
  thrown_at: string;
  thrown_by: string;
  reason: string;
}

/** A channel without a sign of its own takes that of the API. */
export const doorOf = (kind: string): Channel => asChannel(kind);

/** What a channel is called: by us where we know it, else by its manifest. */
export function useChannelTitle(manifests: readonly Pick<Manifest, "kind" | "title">[] | undefined): (kind: string) => string {
  const { language } = useI18n();
  const { title } = useChannelNames();
  return (kind) => (isChannel(kind) ? title(kind) : worded(manifests?.find((each) => each.kind === kind)?.title, language) || kind);
}

/** In the reader's language, else in English, else in any that the manifest has. */
export function worded(texts: Record<string, string> | undefined, language: string): string {
  return texts?.[language] ?? texts?.["en"] ?? Object.values(texts ?? {})[0] ?? "";
}

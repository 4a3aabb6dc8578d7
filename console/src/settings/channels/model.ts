/** Shapes of the API of channels and accounts, and how what a provider says is told. */
import { Problem } from "~/api";
import { asChannel, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n, type I18n } from "~/i18n";

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

/** Of what a provider says about settings, the fields it is about, the likeliest first. */
const ABOUT: Record<string, string[]> = {
  token_refused: ["token"],
  conflict: ["updates"],
  unusable_secret: ["webhook_secret", "secret"],
  smtp_login_refused: ["smtp_password"],
  smtp_login_needed: ["smtp_username"],
  smtp_unreachable: ["smtp_host"],
  smtp_certificate_invalid: ["smtp_host"],
  smtp_not_supported: ["smtp_security"],
  sender_refused: ["from_address"],
  imap_login_refused: ["imap_password"],
  imap_unreachable: ["imap_host"],
  imap_certificate_invalid: ["imap_host"],
  imap_folder_unknown: ["imap_folder"],
  dkim_key_invalid: ["dkim_private_key"],
  not_loopback: ["url"],
  unreachable: ["url", "api_url"],
};

export interface Trouble {
  /** What to do, in the reader's language where the code is known. */
  text: string;
  /** The provider's own words. */
  said: string;
  /** What to do by the setting it is about, where that is known. */
  fields: Record<string, string>;
}

/** `code: detail`, as accounts and problems keep it. */
export function troubleOf(trouble: string, settings: readonly Pick<Setting, "name">[], { t, has }: I18n): Trouble {
  const [, whole = "", said = ""] = /^(\w+)(?:: (.*))?$/s.exec(trouble) ?? [];
  const named = settings.map(({ name }) => name);
  const fields: Record<string, string> = {};
  // Of e-mail two servers may each have something against us.
  const texts = whole.split("_and_").map((code) => {
    const key = `accounts.problems.${code}`;
    const text = has(key) ? t(key) : t("accounts.problems.other");
    const setting = ABOUT[code]?.find((name) => named.includes(name)) ?? named.find((name) => new RegExp(`\\b${name}\\b`).test(said));
    if (setting) fields[setting] ??= text;
    return text;
  });
  return { text: [...new Set(texts)].join(" "), said: said || (whole ? "" : trouble), fields };
}

/** Null for a fault that says nothing of the settings, such as a lost connection. */
export function troubleOfProblem(error: unknown, settings: readonly Setting[], i18n: I18n): Trouble | null {
  if (!(error instanceof Problem) || error.code !== "unusable_settings") return null;
  const code = typeof error.extra["problem"] === "string" ? error.extra["problem"] : "";
  const at = code ? error.detail.indexOf(`${code}: `) : -1;
  const trouble = troubleOf(at >= 0 ? error.detail.slice(at) : `${code || "other"}: ${error.detail}`, settings, i18n);
  const setting = error.extra["setting"];
  return typeof setting === "string" ? { ...trouble, fields: { [setting]: trouble.text } } : trouble;
}

/** What a provider says of settings, and what to do about it. */
import { Problem, type Setting } from "~/api";
import type { I18n } from "~/i18n";


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

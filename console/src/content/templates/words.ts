/** How templates, their parts and what is wrong with them are called. */
import type { I18n } from "~/i18n";
import { useSays } from "~/messages/words";

import type { TemplateLine, Trouble } from "./model";

/** "Polish", in the reader's language, as it stands within a sentence; the tag where there is no such name. */
function spokenName(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language", fallback: "code" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The same as a heading or a choice begins. */
export function languageName(tag: string, language: string): string {
  const name = spokenName(tag, language);
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

export function useNames() {
  const says = useSays();
  const { language } = says.i18n;
  return {
    says,
    channel: says.channel,
    language: (tag: string) => languageName(tag, language),
    purpose: says.purpose,
    variant: (channel: string, tag: string) => `${says.channel(channel)}, ${spokenName(tag, language)}`,
  };
}

/** `blocks[2].url` as a person says it: "Block 3, address". */
export function partName(part: string, { t, has }: I18n): string {
  const named = (name: string) => {
    const key = `content.parts.${name}`;
    return has(key) ? t(key) : name;
  };
  const found = /^(blocks|buttons)\[(\d+)\](?:\[(\d+)\])?(?:\.products\[(\d+)\])?(?:\.(\w+))?$/.exec(part);
  if (!found) return part === "" ? "" : named(part);
  const [, what, first, second, product, field] = found;
  const place = what === "buttons" ? t("content.parts.buttonAt", { row: Number(first) + 1, n: Number(second ?? 0) + 1 }) : t("content.parts.blockAt", { n: Number(first) + 1 });
  const inside = product === undefined ? "" : `, ${t("content.parts.productAt", { n: Number(product) + 1 })}`;
  return `${place}${inside}${field ? `, ${named(field)}` : ""}`;
}

/** What is wrong, in the reader's language where the reason says all; else the server's own words, which name the fault. */
export function troubleText({ reason, detail, variable }: Trouble, { t, has, language }: I18n): string {
  const [root = "", name] = variable?.split(".") ?? [];
  const key = `content.reasons.${reason === "unknown_variable" && name !== undefined ? "unknown_field" : reason}`;
  if (language === "en" || !has(key)) return detail;
  return t(key, { detail, variable: variable ?? "", root, name: name ?? "" });
}

export function whereText({ line, column }: { line: number | null; column: number | null }, { t }: I18n): string {
  return line === null ? "" : t("content.at", { line, column: column ?? 1 });
}

export function stateText(row: TemplateLine, t: I18n["t"]): string {
  if (row.archived_at) return t("content.states.archived");
  if (row.published === null) return t("content.states.draft");
  return t(row.ahead ? "content.states.ahead" : "content.states.published", { version: row.published });
}

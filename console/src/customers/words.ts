/** What a row says about a person: the name or what stands for it, and the contact or the match. */
import type { CustomerRow, Identifier, Match } from "~/api";
import { handleSpans, handleText, type Span } from "~/channels";
import type { I18n } from "~/i18n";

type Voice = Pick<I18n, "t" | "has">;

/** "visitor a_90aa", "card 2200 1093 4410", "+48 512 340 118". */
export function contactText({ kind, value }: Identifier, { t, has }: Voice): string {
  const shown = handleText(kind, value);
  const key = `customers.kinds.${kind}`;
  if (kind.startsWith("external:")) return t("customers.kinds.external", { system: kind.slice("external:".length), value: shown });
  return has(key) ? t(key, { value: shown }) : shown;
}

/** Long visitor ids say nothing in full; their beginning tells two of them apart. */
export function shortId(value: string): string {
  return value.length > 12 ? `${value.slice(0, 8)}…` : value;
}

export function displayName(row: Pick<CustomerRow, "name" | "contact">, voice: Voice): string {
  if (row.name) return row.name;
  if (!row.contact) return voice.t("customers.unnamed");
  const { kind, value } = row.contact;
  return contactText({ kind, value: kind === "anonymous_id" || kind === "device" ? shortId(value) : value }, voice);
}

function plain(text: string): Span[] {
  return text ? [{ text, hit: false }] : [];
}

/** What was found in the name is underlined there. */
export function nameSpans(row: CustomerRow, voice: Voice): Span[] {
  const name = displayName(row, voice);
  if (!row.name) return labelSpans(row, name);
  return handleSpans(
    "name",
    name,
    found(row).filter((match) => match.field === "name" && match.text === name),
  );
}

/** Who has no name stands under the contact, and what was found in the contact is underlined there, not told twice. */
function labelSpans({ contact, ...row }: CustomerRow, label: string): Span[] {
  const here = contact && found(row).filter((match) => match.field === contact.kind && match.text === contact.value);
  if (!contact || !here || here.length === 0) return plain(label);
  const before = label.endsWith(handleText(contact.kind, contact.value)) ? label.slice(0, label.length - handleText(contact.kind, contact.value).length) : "";
  return [...plain(before), ...handleSpans(contact.kind, contact.value, here)];
}

/** The find that lies outside of the name, if there is one, else the surest contact (unless it already stands for the name). */
export function contactSpans(row: CustomerRow, voice: Voice): Span[] {
  const said = (match: Match) => (row.name ? match.field === "name" && match.text === row.name : match.field === row.contact?.kind && match.text === row.contact.value);
  const outside = found(row).find((match) => !said(match));
  if (!outside) return row.name && row.contact ? plain(contactText(row.contact, voice)) : [];
  const here = found(row).filter((match) => match.field === outside.field && match.text === outside.text);
  const spans = handleSpans(outside.field, outside.text, here);
  const key = `customers.kinds.${outside.field}`;
  const label = voice.has(key) ? voice.t(key, { value: "" }).trim() : "";
  return label ? [{ text: `${label} `, hit: false }, ...spans] : spans;
}

function found(row: Pick<CustomerRow, "match" | "matches">): Match[] {
  return row.matches.length > 0 ? row.matches : row.match ? [row.match] : [];
}

/** The currency that all rows share, or null when each must name its own. */
export function sharedCurrency(rows: CustomerRow[]): string | null {
  const found = new Set(rows.map((row) => row.currency).filter((currency) => currency !== null));
  return found.size === 1 ? ([...found][0] ?? null) : null;
}

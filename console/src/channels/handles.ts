/** Identifiers as people write them: phones and cards in groups, a @ before a messenger's name. */

export interface Span {
  text: string;
  /** Inside of what was searched for. */
  hit: boolean;
}

/** How the national part of a number is read aloud, by country code; threes where we do not know. */
const phoneGroups: Record<string, number[]> = {
  "1": [3, 3, 4],
  "7": [3, 3, 2, 2],
  "33": [1, 2, 2, 2, 2],
  "44": [4, 3, 3],
  "48": [3, 3, 3],
  "49": [3, 4, 4],
  "375": [2, 3, 2, 2],
  "380": [2, 3, 2, 2],
};

/** Places in `text` before which a gap belongs. */
function gaps(kind: string, text: string): Set<number> {
  const places = new Set<number>();
  if (kind === "phone" && /^\+\d{7,15}$/.test(text)) {
    const code = Object.keys(phoneGroups).find((known) => text.slice(1).startsWith(known) && known.length === longestCode(text));
    let at = 1 + (code ?? text.slice(1, 3)).length;
    places.add(at);
    for (const size of phoneGroups[code ?? ""] ?? [3, 3, 3, 3]) places.add((at += size));
  } else if (kind === "loyalty_card" && /^\d{8,}$/.test(text)) {
    for (let at = 4; at < text.length; at += 4) places.add(at);
  }
  return places;
}

function longestCode(text: string): number {
  return Math.max(0, ...Object.keys(phoneGroups).filter((code) => text.slice(1).startsWith(code)).map((code) => code.length));
}

const phoneNamed = new Set(["whatsapp", "viber"]);

/** The value cut into spans at the borders of what was found; places count UTF-16 units of the raw value. */
export function handleSpans(kind: string, value: string, found: { start: number; end: number }[] = []): Span[] {
  if (phoneNamed.has(kind) && /^\d{9,15}$/.test(value)) {
    // These messengers know people by their phone, written without its plus.
    return handleSpans(
      "phone",
      `+${value}`,
      found.map(({ start, end }) => ({ start: start + 1, end: end + 1 })),
    );
  }
  const breaks = gaps(kind, value);
  const spans: Span[] = [];
  for (let at = 0; at < value.length; at++) {
    const hit = found.some(({ start, end }) => at >= start && at < end);
    const last = spans.at(-1);
    const gap = breaks.has(at) ? "\u00a0" : "";
    if (last?.hit === hit) last.text += gap + value[at];
    else if (gap && last && !last.hit) {
      last.text += gap;
      spans.push({ text: value[at] ?? "", hit });
    } else spans.push({ text: gap + value[at], hit });
  }
  return spans;
}

const named = new Set(["telegram", "instagram"]);

/** One line of text: "+48 601 233 412", "2200 1093 4410", "@ania_k". */
export function handleText(kind: string, value: string): string {
  const text = handleSpans(kind, value)
    .map((span) => span.text)
    .join("");
  return named.has(kind) && /^[A-Za-z]\w*$/.test(text) ? `@${text}` : text;
}

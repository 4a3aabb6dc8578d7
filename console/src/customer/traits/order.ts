/** Which traits come first, and which losing values are worth showing. */

import type { TraitRow, TraitValue } from "../model/types";

const FIRST = ["name", "firstName", "first_name", "lastName", "last_name", "birthday", "city", "language", "locale", "shoe_size", "tier"];
/** Identifiers have their own list; they are traits only by the way they came. */
const ELSEWHERE = new Set(["email", "phone", "loyalty_card", "loyaltyCard"]);

export function orderTraits(traits: TraitRow[]): TraitRow[] {
  const named = traits.some((trait) => trait.name === "name");
  const rank = (name: string) => {
    if (named && /^(first|last)_?name$/i.test(name)) return 200;
    const at = FIRST.indexOf(name);
    return at < 0 ? (ELSEWHERE.has(name) ? 1000 : 100) : at;
  };
  return traits.toSorted((a, b) => rank(a.name) - rank(b.name) || Number(b.losing.length > 0) - Number(a.losing.length > 0) || a.name.localeCompare(b.name));
}

/** Values that lost and say something else; the same said twice is no contest. */
export function differing(trait: TraitRow): TraitValue[] {
  const seen = new Set([JSON.stringify(trait.value)]);
  return trait.losing.filter((one) => {
    const text = JSON.stringify(one.value);
    return !seen.has(text) && seen.add(text);
  });
}

/** Nested properties as rows of a table: "products.0.name". */

import type { Bag, Json } from "../model/types";

export interface Leaf {
  path: string;
  value: string;
}

const MOST = 200;

export function flatten(from: Bag): Leaf[] {
  const leaves: Leaf[] = [];
  walk(from, "", leaves);
  return leaves;
}

function walk(value: Json, path: string, leaves: Leaf[]): void {
  if (leaves.length >= MOST) return;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) leaves.push({ path, value: Array.isArray(value) ? "[]" : "{}" });
    for (const [key, inner] of entries) walk(inner, path ? `${path}.${key}` : key, leaves);
    return;
  }
  leaves.push({ path, value: value === null ? "null" : String(value) });
}

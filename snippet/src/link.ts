/** The token of a link that was sent to somebody: `ov` in the page's address. */

const TOKEN = /([?&])ov=([\w-]{20})(?:&|$)/;

/** Reads it and takes it out of the address, so that nobody copies it on, and no referrer tells it. */
export function taken(): string | null {
  const { pathname, search, hash } = location;
  const found = TOKEN.exec(search);
  if (!found) return null;
  const rest = search.replace(TOKEN, "$1").replace(/[?&]$/, "");
  try {
    history.replaceState(history.state, "", pathname + rest + hash);
  } catch {
    // A frame that may not: the server takes it out of what is stored.
  }
  return found[2] ?? null;
}

/** Who this browser is: an anonymous id, and the account that is logged in. Nothing personal is kept in the browser. */

import { share, shared } from "./cookie";

export interface Person {
  anonymousId(): string;
  userId(): string | null;
  name(userId: string): void;
  /** Somebody else may sit here from now on. */
  renew(): void;
  forget(): void;
}

const ANONYMOUS = "onevoice.anonymous";
const USER = "onevoice.user";

/** `crypto.randomUUID` is there on https and localhost only. */
export function uuid(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, i) => (i === 6 ? (byte & 15) | 64 : i === 8 ? (byte & 63) | 128 : byte))
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function person(): Person {
  /** Where storage is refused, who this is lasts as long as the page. */
  const page = new Map<string, string>();
  const read = (key: string): string | null => {
    try {
      return localStorage.getItem(key) ?? page.get(key) ?? null;
    } catch {
      return page.get(key) ?? null;
    }
  };
  const write = (key: string, value: string | null) => {
    if (value === null) page.delete(key);
    else page.set(key, value);
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Refused or full.
    }
  };
  let renewed = false;
  /** The cookie is what the shop's subdomains have in common, so it is right: whoever logged out on one, has on all. */
  const anonymousId = (): string => {
    const told = shared();
    const own = read(ANONYMOUS);
    if (told && told !== own) {
      if (own) write(USER, null);
      write(ANONYMOUS, told);
    }
    const id = told ?? own ?? uuid();
    if (!told && id !== own) write(ANONYMOUS, id);
    if (!told || !renewed) share(id);
    renewed = true;
    return id;
  };
  const become = (id: string | null) => {
    write(USER, null);
    write(ANONYMOUS, id);
    share(id);
  };
  return {
    anonymousId,
    userId() {
      anonymousId();
      return read(USER);
    },
    name: (userId) => write(USER, userId),
    renew: () => become(uuid()),
    forget: () => become(null),
  };
}

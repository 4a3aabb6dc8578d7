/**
 * The anonymous id where all subdomains of a shop can read it: a first-party cookie on the widest domain the browser
 * allows, which is the registrable one. `shop.example.com` and `www.example.com` then know one visitor.
 */

const NAME = "onevoice_id";
const PROBE = "onevoice_probe";
/** A visit renews it. */
const SECONDS = 365 * 86_400;

let place: string | null = null;

function put(name: string, value: string, domain: string, seconds: number): void {
  const secure = location.protocol === "https:" ? ";Secure" : "";
  document.cookie = `${name}=${value};Path=/;Max-Age=${seconds};SameSite=Lax${secure}${domain && `;Domain=${domain}`}`;
}

const get = (name: string): string | null => new RegExp(`(?:^|; )${name}=([\\w-]+)`).exec(document.cookie)?.[1] ?? null;

/** From the top: `com` is refused by the browser, `example.com` taken. Of a number or a bare name, only itself. */
function domain(): string {
  if (place !== null) return place;
  const parts = location.hostname.split(".");
  for (let i = parts.length - 2; i >= 0 && !/^[\d.]+$|:/.test(location.hostname); i--) {
    const tried = parts.slice(i).join(".");
    put(PROBE, "1", tried, 9);
    if (get(PROBE)) {
      put(PROBE, "", tried, 0);
      return (place = tried);
    }
  }
  return (place = "");
}

/** Null where there is none, or cookies are refused. */
export function shared(): string | null {
  try {
    return get(NAME);
  } catch {
    return null;
  }
}

/** null deletes it. */
export function share(id: string | null): void {
  try {
    if (id !== null) put(NAME, id, domain(), SECONDS);
    else if (get(NAME)) put(NAME, "", domain(), 0);
  } catch {
    // Refused: every subdomain then has an id of its own.
  }
}

/** What a shop's page calls. Every call makes one event in the format of Segment's libraries. */
import { taken } from "./link";
import { person, uuid } from "./person";
import { queue } from "./queue";
import { sender, type Sender } from "./sender";

export type Properties = Record<string, unknown>;

export interface Consent {
  analytics: boolean;
  marketing?: boolean;
}

export interface Settings {
  writeKey: string;
  /** Where Onevoice answers: `https://onevoice.example.com`. */
  server: string;
  /** `wait`: nothing is kept or sent before `consent()` says so. */
  consent?: "given" | "wait";
}

export const VERSION = "1";
const CONSENT = "onevoice.consent";
/** So many events wait in memory for the visitor's answer to the consent banner. */
const WAITING = 50;

export function client(settings: Settings) {
  const server = settings.server.replace(/\/+$/, "");
  const who = person();
  const kept = queue(`onevoice-${settings.writeKey.slice(-16)}`);
  const waiting: Properties[] = [];
  let sending: Sender | null = null;
  let choice = remembered();
  /** What the shop's server has signed of who is logged in. Never stored. */
  let proof: string | null = null;
  /** Goes with the first event, whenever that may be sent. */
  let link = taken();

  /** Global Privacy Control is a no, whatever was said on the page. */
  function remembered(): Consent | null {
    if (refusedForAll()) return { analytics: false };
    try {
      const said = JSON.parse(localStorage.getItem(CONSENT) ?? "null") as Consent | null;
      if (said) return { ...said, analytics: said.analytics === true };
    } catch {
      // Storage is refused, or holds something else.
    }
    return settings.consent === "wait" ? null : { analytics: true };
  }

  const forget = (): void => {
    proof = null;
    waiting.length = 0;
    sending?.stop();
    sending = null;
    who.forget();
    // Where nobody is asked beforehand a no must outlive the page; where they are, saying nothing is a no.
    store(CONSENT, refusedForAll() || settings.consent === "wait" ? null : '{"analytics":false}');
    void kept.clear();
  };

  const running = (): Sender => {
    sending ??= sender(kept, server, settings.writeKey);
    return sending;
  };

  const put = (event: Properties): void => {
    const own: Properties = { ...event, anonymousId: event["anonymousId"] ?? who.anonymousId(), userId: event["userId"] ?? who.userId() };
    if (own["type"] === "alias") own["previousId"] ??= who.userId() ?? own["anonymousId"];
    let body: string;
    try {
      body = JSON.stringify(own);
    } catch (error) {
      console.error("onevoice: this cannot be sent", error); // it refers to itself, or holds a BigInt
      return;
    }
    const soon = running();
    void kept.add(body).then(() => soon.wake(document.visibilityState === "hidden"));
  };

  const send = (type: string, more: Properties): void => {
    if (choice && !choice.analytics) return;
    const event: Properties = {
      ...more,
      type,
      messageId: uuid(),
      timestamp: new Date().toISOString(),
      context: {
        ...context(),
        ...(choice && settings.consent === "wait" ? { consent: choice } : {}),
        ...(link ? { link_token: link } : {}),
      },
    };
    link = null;
    if (choice) put(event);
    else if (waiting.length < WAITING) waiting.push(event);
  };

  const api = {
    /** Who is logged in, with what the shop's server has signed of that. Without an id: more of whoever it is. */
    identify(userId?: string | number | null | Properties, traits?: Properties | null, signed?: string): void {
      if (userId && typeof userId === "object") return api.identify(null, userId);
      if (userId) proof = signed ?? null;
      if (userId != null && userId !== "" && !(choice && !choice.analytics)) {
        const id = String(userId);
        const before = choice && who.userId();
        // Somebody else: what follows must not be taken for the one before.
        if (before !== null && before !== id) who.renew();
        if (choice) who.name(id);
        return send("identify", { traits: traits ?? {}, userId: id });
      }
      return send("identify", { traits: traits ?? {} });
    },
    track: (event: string, properties: Properties = {}): void => send("track", { event, properties }),
    page: (name?: string | Properties, properties?: Properties): void =>
      send("page", {
        ...(typeof name === "string" ? { name } : {}),
        properties: { ...page(), ...(typeof name === "object" ? name : properties) },
      }),
    group: (groupId: string | number, traits: Properties = {}): void => send("group", { groupId: String(groupId), traits }),
    alias: (userId: string | number, previousId?: string): void =>
      send("alias", { userId: String(userId), previousId }),

    /** Ends the login: whoever comes next in this browser is not taken for this one. */
    logout(): void {
      proof = null;
      send("track", { event: "Signed Out", properties: {} });
      if (choice?.analytics) who.renew();
    },

    /** What the visitor chose. A no deletes all that was kept, and stops. */
    consent(said: Consent): void {
      choice = refusedForAll() ? { analytics: false } : said;
      if (!choice.analytics) return forget();
      store(CONSENT, settings.consent === "wait" ? JSON.stringify(choice) : null);
      for (const event of waiting.splice(0)) {
        if (event["type"] === "identify" && typeof event["userId"] === "string") who.name(event["userId"]);
        put(event);
      }
    },

    /** Ids of this browser, for a back end that sends events of its own. Null where nothing may be kept. */
    ids: () => (choice?.analytics ? { anonymousId: who.anonymousId(), userId: who.userId() } : null),
    proof: () => proof,
    flush: (): void => {
      if (choice?.analytics) running().wake(true);
    },

    // Segment's names for commerce
    viewed: (product: Properties): void => api.track("Product Viewed", product),
    listed: (list: Properties): void => api.track("Product List Viewed", list),
    searched: (query: string, more: Properties = {}): void => api.track("Products Searched", { query, ...more }),
    added: (product: Properties): void => api.track("Product Added", product),
    removed: (product: Properties): void => api.track("Product Removed", product),
    cart: (products: Properties[], more: Properties = {}): void => api.track("Cart Viewed", { products, ...more }),
    checkout: (order: Properties): void => api.track("Checkout Started", order),
    ordered: (order: Properties): void => api.track("Order Completed", order),
  };

  if (choice?.analytics) running().wake(); // what a page before this one could not send
  else if (refusedForAll()) forget(); // it may have been switched on since
  addEventListener("online", () => sending?.wake(true));
  addEventListener("pagehide", () => sending?.last());
  document.addEventListener("visibilitychange", () => sending?.wake(document.visibilityState === "hidden"));
  return api;
}

export type Client = ReturnType<typeof client>;

function refusedForAll(): boolean {
  return (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}

function store(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Refused or full: the page asks again next time.
  }
}

function page(): Properties {
  const { pathname, search, href } = location;
  return { path: pathname, search, title: document.title, url: href.split("#")[0], referrer: document.referrer };
}

function context(): Properties {
  const asked = new URLSearchParams(location.search);
  const campaign: Properties = {};
  for (const [name, value] of asked) {
    if (name.startsWith("utm_")) campaign[name === "utm_campaign" ? "name" : name.slice(4)] = value;
  }
  return {
    library: { name: "onevoice.js", version: VERSION },
    page: page(),
    userAgent: navigator.userAgent,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
    ...(Object.keys(campaign).length > 0 ? { campaign } : {}),
  };
}

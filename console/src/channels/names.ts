/** The doors a customer may come in by, in the order in which lists show them. */
export const channels = [
  "site",
  "chat",
  "app",
  "telegram",
  "whatsapp",
  "viber",
  "vk",
  "ok",
  "max",
  "instagram",
  "messenger",
  "email",
  "sms",
  "shop",
  "push",
  "call",
  "api",
] as const;

export type Channel = (typeof channels)[number];

export function isChannel(name: unknown): name is Channel {
  return typeof name === "string" && (channels as readonly string[]).includes(name);
}

/** A door the console does not know yet is shown as the API's. */
export function asChannel(name: unknown): Channel {
  return isChannel(name) ? name : "api";
}

/** The colour of a door, as a CSS value. */
export function channelColour(channel: Channel): string {
  return `var(--ch-${channel})`;
}

/** Which door an identifier of this kind belongs to, or null for those that belong to none (an account, an external id). */
export function channelOfKind(kind: string): Channel | null {
  if (kind === "phone") return "call";
  if (kind === "loyalty_card") return "shop";
  if (kind === "anonymous_id") return "site";
  if (kind === "device") return "app";
  return isChannel(kind) ? kind : null;
}

/**
 * The file a page loads. Calls made before it arrived wait in an array:
 *
 *     <script>window.onevoice = window.onevoice || []; onevoice.push(["page"])</script>
 *     <script async src="https://onevoice.example.com/onevoice.js" data-key="ov_write_..."></script>
 */
import { client, type Client } from "./client";

type Call = [keyof Client, ...unknown[]];

const tag = document.currentScript as HTMLScriptElement | null;
const place = window as unknown as { onevoice?: Call[] | (Client & { push: (call: Call) => void }) };
const key = tag?.dataset["key"];

if (tag && key && (place.onevoice === undefined || Array.isArray(place.onevoice))) {
  const made = client({
    writeKey: key,
    server: tag.dataset["server"] ?? new URL(tag.src).origin,
    consent: tag.dataset["consent"] === "wait" ? "wait" : "given",
  });
  const push = ([name, ...parts]: Call): void => {
    // A mistake in one call must not stop the page, nor the calls after it.
    try {
      (made[name] as (...all: unknown[]) => void)(...parts);
    } catch (error) {
      console.error("onevoice:", name, error);
    }
  };
  const before = place.onevoice ?? [];
  place.onevoice = Object.assign(made, { push });
  before.forEach(push);
  if (tag.dataset["page"] !== "off" && !before.some(([name]) => name === "page")) made.page();
}

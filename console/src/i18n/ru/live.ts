import type { Translated } from "../core";
import type { live as english } from "../en/live";

export const live: Translated<typeof english> = { title: "live" };

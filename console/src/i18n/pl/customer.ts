import type { Translated } from "../core";
import type { customer as english } from "../en/customer";

export const customer: Translated<typeof english> = { title: "Klient" };

import type { Translated } from "../core";
import type { customers as english } from "../en/customers";

export const customers: Translated<typeof english> = { title: "customers" };

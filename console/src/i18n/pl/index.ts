import type { Translated } from "../core";
import type { en } from "../en";
import { channels } from "./channels";
import { common } from "./common";
import { customer } from "./customer";
import { customers } from "./customers";
import { live } from "./live";

export const pl: Translated<typeof en> = { common, channels, live, customers, customer };

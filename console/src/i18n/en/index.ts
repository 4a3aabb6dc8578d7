import { channels } from "./channels";
import { common } from "./common";
import { customer } from "./customer";
import { customers } from "./customers";
import { live } from "./live";

export const en = { common, channels, live, customers, customer };

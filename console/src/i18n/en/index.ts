import { accounts } from "./accounts";
import { channels } from "./channels";
import { common } from "./common";
import { consent } from "./consent";
import { customer } from "./customer";
import { customers } from "./customers";
import { data } from "./data";
import { live } from "./live";
import { messages } from "./messages";
import { plan } from "./plan";
import { sending } from "./sending";
import { settings } from "./settings";
import { tour } from "./tour";
import { webhooks } from "./webhooks";

export const en = { common, channels, consent, live, customers, customer, data, plan, messages, accounts, sending, settings, tour, webhooks };

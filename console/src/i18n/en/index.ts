import { accounts } from "./accounts";
import { channels } from "./channels";
import { common } from "./common";
import { consent } from "./consent";
import { content } from "./content";
import { customer } from "./customer";
import { customers } from "./customers";
import { data } from "./data";
import { desk } from "./desk";
import { live } from "./live";
import { messages } from "./messages";
import { plan } from "./plan";
import { sending } from "./sending";
import { settings } from "./settings";
import { tour } from "./tour";
import { webhooks } from "./webhooks";
import { write } from "./write";

export const en = { common, channels, consent, content, live, customers, customer, data, desk, plan, messages, settings, accounts, sending, tour, webhooks, write };

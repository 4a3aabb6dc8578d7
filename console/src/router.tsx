/** Addresses of the console. Filters and the selected row live in them, so a link is a view. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { withWords } from "./i18n";
import { Shell } from "./shell/Shell";
import { NotFound, PageFault } from "./shell/faults";

export type Search = Record<string, string | undefined>;

/** Search parameters are plain strings: `?q=601` stays text and needs no quotes. */
function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === "string" && value !== "") params.set(name, value);
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

function only<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): { [name in K]?: string } => {
    const kept: { [name in K]?: string } = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === "string" && value !== "") kept[name] = value;
    }
    return kept;
  };
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/live", replace: true });
  },
});

const live = createRoute({
  getParentRoute: () => root,
  path: "/live",
  validateSearch: only("door", "q", "show", "row"),
  component: lazyRouteComponent(() => withWords(["live", "customer"], import("./live")), "LivePage"),
});

const customers = createRoute({
  getParentRoute: () => root,
  path: "/customers",
  validateSearch: only("q", "sort", "row", "x"),
  component: lazyRouteComponent(() => import("./customers"), "CustomersPage"),
});

/** The customer's page takes any search parameters; it reads the ones it knows. */
const customer = createRoute({
  getParentRoute: () => root,
  path: "/customers/$ref",
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
  component: lazyRouteComponent(() => withWords(["customer"], import("./customer")), "CustomerPage"),
});

const messages = createRoute({
  getParentRoute: () => root,
  path: "/messages",
  validateSearch: only("to", "state", "channel", "purpose", "class", "rule", "since", "until", "row"),
  component: lazyRouteComponent(() => withWords(["messages"], import("./messages")), "MessagesPage"),
});

const message = createRoute({
  getParentRoute: () => root,
  path: "/messages/$message",
  validateSearch: only("judgement"),
  component: lazyRouteComponent(() => withWords(["messages"], import("./messages/why")), "WhyPage"),
});

const desk = createRoute({
  getParentRoute: () => root,
  path: "/desk",
  validateSearch: only("view", "sort", "channel", "tag", "assignee", "c", "q"),
  component: lazyRouteComponent(() => withWords(["desk", "messages", "write"], import("./desk")), "DeskPage"),
});

const templates = createRoute({
  getParentRoute: () => root,
  path: "/content/templates",
  validateSearch: only("q", "archived"),
  component: lazyRouteComponent(() => withWords(["content", "messages"], import("./content/templates")), "TemplatesPage"),
});

const template = createRoute({
  getParentRoute: () => root,
  path: "/content/templates/$template",
  validateSearch: only("text"),
  component: lazyRouteComponent(() => withWords(["content", "messages"], import("./content/templates/editor")), "TemplatePage"),
});

/** A part of a section, fetched when somebody goes there. */
function part<P extends string>(section: typeof data | typeof settings, path: P, load: () => Promise<Record<string, unknown>>, name: string) {
  return createRoute({
    getParentRoute: () => section,
    path,
    validateSearch: (search: Record<string, unknown>): Search => search as Search,
    component: lazyRouteComponent(load as () => Promise<Record<string, React.ComponentType>>, name),
  });
}

function first(section: typeof data | typeof settings, to: "/data/setup" | "/settings/me") {
  return createRoute({
    getParentRoute: () => section,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to, replace: true });
    },
  });
}

const data = createRoute({ getParentRoute: () => root, path: "/data", component: lazyRouteComponent(() => withWords(["data"], import("./data")), "DataSection") });
const dataParts = [
  first(data, "/data/setup"),
  part(data, "setup", () => import("./data/setup"), "SetupPart"),
  part(data, "keys", () => withWords(["settings"], import("./data/keys")), "KeysPart"),
  part(data, "snippet", () => import("./data/snippet"), "SnippetPart"),
  part(data, "plan", () => withWords(["plan"], import("./data/plan")), "PlanPart"),
  part(data, "plan/$event", () => withWords(["plan"], import("./data/plan/EventPage")), "PlanEventPart"),
  part(data, "webhooks", () => withWords(["webhooks"], import("./data/webhooks")), "WebhooksPart"),
  part(data, "webhooks/$hook", () => withWords(["webhooks"], import("./data/webhooks/Hook")), "WebhookPage"),
  part(data, "imports", () => withWords(["settings"], import("./data/imports")), "ImportsPart"),
  part(data, "imports/$id", () => withWords(["settings"], import("./data/imports/One")), "ImportPart"),
  part(data, "rejected", () => import("./data/rejected"), "RejectedPart"),
];

const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: lazyRouteComponent(() => withWords(["settings"], import("./settings")), "SettingsSection") });
const settingsParts = [
  first(settings, "/settings/me"),
  part(settings, "me", () => import("./settings/me"), "MePart"),
  part(settings, "people", () => import("./settings/people"), "PeoplePart"),
  part(settings, "roles", () => import("./settings/Roles"), "RolesPart"),
  part(settings, "identity", () => withWords(["customer"], import("./settings/Identity")), "IdentityPart"),
  part(settings, "sites", () => import("./settings/sites"), "SitesPart"),
  part(settings, "consent", () => withWords(["consent"], import("./settings/consent")), "ConsentPart"),
  part(settings, "channels", () => withWords(["accounts"], import("./settings/channels")), "ChannelsPart"),
  part(settings, "channels/$account", () => withWords(["accounts"], import("./settings/channels/Account")), "AccountPart"),
  part(settings, "sending", () => withWords(["sending"], import("./settings/sending")), "SendingPart"),
  part(settings, "audit", () => import("./settings/Audit"), "AuditPart"),
];

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([home, desk, live, customers, customer, messages, message, templates, template, data.addChildren(dataParts), settings.addChildren(settingsParts)]),
    parseSearch,
    stringifySearch,
    pathParamsAllowedCharacters: [":", "@", "+"],
    defaultPreload: "intent",
    defaultErrorComponent: PageFault,
    defaultPendingMs: 200,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

/** Words of the Settings section. */
export const settings = {
  title: "Settings",
  nav: {
    me: "My account",
    people: "People",
    roles: "Roles",
    identity: "Identity rules",
    sites: "Sites",
    audit: "Audit log",
  },
  roles: {
    title: "Roles",
    lead: "What each role may do. People get one role each; a secret key can be allowed at most what its maker may do.",
    may: "May",
    yours: "your role",
    yes: "yes",
    no: "no",
  },
  people: {
    role: "Role",
  },
  permissions: {
    customers: {
      read: "See customers and what they did",
      merge: "Join, part and undo customers by hand",
    },
    events: {
      read: "See how events come in: setup, rejected ones, imports, the plan",
      replay: "Send rejected events through again",
      import: "Import files and take imports back",
    },
    plan: {
      edit: "Change the tracking plan",
    },
    webhooks: {
      edit: "Set up webhooks and their mappings",
    },
    links: {
      create: "Make links that recognise who opens them",
    },
    keys: {
      manage: "Make and revoke keys",
    },
    identity: {
      edit: "Change identity rules and blocked values",
    },
    sites: {
      edit: "Change sites",
    },
    users: {
      manage: "Invite people, change their roles",
    },
    owners: {
      manage: "Make and change owners",
    },
    audit: {
      read: "Read the audit log",
    },
  },
};

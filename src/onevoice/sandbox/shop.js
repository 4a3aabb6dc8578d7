// The shop's own script: what is in the cart, who is logged in, and what the snippet is told of it.
const told = JSON.parse(document.getElementById("told").textContent);
const { goods, words } = told;
const find = (id) => document.getElementById(id);
const read = (name, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise; // storage is refused, or holds something else
  }
};
const keep = (name, value) => {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // refused or full: it lasts as long as the page
  }
};

// Of the demo only: this browser has been here before it began, under this id.
try {
  if (told.before && !localStorage.getItem("onevoice.anonymous")) localStorage.setItem("onevoice.anonymous", told.before);
} catch {
  // then it is a new one
}

const say = (...call) => window.onevoice?.push(call);
const cart = () => read("shop.cart", []).filter((line) => goods[line.sku]);
const money = (minor) => {
  const text = (minor / 100).toFixed(2);
  return `${told.language === "en" ? text : text.replace(".", ",")}\u00a0zł`;
};
/** A product as the platform's other doors tell of it too. */
const productOf = (sku, size, quantity = 1) => {
  const { name, category, price_minor } = goods[sku];
  return {
    product_id: sku,
    sku: size ? `${sku}-${size}` : sku,
    name: size ? `${name} ${size}` : name,
    category,
    brand: told.brand,
    price: price_minor / 100,
    price_minor,
    quantity,
    currency: told.currency,
    ...(size ? { variant: size } : {}),
  };
};
const make = (name, fields, ...inside) => {
  const made = Object.assign(document.createElement(name), fields);
  made.append(...inside);
  return made;
};

const counted = () => {
  const count = cart().reduce((sum, line) => sum + line.quantity, 0);
  find("count").textContent = count ? `, ${count}` : "";
};

function product({ sku }) {
  say("viewed", productOf(sku));
  const picture = find("picture");
  const views = [...document.querySelectorAll(".views button")];
  for (const each of views) {
    each.addEventListener("click", () => {
      picture.dataset.view = each.dataset.view;
      for (const other of views) other.setAttribute("aria-pressed", String(other === each));
    });
  }
  find("ask")?.addEventListener("click", () => say("chat"));
  find("buy").addEventListener("submit", (event) => {
    event.preventDefault();
    const size = new FormData(event.target).get("size");
    const lines = cart();
    const same = lines.find((line) => line.sku === sku && line.size === size);
    if (same) same.quantity += 1;
    else lines.push({ sku, size, quantity: 1 });
    keep("shop.cart", lines);
    counted();
    say("added", productOf(sku, size));
    const link = make("a", { href: `/${told.language}/cart` }, words.to_cart);
    find("added").replaceChildren(words.added.replace("{name}", productOf(sku, size).name), " ", link);
  });
}

function basket() {
  const lines = cart();
  const total = lines.reduce((sum, { sku, quantity }) => sum + goods[sku].price_minor * quantity, 0);
  find("empty").hidden = lines.length > 0;
  find("total").hidden = lines.length === 0;
  find("total").querySelector("b").textContent = money(total);
  find("lines").replaceChildren(
    ...lines.map((line, place) => {
      const { sku, size, quantity } = line;
      const { name } = productOf(sku, size);
      const away = make("button", { type: "button", className: "link" }, words.remove);
      away.setAttribute("aria-label", `${words.remove}: ${name}`);
      away.addEventListener("click", () => {
        keep("shop.cart", lines.toSpliced(place, 1));
        say("removed", productOf(sku, size, quantity));
        basket();
        counted();
        find("content").focus();
      });
      const times = quantity > 1 ? [make("span", { className: "quiet" }, `× ${quantity}`)] : [];
      return make("li", {}, make("a", { href: goods[sku].path }, name), ...times, away, make("b", {}, money(goods[sku].price_minor * quantity)));
    }),
  );
  return { lines, total };
}

function showCart() {
  const { lines, total } = basket();
  const products = lines.map(({ sku, size, quantity }) => productOf(sku, size, quantity));
  say("cart", products, { total: total / 100, total_minor: total, currency: told.currency });
}

function account() {
  const [form, inside] = [find("login"), find("inside")];
  const show = () => {
    const who = read("shop.account", null);
    form.hidden = Boolean(who);
    inside.hidden = !who;
    if (who) inside.querySelector("p").textContent = words.hello.replace("{name}", who.name);
    greet();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const email = new FormData(form).get("email").trim().toLowerCase();
    const [id, name] = told.accounts[email] ?? [email, ""];
    keep("shop.account", { id, name: name || email });
    say("identify", id, { email, ...(name ? { name } : {}) });
    show();
    find("logout").focus();
  });
  find("logout").addEventListener("click", () => {
    keep("shop.account", null);
    say("logout");
    report();
    show();
    form.querySelector("input").focus();
  });
  show();
}

const greet = () => {
  find("who").textContent = read("shop.account", null)?.name ?? words.login;
};

document.addEventListener("DOMContentLoaded", () => {
  counted();
  greet();
  if (told.page === "product") product(told);
  else if (told.page === "cart") showCart();
  else if (told.page === "account") account();
  else if (told.page === "list") say("listed", { ...told.list, products: told.shown.map((sku) => productOf(sku)) });
});

// Within the pocket: it is told where this browser is, and it opens the phone's messenger, as a link does on a phone.
let pocket = null;
const report = () => {
  if (pocket) parent.postMessage({ at: location.pathname, visitor: window.onevoice?.ids?.()?.anonymousId }, pocket);
};
addEventListener("message", (event) => {
  if (event.source !== parent || !told.pockets.includes(event.origin) || event.data?.onevoice !== "pocket") return;
  pocket = event.origin;
  report();
});
const hop = (event, url) => {
  if (!pocket) return;
  event.preventDefault();
  event.stopPropagation();
  parent.postMessage({ hop: url }, pocket);
};
// A link into Telegram is the phone's, wherever on the page it stands.
addEventListener(
  "click",
  (event) => {
    const link = event.composedPath().find((each) => each.href?.startsWith?.("https://t.me/"));
    if (link) hop(event, link.href);
  },
  { capture: true },
);

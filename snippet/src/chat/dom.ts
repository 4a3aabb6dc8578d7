/** Elements, made one by one: what somebody wrote is only ever text. */

export type Kid = Node | string;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...kids: Kid[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]!);
  made.append(...kids);
  return made;
}

export function drawing(d: string, size: number, attributes: Record<string, string> = { "aria-hidden": "true" }): SVGElement {
  const name = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(name, "svg");
  const shown = String(Math.min(size, 18));
  for (const [key, value] of Object.entries({ viewBox: `0 0 ${size} ${size}`, width: shown, height: shown, ...attributes })) {
    made.setAttribute(key, value);
  }
  const path = document.createElementNS(name, "path");
  path.setAttribute("d", d);
  made.append(path);
  return made;
}

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/gi;
const AFTER = /[.,;:!?)\]}»”’…]+$/;

/** Text, with what is an address of the web as a link. */
export function linked(text: string): Kid[] {
  const made: Kid[] = [];
  let from = 0;
  for (const { 0: found, index = 0 } of text.matchAll(LINK)) {
    const address = found.replace(AFTER, "");
    let href: string;
    try {
      href = new URL(address).href;
    } catch {
      continue;
    }
    made.push(text.slice(from, index));
    made.push(make("a", { href, target: "_blank", rel: "noopener noreferrer" }, address));
    from = index + address.length;
  }
  made.push(text.slice(from));
  return made;
}

/** Puts nodes into a parent in this order, and takes out what is not among them. What stays is not touched. */
export function arrange(parent: Element, nodes: Element[]): void {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

export function text(node: Element, wanted: string): void {
  if (node.textContent !== wanted) node.textContent = wanted;
}

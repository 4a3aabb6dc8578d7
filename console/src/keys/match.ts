/** From a keyboard event to the name of a key, whatever layout it was typed on. */

const named: Record<string, string> = { " ": "Space", Esc: "Escape" };

const signsByCode: Record<string, string> = {
  BracketLeft: "[",
  BracketRight: "]",
  Semicolon: ";",
  Quote: "'",
  Comma: ",",
  Period: ".",
  Slash: "/",
  Backquote: "`",
  Minus: "-",
  Equal: "=",
  Backslash: "\\",
};

/** The parts of a keyboard event that decide; so that tests need no browser. */
export type Stroke = Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

function character({ key, code, shiftKey }: Stroke): string {
  // The key of "/" gives "." and "," on Russian and Ukrainian layouts; on Latin ones it gives neither.
  if (code === "Slash" && (key === "." || key === ",")) return shiftKey ? "?" : "/";
  if (/^[\x21-\x7e]$/.test(key)) return key.toLowerCase();
  if (code.startsWith("Key")) return code.slice(3).toLowerCase();
  if (code.startsWith("Digit")) return code.slice(5);
  return signsByCode[code] ?? key;
}

/** "j", "shift+j", "mod+k", "Enter", "Space", "?". Null for what no shortcut can mean (a bare Shift, a dead key). */
export function strokeName(stroke: Stroke): string | null {
  const { key, shiftKey, altKey } = stroke;
  if (key === "Dead" || key === "Unidentified" || key === "Process") return null;
  if (key === "Shift" || key === "Control" || key === "Alt" || key === "Meta" || key === "AltGraph") return null;
  const single = [...key].length === 1 && key !== " ";
  const name = single ? character(stroke) : (named[key] ?? key);
  const mod = stroke.ctrlKey || stroke.metaKey;
  // On signs Shift is part of typing them; on letters and on named keys it is a modifier.
  const shift = shiftKey && (!single || /^[a-z]$/.test(name));
  return `${mod ? "mod+" : ""}${altKey ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
}

/** Shortcuts that WCAG 2.1.4 asks to be switched off on wish: those a letter, digit, sign or space alone would start. */
export function isSingleKey(name: string): boolean {
  const first = name.split(" ")[0] ?? "";
  return first === "Space" || [...first.replace(/^shift\+/, "")].length === 1;
}

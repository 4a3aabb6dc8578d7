/** What a message looks like, in a frame of its own where nothing runs: the server's page holds it, we hand the words over. */
import { useEffect, useRef } from "react";

import type { Preview } from "../model";

const FRAME = "/pages/letter";

export function Letter({ html, title, className }: { html: string; title: string; className?: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const latest = useRef(html);
  const ready = useRef(false);
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source === null || event.source !== frame.current?.contentWindow) return;
      ready.current = true;
      frame.current.contentWindow.postMessage(latest.current, "*");
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    latest.current = html;
    if (ready.current) frame.current?.contentWindow?.postMessage(html, "*");
  }, [html]);
  return <iframe ref={frame} className={className} src={FRAME} title={title} sandbox="allow-scripts" />;
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** As mailboxes show it that turn colours round in the dark; pictures are turned back. */
export function mailDocument(html: string, dark: boolean): string {
  return dark ? html.replace(/<\/head>/i, "<style>img{filter:invert(1) hue-rotate(180deg)}</style></head>") : html;
}

/** A messenger's bubble with its buttons, drawn plainly: every messenger has a look of its own. */
export function chatDocument({ html, text, buttons }: Preview, dark: boolean): string {
  const [ground, bubble, ink, edge] = dark ? ["#0e1815", "#1e2f29", "#e4ece7", "#43554d"] : ["#dfe7e1", "#ffffff", "#10231f", "#b9c5bd"];
  const rows = buttons.map((row) => `<div class="r">${row.map((each) => `<span>${escape(each.text)}</span>`).join("")}</div>`).join("");
  return `<!doctype html><html><head><meta charset="utf-8"><style>
body{margin:0;padding:20px 16px;background:${ground};color:${ink};font:15px/20px system-ui,sans-serif}
.m{max-width:420px;padding:8px 12px 10px;border-radius:12px 12px 12px 3px;background:${bubble};white-space:pre-wrap;overflow-wrap:anywhere}
.r{display:flex;gap:4px;max-width:444px;margin-top:4px}
.r span{flex:1;padding:7px 8px;border:1px solid ${edge};border-radius:8px;text-align:center;overflow-wrap:anywhere}
a{color:inherit}blockquote{margin:4px 0;padding-left:10px;border-left:3px solid ${edge}}code,pre{font-family:monospace}
</style></head><body><div class="m">${html ?? escape(text)}</div>${rows}</body></html>`;
}

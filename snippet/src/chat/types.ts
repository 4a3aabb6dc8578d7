/** What the chat and the server tell each other. */

export interface Line {
  n: number;
  at: number;
  text: string;
  ours: boolean;
  by?: string;
  id?: string;
  files?: Kept[] | undefined;
}

/** A file that the server has. width: of an image that may be shown. */
export interface Kept {
  file: number;
  name: string;
  type: string;
  size: number;
  width?: number;
  height?: number;
}

/** failed: the server does not want it; it goes again when the visitor says so. */
export interface Waiting {
  id: string;
  at: number;
  text: string;
  files?: Kept[] | undefined;
  failed?: boolean;
}

export interface About {
  brand: string;
  available: boolean;
  usual: number | null;
  /** Where it can go on. By e-mail only whoever left an address: `contact` is enough of it to know it by. */
  hops?: string[];
  contact?: string | null;
  /** Who came by a code of this chat; `asks`: whether it was its visitor is to be said here. */
  came?: { channel: string; asks: boolean } | null;
}

export interface Hop {
  code: string;
  url: string;
  qr: { size: number; d: string };
  until: number;
}

export interface Setup {
  key: string;
  server: string;
  language: string;
  /** The visitor id; null where none may be kept. */
  device(): string | null;
  /** What the shop's server has signed of who is logged in. */
  proof(): string | null;
}

/** shown: how far the visitor has seen it, in whatever tab. */
export interface Chat {
  secret: string;
  device: string | null;
  shown: number;
}

/** What any answer may hold; status 0: there was none. */
export interface Answer extends Partial<About> {
  status: number;
  after: number;
  lines?: Line[];
  line?: Line;
  last?: number;
  shown?: number;
  read?: number;
}

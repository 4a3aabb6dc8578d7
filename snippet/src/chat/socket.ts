/** The socket, which is opened again for as long as there is something to hear. */
import type { Line } from "./types";

const REFUSED = 4403;
const LONGEST_WAIT_MS = 30_000;

interface Frame {
  line?: Line;
  typing?: string | boolean;
  read?: number;
}

export const wait = (failures: number): number => Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures) * (0.5 + Math.random() / 2);

/** ended: with whether the server wants none. wanted: whether there is something to hear. */
export function socket(url: string, hello: () => object, heard: (said: Frame) => void, ended: (refused: boolean) => void, wanted: () => boolean) {
  let made: WebSocket | null = null;
  let tries = 0;
  let calling: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    clearTimeout(calling);
    if (made || !wanted()) return;
    let one: WebSocket;
    try {
      one = made = new WebSocket(url);
    } catch {
      return; // the page's policy; it is looked for instead
    }
    one.onopen = () => one.send(JSON.stringify(hello()));
    one.onmessage = ({ data }) => {
      if (one !== made) return;
      tries = 0;
      heard(JSON.parse(data as string) as Frame);
    };
    one.onclose = ({ code }) => {
      if (one !== made) return;
      made = null;
      ended(code === REFUSED);
      calling = setTimeout(connect, wait((tries += 1)));
    };
  }

  const live = (): boolean => made?.readyState === WebSocket.OPEN;

  return {
    connect,
    live,
    hangUp(): void {
      const one = made;
      made = null;
      one?.close();
    },
    /** Whether it went. */
    send(said: object): boolean {
      const on = live();
      if (on) made!.send(JSON.stringify(said));
      return on;
    },
  };
}

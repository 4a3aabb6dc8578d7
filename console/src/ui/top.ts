/** The windows that are open, the topmost last: what must be reached while one is open stands in it. */
let windows: HTMLElement[] = [];
const listeners = new Set<() => void>();

function set(next: HTMLElement[]): void {
  windows = next;
  for (const listener of listeners) listener();
}

export function addWindow(window: HTMLElement): () => void {
  set([...windows, window]);
  return () => set(windows.filter((each) => each !== window));
}

export function watchWindows(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const topWindow = (): HTMLElement | null => windows.at(-1) ?? null;

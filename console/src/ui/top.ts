/** Windows are the browser's own dialogs: they keep the focus inside and all else out of reach. The topmost is the last; what must be reached meanwhile stands in it. */
let windows: HTMLElement[] = [];
const listeners = new Set<() => void>();

function set(next: HTMLElement[]): void {
  windows = next;
  for (const listener of listeners) listener();
}

/** For `ref`: opens it as soon as it is in the page. As it goes the browser gives the focus back. */
export function openWindow(window: HTMLDialogElement | null): (() => void) | undefined {
  if (!window) return undefined;
  window.showModal();
  window.querySelector<HTMLElement>("[data-autofocus]")?.focus();
  set([...windows, window]);
  return () => {
    set(windows.filter((each) => each !== window));
    window.close();
  };
}

export function watchWindows(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const topWindow = (): HTMLElement | null => windows.at(-1) ?? null;

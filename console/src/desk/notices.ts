/** Whether this browser tells of new words while nobody looks: kept here, since it is this computer that makes the sound. */
import { useCallback, useSyncExternalStore } from "react";

const KEY = "onevoice-desk-notices";

export type Wish = "off" | "whole" | "hidden";

function read(): Wish {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "whole" || kept === "hidden" ? kept : "off";
  } catch {
    return "off"; // a browser that keeps nothing
  }
}

function watch(listener: () => void): () => void {
  window.addEventListener("storage", listener);
  return () => window.removeEventListener("storage", listener);
}

export function useWish(): [Wish, (next: Wish) => void] {
  const wish = useSyncExternalStore(watch, read);
  const set = useCallback((next: Wish) => {
    try {
      localStorage.setItem(KEY, next);
    } catch {
      return;
    }
    window.dispatchEvent(new StorageEvent("storage", { key: KEY })); // the browser tells other tabs only
  }, []);
  return [wish, set];
}

/** What outlives the page, where the browser lets it; where it does not, it lasts as long as the page. */

export interface Store {
  read(name: string): string | null;
  /** null deletes it. */
  write(name: string, value: string | null): void;
  names(): string[];
}

export function store(place: () => Storage): Store {
  const page = new Map<string, string>();
  const tried = <T>(work: (storage: Storage) => T): T | null => {
    try {
      return work(place());
    } catch {
      return null; // refused, or full
    }
  };
  return {
    read: (name) => page.get(name) ?? tried((storage) => storage.getItem(name)),
    write(name, value) {
      page.delete(name);
      if (value === null) tried((storage) => storage.removeItem(name));
      else if (!tried((storage) => (storage.setItem(name, value), true))) page.set(name, value);
    },
    names: () => [...page.keys(), ...(tried((storage) => Object.keys(storage)) ?? [])],
  };
}

/** Where somebody is in the tour. It stays in the browser, so that it can be left and gone on with. */
import { useCallback, useState } from "react";

const KEY = "onevoice.tour";

export interface Place {
  step: number;
  open: boolean;
}

/** Nobody who has never seen it has left it: it begins by itself. */
function kept(): Place {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "");
    if (found && typeof found === "object" && "step" in found && "open" in found) {
      const step = Number(found.step);
      return { step: Number.isInteger(step) && step >= 0 ? step : 0, open: found.open === true };
    }
  } catch {
    // Nothing is kept, or not by us.
  }
  return { step: 0, open: true };
}

export function useTourPlace(): [Place, (change: Partial<Place>) => void] {
  const [place, setPlace] = useState(kept);
  const change = useCallback(
    (wanted: Partial<Place>) =>
      setPlace((before) => {
        const next = { ...before, ...wanted };
        localStorage.setItem(KEY, JSON.stringify(next));
        return next;
      }),
    [],
  );
  return [place, change];
}

/** Filter and selected event, kept in the address so that a link opens the same view. */
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { isChannel, type Channel } from "~/channels";
import { useDebounced } from "~/ui";

import type { Filter } from "./model";

const TYPING_MS = 200;
const ADDRESS_MS = 250;

export function usePlace() {
  const search = useSearch({ from: "/live" });
  const navigate = useNavigate({ from: "/live" });
  const router = useRouter();
  const [doors, setDoors] = useState<Channel[]>(() => (search.door ?? "").split(",").filter(isChannel));
  const [text, setText] = useState(search.q ?? "");
  const [rejected, setRejected] = useState(search.show === "rejected");
  const [row, setRow] = useState<string | null>(search.row ?? null);
  const settled = useDebounced(text, TYPING_MS);
  const filter: Filter = useMemo(() => ({ doors, text: settled, rejected }), [doors, settled, rejected]);
  const address = useDebounced([doors.join(","), settled.trim(), rejected ? "rejected" : "", row ?? ""].join("\n"), ADDRESS_MS);
  useEffect(() => {
    if (router.latestLocation.pathname !== "/live") return; // on the way to another page already: do not call it back
    const [door, q, show, at] = address.split("\n");
    void navigate({ search: { door: door || undefined, q: q || undefined, show: show || undefined, row: at || undefined }, replace: true });
  }, [address, navigate, router]);
  return { filter, doors, setDoors, text, setText, setRejected, row, setRow };
}

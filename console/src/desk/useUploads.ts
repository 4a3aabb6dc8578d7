/** Files that go with an answer: put in piece by piece, each with how far it is, and let go where they are taken out. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, cookie, Problem, type ProblemDetails } from "~/api";
import { straight } from "~/straight";
import { problemText } from "~/ui";
import type { Says } from "~/messages/words";

import type { FileOf } from "./model";
import { bytesText } from "./words";

/** What stands around every request refuses more than a MiB. */
const PIECE = 512 * 1024;

export interface Upload {
  key: number;
  name: string;
  size: number;
  /** Parts of one that are there. */
  done: number;
  id: string | null;
  fault: string;
}
interface Limits {
  file_max_bytes: number;
  files_max: number;
  channels: { channel: string; media: string[]; media_max: number; caption_max: number | null }[];
}

const limitsQuery = queryOptions({ queryKey: ["desk", "file-limits"], queryFn: () => api.get<Limits>("/api/desk/files"), staleTime: Infinity });
let numbers = 0;

/** Bytes, where all else that is asked here is JSON. */
async function putPiece(file: string, offset: number, body: Blob, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`/api/desk/files/${file}/pieces?offset=${offset}`, { method: "PUT", headers: { "X-Onevoice-Csrf": cookie("onevoice_csrf") }, body, signal });
  if (!answer.ok) throw new Problem(answer.status, (await answer.json().catch(() => ({}))) as ProblemDetails);
}

export function useUploads(person: string | null, says: Says) {
  const { t, fmt } = says.i18n;
  const client = useQueryClient();
  const limits = useQuery({ ...limitsQuery, enabled: person !== null }).data;
  const [all, setAll] = useState<Record<string, Upload[]>>({});
  const going = useRef(new Map<number, AbortController>());
  useEffect(() => {
    const { current } = going;
    return () => current.forEach((each) => each.abort());
  }, []);
  const uploads = (person && all[person]) || [];
  const put = (of: string, change: (was: Upload[]) => Upload[]) => setAll((was) => ({ ...was, [of]: change(was[of] ?? []) }));
  const send = async (of: string, { key }: Upload, file: File) => {
    const set = (by: Partial<Upload>) => put(of, (was) => was.map((each) => (each.key === key ? { ...each, ...by } : each)));
    const stop = new AbortController();
    going.current.set(key, stop);
    try {
      const made = await api.post<FileOf>("/api/desk/files", { name: straight(file.name).slice(0, 200) || "file", size_bytes: file.size }, { signal: stop.signal });
      set({ id: made.id });
      for (let at = 0; at < file.size; at += PIECE) {
        const end = Math.min(file.size, at + PIECE);
        await putPiece(made.id ?? "", at, file.slice(at, end), stop.signal);
        set({ done: end / file.size });
      }
    } catch (error) {
      if (error instanceof DOMException) return;
      const program = error instanceof Problem && error.extra["reason"] === "program";
      const told = problemText(error, t);
      set({ fault: program ? t("desk.attach.program") : told.text || told.title });
    } finally {
      going.current.delete(key);
    }
  };
  const add = async (files: Iterable<File>) => {
    const wanted = [...files];
    if (!person || wanted.length === 0) return;
    const known = limits ?? (await client.fetchQuery(limitsQuery));
    const room = known.files_max - uploads.length;
    const made = wanted.slice(0, Math.max(0, room)).map((file) => ({
      file,
      upload: {
        key: ++numbers, name: straight(file.name), size: file.size, done: 0, id: null,
        fault: file.size > known.file_max_bytes ? t("desk.attach.tooLarge", { most: bytesText(Math.floor(known.file_max_bytes / 2 ** 20) * 1_000_000, says.i18n) }) : file.size === 0 ? t("desk.attach.empty") : "",
      },
    }));
    put(person, (was) => [...was, ...made.map(({ upload }) => upload)]);
    for (const { file, upload } of made) if (!upload.fault) void send(person, upload, file);
    return wanted.length > room ? t("desk.attach.tooMany", { n: known.files_max, most: fmt.number(known.files_max) }) : "";
  };
  const remove = (key: number) => {
    const found = uploads.find((each) => each.key === key);
    if (!person || !found) return;
    going.current.get(key)?.abort();
    put(person, (was) => was.filter((each) => each.key !== key));
    if (found.id) api.delete(`/api/desk/files/${found.id}`).catch(() => undefined); // forgotten within a day all the same
  };
  const good = uploads.filter(({ fault }) => !fault);
  return {
    uploads, add, remove,
    busy: good.some(({ done }) => done < 1),
    ids: good.map(({ id }) => Number(id)),
    clear: (of: string) => put(of, () => []),
    restore: (of: string, back: Upload[]) => put(of, (was) => [...back, ...was]),
    /** Why a channel does not take what is to be sent; empty where it does. */
    against: (channel: string, text: string): string => {
      const able = limits?.channels.find((each) => each.channel === channel);
      if (!able || good.length === 0) return "";
      if (!able.media.includes("file")) return t("desk.attach.noFiles");
      return able.caption_max !== null && text.length > able.caption_max ? t("desk.attach.caption", { n: able.caption_max, most: fmt.number(able.caption_max) }) : "";
    },
  };
}

export type Uploads = ReturnType<typeof useUploads>;

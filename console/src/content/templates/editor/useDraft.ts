/**
 * The draft: kept on the server a moment after each change, and never lost when two people work on it.
 *
 * What somebody else has changed meanwhile is taken over where it touches other texts. Where both changed the same text
 * nothing is kept until the reader has chosen.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { actorText } from "~/actors";
import { api, Problem } from "~/api";
import { useI18n } from "~/i18n";
import { toast } from "~/ui";

import { joined, keyOf, same, type Draft, type Template } from "../model";

const PAUSE_MS = 900;
const AGAIN_MS = 5_000;
const FOLLOW_MS = 10_000;

export type Keeping = "kept" | "changed" | "keeping" | "offline" | "refused";

export interface Clash {
  theirs: Template;
  both: string[];
}

export function useTemplate(id: string) {
  return useQuery({ queryKey: ["template", id], queryFn: () => api.get<Template>(`/api/templates/${id}`), refetchInterval: FOLLOW_MS });
}

export function useDraft(template: Template, mayEdit: boolean) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [draft, setDraft] = useState(template.draft);
  const [keeping, setKeeping] = useState<Keeping>("kept");
  const [fault, setFault] = useState<unknown>(null);
  const [clash, setClash] = useState<Clash | null>(null);
  const latest = useRef(draft);
  const base = useRef({ draft: template.draft, revision: template.revision });
  const busy = useRef<Promise<boolean> | null>(null);
  const clashed = useRef(false);
  const path = `/api/templates/${template.id}`;

  const change = useCallback((next: Draft) => {
    latest.current = next;
    setDraft(next);
  }, []);
  /** From what stands here by then: an undo must not take back what was typed after it was offered. */
  const edit = useCallback((by: (now: Draft) => Draft) => change(by(latest.current)), [change]);
  const settle = useCallback(
    (theirs: Template, next: Draft) => {
      base.current = { draft: theirs.draft, revision: theirs.revision };
      clashed.current = false;
      setClash(null);
      change(next);
      client.setQueryData(["template", theirs.id], theirs);
    },
    [change, client],
  );

  const meet = useCallback(async () => {
    const theirs = await api.get<Template>(path);
    const found = joined(base.current.draft, latest.current, theirs.draft);
    if (found.both.length === 0) {
      settle(theirs, found.draft);
      toast({ text: t("content.draft.joined", { who: actorText(theirs.drafted_by, t) }) });
      return;
    }
    clashed.current = true;
    setClash({ theirs, both: found.both });
  }, [path, settle, t]);

  const once = useCallback(async (): Promise<boolean> => {
    const wanted = latest.current;
    setKeeping("keeping");
    try {
      const kept = await api.put<Template>(`${path}/draft`, { draft: wanted, revision: base.current.revision });
      base.current = { draft: wanted, revision: kept.revision };
      client.setQueryData(["template", kept.id], kept);
      setFault(null);
      setKeeping(latest.current === wanted ? "kept" : "changed");
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === "template_changed") {
        await meet().catch(() => setKeeping("offline"));
        if (!clashed.current) setKeeping("changed");
      } else if (error instanceof Problem && (error.status === 0 || error.status >= 500)) {
        setKeeping("offline");
      } else {
        setFault(error);
        setKeeping("refused");
      }
      return false;
    }
  }, [client, meet, path]);

  /** Whether the server holds what stands here. One request at a time: each names the revision of the one before. */
  const save = useCallback(async (): Promise<boolean> => {
    for (let tries = 0; tries < 4; tries++) {
      if (busy.current) await busy.current;
      if (same(latest.current, base.current.draft)) {
        setKeeping((was) => (was === "changed" ? "kept" : was));
        return true;
      }
      if (clashed.current) return false;
      busy.current = once().finally(() => (busy.current = null));
      if (!(await busy.current) && clashed.current) return false;
    }
    return same(latest.current, base.current.draft);
  }, [once]);

  useEffect(() => {
    if (!mayEdit || clash || draft === base.current.draft) return;
    setKeeping((was) => (was === "keeping" || was === "offline" ? was : "changed"));
    const timer = setTimeout(() => void save(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, clash, mayEdit, save]);

  useEffect(() => {
    if (keeping !== "offline") return;
    const timer = setInterval(() => void save(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [keeping, save]);

  // Somebody else was here, and nothing of ours waits: show what stands now.
  useEffect(() => {
    if (template.revision <= base.current.revision || busy.current || !same(latest.current, base.current.draft)) return;
    toast({ text: t("content.draft.followed", { who: actorText(template.drafted_by, t) }) });
    settle(template, template.draft);
  }, [template, settle, t]);

  useEffect(() => {
    const unsaved = () => !same(latest.current, base.current.draft);
    const leave = (event: BeforeUnloadEvent) => {
      if (unsaved()) event.preventDefault();
    };
    window.addEventListener("beforeunload", leave);
    return () => {
      window.removeEventListener("beforeunload", leave);
      if (unsaved() && !clashed.current) void save();
    };
  }, [save]);

  return {
    draft,
    change,
    edit,
    save,
    keeping,
    fault,
    clash,
    keepMine: () => clash && settle(clash.theirs, joined(base.current.draft, latest.current, clash.theirs.draft).draft),
    takeTheirs: () => {
      if (!clash) return;
      const mine = joined(base.current.draft, latest.current, clash.theirs.draft).draft;
      const theirs = clash.theirs.draft.variants;
      const variants = mine.variants.flatMap((each) => (clash.both.includes(keyOf(each)) ? (theirs.find((one) => keyOf(one) === keyOf(each)) ?? []) : each));
      settle(clash.theirs, { ...mine, variants });
      toast({ text: t("content.draft.tookTheirs"), undo: () => change(mine) });
    },
    /** Which draft the server holds. */
    revision: () => base.current.revision,
  };
}

export type DraftDesk = ReturnType<typeof useDraft>;

/** The guided tour of a demo: a strip below the page, which it never covers. Each step opens a page and marks what is meant. */
import { useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

import { useMe } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Icon, IconButton } from "~/ui";

import { steps, textOf, titleOf, type Step } from "./steps";
import type { Place } from "./useTour";
import "./tour.css";

const LOOK_MS = 250;
const PATIENCE_MS = 8_000;
const MARK = "data-tour";

/** Marks what the step means for as long as it is on the page, and tells whether it is. Pages draw themselves anew, so it keeps looking. */
function useMarked(shown: string, there: boolean): "looking" | "found" | "missing" {
  // Of which step it is known: what the step before found says nothing of this one.
  const [known, setKnown] = useState<{ shown: string; state: "looking" | "found" | "missing" }>({ shown, state: "looking" });
  useEffect(() => {
    if (!there) return;
    const began = performance.now();
    let marked: Element | null = null;
    let seen = false;
    const look = () => {
      const found = document.querySelector(`#page :is(${shown})`);
      if (found !== marked) {
        marked?.removeAttribute(MARK);
        marked = found;
      }
      if (found && !found.hasAttribute(MARK)) found.setAttribute(MARK, "");
      if (found && !seen) found.scrollIntoView({ block: "nearest" });
      seen ||= found !== null;
      const state = found ? "found" : performance.now() - began > PATIENCE_MS ? "missing" : "looking";
      setKnown((before) => (before.shown === shown && before.state === state ? before : { shown, state }));
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      marked?.removeAttribute(MARK);
    };
  }, [shown, there]);
  return there && known.shown === shown ? known.state : "looking";
}

export default function Tour({ since, place, change }: { since: string; place: Place; change: (wanted: Partial<Place>) => void }) {
  const { t } = useI18n();
  const me = useMe();
  const router = useRouter();
  const title = useRef<HTMLHeadingElement>(null);
  const mine = steps.filter(({ needs }) => !needs || me?.permissions.includes(needs));
  const at = Math.min(place.step, mine.length - 1);
  const step = mine[at] as Step;
  const target = step.to(since);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const there = decodeURIComponent(path) === target.split("?")[0];
  const state = useMarked(step.shown, there);
  // A page may take the focus as it comes; then the tour takes it back, so that Tab goes on from what was read.
  const moved = useRef(false);
  useEffect(() => {
    if (state === "looking" || !moved.current) return;
    moved.current = false;
    title.current?.focus();
  }, [state, step]);
  const go = (to: number) => {
    const next = mine[to];
    if (!next) return;
    change({ step: to });
    moved.current = true;
    router.history.push(next.to(since));
  };
  const last = at === mine.length - 1;
  return (
    <section className="tour" aria-label={t("common.tour.name")}>
      <div className="tour-words">
        <h2 ref={title} tabIndex={-1}>
          <span className="quiet">{t("tour.count", { at: at + 1, of: mine.length })}</span> {t(titleOf(step))}
        </h2>
        <p>{t(textOf(step))}</p>
        <p className="tour-missing" role="status">
          {there && state === "missing" && t("tour.missing")}
        </p>
      </div>
      <div className="tour-actions">
        {at > 0 && <Button onClick={() => go(at - 1)}>{t("tour.back")}</Button>}
        {step.pocket !== undefined && me?.demo_pocket && (
          <a className="button" href={new URL(step.pocket, me.demo_pocket).href} target="_blank" rel="noopener noreferrer">
            {t("tour.pocket")}
          </a>
        )}
        {!there && (
          <Button kind="primary" onClick={() => go(at)}>
            {t("tour.show")}
          </Button>
        )}
        {there && !last && (
          <Button kind="primary" onClick={() => go(at + 1)}>
            {t("tour.next")}
          </Button>
        )}
        {there && last && (
          <Button kind="primary" onClick={() => change({ open: false, step: 0 })}>
            {t("tour.done")}
          </Button>
        )}
        <IconButton label={t("tour.leave")} onClick={() => change({ open: false })}>
          <Icon name="close" />
        </IconButton>
      </div>
    </section>
  );
}

/** The text as a person would get it now: in the hand or at a desk, light or dark, and what would be missing for them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, Problem, searchCustomers, useMay } from "~/api";
import { useI18n } from "~/i18n";
import { Person } from "~/messages/Person";
import "~/messages/messages.css";
import { Button, Chip, problemText, Skeleton, TextArea, useDebounced, usePhone } from "~/ui";

import { keyOf, type Kind, type Preview, type Template, type Variant } from "../model";
import { partName, whereText } from "../words";
import { goTo } from "./desk";
import { chatDocument, Letter, mailDocument } from "./Letter";

const PAUSE_MS = 350;

/** As whom, and what whoever asks for the message would add. Kept in this browser for each template. */
export function useSample(template: string) {
  const key = `onevoice.sample.${template}`;
  const may = useMay("customers.read");
  const [who, setWho] = useState<string | null | undefined>(undefined);
  const [text, setText] = useState(() => localStorage.getItem(key) ?? "");
  const first = useQuery({ queryKey: ["newest-customer"], queryFn: () => searchCustomers("", { limit: 30 }), enabled: may, staleTime: 300_000 });
  // Somebody with a name, where there is one: of most visitors nothing is known that a text could speak of.
  const newest = first.data?.data.find((each) => each.name) ?? first.data?.data[0];
  const customer = who === undefined ? (newest ? `profile:${newest.id}` : undefined) : (who ?? undefined);
  const context = read(text);
  return {
    customer,
    setCustomer: (ref: string | undefined) => setWho(ref ?? null),
    text,
    setText: (next: string) => {
      setText(next);
      if (next.trim()) localStorage.setItem(key, next);
      else localStorage.removeItem(key);
    },
    context: context ?? {},
    unreadable: context === null,
    waiting: may && first.isPending,
  };
}
export type Sample = ReturnType<typeof useSample>;

/** Null: no JSON object. */
function read(text: string): Record<string, unknown> | null {
  if (!text.trim()) return {};
  try {
    const found = JSON.parse(text) as unknown;
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export function usePreview(template: Template, variant: Variant | undefined, sample: Sample) {
  const wanted = useDebounced(variant, PAUSE_MS);
  const context = useDebounced(JSON.stringify(sample.context), PAUSE_MS);
  return useQuery({
    queryKey: ["preview", template.id, wanted, sample.customer ?? null, context],
    queryFn: ({ signal }) =>
      api.post<Preview>(
        `/api/templates/${template.id}/previews`,
        {
          channel: wanted!.channel,
          language: wanted!.language,
          draft: { default_language: wanted!.language, variants: [wanted] },
          customer: sample.customer ?? null,
          context: JSON.parse(context) as unknown,
        },
        { signal },
      ),
    enabled: wanted !== undefined && !sample.waiting,
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  });
}

interface Props {
  variant: Variant;
  kind: Kind | undefined;
  sample: Sample;
  found: ReturnType<typeof usePreview>;
}

export function PreviewPane({ variant, kind, sample, found }: Props) {
  const i18n = useI18n();
  const { t, tx } = i18n;
  const mayCustomers = useMay("customers.read");
  const email = variant.parts.type === "email";
  const small = usePhone();
  const [phone, setPhone] = useState(false);
  const [dark, setDark] = useState(() => document.documentElement.dataset["scheme"] === "dark");
  const [plain, setPlain] = useState(false);
  const [more, setMore] = useState(sample.text !== "");
  const { error } = found;
  // What is wrong takes the look away for a moment only: the last one stays until it is put right.
  const [shown, setShown] = useState<{ key: string; data: Preview } | null>(null);
  const key = keyOf(variant);
  if (found.data && !found.isPlaceholderData && (shown?.data !== found.data || shown.key !== key)) setShown({ key, data: found.data });
  const data = shown?.key === key ? shown.data : found.data;
  useEffect(() => {
    if (sample.unreadable) setMore(true);
  }, [sample.unreadable]);
  const refused = error instanceof Problem && error.code === "invalid_template";
  const most = kind?.text_max;
  const fill = () => {
    setMore(true);
    sample.setText(JSON.stringify(examples(sample.context, data?.missing.map(({ path }) => path) ?? []), null, 2));
  };
  const missing = Map.groupBy(data?.missing ?? [], ({ path }) => path);
  const own = data?.missing.some(({ path }) => !/^(customer|site)\./.test(path) && !path.endsWith("_url"));
  return (
    <section className="tpl-preview" aria-label={t("content.preview.title")}>
      <div className="tpl-preview-as">
        {mayCustomers ? (
          <>
            <span className="quiet">{t("content.preview.as")}</span>
            <Person value={sample.customer} onChange={sample.setCustomer} field={null} />
          </>
        ) : (
          <span className="quiet">{t("content.preview.asNobody")}</span>
        )}
        <Button aria-expanded={more} onClick={() => setMore(!more)}>
          {t("content.preview.values")}
        </Button>
      </div>
      {more && (
        <TextArea
          className="tpl-values"
          label={t("content.preview.valuesLabel")}
          hint={t("content.preview.valuesHint")}
          error={sample.unreadable ? t("content.preview.valuesWrong") : undefined}
          value={sample.text}
          onChange={sample.setText}
          rows={5}
          spellCheck={false}
        />
      )}
      <div className="tpl-preview-how" role="group" aria-label={t("content.preview.how")}>
        {email && (
          <>
            <Chip on={!plain} onClick={() => setPlain(false)}>
              {t("content.preview.letter")}
            </Chip>
            <Chip on={plain} onClick={() => setPlain(true)}>
              {t("content.preview.text")}
            </Chip>
            <span className="tpl-gap" />
          </>
        )}
        {!small && (
          <>
            <Chip on={!phone} onClick={() => setPhone(false)}>
              {t("content.preview.desk")}
            </Chip>
            <Chip on={phone} onClick={() => setPhone(true)}>
              {t("content.preview.phone")}
            </Chip>
            <span className="tpl-gap" />
          </>
        )}
        <Chip on={!dark} onClick={() => setDark(false)}>
          {t("content.preview.light")}
        </Chip>
        <Chip on={dark} onClick={() => setDark(true)}>
          {t("content.preview.dark")}
        </Chip>
      </div>
      <div role="status" className="tpl-missing">
        {data && !refused && data.missing.length > 0 && (
          <>
            <p>
              <b>{t("content.preview.missing", { n: missing.size })}</b> {t("content.preview.missingText")}
            </p>
            <ul>
              {[...missing].map(([path, [each, ...others]]) => (
                <li key={path}>
                  <button type="button" className="button-text" onClick={() => goTo(each!.part, each!.line, each!.column)}>
                    {path}
                  </button>{" "}
                  <span className="quiet">
                    {partName(each!.part, i18n)}, {whereText(each!, i18n)}
                    {others.length > 0 && ` ${t("content.preview.andMore", { n: others.length })}`}
                  </span>
                </li>
              ))}
            </ul>
            <p className="field-hint">{tx("content.preview.missingHint", { example: <code>{`{{ ${data.missing[0]!.path} | default: "…" }}`}</code> })}</p>
            {own && (
              <Button dense onClick={fill}>
                {t("content.preview.fill")}
              </Button>
            )}
          </>
        )}
        {refused && (
          <p>
            {t("content.preview.refused")} {data && t("content.preview.before")}
          </p>
        )}
        {Boolean(error) && !refused && <p className="alarm">{problemText(error, t).title}</p>}
      </div>
      {!data && !error && <Skeleton rows={10} height={32} />}
      {data && (
        <div className={`tpl-shown ${phone ? "tpl-hand" : ""} ${refused ? "tpl-stale" : ""}`} aria-busy={found.isFetching}>
          {email && (
            <div className="tpl-head">
              <b className="cut">{data.subject || t("content.preview.noSubject")}</b>
              {variant.parts.type === "email" && variant.parts.preheader && <span className="quiet cut">{variant.parts.preheader}</span>}
            </div>
          )}
          {email && plain ? (
            <pre className="tpl-text" tabIndex={0} aria-label={t("content.preview.text")}>
              {data.text}
            </pre>
          ) : (
            <Letter
              className={email && dark ? "tpl-frame tpl-turned" : "tpl-frame"}
              title={t("content.preview.frame")}
              html={email ? mailDocument(data.html ?? "", dark) : chatDocument(data, dark)}
            />
          )}
        </div>
      )}
      {data && !email && most !== undefined && (
        <p className={data.text.length > most ? "alarm" : "quiet"}>{t(data.text.length > most ? "content.preview.tooLong" : "content.preview.length", { n: data.text.length, most })}</p>
      )}
      {data && email && dark && !plain && <p className="field-hint">{t("content.preview.darkHint")}</p>}
    </section>
  );
}

/** What is given, and something to look at for each path that is missing. */
function examples(given: Record<string, unknown>, paths: string[]): Record<string, unknown> {
  const made = structuredClone(given);
  for (const path of paths) {
    const names = path.split(".");
    if (names[0] === "customer" || names[0] === "site" || path.endsWith("_url")) continue;
    let place: Record<string, unknown> = made;
    for (const name of names.slice(0, -1)) {
      const there = place[name];
      const next = typeof there === "object" && there !== null ? (there as Record<string, unknown>) : {};
      place[name] = next;
      place = next;
    }
    place[names.at(-1) ?? path] ??= names.at(-1) ?? "";
  }
  return made;
}

/** One template: its texts by channel and language, what is wrong in them, and how they look to somebody, side by side. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";

import { actorText } from "~/actors";
import { api, useMay } from "~/api";
import { channelColour, Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { KeyBar, useKeys } from "~/keys";
import { doorOf, useKinds } from "~/messages/words";
import { Button, Chip, Empty, Menu, ProblemBox, problemText, Skeleton, TextLink, toast, useCopy, useDebounced, usePhone } from "~/ui";

import { keyOf, withVariant, type Draft, type Template, type Trouble, type Variant } from "../model";
import { stateText, useNames } from "../words";
import "../templates.css";
import { Problems, Variables, useVariables } from "./Aside";
import { DeskContext, goTo, put, type Desk, type Field } from "./desk";
import { Form } from "./Forms";
import { PreviewPane, usePreview, useSample } from "./PreviewPane";
import { useDraft, useTemplate, type DraftDesk } from "./useDraft";
import { Variants } from "./Variants";

const Publish = lazy(() => import("./Publish"));
const Versions = lazy(() => import("./Versions"));
const TestSend = lazy(() => import("./TestSend"));

const CHECK_MS = 450;
type Window = "publish" | "versions" | "test" | null;

export function TemplatePage() {
  const { template: id } = useParams({ from: "/content/templates/$template" });
  const found = useTemplate(id);
  const { t } = useI18n();
  if (found.error && !found.data) {
    return (
      <div className="tpl-state">
        <ProblemBox error={found.error} onRetry={() => void found.refetch()} />
      </div>
    );
  }
  if (!found.data) {
    return (
      <div className="tpl-state">
        <h1 className="seen-by-readers">{t("content.title")}</h1>
        <Skeleton rows={14} height={40} />
      </div>
    );
  }
  return <Editor key={id} template={found.data} reload={() => void found.refetch()} />;
}

function useTroubles(template: Template, draft: Draft) {
  const settled = useDebounced(draft, CHECK_MS);
  const found = useQuery({
    queryKey: ["template-check", template.id, settled],
    queryFn: ({ signal }) => api.post<{ problems: Trouble[] }>(`/api/templates/${template.id}/checks`, { draft: settled }, { signal }),
    placeholderData: (was) => was,
    gcTime: 60_000,
    retry: false,
  });
  return { troubles: found.data?.problems ?? [], checked: found.data !== undefined, fault: found.error };
}

function Editor({ template, reload }: { template: Template; reload: () => void }) {
  const { t } = useI18n();
  const phone = usePhone();
  const names = useNames();
  const navigate = useNavigate();
  const search = useSearch({ from: "/content/templates/$template" });
  const mayArchive = useMay("templates.edit");
  const mayEdit = mayArchive && template.archived_at === null;
  const mayPublish = useMay("templates.publish") && template.archived_at === null;
  const maySend = useMay("messages.send") && mayEdit;
  const kinds = useKinds();
  const desk = useDraft(template, mayEdit);
  const { draft } = desk;
  const sample = useSample(template.id);
  const { troubles, checked } = useTroubles(template, draft);
  const variables = useVariables(template, sample.customer) ?? [];
  const [open, setOpen] = useState<Window>(null);
  const [part, setPart] = useState<"text" | "look">("text");
  const last = useRef<Field | null>(null);

  // Nothing to publish: what people get says the same.
  const out = template.published !== null && !template.ahead && desk.keeping === "kept";
  const keys = draft.variants.map(keyOf);
  const variant = draft.variants.find((each) => keyOf(each) === search.text) ?? draft.variants.find((each) => each.language === draft.default_language) ?? draft.variants[0];
  const chosen = variant ? keyOf(variant) : "";
  const kind = kinds?.find((each) => each.kind === variant?.channel);
  const preview = usePreview(template, variant, sample);
  const choose = useCallback((key: string) => void navigate({ to: "/content/templates/$template", params: { template: template.id }, search: { text: key }, replace: true }), [navigate, template.id]);
  const step = (by: number) => {
    const next = keys[(keys.indexOf(chosen) + by + keys.length) % keys.length];
    if (next) choose(next);
  };
  const go = (trouble: Trouble) => {
    if (trouble.channel) choose(keyOf({ channel: trouble.channel, language: trouble.language ?? draft.default_language }));
    setPart("text");
    setTimeout(() => goTo(trouble.part, trouble.line, trouble.column), 80);
  };
  const show = async (window: Window) => {
    if (window === "test" || (await desk.save()) || !mayEdit) setOpen(window);
  };
  const mine = useMemo(() => troubles.filter((each) => each.channel === variant?.channel && each.language === variant?.language), [troubles, variant?.channel, variant?.language]);
  const shared: Desk = useMemo(() => ({ mayEdit, troubles: mine, variables, enter: (field) => (last.current = field) }), [mayEdit, mine, variables]);
  const copy = useCopy();
  const pick = (path: string) => {
    const field = last.current?.element.isConnected ? last.current : null;
    if (field) put(field, `{{ ${path} }}`);
    else void copy(`{{ ${path} }}`, t("content.variables.copied", { path }));
  };
  const drop = () => {
    if (!variant) return;
    const at = draft.variants.indexOf(variant);
    const back = (now: Draft): Draft => (now.variants.some((each) => keyOf(each) === keyOf(variant)) ? now : { ...now, variants: now.variants.toSpliced(at, 0, variant) });
    desk.change({ ...draft, variants: draft.variants.filter((each) => each !== variant) });
    toast({ text: t("content.variants.dropped", { name: names.variant(variant.channel, variant.language) }), undo: () => desk.edit(back) });
  };
  const archive = async () => {
    try {
      await api.put(`/api/templates/${template.id}/archived`, { archived: template.archived_at === null });
      reload();
    } catch (error) {
      toast({ kind: "alarm", text: problemText(error, t).title });
    }
  };
  useKeys(template.name, [
    { keys: "mod+s", label: t("content.keys.keep"), typing: true, off: !mayEdit, run: () => void desk.save() },
    { keys: "mod+Enter", label: t("content.publish.open"), typing: true, off: !mayPublish, run: () => void show("publish") },
    { keys: "[", label: t("content.keys.previousText"), run: () => step(-1) },
    { keys: "]", label: t("content.keys.nextText"), run: () => step(1) },
    { keys: "h", label: t("content.versions.open"), run: () => void show("versions") },
    { keys: "t", label: t("content.test.open"), off: !maySend || !variant, run: () => void show("test") },
  ]);
  return (
    <DeskContext value={shared}>
      <header className="tpl-top">
        <TextLink to="/content/templates">{t("content.title")}</TextLink>
        <div className="tpl-title">
          <h1 className="cut">{template.name}</h1>
          <p className="quiet">
            {names.purpose(template.purpose)}, {t(`messages.classes.${template.message_class}`)}, {t("content.ofSite", { site: template.site })} · {stateText(template, t)}
          </p>
          <Kept desk={desk} template={template} mayEdit={mayEdit} />
        </div>
        <div className="tpl-actions">
          <Button k="h" aria-haspopup="dialog" onClick={() => void show("versions")}>
            {t("content.versions.open")}
          </Button>
          {maySend && variant && (
            <Button k="t" aria-haspopup="dialog" onClick={() => void show("test")}>
              {t("content.test.open")}
            </Button>
          )}
          {mayPublish && out && (
            <span id="tpl-out" className="quiet">
              {t("content.publish.out")}
            </span>
          )}
          {mayPublish && (
            <Button kind="primary" k="mod+Enter" aria-haspopup="dialog" disabled={out} aria-describedby={out ? "tpl-out" : undefined} onClick={() => void show("publish")}>
              {t("content.publish.open")}
            </Button>
          )}
          {mayArchive && (
            <Menu
              label={t("content.more")}
              items={[
                ...(mayEdit && variant ? [{ label: t("content.variants.drop", { name: names.variant(variant.channel, variant.language) }), run: drop }] : []),
                { label: t(template.archived_at ? "content.unarchive" : "content.archive"), run: () => void archive() },
              ]}
            />
          )}
        </div>
      </header>
      <Bars desk={desk} />
      {phone && (
        <div className="tpl-parts" role="group" aria-label={t("content.views.label")}>
          {(["text", "look"] as const).map((each) => (
            <Chip key={each} on={part === each} onClick={() => setPart(each)}>
              {t(`content.views.${each}`)}
            </Chip>
          ))}
        </div>
      )}
      <div className="tpl-desk">
        {(!phone || part === "text") && (
          <>
            <div className="tpl-aside" tabIndex={-1}>
              <Variants
                draft={draft}
                kinds={kinds ?? []}
                chosen={chosen}
                troubles={troubles}
                mayEdit={mayEdit}
                onChoose={choose}
                onAdd={(made) => {
                  desk.change(withVariant(draft, made));
                  choose(keyOf(made));
                }}
                onDefault={(default_language) => desk.change({ ...draft, default_language })}
              />
              <Problems troubles={troubles} checked={checked} onGo={go} />
              {!phone && <Variables variables={variables} mayEdit={mayEdit} onPick={pick} />}
            </div>
            <div className="tpl-main" tabIndex={-1}>
              {variant ? (
                <>
                  <h2 className="tpl-which" style={{ color: channelColour(doorOf(variant.channel)) }}>
                    <Glyph channel={doorOf(variant.channel)} size={16} /> {names.variant(variant.channel, variant.language)}
                  </h2>
                  <VariantForm key={chosen} variant={variant} kind={kind} text={preview.data?.text} onChange={(next) => desk.edit((now) => withVariant(now, next))} />
                </>
              ) : (
                <Empty title={t("content.variants.none")}>{t("content.variants.noneText")}</Empty>
              )}
              {phone && <Variables variables={variables} mayEdit={mayEdit} onPick={pick} />}
            </div>
          </>
        )}
        {variant && (!phone || part === "look") && <PreviewPane variant={variant} kind={kind} sample={sample} found={preview} />}
      </div>
      <KeyBar
        hints={[
          { keys: ["[", "]"], label: t("content.keys.texts"), labels: [t("content.keys.previousText"), t("content.keys.nextText")] },
          ...(maySend ? [{ keys: ["t"], label: t("content.test.open") }] : []),
          { keys: ["h"], label: t("content.versions.open") },
          ...(mayPublish ? [{ keys: ["mod+Enter"], label: t("content.publish.open") }] : []),
        ]}
      />
      <Suspense fallback={null}>
        {open === "publish" && <Publish template={template} troubles={troubles} revision={desk.revision()} onGo={go} onClose={() => setOpen(null)} />}
        {open === "versions" && <Versions template={template} draft={draft} revision={desk.revision()} mayEdit={mayEdit} onTake={desk.change} onClose={() => setOpen(null)} />}
        {open === "test" && variant && <TestSend template={template} variant={variant} kind={kind} sample={sample} onGo={go} onClose={() => setOpen(null)} />}
      </Suspense>
    </DeskContext>
  );
}

function VariantForm({ variant, kind, text, onChange }: { variant: Variant; kind: Parameters<typeof Form>[0]["kind"]; text: string | undefined; onChange: (variant: Variant) => void }) {
  return <Form parts={variant.parts} kind={kind} text={text} onChange={(parts) => onChange({ ...variant, parts })} />;
}

/** Whether the server holds what stands here, in a few words. */
function Kept({ desk, template, mayEdit }: { desk: DraftDesk; template: Template; mayEdit: boolean }) {
  const { t, fmt } = useI18n();
  if (!mayEdit) return <p className="quiet">{t("content.draft.readOnly")}</p>;
  if (desk.clash) return <p className="alarm">{t("content.draft.clashed")}</p>;
  if (desk.keeping === "offline" || desk.keeping === "refused") return <p className="alarm">{t(`content.draft.${desk.keeping}`)}</p>;
  return (
    <p className="quiet" role="status">
      {desk.keeping === "kept" ? t("content.draft.kept", { when: fmt.dateTime(template.drafted_at), who: actorText(template.drafted_by, t) }) : t(`content.draft.${desk.keeping}`)}
    </p>
  );
}

/** What keeps the draft from being kept, and what to do. */
function Bars({ desk }: { desk: DraftDesk }) {
  const { t } = useI18n();
  const names = useNames();
  const { clash, fault, keeping } = desk;
  if (clash) {
    const texts = clash.both.map((key) => {
      const [channel = "", language = ""] = key.split("/");
      return names.variant(channel, language);
    });
    return (
      <div className="tpl-bar" role="alert">
        <p>
          <b>{t("content.draft.clash", { who: actorText(clash.theirs.drafted_by, t) })}</b> {t("content.draft.clashText", { texts: texts.join("; ") })}
        </p>
        <Button onClick={desk.takeTheirs}>{t("content.draft.theirs")}</Button>
        <Button onClick={desk.keepMine}>{t("content.draft.mine")}</Button>
      </div>
    );
  }
  if (keeping === "offline") {
    return (
      <div className="tpl-bar" role="alert">
        <p>{t("content.draft.offlineText")}</p>
        <Button onClick={() => void desk.save()}>{t("common.problem.retry")}</Button>
      </div>
    );
  }
  if (keeping === "refused" && fault) return <ProblemBox error={fault} onRetry={() => void desk.save()} />;
  return null;
}

/** Everything the gate was told, value by value. */
import type { Json } from "~/api";
import { useI18n } from "~/i18n";
import { Dialog } from "~/ui";

export function valuesOf(value: Json, path = ""): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((each, at) => valuesOf(each, `${path}[${at}]`));
  if (value !== null && typeof value === "object") return Object.entries(value).flatMap(([name, each]) => valuesOf(each, path ? `${path}.${name}` : name));
  return [[path, String(value)]];
}

export default function Inputs({ inputs, onClose }: { inputs: Json; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog title={t("messages.why.inputsTitle")} onClose={onClose} width={720}>
      <p className="quiet">{t("messages.why.inputsLead")}</p>
      <dl className="why-inputs">
        {valuesOf(inputs).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

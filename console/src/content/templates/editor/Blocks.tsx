/** A letter's blocks, from top to bottom: each is moved, doubled and taken out by buttons; what was taken out comes back by undo. */
import { useEffect, useRef } from "react";

import { useI18n } from "~/i18n";
import { Button, Icon, IconButton, SelectField, TextField, toast } from "~/ui";

import { emptyBlock, type Align, type Block, type BlockType, type Product } from "../model";
import { useDesk } from "./desk";
import { SourceField } from "./SourceField";

const TYPES: BlockType[] = ["heading", "text", "button", "image", "products", "divider", "footer"];
const MOST = 100;

export function Blocks({ blocks, onChange }: { blocks: Block[]; onChange: (blocks: Block[]) => void }) {
  const { t } = useI18n();
  const { mayEdit, troubles } = useDesk();
  const move = (from: number, to: number) => {
    const next = [...blocks];
    next.splice(to, 0, ...next.splice(from, 1));
    onChange(next);
  };
  const latest = useRef({ blocks, onChange });
  useEffect(() => {
    latest.current = { blocks, onChange };
  });
  const drop = (index: number) => {
    const block = blocks[index]!;
    onChange(blocks.toSpliced(index, 1));
    toast({ text: t("content.blocks.dropped", { block: t(`content.blocks.types.${block.type}`) }), undo: () => latest.current.onChange(latest.current.blocks.toSpliced(index, 0, block)) });
  };
  const whole = troubles.filter((each) => each.part === "blocks");
  return (
    <div className="tpl-blocks" role="group" aria-label={t("content.parts.blocks")} data-part="blocks" tabIndex={-1}>
      {whole.map((each, index) => (
        <p key={index} className="field-error">
          {each.detail}
        </p>
      ))}
      <ol>
        {blocks.map((block, index) => {
          const name = t("content.blocks.named", { n: index + 1, type: t(`content.blocks.types.${block.type}`) });
          return (
            <li key={index} aria-label={name} data-part={`blocks[${index}]`} tabIndex={-1}>
              <div className="tpl-block-head">
                <b>{t(`content.blocks.types.${block.type}`)}</b>
                {mayEdit && (
                  <span>
                    <IconButton label={t("content.blocks.up", { name })} disabled={index === 0} onClick={() => move(index, index - 1)}>
                      <Icon name="up" size={14} />
                    </IconButton>
                    <IconButton label={t("content.blocks.down", { name })} disabled={index === blocks.length - 1} onClick={() => move(index, index + 1)}>
                      <Icon name="down" size={14} />
                    </IconButton>
                    <IconButton label={t("content.blocks.double", { name })} onClick={() => onChange(blocks.toSpliced(index + 1, 0, structuredClone(block)))}>
                      <Icon name="copy" size={14} />
                    </IconButton>
                    <IconButton label={t("content.blocks.drop", { name })} onClick={() => drop(index)}>
                      <Icon name="close" size={14} />
                    </IconButton>
                  </span>
                )}
              </div>
              <BlockForm block={block} part={`blocks[${index}]`} onChange={(next) => onChange(blocks.with(index, next))} />
            </li>
          );
        })}
      </ol>
      {mayEdit && blocks.length < MOST && (
        <div className="tpl-add" role="group" aria-label={t("content.blocks.add")}>
          <span className="quiet">{t("content.blocks.add")}</span>
          {TYPES.map((type) => (
            <Button key={type} dense onClick={() => onChange(withBlock(blocks, emptyBlock(type)))}>
              {t(`content.blocks.types.${type}`)}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}

/** At the end, but above the footer: nothing stands below that. */
function withBlock(blocks: Block[], block: Block): Block[] {
  return block.type !== "footer" && blocks.at(-1)?.type === "footer" ? blocks.toSpliced(-1, 0, block) : [...blocks, block];
}

function BlockForm({ block, part, onChange }: { block: Block; part: string; onChange: (block: Block) => void }) {
  const { t } = useI18n();
  const { mayEdit } = useDesk();
  switch (block.type) {
    case "heading":
      return (
        <>
          <SourceField part={`${part}.text`} label={t("content.parts.text")} value={block.text} onChange={(text) => onChange({ ...block, text })} single />
          <div className="form-row tpl-narrow">
            <SelectField
              label={t("content.blocks.level")}
              value={`${block.level}`}
              disabled={!mayEdit}
              choices={(["1", "2", "3"] as const).map((value) => ({ value, label: t(`content.blocks.levels.l${value}`) }))}
              onChange={(value) => onChange({ ...block, level: Number(value) as 1 | 2 | 3 })}
            />
            <AlignField value={block.align} onChange={(align) => onChange({ ...block, align })} />
          </div>
        </>
      );
    case "text":
      return (
        <>
          <SourceField part={`${part}.text`} label={t("content.parts.text")} value={block.text} onChange={(text) => onChange({ ...block, text })} rows={3} hint={t("content.blocks.textHint")} />
          <div className="form-row tpl-narrow">
            <AlignField value={block.align} onChange={(align) => onChange({ ...block, align })} />
          </div>
        </>
      );
    case "button":
      return (
        <>
          <div className="form-row">
            <SourceField part={`${part}.text`} label={t("content.parts.text")} value={block.text} onChange={(text) => onChange({ ...block, text })} single />
            <AlignField value={block.align} onChange={(align) => onChange({ ...block, align })} />
          </div>
          <SourceField part={`${part}.url`} label={t("content.parts.url")} value={block.url} onChange={(url) => onChange({ ...block, url })} single />
        </>
      );
    case "image":
      return (
        <>
          <SourceField part={`${part}.src`} label={t("content.parts.src")} value={block.src} onChange={(src) => onChange({ ...block, src })} single />
          <SourceField part={`${part}.alt`} label={t("content.parts.alt")} value={block.alt} onChange={(alt) => onChange({ ...block, alt })} single hint={t("content.blocks.altHint")} />
          <div className="form-row">
            <SourceField part={`${part}.url`} label={t("content.blocks.leads")} value={block.url} onChange={(url) => onChange({ ...block, url })} single />
            <TextField
              label={t("content.blocks.width")}
              hint={t("content.blocks.widthHint")}
              type="number"
              min={1}
              max={600}
              disabled={!mayEdit}
              value={block.width === null ? "" : `${block.width}`}
              onChange={(value) => onChange({ ...block, width: Number(value) > 0 ? Math.min(600, Math.round(Number(value))) : null })}
            />
          </div>
        </>
      );
    case "products":
      return <ProductsForm block={block} part={part} onChange={onChange} />;
    case "divider":
      return null;
    case "footer":
      return <SourceField part={`${part}.text`} label={t("content.blocks.footerText")} value={block.text} onChange={(text) => onChange({ ...block, text })} hint={t("content.blocks.footerHint")} />;
  }
}

function AlignField({ value, onChange }: { value: Align; onChange: (value: Align) => void }) {
  const { t } = useI18n();
  const { mayEdit } = useDesk();
  return <SelectField label={t("content.blocks.align")} value={value} disabled={!mayEdit} choices={(["left", "center", "right"] as const).map((each) => ({ value: each, label: t(`content.blocks.aligns.${each}`) }))} onChange={onChange} />;
}

function ProductsForm({ block, part, onChange }: { block: Block & { type: "products" }; part: string; onChange: (block: Block) => void }) {
  const { t } = useI18n();
  const { mayEdit } = useDesk();
  const set = (index: number, change: Partial<Product>) => onChange({ ...block, products: block.products.map((each, at) => (at === index ? { ...each, ...change } : each)) });
  return (
    <>
      <SourceField part={`${part}.each`} label={t("content.blocks.each")} value={block.each} onChange={(each) => onChange({ ...block, each })} single hint={t("content.blocks.eachHint")} />
      {block.products.map((product, index) => {
        const at = `${part}.products[${index}]`;
        return (
          <fieldset key={index} className="tpl-product">
            <legend>
              {t("content.parts.productAt", { n: index + 1 })}
              {mayEdit && block.products.length > 1 && (
                <IconButton label={t("content.blocks.dropProduct", { n: index + 1 })} onClick={() => onChange({ ...block, products: block.products.toSpliced(index, 1) })}>
                  <Icon name="close" size={14} />
                </IconButton>
              )}
            </legend>
            <div className="form-row">
              {(["title", "price", "image", "url"] as const).map((field) => (
                <SourceField key={field} part={`${at}.${field}`} label={t(`content.parts.${field}`)} value={product[field]} onChange={(value) => set(index, { [field]: value })} single />
              ))}
            </div>
          </fieldset>
        );
      })}
      {mayEdit && block.products.length < 3 && !block.each && (
        <Button dense onClick={() => onChange({ ...block, products: [...block.products, { title: "", image: "", price: "", url: "" }] })}>
          {t("content.blocks.addProduct")}
        </Button>
      )}
    </>
  );
}

/** Takes the customer's page as soon as its file exists. */
import { lazy, type ComponentType } from "react";

import { Skeleton } from "~/ui";

const found = import.meta.glob<{ CustomerPage: ComponentType }>("../customer/index.tsx");
const load = found["../customer/index.tsx"];

function Waiting() {
  return <Skeleton />;
}

export const CustomerPage: ComponentType = load ? lazy(async () => ({ default: (await load()).CustomerPage })) : Waiting;

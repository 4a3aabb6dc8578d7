/** Parts that every page uses. */
export { Bar } from "./Bar";
export { Button, Chip, IconButton, TextLink, type ButtonProps } from "./Button";
export { Dialog, loadDialog } from "./Dialog";
export { CheckField, ChoiceField, SelectField, TextArea, TextField, type Choice } from "./Form";
export { CodeBlock } from "./CodeBlock";
export { useCopy } from "./copy";
export { DataTable, PagedList, type Column, type Paged } from "./DataTable";
export { SearchField, Section } from "./Field";
export { useDebounced, useMedia, useNow, usePhone } from "./hooks";
export { Menu, type MenuItem } from "./Menu";
export { Icon, Mark, type IconName } from "./icons";
export { Empty, problemText, ProblemBox, Skeleton } from "./states";
export { toast, Toasts, type Toast } from "./toasts";
export { openWindow } from "./top";
import "./ui.css";

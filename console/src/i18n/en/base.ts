/** What every page says. */
export { channels } from "./channels";
export { common } from "./common";
export { customers } from "./customers";

/** As much of Node's own types as the tests here use; the console itself must not see them. */
declare module "node:test" {
  export function describe(name: string, run: () => void): void;
  export function it(name: string, run: () => void): void;
}

declare module "node:assert/strict" {
  interface Assert {
    ok(value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    match(actual: string, pattern: RegExp): void;
  }
  const assert: Assert;
  export default assert;
}

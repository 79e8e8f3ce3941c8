/** Loads the addon on a machine that is not fit for it, as load.test.ts makes this one seem; prints what it throws. */

interface Loaded {
  exports: unknown;
}

const disguises: Record<string, () => void> = {
  platform() {
    Object.defineProperty(process, "platform", { value: "darwin" });
  },
  llhttp() {
    Object.defineProperty(process, "versions", {
      value: { ...process.versions, llhttp: "9.2.1" },
    });
  },
  node() {
    Object.defineProperty(process, "versions", {
      value: { ...process.versions, node: "18.20.8", llhttp: "6.1.1" },
    });
  },
  missing() {
    process.dlopen = () => {
      throw new Error("cannot open shared object file");
    };
  },
  older() {
    process.dlopen = (module: object) => {
      (module as Loaded).exports = { constants: {} };
    };
  },
};

disguises[process.argv[2] ?? ""]?.();
try {
  await import("../../lib/native/addon.ts");
  console.log("loaded");
} catch (error) {
  const { code, message, cause } = error as Error & { code?: string };
  console.log(JSON.stringify({ code, message, cause: cause instanceof Error }));
}

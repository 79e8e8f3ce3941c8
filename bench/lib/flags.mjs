// Reads `--name=value` flags. Used by every benchmark in this folder.

/** @returns the defaults with what the command line gives; a number where the default is one. */
export function flags(defaults) {
  const values = { ...defaults };
  for (const word of process.argv.slice(2)) {
    const [, name, value] = /^--([a-z]+)(?:=(.*))?$/.exec(word) ?? [];
    if (name === undefined || !(name in defaults)) {
      const known = Object.keys(defaults).map((key) => `--${key}`);
      console.error(`unknown argument ${word}; there are ${known.join(" ")}`);
      process.exit(2);
    }
    if (typeof defaults[name] === "boolean") values[name] = value !== "false";
    else if (typeof defaults[name] === "number") values[name] = Number(value);
    else values[name] = value ?? "";
    if (Number.isNaN(values[name])) {
      console.error(`${word}: --${name} takes a number`);
      process.exit(2);
    }
  }
  return values;
}

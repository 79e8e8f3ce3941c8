/**
 * A folder of templates for one test, made of texts by name; removed after the test that made it.
 *
 *     const folder = templateFolder({ "a.html": "{{ x }}" });
 *     t.after.each(removeTemplateFolders);
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const made: string[] = [];

/** Writes files into a new folder. @returns its absolute path */
export function templateFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), "landspout-templates-"));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}

/** Removes every folder that was made. */
export function removeTemplateFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

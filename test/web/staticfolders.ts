/**
 * Folders of files for the suites of StaticFileHandler, made in the system's folder for temporary files; a suite of
 * statictools.ts removes them after each test.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";

export const robots = "User-agent: *\nDisallow: /\n";
export const robotsVersion =
  "63a36e950e134b5217e33c763e88840c10a07d80e6057d92b9ac97508de7fb1fa6f0e9b7531e169657165ea764e8963399cb6d921ffe6078425aaafe54c04563";

const made: string[] = [];

/** A folder "static" with these files, by path below it, in a folder of its own. @returns its path */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const parent = mkdtempSync(path.join(tmpdir(), "landspout-static-"));
  made.push(parent);
  const root = path.join(parent, "static");
  mkdirSync(root);
  for (const [name, content] of Object.entries(files)) put(root, name, content);
  return root;
}

/** Writes a file below a folder. @returns its path */
export function put(root: string, name: string, content: string | Uint8Array): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** The folder of the cases. */
export function caseFolder(): string {
  const root = folderOf({
    "robots.txt": robots,
    "sample.xml": "<?xml version='1.0'?>\n<a/>\n",
    "sample.xml.gz": Buffer.from([0x1f, 0x8b, 8, 0]),
    "dir/index.html": "this is the index\n",
  });
  writeFileSync(path.join(root, "..", "static_foo.txt"), "beside the root\n");
  return root;
}

/** Waits until a file counts as settled: what is answered from then on may come from what was kept. */
export async function settled(...files: readonly string[]): Promise<void> {
  for (const file of files) while (Date.now() - statSync(file).ctimeMs < 120) await turns(1);
}

/** How many descriptors of this process are files below a folder. */
export function openFilesBelow(folder: string): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)) count++;
    } catch {
      // The descriptor of readdir itself.
    }
  }
  return count;
}

/** Waits until that many are open. */
export async function untilOpen(folder: string, count: number): Promise<void> {
  await until(() => openFilesBelow(folder) === count, `${count} open files`).catch(() => {
    throw new Error(`wanted ${count} open files; there are ${openFilesBelow(folder)}`);
  });
}

/** Removes every folder that was made. */
export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

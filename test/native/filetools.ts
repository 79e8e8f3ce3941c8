/** What the suites of files in the outbox share: files that are gone after the test. */
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Runs `test` in a folder that is removed after it. */
export async function inFolder(test: (folder: string) => unknown): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "landspout-"));
  try {
    await test(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Runs `test` with an open file of these bytes. */
export function withFile(content: Buffer, test: (fd: number) => unknown): Promise<void> {
  return inFolder(async (folder) => {
    const file = path.join(folder, "file");
    fs.writeFileSync(file, content);
    const fd = fs.openSync(file, "r+");
    try {
      await test(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

/** Descriptors of this process that are open on the file of `fd`. */
export function openCount(fd: number): number {
  const { dev, ino } = fs.fstatSync(fd);
  let count = 0;
  for (const name of fs.readdirSync("/proc/self/fd")) {
    const stat = fs.statSync(`/proc/self/fd/${name}`, { throwIfNoEntry: false });
    if (stat !== undefined && stat.dev === dev && stat.ino === ino) count++;
  }
  return count;
}

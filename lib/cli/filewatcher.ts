/**
 * Watches files and folders for `landspout dev`. Calls back once things are quiet again, with what has changed.
 *
 * Not files but their folders are watched: an editor that saves by renaming puts another file in the place of the watched one.
 */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import path from "node:path";

/** Changes within this time are one. */
const QUIET_MS = 60;

/** What is in these is not the app's. */
const SKIPPED = new Set(["node_modules", ".git"]);

export class FileWatcher {
  readonly #onChange: (files: readonly string[]) => void;
  readonly #onProblem: (error: Error) => void;
  readonly #folders = new Map<string, FSWatcher>();
  /** Files that count. */
  #files = new Set<string>();
  /** Folders in which everything counts, however deep. */
  readonly #trees = new Set<string>();
  readonly #changed = new Set<string>();
  /** Any file that looks like source counts, too: what is missing may be made. */
  #isEager = false;
  #timer: NodeJS.Timeout | null = null;

  /** @param onProblem told when a folder cannot be watched: there is a limit, fs.inotify.max_user_watches */
  constructor(onChange: (files: readonly string[]) => void, onProblem: (error: Error) => void) {
    this.#onChange = onChange;
    this.#onProblem = onProblem;
  }

  /** Files besides those that were given. */
  add(files: Iterable<string>): void {
    for (const file of files) {
      if (file.split(path.sep).some((part) => SKIPPED.has(part))) continue;
      this.#files.add(file);
      this.#watchFolder(path.dirname(file));
    }
  }

  /** A file, or a folder with all that is in it. One that is not there yet is waited for. */
  addPath(given: string): void {
    if (!isFolder(given)) {
      this.add([given]);
      this.#trees.add(given);
      return;
    }
    this.#trees.add(given);
    this.#watchTree(given);
  }

  /** Forgets the files; trees stay. */
  keepOnly(files: ReadonlySet<string>): void {
    this.#files = new Set([...this.#files].filter((file) => files.has(file)));
  }

  set isEager(isEager: boolean) {
    this.#isEager = isEager;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #watchTree(folder: string): void {
    this.#watchFolder(folder);
    for (const entry of entriesOf(folder)) {
      if (entry.isDirectory() && !SKIPPED.has(entry.name))
        this.#watchTree(path.join(folder, entry.name));
    }
  }

  #watchFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    try {
      const watcher = watch(folder, (_, name) => {
        if (name !== null) this.#onEvent(path.join(folder, name));
      });
      watcher.on("error", () => this.#forget(folder));
      this.#folders.set(folder, watcher);
    } catch (error) {
      if (isFolder(folder)) this.#onProblem(error as Error);
      else if (path.dirname(folder) !== folder) this.#watchFolder(path.dirname(folder));
    }
  }

  #forget(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
  }

  #onEvent(file: string): void {
    if (!this.#counts(file)) return;
    // A folder that has come, or come back, in a tree.
    if (isFolder(file)) this.#watchTree(file);
    this.#changed.add(file);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const changed = [...this.#changed];
      this.#changed.clear();
      this.#onChange(changed);
    }, QUIET_MS);
  }

  #counts(file: string): boolean {
    if (this.#files.has(file)) return true;
    if (this.#isEager && /\.([cm]?[jt]sx?|json)$/.test(file)) return true;
    for (const tree of this.#trees) {
      if (file === tree || file.startsWith(tree + path.sep)) return true;
    }
    return false;
  }
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/**
 * Supervisor: the parent of prefork. It serves nothing: it starts workers, watches them, starts those again that crash,
 * replaces them one by one on SIGHUP, and stops all of them before it ends itself.
 *
 *     crash ────────▶ RestartPolicy: at once, later, or give up (exit code 1)
 *     exit code 0 ──▶ not started again; when all have ended so, the parent ends with 0
 *     SIGTERM/INT ──▶ shutdown ─▶ stop(): each worker finishes, at most graceMs ─▶ exit code 0
 *     SIGHUP ───────▶ for each task: a new worker, until it is ready; then the old one stops
 *
 * Promises: no worker outlives the parent for longer than it takes to finish; a task has never less than one worker that
 * accepts while it is replaced. Two workers have the same task then.
 */
import { constants } from "node:os";
import { log } from "../base/log.ts";
import { closeOffered, closeOwnOf, inheritanceOf } from "./inheritance.ts";
import type { WorkerMessage } from "./messages.ts";
import type { ResolvedPreforkOptions } from "./preforkoptions.ts";
import { RestartPolicy } from "./restartpolicy.ts";
import { registerStoppable, type ShutdownOptions, type Stoppable, shutdown } from "./shutdown.ts";
import { onSignalOfOurs } from "./signals.ts";
import { WorkerSurvey } from "./statssurvey.ts";
import { notifyReady, notifyReloading } from "./systemd.ts";
import { KILL_MARGIN_MS, type WorkerListener, WorkerProcess } from "./workerprocess.ts";
import { setStatsSurvey, type WorkerStats } from "./workerstats.ts";

/** Signals within this time are one wish to stop: Ctrl-C under npm delivers two. */
const ONE_WISH_MS = 1_000;

/** Lines of the log that wait to be written when all is over have this long, in ms. */
const LAST_WORDS_MS = 50;

/** One number of a worker. */
interface Task {
  readonly task: number;
  /** Who does it; null between two. */
  worker: WorkerProcess | null;
  /** Who is about to take over. */
  next: WorkerProcess | null;
  /** Started again at the end of it. */
  backOff: NodeJS.Timeout | null;
  /** Its worker has ended with 0. */
  isDone: boolean;
}

export class Supervisor implements Stoppable, WorkerListener {
  readonly #options: ResolvedPreforkOptions;
  readonly #tasks: readonly Task[];
  readonly #policy: RestartPolicy;
  readonly #survey = new WorkerSurvey();
  /** Workers that have not ended. */
  readonly #alive = new Set<WorkerProcess>();
  /** Who waits for a worker to be ready (true) or to end (false). */
  readonly #waiters = new Map<WorkerProcess, (isReady: boolean) => void>();
  /** All have been ready at one time. */
  #isServing = false;
  #isRolling = false;
  #wantsRoll = false;
  #stopping: { readonly done: Promise<void>; readonly resolve: () => void } | null = null;
  #firstSignalAtMs = Number.NaN;

  constructor(tasks: number, options: ResolvedPreforkOptions) {
    this.#options = options;
    this.#tasks = Array.from({ length: tasks }, (_, task) => ({
      task,
      worker: null,
      next: null,
      backOff: null,
      isDone: false,
    }));
    const { maxRestarts, restartWindowMs } = options;
    this.#policy = new RestartPolicy({ maxRestarts, windowMs: restartWindowMs });
  }

  /** Workers that accept connections. */
  get readyCount(): number {
    return [...this.#alive].filter((worker) => worker.isReady).length;
  }

  /** How many workers there are to be. */
  get taskCount(): number {
    return this.#tasks.length;
  }

  /** Starts the workers. */
  start(): void {
    if (this.#stopping !== null) return;
    registerStoppable(this);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      onSignalOfOurs(signal, () => this.#onStopSignal(signal));
    }
    onSignalOfOurs("SIGHUP", () => this.restart());
    setStatsSurvey(() => this.stats());
    for (const task of this.#tasks) task.worker = this.#spawn(task);
  }

  /** The figures of each worker that accepts. */
  stats(): Promise<readonly WorkerStats[]> {
    return this.#survey.ask([...this.#alive].filter((worker) => worker.isReady));
  }

  /** Replaces all workers, one by one; once more if it is asked for meanwhile. */
  restart(): void {
    if (this.#stopping !== null) return;
    this.#wantsRoll = true;
    if (this.#isServing && !this.#isRolling) void this.#rollAsLongAsWanted();
  }

  /** How long stop() takes at most, less two seconds; what shutdown() goes by. */
  get stopGraceMs(): number {
    return this.#options.graceMs + KILL_MARGIN_MS;
  }

  /** Has the workers finish and end. Settles when none is left; again, with `graceMs` 0: kills them. */
  stop({ graceMs = this.#options.graceMs, isRestart = false }: ShutdownOptions): Promise<void> {
    if (this.#stopping !== null) {
      if (graceMs === 0) this.#killAll();
      return this.#stopping.done;
    }
    let resolve = () => {};
    const done = new Promise<void>((fulfil) => {
      resolve = fulfil;
    });
    this.#stopping = { done, resolve };
    for (const task of this.#tasks) this.#cancelBackOff(task);
    closeOffered();
    for (const worker of this.#alive) worker.stop({ graceMs, isRestart });
    this.#settleStop();
    return done;
  }

  // Called by workers.

  onReady(worker: WorkerProcess): void {
    log.info(`${worker.name} is ready`);
    this.#waiters.get(worker)?.(true);
    const isWhole = this.#tasks.every((task) => task.isDone || task.worker?.isReady === true);
    if (this.#isServing || !isWhole || this.#stopping !== null) return;
    this.#isServing = true;
    notifyReady();
    if (this.#wantsRoll) this.restart();
  }

  onMessage(worker: WorkerProcess, message: WorkerMessage): void {
    if (message.landspout === "stats") this.#survey.onAnswer(worker, message.id, message.stats);
    else if (message.landspout === "askAll") void this.#answerAll(worker, message.id);
  }

  onEnded(worker: WorkerProcess): void {
    this.#alive.delete(worker);
    this.#survey.onGone(worker);
    this.#waiters.get(worker)?.(false);
    const task = this.#tasks[worker.task];
    if (task?.worker === worker) {
      task.worker = null;
      this.#onTaskEnded(task, worker);
    }
    this.#settleStop();
  }

  // Steps.

  #spawn(task: Task): WorkerProcess {
    const worker = new WorkerProcess(
      {
        task: task.task,
        tasks: this.#tasks.length,
        inherit: () => inheritanceOf(task.task),
        options: this.#options,
      },
      this,
    );
    this.#alive.add(worker);
    return worker;
  }

  #onTaskEnded(task: Task, worker: WorkerProcess): void {
    if (this.#stopping !== null) return;
    if (task.next !== null) {
      log.warn(`${worker.name} ${worker.ending}; the one that replaces it is on its way`);
      return;
    }
    if (worker.hasSucceeded) {
      task.isDone = true;
      closeOwnOf(task.task);
      log.info(`${worker.name} has come to its end`);
      if (this.#tasks.every(({ isDone }) => isDone)) this.#end(0);
      return;
    }
    this.#startAgain(task, worker);
  }

  #startAgain(task: Task, worker: WorkerProcess): void {
    const nowMs = performance.now();
    const readyForMs = worker.readyForMs(nowMs);
    const decision = this.#policy.onEnd({ task: task.task, readyForMs }, nowMs);
    if (decision.kind === "give up") {
      log.error(`${worker.name} ${worker.ending}; giving up: ${decision.why}`);
      this.#end(1);
      return;
    }
    const { delayMs } = decision;
    const when = delayMs === 0 ? "now" : `in ${delayMs} ms`;
    log.warn(`${worker.name} ${worker.ending}; it is started again ${when}`);
    if (delayMs === 0) task.worker = this.#spawn(task);
    else {
      task.backOff = setTimeout(() => {
        task.backOff = null;
        task.worker = this.#spawn(task);
      }, delayMs);
    }
  }

  async #rollAsLongAsWanted(): Promise<void> {
    this.#isRolling = true;
    while (this.#wantsRoll && this.#stopping === null) {
      this.#wantsRoll = false;
      notifyReloading();
      log.info("the workers are replaced");
      await this.#roll();
      if (this.#stopping === null) notifyReady();
    }
    this.#isRolling = false;
  }

  /** Ends early if a new worker does not get ready: the old ones are better than none. */
  async #roll(): Promise<void> {
    for (const task of this.#tasks) {
      if (task.isDone) continue;
      if (this.#stopping !== null) return;
      this.#cancelBackOff(task);
      const next = this.#spawn(task);
      task.next = next;
      const isReady = await this.#readiness(next);
      task.next = null;
      if (this.#stopping !== null) return;
      if (!isReady) {
        log.error(`the new ${next.name} ${next.ending}; the workers are not replaced any further`);
        // Its predecessor may have ended meanwhile.
        if (task.worker === null) this.#startAgain(task, next);
        return;
      }
      const old = task.worker;
      task.worker = next;
      if (old === null) continue;
      old.stop({ graceMs: this.#options.graceMs, isRestart: true });
      await this.#ending(old);
    }
  }

  #readiness(worker: WorkerProcess): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiters.set(worker, (isReady) => {
        this.#waiters.delete(worker);
        resolve(isReady);
      });
    });
  }

  async #ending(worker: WorkerProcess): Promise<void> {
    if (!worker.hasEnded) await this.#readiness(worker);
  }

  #cancelBackOff(task: Task): void {
    if (task.backOff !== null) clearTimeout(task.backOff);
    task.backOff = null;
  }

  async #answerAll(worker: WorkerProcess, id: number): Promise<void> {
    worker.send({ landspout: "allStats", id, workers: await this.stats() });
  }

  #onStopSignal(signal: "SIGTERM" | "SIGINT"): void {
    const nowMs = performance.now();
    if (Number.isNaN(this.#firstSignalAtMs)) this.#firstSignalAtMs = nowMs;
    const isForced = signal === "SIGINT" && nowMs - this.#firstSignalAtMs > ONE_WISH_MS;
    if (isForced) {
      log.warn(`${signal} again: the workers are killed`);
      process.exitCode = 128 + constants.signals[signal];
    }
    void shutdown(isForced ? { graceMs: 0 } : {});
  }

  #killAll(): void {
    for (const worker of this.#alive) worker.kill();
  }

  /** Ends this process, after the workers that are left. */
  #end(code: number): void {
    process.exitCode = code;
    void shutdown();
  }

  #settleStop(): void {
    if (this.#stopping === null || this.#alive.size > 0) return;
    setTimeout(this.#stopping.resolve, LAST_WORDS_MS);
  }
}

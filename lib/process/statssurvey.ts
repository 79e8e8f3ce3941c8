/** StatsSurvey of the parent: asks each worker for its figures, and waits for the answers, but not for ever. */
import type { WorkerProcess } from "./workerprocess.ts";
import { statsOf, type WorkerStats } from "./workerstats.ts";

/** How long a worker has to answer, in ms. */
const ANSWER_TIMEOUT_MS = 1_000;

interface Round {
  /** Those that have not answered yet. */
  readonly open: Set<WorkerProcess>;
  readonly answers: Map<WorkerProcess, WorkerStats>;
  readonly end: () => void;
}

export class WorkerSurvey {
  readonly #rounds = new Map<number, Round>();
  #nextId = 0;

  /** @returns one entry a worker, in the order of `workers` */
  ask(workers: readonly WorkerProcess[]): Promise<WorkerStats[]> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const answers = new Map<WorkerProcess, WorkerStats>();
      const end = () => {
        clearTimeout(timer);
        this.#rounds.delete(id);
        const silent = (worker: WorkerProcess) => entry(worker, null);
        resolve(workers.map((worker) => answers.get(worker) ?? silent(worker)));
      };
      const timer = setTimeout(end, ANSWER_TIMEOUT_MS);
      this.#rounds.set(id, { open: new Set(workers), answers, end });
      for (const worker of workers) worker.send({ landspout: "askStats", id });
      if (workers.length === 0) end();
    });
  }

  /** A worker has answered. */
  onAnswer(worker: WorkerProcess, id: number, stats: unknown): void {
    const round = this.#rounds.get(id);
    if (round === undefined || !round.open.has(worker)) return;
    round.answers.set(worker, entry(worker, stats));
    this.#settle(round, worker);
  }

  /** A worker will not answer any more. */
  onGone(worker: WorkerProcess): void {
    for (const round of [...this.#rounds.values()]) this.#settle(round, worker);
  }

  #settle(round: Round, worker: WorkerProcess): void {
    if (round.open.delete(worker) && round.open.size === 0) round.end();
  }
}

function entry(worker: WorkerProcess, stats: unknown): WorkerStats {
  return { task: worker.task, pid: worker.pid ?? 0, stats: statsOf(stats) };
}

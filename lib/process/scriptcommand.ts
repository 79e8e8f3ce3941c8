/**
 * The command line that runs this program once more, for a worker: Node.js cannot fork(2) safely, so the script is
 * executed again.
 */
import { CodedError } from "../base/errors.ts";

/** Options of Node.js that hold the program itself. */
const HOLDS_PROGRAM = /^(-e|-p|-pe|--eval|--print)(=|$)/;

/** A debugger's port is taken by the parent: a worker's is of the kernel's choice. */
const INSPECTS = /^--inspect(-brk|-wait|-port)?(=|$)/;

/**
 * @returns what to give to spawn()
 * @throws CodedError ERR_STATE if the program has come by standard input, or is typed in
 */
export function scriptCommand(): { readonly file: string; readonly args: readonly string[] } {
  const { execPath, execArgv, argv } = process;
  const isPiped = argv[1] === undefined || argv[1] === "-";
  if (isPiped && !execArgv.some((word) => HOLDS_PROGRAM.test(word))) {
    throw new CodedError(
      "ERR_STATE",
      "workers execute the script of this process again, and it has none: put the program into a file",
    );
  }
  const options = execArgv.map((word) => (INSPECTS.test(word) ? "--inspect-port=0" : word));
  return { file: execPath, args: [...options, ...argv.slice(1)] };
}

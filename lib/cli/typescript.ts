/** Loaded by `node --import` before a program in TypeScript: has it run. `landspout start` puts it into the command of workers. */
import { installSourceHooks } from "./sourcehooks.ts";

installSourceHooks(process.argv[1] ?? process.cwd(), null);

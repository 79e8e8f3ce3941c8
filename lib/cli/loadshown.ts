/** Loads an app for the commands that end if it cannot be loaded: start and routes. */
import { type LoadedApp, loadApp } from "./appmodule.ts";
import { errorBlock } from "./errorblock.ts";
import { checkTypeScript, installSourceHooks } from "./sourcehooks.ts";
import { isTypeScript } from "./sourcemaker.ts";

/** The app could not be loaded; the message is all that there is to say. */
export class AppFault extends Error {}

/**
 * Imports the app, in whichever language it is written.
 *
 * @throws AppFault; CodedError ERR_STATE if it is TypeScript and nothing here runs that; as targetOf()
 */
export async function loadShown(file: string, appArgs: readonly string[]): Promise<LoadedApp> {
  checkTypeScript(file);
  const loaded: string[] = [];
  // Plain JavaScript has no need of hooks, in production least of all.
  if (isTypeScript(file)) installSourceHooks(file, (each) => loaded.push(each));
  try {
    return await loadApp(file, appArgs);
  } catch (cause) {
    throw new AppFault(errorBlock(file, cause, loaded), { cause });
  }
}

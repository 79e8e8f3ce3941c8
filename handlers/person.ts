/**
 * Who somebody is in the demo: a name and a number in a signed cookie. Pages, the chat and the comet demo ask for it.
 *
 * Nobody proves anything: whoever signs in says a name, and gets it. The number is made here and cannot be forged, so two
 * people of one name are still two. Whoever has not signed in is a guest, whose cookie ends with the browser.
 */
import { randomBytes, randomInt } from "node:crypto";
import type { RequestHandler } from "landspout";

/** The name of the cookie. */
const COOKIE = "person";

/** Most characters of a name. */
export const LONGEST_NAME = 24;

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly isGuest: boolean;
}

/** Somebody new, who has not said a name. */
export function newGuest(): Person {
  return { id: newId(), name: `Guest ${randomInt(100, 1000)}`, isGuest: true };
}

/** Whom a request comes from; null if its cookie is missing, too old or not ours. */
export function personOf(handler: RequestHandler): Person | null {
  const value = handler.getSignedCookie(COOKIE);
  // What is signed was written by remember(), so it is JSON.
  return value === null ? null : (JSON.parse(value.toString()) as Person);
}

/** Has the client keep who it is. No script can read it, and no other site's form is sent with it. */
export function remember(handler: RequestHandler, person: Person): void {
  const lasting = person.isGuest ? { expiresDays: null } : {};
  handler.setSignedCookie(COOKIE, JSON.stringify(person), {
    httpOnly: true,
    sameSite: "Lax",
    ...lasting,
  });
}

/** The same person by a name of their own; they stay the same to the chat. */
export function named(person: Person | null, name: string): Person {
  return { id: person?.id ?? newId(), name, isGuest: false };
}

/** A name as it is shown: without control characters and white space around it. @returns "" if nothing is left */
export function cleanName(text: string): string {
  const clean = text.replace(/[\p{C}\s]+/gu, " ").trim();
  return [...clean].slice(0, LONGEST_NAME).join("");
}

function newId(): string {
  return randomBytes(8).toString("hex");
}

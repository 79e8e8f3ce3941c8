/** The programs of docs/tutorial; see snippets.ts. */
import { FIRST_TUTORIAL_PAGE, runSnippets } from "./snippets.ts";

runSnippets((page) => page >= FIRST_TUTORIAL_PAGE);

/** The programs of the pages from docs/guide/m… on, but for the tutorial's; see snippets.ts. */
import { FIRST_LATER_PAGE, FIRST_TUTORIAL_PAGE, runSnippets } from "./snippets.ts";

runSnippets((page) => page >= FIRST_LATER_PAGE && page < FIRST_TUTORIAL_PAGE);

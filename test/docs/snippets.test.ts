/** The programs of the pages up to docs/guide/l…; see snippets.ts. */
import { FIRST_LATER_PAGE, runSnippets } from "./snippets.ts";

runSnippets((page) => page < FIRST_LATER_PAGE);

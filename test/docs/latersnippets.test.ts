/** The programs of the pages from docs/guide/m… on; see snippets.ts. */
import { FIRST_LATER_PAGE, runSnippets } from "./snippets.ts";

runSnippets((page) => page >= FIRST_LATER_PAGE);

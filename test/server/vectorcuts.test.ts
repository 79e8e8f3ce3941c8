/** Every vector of test/vectors, cut in two at every point: the longest of all files of tests, and so one of its own. */
import { runCut } from "../support/vectorrunner.ts";
import { runVectors } from "./vectorsuites.ts";

runVectors("cut in two at every point", runCut);

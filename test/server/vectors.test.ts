/** Every vector of test/vectors, run whole and byte by byte. (Cut in two: vectorcuts.test.ts.) */
import { runByteByByte, runWhole } from "../support/vectorrunner.ts";
import { runVectors } from "./vectorsuites.ts";

runVectors("whole", runWhole);
runVectors("byte by byte", runByteByByte);

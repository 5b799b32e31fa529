/** What the page makes of cases that are given on standard input, for comparison with the service. */

import { difference } from "../page/changes.js";
import { linear, step } from "../page/series.js";
import { text } from "node:stream/consumers";

const { series, documents } = JSON.parse(await text(process.stdin));
const answers = {
  series: series.map(([one, year]) => [step(one, year), linear(one, year)]),
  patches: documents.map(([before, after]) => difference(before, after) ?? {}),
};
process.stdout.write(JSON.stringify(answers));
